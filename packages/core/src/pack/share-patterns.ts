import { GPU_MILLI } from '../units.ts';

/** Shares that fill one GPU, and their value together. */
export interface SharePattern {
  readonly value: number;
  /** How often each size is taken, by the index of the size. */
  readonly counts: Int32Array;
}

/**
 * Finds the most valuable shares that fit one GPU, each size any number of times: dynamic programming over the filling in
 * steps of the greatest common divisor of the sizes. `O(sizes × 1000 / divisor)`.
 *
 * @param sizes - milli-GPU, whole, from 1 to 999.
 * @returns a function from the value of one share of each size to the best pattern. Values <= 0 are left out.
 */
export function sharePatterns(sizes: readonly number[]): (values: Float64Array) => SharePattern {
  const step = sizes.reduce(divisor, GPU_MILLI);
  const steps = GPU_MILLI / step;
  const best = new Float64Array(steps + 1);
  const choice = new Int32Array(steps + 1);
  return (values) => {
    choice[0] = -1;
    for (let filled = 1; filled <= steps; filled++) {
      best[filled] = best[filled - 1]!;
      choice[filled] = -1;
      for (let i = 0; i < sizes.length; i++) {
        const before = filled - sizes[i]! / step;
        if (before < 0 || values[i]! <= 0 || best[before]! + values[i]! <= best[filled]!) continue;
        best[filled] = best[before]! + values[i]!;
        choice[filled] = i;
      }
    }
    const counts = new Int32Array(sizes.length);
    for (let filled = steps; filled > 0;) {
      const i = choice[filled]!;
      if (i >= 0) counts[i]!++;
      filled -= i < 0 ? 1 : sizes[i]! / step;
    }
    return { value: best[steps]!, counts };
  };
}

function divisor(x: number, y: number): number {
  return y === 0 ? x : divisor(y, x % y);
}
