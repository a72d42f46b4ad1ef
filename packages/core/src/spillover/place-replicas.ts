import type { Replica, Tier } from '../fleet/types.ts';
import { checkPlaceReplicas } from './check.ts';
import { compareIds, compareTiers, compareVictims } from './order.ts';
import type { PlaceReplicasReason, PlaceReplicasRequest, PlaceReplicasResult } from './types.ts';

/** A tier with what it holds; `replicas` in the order of removal. */
interface Holding {
  readonly tier: Tier;
  readonly capacity: number;
  readonly replicas: readonly Replica[];
}

type Removal = PlaceReplicasResult['remove'][number];

/**
 * Spreads replicas over tiers: the first tier in order is filled first and drained last.
 *
 * Tiers are filled by `priority`, smallest first (tiers without one come after those with one), then by price, then by
 * id, and drained in the reverse order. Inside a tier replicas that are not ready go first, then the newest, then by id.
 * Replicas on unknown tiers and above a tier's capacity are removed in any case, and replaced where there is room. A
 * replica that may stay is never moved to a cheaper tier: a move costs a cold start, so it is a decision of its own.
 *
 * Laws: current - removed + added + unplaced = target; no tier above its capacity; nothing is removed beyond the surplus
 * and what must go; doing what it says and asking again yields nothing to do; the order of the inputs does not matter;
 * from an empty start and without priorities the cost per hour is the least possible.
 *
 * @param request - how many replicas there should be in all.
 * @param tiers - where they may run; ids unique.
 * @param current - what runs or starts now, ready or not; ids unique.
 * @returns what to start and stop, what finds no room, and why. `O(t log t + r log r)` for t tiers and r replicas.
 * @throws InvalidInputError on a target or capacity that is not whole and >= 0, a negative price, or a duplicate
 * id.
 *
 * @example
 * ```ts
 * const tiers = [
 *   { id: 'spot', kind: 'spot', capacity: null, priceUsdPerHour: 2 },
 *   { id: 'own', kind: 'fixed', capacity: 2, priceUsdPerHour: 1 },
 * ] as const;
 * placeReplicas({ target: 5 }, tiers, []).add; // [{ tierId: 'own', count: 2 }, { tierId: 'spot', count: 3 }]
 * ```
 */
export function placeReplicas(
  request: PlaceReplicasRequest,
  tiers: readonly Tier[],
  current: readonly Replica[],
): PlaceReplicasResult {
  checkPlaceReplicas(request, tiers, current);
  const reasons: PlaceReplicasReason[] = [];
  const remove: Removal[] = [];
  const byTier = groupByTier(current);
  evictUnknown(byTier, new Set(tiers.map(({ id }) => id)), remove, reasons);
  const holdings = [...tiers].sort(compareTiers).map((tier) => {
    const replicas = [...(byTier.get(tier.id) ?? [])].sort(compareVictims);
    return { tier, capacity: tier.capacity ?? Infinity, replicas };
  });
  const kept = evictOverCapacity(holdings, remove, reasons);
  const keptCount = kept.reduce((sum, { replicas }) => sum + replicas.length, 0);
  drain(kept, keptCount - request.target, remove, reasons);
  return { ...fill(kept, request.target - keptCount, reasons), remove, reasons };
}

function groupByTier(replicas: readonly Replica[]): ReadonlyMap<string, readonly Replica[]> {
  const groups = new Map<string, Replica[]>();
  for (const replica of replicas) {
    const group = groups.get(replica.tierId);
    if (group) group.push(replica);
    else groups.set(replica.tierId, [replica]);
  }
  return groups;
}

function evictUnknown(
  byTier: ReadonlyMap<string, readonly Replica[]>,
  known: ReadonlySet<string>,
  remove: Removal[],
  reasons: PlaceReplicasReason[],
): void {
  for (const [tierId, replicas] of [...byTier].sort(([x], [y]) => compareIds(x, y))) {
    if (known.has(tierId)) continue;
    take([...replicas].sort(compareVictims), 'unknown-tier', remove);
    reasons.push({ kind: 'unknown-tier', tierId, count: replicas.length });
  }
}

/** What is left of each tier after what is above its capacity is removed, in the order of filling. */
function evictOverCapacity(
  holdings: readonly Holding[],
  remove: Removal[],
  reasons: PlaceReplicasReason[],
): readonly Holding[] {
  for (const { tier, capacity, replicas } of holdings.toReversed()) {
    const count = replicas.length - capacity;
    if (count <= 0) continue;
    take(replicas.slice(0, count), 'tier-over-capacity', remove);
    reasons.push({ kind: 'tier-over-capacity', tierId: tier.id, count, capacity });
  }
  return holdings.map((holding) => ({
    ...holding,
    replicas: holding.replicas.slice(Math.max(0, holding.replicas.length - holding.capacity)),
  }));
}

/** Removes `surplus` replicas, last tier first; nothing when it is not positive. */
function drain(holdings: readonly Holding[], surplus: number, remove: Removal[], reasons: PlaceReplicasReason[]): void {
  let left = surplus;
  for (const { tier, replicas } of holdings.toReversed()) {
    const count = Math.min(left, replicas.length);
    if (count <= 0) continue;
    take(replicas.slice(0, count), 'surplus', remove);
    reasons.push({ kind: 'drained', tierId: tier.id, count, priceUsdPerHour: tier.priceUsdPerHour });
    left -= count;
  }
}

/** Adds `wanted` replicas, first tier first; nothing when it is not positive. */
function fill(
  holdings: readonly Holding[],
  wanted: number,
  reasons: PlaceReplicasReason[],
): Pick<PlaceReplicasResult, 'add' | 'unplaced'> {
  const add: { tierId: string; count: number }[] = [];
  let left = Math.max(0, wanted);
  for (const { tier, capacity, replicas } of holdings) {
    if (left === 0) break;
    const count = Math.min(left, capacity - replicas.length);
    if (count > 0) {
      add.push({ tierId: tier.id, count });
      reasons.push({ kind: 'filled', tierId: tier.id, count, priceUsdPerHour: tier.priceUsdPerHour });
    }
    left -= count;
    if (left > 0) reasons.push({ kind: 'tier-full', tierId: tier.id, capacity });
  }
  if (left > 0) {
    const capacity = holdings.reduce((sum, holding) => sum + holding.capacity, 0);
    reasons.push({ kind: 'no-capacity', missing: left, capacity });
  }
  return { add, unplaced: left };
}

/** Appends one by one: spreading a list into `push` overflows the stack on a large fleet. */
function take(replicas: readonly Replica[], reason: Removal['reason'], remove: Removal[]): void {
  for (const { id, tierId } of replicas) remove.push({ replicaId: id, tierId, reason });
}
