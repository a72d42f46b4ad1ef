import { waveSums, type Waves } from './waves.ts';

/** Columns of an autoregression: a constant, lagged values, and the sines and cosines of one period. */
export interface Design {
  /** Steps back, ascending, whole, >= 1. */
  readonly lags: readonly number[];
  /** Absent when there are no waves. */
  readonly waves: Waves | undefined;
}

/** Sums over the rows of a regression, grown row by row, solved as often as wanted. */
export interface NormalEquations {
  /** Adds the rows whose targets are `values[from]` to `values[to - 1]`; each call starts where the last one ended. */
  readonly add: (values: Float64Array, from: number, to: number) => void;
  /** The system as a full matrix and its right side, fresh arrays: constant, lags, then sine and cosine of each wave. */
  readonly system: () => { readonly matrix: Float64Array; readonly right: Float64Array; readonly size: number };
}

/**
 * Creates the normal equations of a design. Adding a row takes `O(lags² + lags × waves)`; the products of waves with waves
 * follow from sums of single waves, so they cost nothing a row beyond `O(waves)`.
 */
export function normalEquations({ lags, waves }: Design): NormalEquations {
  // The constant, the lags, and last the target, so that right sides are sums like all others.
  const plain = lags.length + 1;
  const all = plain + 1;
  const row = new Float64Array(all);
  const squares = new Float64Array(all * all);
  const waveCount = waves === undefined ? 0 : 2 * waves.harmonics.length;
  const crosses = new Float64Array(all * waveCount);
  const sums = waves === undefined ? undefined : waveSums(waves);

  const fill = (values: Float64Array, at: number): void => {
    row[0] = 1;
    for (let k = 0; k < lags.length; k++) row[k + 1] = values[at - lags[k]!]!;
    row[plain] = values[at]!;
  };
  const addPlain = (): void => {
    for (let i = 0; i < all; i++) {
      const factor = row[i]!;
      const start = i * all;
      for (let j = 0; j <= i; j++) squares[start + j]! += factor * row[j]!;
    }
  };
  const addCrosses = (table: Float64Array, offset: number, from: Float64Array, start: number): void => {
    for (let i = 0; i < all; i++) {
      const factor = from[start + i]!;
      const target = i * waveCount;
      for (let j = 0; j < waveCount; j++) crosses[target + j]! += factor * table[offset + j]!;
    }
  };

  const add = (values: Float64Array, from: number, to: number): void => {
    if (waves === undefined) {
      for (let at = from; at < to; at++) {
        fill(values, at);
        addPlain();
      }
      return;
    }
    const { period, table } = waves;
    // Many rows share few phases: sum the rows of a phase first, then multiply with its waves once.
    const isBulk = to - from > period;
    const phases = isBulk ? new Float64Array(period * all) : row;
    for (let at = from; at < to; at++) {
      fill(values, at);
      addPlain();
      const phase = at % period;
      if (isBulk) for (let i = 0; i < all; i++) phases[phase * all + i]! += row[i]!;
      else addCrosses(table, phase * waveCount, row, 0);
    }
    if (isBulk) for (let phase = 0; phase < period; phase++) addCrosses(table, phase * waveCount, phases, phase * all);
    sums!.add(from, to);
  };

  const system = () => {
    const size = plain + waveCount;
    const matrix = new Float64Array(size * size);
    const right = new Float64Array(size);
    for (let i = 0; i < plain; i++) {
      for (let j = 0; j <= i; j++) matrix[i * size + j] = squares[i * all + j]!;
      right[i] = squares[plain * all + i]!;
    }
    for (let j = 0; j < waveCount; j++) {
      for (let i = 0; i < plain; i++) matrix[(plain + j) * size + i] = crosses[i * waveCount + j]!;
      right[plain + j] = crosses[plain * waveCount + j]!;
    }
    sums?.fillProducts(matrix, size, plain);
    return { matrix, right, size };
  };
  return { add, system };
}
