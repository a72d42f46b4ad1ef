import { dot, sumOf } from './dot.ts';
import { normalEquations, type Design, type LinearSystem } from './normal-equations.ts';
import { solvePositive } from './solve-positive.ts';
import { createWaves, type Waves } from './waves.ts';

/** Forecasts stay within this many standard deviations of the past, so that an unstable recursion cannot run away. */
const MAX_DEVIATIONS = 8;

/** What an autoregression may use, as far as the history at an origin allows. */
export interface AutoregressionTerms {
  readonly lags: readonly number[];
  readonly period: number;
  /** Waves in a period, ascending; empty for none. */
  readonly harmonics: readonly number[];
  /** Index of the first value that is known. */
  readonly first: number;
  /** Penalty in units of one observation of unit variance, >= 0. */
  readonly ridge: number;
}

/** The past of a series at one origin. */
interface Fit {
  readonly coefficients: Float64Array;
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Fits an autoregression to what lies before each origin, and runs it forward.
 *
 * Sums over rows are shared by all origins, so many cost little more than one. The penalty on lags grows with
 * the variance of the past, which makes forecasts follow a change of unit; the constant bears none, so they follow a shift.
 *
 * @param origins - ascending, from 1 to the number of values.
 * @returns for each origin `horizon` values.
 */
export function autoregress(
  values: Float64Array,
  origins: readonly number[],
  horizon: number,
  terms: AutoregressionTerms,
): number[][] {
  let design: Design | undefined;
  let equations: ((to: number) => LinearSystem) | undefined;
  let centred = values;
  let centre = 0;
  let moments: Moments = { end: 0, count: 0, sum: 0, squares: 0 };
  return origins.map((origin) => {
    const known = origin - terms.first;
    const usable = terms.lags.filter((lag) => lag < known / 2);
    const hasWaves = terms.harmonics.length > 0 && known >= 2 * terms.period;
    if (design?.lags.length !== usable.length || (design.waves !== undefined) !== hasWaves) {
      const waves: Waves | undefined = hasWaves ? createWaves(terms.period, terms.harmonics) : undefined;
      design = { lags: usable, waves };
      const firstTarget = terms.first + (usable.at(-1) ?? 0);
      const seenCount = Math.min(origin, firstTarget + 1) - terms.first;
      // Near zero, squares lose fewer digits. The centre is of values that every origin has seen.
      centre = sumOf(values, terms.first, seenCount) / Math.max(1, seenCount);
      centred = movedBy(values, -centre);
      equations = normalEquations(centred, firstTarget, design);
      moments = { end: terms.first, count: 0, sum: 0, squares: 0 };
    }
    moments = advance(moments, centred, origin);
    const fit = solve(equations!(origin), design, moments, terms.ridge);
    return run(centred, origin, horizon, design, fit, centre);
  });
}

/** Sums over the values before `end`. */
interface Moments {
  readonly end: number;
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

function advance({ end, count, sum, squares }: Moments, values: Float64Array, to: number): Moments {
  const added = to - end;
  return {
    end: to,
    count: count + added,
    sum: sum + sumOf(values, end, added),
    squares: squares + dot(values, end, end, added),
  };
}

function solve({ matrix, right, size }: LinearSystem, { lags }: Design, moments: Moments, ridge: number): Fit {
  const count = Math.max(1, moments.count);
  const mean = moments.sum / count;
  const variance = Math.max(0, moments.squares / count - mean ** 2);
  for (let i = 1; i < size; i++) matrix[i * size + i]! += i <= lags.length ? ridge * variance : ridge;
  return { coefficients: solvePositive(matrix, right, size), mean, deviation: Math.sqrt(variance) };
}

function run(
  values: Float64Array,
  origin: number,
  horizon: number,
  { lags, waves }: Design,
  { coefficients, mean, deviation }: Fit,
  centre: number,
): number[] {
  const reach = lags.at(-1) ?? 0;
  const path = new Float64Array(reach + horizon);
  path.set(values.subarray(origin - reach, origin));
  const low = mean - MAX_DEVIATIONS * deviation;
  const high = mean + MAX_DEVIATIONS * deviation;
  const waveCount = waves === undefined ? 0 : 2 * waves.harmonics.length;
  const result: number[] = [];
  for (let step = 0; step < horizon; step++) {
    const at = reach + step;
    let sum = coefficients[0]!;
    for (let k = 0; k < lags.length; k++) sum += coefficients[k + 1]! * path[at - lags[k]!]!;
    if (waves !== undefined) {
      const offset = ((origin + step) % waves.period) * waveCount;
      const first = lags.length + 1;
      for (let j = 0; j < waveCount; j++) sum += coefficients[first + j]! * waves.table[offset + j]!;
    }
    path[at] = sum < low ? low : sum > high ? high : sum;
    result.push(path[at] + centre);
  }
  return result;
}

function movedBy(values: Float64Array, shift: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) result[at] = values[at]! + shift;
  return result;
}
