import {
  checkNumber,
  checkSeries,
  createRandom,
  InvalidInputError,
  seriesEndAtMs,
  valueAt,
  type Series,
  type Tier,
} from '@spillway/core';

import { hash } from './hash.ts';

/** A tier of simulated capacity. */
export interface SimulatedTier extends Tier {
  /** Present when replicas can be taken away: their lives are exponential with this mean, ms, > 0. */
  readonly interruption?: { readonly meanTimeToInterruptMs: number };
  /**
   * Capacity over time, whole numbers >= 0; overrides `capacity`. Where it falls below what runs, the replicas launched
   * last are taken away. Outside the series the capacity is 0, so it should cover the whole simulation.
   */
  readonly capacitySeries?: Series<'1'>;
}

/** A replica as far as its end is concerned. */
export interface Mortal {
  /** When it is taken away if nothing else ends it, ms since the Unix epoch; `Infinity` for never. */
  readonly dueAtMs: number;
}

/** Throws unless every tier is valid and its id unique. */
export function checkTiers(tiers: readonly SimulatedTier[]): void {
  const seen = new Set<string>();
  tiers.forEach((tier, index) => {
    if (typeof tier.id !== 'string' || tier.id.length === 0 || seen.has(tier.id)) {
      throw new InvalidInputError(`tiers[${index}].id`, 'must be a non-empty string and unique', tier.id);
    }
    seen.add(tier.id);
    const field = (name: string): string => `${name} of tier '${tier.id}'`;
    if (tier.capacity !== null) checkNumber(field('capacity'), tier.capacity, { min: 0, isWhole: true });
    checkNumber(field('priceUsdPerHour'), tier.priceUsdPerHour, { min: 0 });
    checkNumber(field('noticeMs'), tier.noticeMs ?? 0, { min: 0 });
    checkNumber(field('startupMs'), tier.startupMs ?? 0, { min: 0 });
    if (tier.interruption !== undefined) {
      checkNumber(field('meanTimeToInterruptMs'), tier.interruption.meanTimeToInterruptMs, { min: 1 });
    }
    if (tier.capacitySeries === undefined) return;
    checkSeries(field('capacitySeries'), tier.capacitySeries, '1');
    for (const value of tier.capacitySeries.values) {
      checkNumber(field('capacitySeries.values'), value, { min: 0, isWhole: true });
    }
  });
}

/** How many replicas the tier can hold at an instant; `Infinity` when no limit is known. */
export function capacityAt(tier: SimulatedTier, atMs: number): number {
  if (tier.capacitySeries !== undefined) return valueAt(tier.capacitySeries, atMs) ?? 0;
  return tier.capacity ?? Infinity;
}

/**
 * How long a replica of the tier lives, whole ms, >= 1, or `Infinity`. Depends on the seed and the token alone, so a
 * story does not change when calls come in another order.
 */
export function drawLifeMs(tier: SimulatedTier, seed: number, token: string): number {
  if (tier.interruption === undefined) return Infinity;
  const random = createRandom(hash(`${seed}:${token}`));
  return Math.max(1, Math.round(random.exponential(tier.interruption.meanTimeToInterruptMs)));
}

/**
 * Which replicas are taken away in `(fromMs, toMs]` and when, if nobody launches or terminates meanwhile.
 * `O(slots in the span × replicas)`.
 *
 * @param alive - in order of launch, all alive at `fromMs`.
 */
export function endsWithin<R extends Mortal>(
  tier: SimulatedTier,
  alive: readonly R[],
  fromMs: number,
  toMs: number,
): Map<R, number> {
  const ends = new Map<R, number>();
  if (alive.length === 0) return ends;
  let survivors = alive;
  for (const atMs of slotStartsWithin(tier.capacitySeries, fromMs, toMs)) {
    survivors = survivors.filter((replica) => replica.dueAtMs > atMs);
    const capacity = capacityAt(tier, atMs);
    for (const replica of survivors.slice(capacity)) ends.set(replica, atMs);
    survivors = survivors.slice(0, capacity);
  }
  for (const replica of alive) {
    if (!ends.has(replica) && replica.dueAtMs <= toMs) ends.set(replica, replica.dueAtMs);
  }
  return ends;
}

/** The instants in `(fromMs, toMs]` at which a slot begins or the series ends. */
function* slotStartsWithin(series: Series | undefined, fromMs: number, toMs: number): Generator<number> {
  if (series === undefined) return;
  const endAtMs = Math.min(toMs, seriesEndAtMs(series));
  const first = Math.max(0, Math.floor((fromMs - series.startAtMs) / series.stepMs) + 1);
  for (let slot = first; series.startAtMs + slot * series.stepMs <= endAtMs; slot++) {
    yield series.startAtMs + slot * series.stepMs;
  }
}
