import { solvePositive } from './solve-positive.ts';

/** A share of the changes that is left unexplained by rounding alone. */
const ROUNDING_RATIO = 1e-12;

/**
 * The coefficients of a regression of changes of a series on changes of covariates, over `lag` steps.
 *
 * Changes over a season leave the season, the level and any slow drift out, so that only what moves with the covariate counts. All
 * coefficients are multiplied by `1 - k · s² / E`, at least 0, with k covariates, s² the variance that is left and E the sum of
 * squares explained: nothing is taken off where all is explained, and chance by itself is mostly taken back. Without more changes than
 * covariates they are 0.
 *
 * Source: van Houwelingen and le Cessie, "Predictive value of statistical models", Statistics in Medicine 1990, doi
 * 10.1002/sim.4780091109 (the heuristic factor).
 *
 * @param values - `null` where one is missing: changes from or to it are left out.
 * @param columns - of each covariate at least as many values; those beyond are not looked at.
 * @returns one number a covariate; 0 for one that never changes, or that follows from those before it. `O(values × columns²)`.
 */
export function covariateCoefficients(
  values: readonly (number | null)[],
  columns: readonly (readonly number[])[],
  lag: number,
): Float64Array {
  const size = columns.length;
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);
  const change = new Float64Array(size);
  let total = 0;
  let rowCount = 0;
  for (let at = lag; at < values.length; at++) {
    const now = values[at] ?? null;
    const before = values[at - lag] ?? null;
    if (now === null || before === null) continue;
    const target = now - before;
    for (let i = 0; i < size; i++) {
      change[i] = columns[i]![at]! - columns[i]![at - lag]!;
      right[i]! += change[i]! * target;
      for (let j = 0; j <= i; j++) matrix[i * size + j]! += change[i]! * change[j]!;
    }
    total += target * target;
    rowCount++;
  }
  if (rowCount <= size) return new Float64Array(size);
  const products = right.slice();
  const coefficients = solvePositive(matrix, right, size);
  let explained = 0;
  for (let i = 0; i < size; i++) explained += coefficients[i]! * products[i]!;
  const left = total - explained <= ROUNDING_RATIO * total ? 0 : (total - explained) / (rowCount - size);
  const factor = explained > 0 ? Math.max(0, 1 - (size * left) / explained) : 0;
  return coefficients.map((value) => factor * value);
}
