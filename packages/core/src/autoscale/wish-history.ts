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
 * The smallest and the largest wish in force at any instant from `startMs` to the newest entry and on, or `undefined`
 * when the history begins later than `startMs`. `O(entries)`.
 */
export function wishRange(
  wishes: readonly Wish[],
  startMs: number,
): { readonly least: number; readonly most: number } | undefined {
  const first = wishes.findLastIndex((entry) => entry.atMs <= startMs);
  if (first === -1) return undefined;
  let least = Infinity;
  let most = 0;
  for (const { replicas } of wishes.slice(first)) {
    least = Math.min(least, replicas);
    most = Math.max(most, replicas);
  }
  return { least, most };
}
