/**
 * The bands of a seasonal naive forecast straight from their definition: the k-th smallest and k-th largest of the differences
 * between values whole seasons apart, where k is the largest count that leaves no more than half of the excluded
 * probability on each side of n + 1 equally likely ranks. Levels are in percent, so all is whole numbers.
 */
export function naiveBand(
  history: readonly number[],
  season: number,
  step: number,
  levelPercent: number,
): { readonly low: number; readonly high: number } | null {
  const lag = Math.ceil(step / season) * season;
  const differences: number[] = [];
  for (let end = season + step - 1; end < history.length; end++) differences.push(history[end]! - history[end - lag]!);
  let k = 0;
  while ((k + 1) * 200 <= (differences.length + 1) * (100 - levelPercent)) k++;
  if (k === 0) return null;
  const rankOf = (value: number) => differences.filter((other) => other < value).length;
  const countUpTo = (value: number) => differences.filter((other) => other <= value).length;
  const kthSmallest = (rank: number) => differences.find((value) => rankOf(value) < rank && countUpTo(value) >= rank)!;
  const last = history[history.length - lag + step - 1]!;
  return { low: last + kthSmallest(k), high: last + kthSmallest(differences.length + 1 - k) };
}
