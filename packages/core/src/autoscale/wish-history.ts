import type { AutoscaleState } from './types.ts';

type Wish = AutoscaleState['wishes'][number];

/**
 * The history with one more wish, cut to what a window of `longestMs` needs.
 *
 * A wish holds until the next: an unchanged wish adds nothing, and a second look at the same instant replaces the first.
 * The newest entry at or before the start of the window is kept, because its wish is in force there. So there is at most
 * one entry per call inside the window, and one more. `O(entries)`.
 */
export function recordWish(wishes: readonly Wish[], wish: Wish, longestMs: number): readonly Wish[] {
  const kept = wishes.filter((entry) => entry.atMs < wish.atMs);
  if (kept.at(-1)?.replicas !== wish.replicas) kept.push(wish);
  const first = kept.findLastIndex((entry) => entry.atMs <= wish.atMs - longestMs);
  return kept.slice(Math.max(0, first)).map(({ atMs, replicas }) => ({ atMs, replicas }));
}

/**
 * The smallest and the largest wish in force at any instant from `startMs` to the newest entry and on, and their mean over
 * the time from `startMs` to `nowMs`, or `undefined` when the history begins later than `startMs`. `O(entries)`.
 */
export function wishRange(
  wishes: readonly Wish[],
  startMs: number,
  nowMs: number,
): { readonly min: number; readonly mean: number; readonly max: number } | undefined {
  const first = wishes.findLastIndex((entry) => entry.atMs <= startMs);
  if (first === -1) return undefined;
  let [min, max, sum] = [Infinity, 0, 0];
  for (let index = first; index < wishes.length; index++) {
    const { atMs, replicas } = wishes[index]!;
    min = Math.min(min, replicas);
    max = Math.max(max, replicas);
    sum += replicas * ((wishes[index + 1]?.atMs ?? nowMs) - Math.max(atMs, startMs));
  }
  const mean = nowMs > startMs ? sum / (nowMs - startMs) : wishes.at(-1)!.replicas;
  return { min, mean, max };
}
