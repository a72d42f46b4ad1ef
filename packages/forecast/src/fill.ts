import { longestSeason } from './models/seasons.ts';

/** A history without holes, and what it was made from. */
export interface Filled {
  /** From the first known value on. */
  readonly values: readonly number[];
  /** As `values`, with `null` where a value was filled. */
  readonly known: readonly (number | null)[];
  readonly missingCount: number;
}

/**
 * Fills missing values by the value one season before, or the last one where there is none. Only the past of a hole is
 * used, so a later value never reaches back. Missing values at the start are dropped. `O(history)`.
 *
 * @param history - finite numbers, `null` where one is missing.
 */
export function fill(history: readonly (number | null)[], seasons: readonly number[]): Filled {
  const missingCount = countMissing(history);
  if (missingCount === 0) {
    const values = history.slice() as number[];
    return { values, known: values, missingCount };
  }
  const first = history.findIndex((value) => value !== null);
  const known = first < 0 ? [] : history.slice(first);
  const season = longestSeason(seasons, known.length, 2);
  const values: number[] = [];
  for (const value of known) values.push(value ?? values[values.length - season] ?? values.at(-1)!);
  return { values, known, missingCount };
}

function countMissing(history: readonly (number | null)[]): number {
  let count = 0;
  for (const value of history) if (value === null) count++;
  return count;
}
