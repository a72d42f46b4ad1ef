import type { JobFailure, RecoverableJob, RecoverReason, RecoverState } from './recover-types.ts';

/** Places lost not long ago, after this end of an attempt; by id. */
export function lostPlacesAfter(
  { place, state }: RecoverableJob,
  { atMs }: JobFailure,
  isLoss: boolean,
  memoryMs: number,
): RecoverState['lostPlaces'] {
  const isLostNow = isLoss && place !== undefined;
  const kept = (state?.lostPlaces ?? []).filter(
    (lost) => atMs - lost.atMs < memoryMs && !(isLostNow && lost.place === place),
  );
  if (isLostNow) kept.push({ place, atMs });
  return kept.map((lost) => ({ ...lost })).sort((x, y) => (x.place < y.place ? -1 : 1));
}

/** Where the next attempt runs; `undefined` when no places are known. */
export function chosenPlace(
  { place, places = [] }: RecoverableJob,
  { lostPlaces, lossCount }: RecoverState,
  isLoss: boolean,
  maxFruitlessLosses: number,
  reasons: RecoverReason[],
): string | undefined {
  const surest = places.at(-1);
  if (surest === undefined) return undefined;
  // A failure of the program says nothing of the place.
  if (!isLoss && place !== undefined) return place;
  const lostAt = new Map(lostPlaces.map((lost) => [lost.place, lost.atMs]));
  if (lossCount >= maxFruitlessLosses) {
    reasons.push({ kind: 'losing-all-work', attempts: lossCount, help: 'checkpoint-more-often' });
    if (!lostAt.has(surest)) return surest;
  }
  const free = places.find((id) => !lostAt.has(id));
  if (free !== undefined) {
    if (place !== undefined && free !== place) reasons.push({ kind: 'place-lost', place });
    return free;
  }
  const oldest = places.reduce((best, id) => (lostAt.get(id)! < lostAt.get(best)! ? id : best));
  reasons.push({ kind: 'every-place-lost', place: oldest });
  return oldest;
}
