import { addFourProducts, sumOf } from './dot.ts';
import { waveSums, type Waves } from './waves.ts';

/** Columns of an autoregression: a constant, lagged values, and the sines and cosines of one period. */
export interface Design {
  /** Steps back, ascending, whole, >= 1. */
  readonly lags: readonly number[];
  /** Absent when there are no waves. */
  readonly waves: Waves | undefined;
}

/** A symmetric system of equations. */
export interface LinearSystem {
  /** `size × size`, row by row; only the lower triangle is filled. */
  readonly matrix: Float64Array;
  readonly right: Float64Array;
  readonly size: number;
}

/**
 * Creates the normal equations of a regression of values on a constant, their lags, then sine and cosine of each wave.
 *
 * Sums over rows grow from call to call, so many calls cost little more than one. Products of waves with waves follow from sums of
 * single waves.
 *
 * @param first - target of the first row, at least the longest lag.
 * @returns the system of the rows with targets from `first` to `to - 1`. `to` ascends from call to call, and each call
 * overwrites the arrays of the one before. A call is `O(new rows × lags × (lags + waves) + waves²)`.
 */
export function normalEquations(
  values: Float64Array,
  first: number,
  { lags, waves }: Design,
): (to: number) => LinearSystem {
  // The lag 0 is the target: its row of products is the right side. A second one makes their number even.
  const shifts = Int32Array.from(lags.length % 2 === 0 ? [...lags, 0, 0] : [...lags, 0]);
  const width = shifts.length;
  const totals = new Float64Array(width);
  const products = { lags: shifts, sums: new Float64Array(width * width) };
  let done = first;
  const grow = (to: number): void => {
    for (let k = 0; k < width; k++) totals[k]! += sumOf(values, done - shifts[k]!, to - done);
    for (let k = 0; k < width; k += 2) {
      for (let j = 0; j <= k; j += 2) addFourProducts(values, done, to, products, k, j);
    }
    done = to;
  };
  const cross = waves === undefined ? undefined : crossSums(values, first, lags, waves);
  const plain = lags.length + 1;
  const waveCount = waves === undefined ? 0 : 2 * waves.harmonics.length;
  const size = plain + waveCount;

  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);

  return (to) => {
    grow(to);
    matrix[0] = to - first;
    right[0] = totals[lags.length]!;
    for (let k = 0; k < lags.length; k++) {
      const row = (k + 1) * size;
      matrix[row] = totals[k]!;
      for (let j = 0; j <= k; j++) matrix[row + j + 1] = products.sums[k * width + j]!;
      right[k + 1] = products.sums[lags.length * width + k]!;
    }
    if (cross === undefined) return { matrix, right, size };
    const { crosses, sums } = cross(to);
    for (let j = 0; j < waveCount; j++) {
      for (let i = 0; i < plain; i++) matrix[(plain + j) * size + i] = crosses[i * waveCount + j]!;
      right[plain + j] = crosses[plain * waveCount + j]!;
    }
    sums.fillProducts(matrix, size, plain);
    return { matrix, right, size };
  };
}

/** Sums of products of waves with the constant, each lag, and the target; grown from call to call. */
function crossSums(values: Float64Array, first: number, lags: readonly number[], waves: Waves) {
  const { period, table } = waves;
  const waveCount = 2 * waves.harmonics.length;
  const shifts = [...lags, 0];
  const columnCount = shifts.length + 1;
  const crosses = new Float64Array(columnCount * waveCount);
  const sums = waveSums(waves);
  const column = new Float64Array(columnCount);
  let done = first;

  const addWaves = (phase: number, source: Float64Array, start: number): void => {
    const offset = phase * waveCount;
    for (let i = 0; i < columnCount; i++) {
      const factor = source[start + i]!;
      const target = i * waveCount;
      for (let j = 0; j < waveCount; j++) crosses[target + j]! += factor * table[offset + j]!;
    }
  };
  const addRows = (target: Float64Array, start: number, at: number): void => {
    target[start]! += 1;
    for (let k = 0; k < shifts.length; k++) target[start + k + 1]! += values[at - shifts[k]!]!;
  };

  return (to: number) => {
    if (to - done > period) {
      // Many rows share few phases: sum the rows of a phase first, then multiply with its waves once.
      const phases = new Float64Array(period * columnCount);
      for (let at = done; at < to; at++) addRows(phases, (at % period) * columnCount, at);
      for (let phase = 0; phase < period; phase++) addWaves(phase, phases, phase * columnCount);
    } else {
      for (let at = done; at < to; at++) {
        column.fill(0);
        addRows(column, 0, at);
        addWaves(at % period, column, 0);
      }
    }
    sums.add(done, to);
    done = to;
    return { crosses, sums };
  };
}
