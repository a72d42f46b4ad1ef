import { GPU_MILLI } from '../units.ts';

/**
 * By milli-GPU left on a GPU, from 0 to a whole one: the most of it that jobs of some shares, as many of each as it takes, could use.
 * A whole GPU stays whole.
 *
 * What is left beyond that serves none of them, now or later. Let `f(r)` be the entry of `r`: a share `s` of the list fits `r` if and only
 * if it fits `f(r)`, and `f(r - s) = f(f(r) - s)`, since any sum within `r - s` makes one within `r` together with `s`. So GPUs with the same
 * entry go the same way whatever is placed on them, and entries are in the order of what is left.
 *
 * `O(1,000 × shares)`
 */
export function servableShares(shares: readonly number[]): Int32Array {
  const servable = new Int32Array(GPU_MILLI + 1);
  for (let left = 1; left < GPU_MILLI; left++) {
    const isSum = shares.some((share) => share <= left && servable[left - share] === left - share);
    servable[left] = isSum ? left : servable[left - 1]!;
  }
  servable[GPU_MILLI] = GPU_MILLI;
  return servable;
}
