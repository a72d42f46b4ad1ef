import type { ScheduleJob } from './types.ts';

/** Less than this share of a slot is rounding. */
const TOLERANCE = 1e-9;

/** One slot a job may use: for which share of the slot, and what a whole slot of one replica costs. */
export interface Offer {
  readonly slot: number;
  readonly share: number;
  readonly cost: number;
  /** Replicas that GPUs and power are enough for. */
  readonly replicas: number;
}

/** The least that a piece from one of the offers on costs. */
export function cheapestPiece(offers: readonly Offer[], work: number): number {
  let best = Infinity;
  for (let first = 0; first < offers.length; first++) {
    let left = work;
    let total = 0;
    for (let x = first; x < offers.length && left > 0; x++) {
      const { slot, share, cost } = offers[x]!;
      if (slot !== offers[first]!.slot + x - first || (share < left && share < 1)) break;
      const part = Math.min(left, share);
      total += part * cost;
      left -= part;
    }
    if (left <= 1e-9 && total < best) best = total;
  }
  return best;
}

/**
 * The least that runs from offers of one location cost: slot by slot either nothing begins, or a run of every length that is
 * allowed. Where resuming takes time, the number of runs is fixed first, and every number is tried.
 *
 * `O(slots × work²)`, for every number of runs.
 */
export function cheapestRuns(
  offers: readonly Offer[],
  { runtimeMs, minRunMs = 0, resumeMs = 0 }: ScheduleJob,
  stepMs: number,
): number {
  const work = runtimeMs / stepMs;
  const resume = resumeMs / stepMs;
  const least = Math.max(minRunMs, resumeMs) / stepMs - TOLERANCE;
  const bySlot = new Map(offers.map((offer) => [offer.slot, offer]));
  const end = Math.max(-1, ...bySlot.keys()) + 1;

  const runsFrom = (known: Map<string, number>, from: number, left: number, count: number | 'any'): number => {
    if (from >= end) return Infinity;
    const key = `${from} ${left} ${count}`;
    const memo = known.get(key);
    if (memo !== undefined) return memo;
    let cheapest = runsFrom(known, from + 1, left, count);
    let cost = 0;
    for (let length = 1; left - length > TOLERANCE - 1; length++) {
      const offer = bySlot.get(from + length - 1);
      const share = Math.min(1, left - (length - 1));
      if (offer === undefined || offer.share < share - TOLERANCE) break;
      cost += share * offer.cost;
      if (length - 1 + share < least) continue;
      const isEnd = left - length <= TOLERANCE;
      if (count !== 'any' && isEnd !== (count === 1)) continue;
      const later = count === 'any' ? count : count - 1;
      const total = isEnd ? cost : cost + runsFrom(known, from + length + 1, left - length, later);
      if (total < cheapest) cheapest = total;
    }
    known.set(key, cheapest);
    return cheapest;
  };

  const best = cheapestPiece(offers, work);
  if (resume === 0) return Math.min(best, runsFrom(new Map(), 0, work, 'any'));
  let cheapest = best;
  for (let runs = 2; ; runs++) {
    const total = work + (runs - 1) * resume;
    // Each run takes its least, and there is a slot between any two.
    if (runs * least > total || total + runs - 2 > end) return cheapest;
    cheapest = Math.min(cheapest, runsFrom(new Map(), 0, total, runs));
  }
}
