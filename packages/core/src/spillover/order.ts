import type { Replica, Tier } from '../fleet/types.ts';

/** Compares texts by code unit, so the order is the same in every locale. */
export function compareIds(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

/**
 * Order of filling: tiers with a priority first, smallest number first; then by price, then by id. Draining goes the
 * other way.
 */
export function compareTiers(x: Tier, y: Tier): number {
  const byPriority = compareNumbers(x.priority ?? Infinity, y.priority ?? Infinity);
  return byPriority || compareNumbers(x.priceUsdPerHour, y.priceUsdPerHour) || compareIds(x.id, y.id);
}

/** Order of removal inside a tier: what does not serve yet, then the newest, which has the least to lose; then by id. */
export function compareVictims(x: Replica, y: Replica): number {
  const byReadiness = Number(x.isReady ?? true) - Number(y.isReady ?? true);
  return byReadiness || compareNumbers(y.startedAtMs, x.startedAtMs) || compareIds(x.id, y.id);
}

/** As subtraction, but safe with infinities. */
function compareNumbers(x: number, y: number): number {
  return x < y ? -1 : x > y ? 1 : 0;
}
