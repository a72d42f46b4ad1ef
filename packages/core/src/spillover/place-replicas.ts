import { allowedDisruptions } from '../fleet/disruption-budget.ts';
import type { Replica, Tier } from '../fleet/types.ts';
import { checkPlaceReplicas } from './check.ts';
import { compareIds, compareTiers, compareVictims } from './order.ts';
import type { PlaceReplicasOptions, PlaceReplicasReason, PlaceReplicasRequest, PlaceReplicasResult } from './types.ts';

/** Slack of the relief before it is rounded up. */
const SLACK = 1e-9;

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
 * Replicas on unknown tiers, sick ones and those above a tier's capacity are removed in any case, and replaced where there is room. A
 * replica that may stay is never moved to a cheaper tier: a move costs a cold start, so it is a decision of its own.
 *
 * Surplus stays where it has to: a tier is not drained below its `minCount`, a replica not stopped before the end of its tier's `commitMs`, and
 * of serving replicas no more than the `budgets` allow; what is removed in any case counts against them. Those floors are
 * filled first. While replicas are saturated none is drained, and one more is wanted for every four of them, less those that start already; both up
 * to `maxTarget`, so that a replica that is full for good cannot order for ever.
 *
 * Laws: current - removed + added + unplaced = target, more by what `relief` and `surplus-kept` tell; no tier above its capacity, none
 * drained below its floor; nothing is removed beyond the surplus and what must go; doing what it says and asking again yields nothing to do,
 * but what budgets held and what a saturated replica that went had held; the order of the inputs does not matter; from an empty start and without priorities and floors the cost
 * per hour is the least possible.
 *
 * @param request - how many replicas there should be in all.
 * @param tiers - where they may run; ids unique.
 * @param current - what runs or starts now, ready or not; ids unique.
 * @returns what to start and stop, what finds no room, and why. `O(t log t + r log r)` for t tiers and r replicas.
 * @throws InvalidInputError on a target or capacity that is not whole and >= 0, a negative price, a duplicate
 * id, a budget that cannot be read, and a missing `nowMs`.
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
  options: PlaceReplicasOptions = {},
): PlaceReplicasResult {
  checkPlaceReplicas(request, tiers, current, options);
  const reasons: PlaceReplicasReason[] = [];
  const remove: Removal[] = [];
  const byTier = groupByTier(current);
  evictUnknown(byTier, new Set(tiers.map(({ id }) => id)), remove, reasons);
  const holdings = [...tiers].sort(compareTiers).map((tier) => {
    const replicas = [...(byTier.get(tier.id) ?? [])].sort(compareVictims);
    return { tier, capacity: tier.capacity ?? Infinity, replicas: evictSick(tier, replicas, remove, reasons) };
  });
  const kept = evictOverCapacity(holdings, remove, reasons);
  const keptCount = kept.reduce((sum, { replicas }) => sum + replicas.length, 0);
  const wanted = wantedWithRelief(request, kept, options.reliefRatio ?? 0.25, reasons);
  const { allowed } = allowedDisruptions({
    budgets: options.budgets ?? [],
    reason: 'surplus',
    totalCount: current.length,
    disruptedCount: remove.length,
    ...(options.nowMs !== undefined && { nowMs: options.nowMs }),
  });
  const limits = { nowMs: options.nowMs ?? 0, allowed: allowed ?? Infinity };
  drain(kept, keptCount - wanted, limits, remove, reasons);
  return { ...fill(kept, wanted - keptCount, reasons), remove, reasons };
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

/** What is left of a tier without its sick replicas. */
function evictSick(
  { id: tierId }: Tier,
  replicas: readonly Replica[],
  remove: Removal[],
  reasons: PlaceReplicasReason[],
): readonly Replica[] {
  const sick = replicas.filter(({ health }) => health === 'sick');
  if (sick.length === 0) return replicas;
  take(sick, 'sick', remove);
  reasons.push({ kind: 'sick', tierId, count: sick.length });
  return replicas.filter(({ health }) => health !== 'sick');
}

/** The target, or while replicas are saturated what there is and some more, up to `maxTarget`. */
function wantedWithRelief(
  { target, maxTarget = 2 * target }: PlaceReplicasRequest,
  holdings: readonly Holding[],
  reliefRatio: number,
  reasons: PlaceReplicasReason[],
): number {
  const replicas = holdings.flatMap((holding) => holding.replicas);
  const saturated = replicas.filter(({ health }) => health === 'saturated').length;
  if (saturated === 0) return target;
  const starting = replicas.filter(({ isReady, health }) => isReady === false || health === 'starting').length;
  const relief = Math.max(0, Math.ceil(saturated * reliefRatio - SLACK) - starting);
  const wanted = Math.max(target, Math.min(maxTarget, replicas.length + relief));
  reasons.push({ kind: 'relief', saturated, starting, wanted });
  return wanted;
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

/** Removes `surplus` replicas, last tier first, where floors, commitments and budgets let it; nothing when it is not positive. */
function drain(
  holdings: readonly Holding[],
  surplus: number,
  limits: { readonly nowMs: number; readonly allowed: number },
  remove: Removal[],
  reasons: PlaceReplicasReason[],
): void {
  let left = surplus;
  let { allowed } = limits;
  for (const { tier, replicas } of holdings.toReversed()) {
    if (left <= 0) return;
    const gone: Replica[] = [];
    const kept = { floor: 0, committed: 0, budget: 0 };
    for (const replica of replicas) {
      if (left === 0) break;
      const isServing = replica.isReady ?? true;
      if (replicas.length - gone.length <= (tier.minCount ?? 0)) kept.floor++;
      else if (replica.startedAtMs + (tier.commitMs ?? 0) > limits.nowMs && (tier.commitMs ?? 0) > 0) kept.committed++;
      else if (isServing && allowed === 0) kept.budget++;
      else {
        gone.push(replica);
        left--;
        allowed -= Number(isServing);
      }
    }
    for (const because of ['floor', 'committed', 'budget'] as const) {
      const count = kept[because];
      if (count > 0) reasons.push({ kind: 'kept', tierId: tier.id, count, because });
    }
    if (gone.length === 0) continue;
    take(gone, 'surplus', remove);
    reasons.push({ kind: 'drained', tierId: tier.id, count: gone.length, priceUsdPerHour: tier.priceUsdPerHour });
  }
  if (left > 0) reasons.push({ kind: 'surplus-kept', count: left });
}

/** Adds `wanted` replicas, floors first, then first tier first; nothing when it is not positive. */
function fill(
  holdings: readonly Holding[],
  wanted: number,
  reasons: PlaceReplicasReason[],
): Pick<PlaceReplicasResult, 'add' | 'unplaced'> {
  const add: { tierId: string; count: number }[] = [];
  let left = Math.max(0, wanted);
  const floors = holdings.map(({ tier, capacity, replicas }) => {
    const floor = Math.min(capacity, tier.minCount ?? 0);
    const count = Math.min(left, Math.max(0, floor - replicas.length));
    left -= count;
    return count;
  });
  holdings.forEach(({ tier, capacity, replicas }, index) => {
    const floor = floors[index]!;
    const more = Math.max(0, Math.min(left, capacity - replicas.length - floor));
    const count = floor + more;
    if (count > 0) {
      add.push({ tierId: tier.id, count });
      reasons.push({ kind: 'filled', tierId: tier.id, count, priceUsdPerHour: tier.priceUsdPerHour });
    }
    if (left > 0 && more < left) reasons.push({ kind: 'tier-full', tierId: tier.id, capacity });
    left -= more;
  });
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
