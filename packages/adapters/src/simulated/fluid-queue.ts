import { SECOND_MS, seriesEndAtMs, valueAt, type Series } from '@spillway/core';

/** When a replica serves: from ready until ended. */
export interface ServingSpan {
  readonly readyAtMs: number;
  /** `null` while it lives. */
  readonly endedAtMs: number | null;
}

/** Running totals of a queue since its start. Requests are a fluid, so counts can be fractions. */
interface QueueTotals {
  readonly arrived: number;
  readonly served: number;
  readonly waiting: number;
  /** Requests that waited, or have been waiting, longer than the limit. */
  readonly late: number;
  /** Time waited by all requests together, so far, request-ms. */
  readonly waitedMs: number;
  /** Time during which a replica was ready, summed over replicas, ms. */
  readonly readyReplicaMs: number;
}

export interface FluidQueue {
  /** Goes on to an instant. `replicas` holds every replica that was ready at some time since the last call. */
  readonly advanceTo: (toMs: number, replicas: readonly ServingSpan[]) => void;
  readonly totals: () => QueueTotals;
}

/** Fluid that arrived at a constant rate over a stretch and still waits. Times since the start of the queue. */
interface Parcel {
  fromMs: number;
  readonly toMs: number;
  readonly ratePerSecond: number;
}

/** Rounding must not decide whether a wait of exactly the limit is late: a microsecond is far above it. */
const LATE_SLACK_MS = 1e-3;

/**
 * Creates a first-in-first-out fluid queue: arrivals and service have rates that are constant between instants at which a
 * slot begins or a replica becomes ready or ends, so waiting, waits and lateness are integrated exactly, without a step
 * size. Outside the series nothing arrives.
 *
 * Source: the deterministic fluid queue, as in Newell, "Applications of Queueing Theory", 2nd ed., 1982, ch. 2: waits are
 * the horizontal, queue lengths the vertical distances between cumulative arrivals and departures.
 *
 * `advanceTo` takes `O((slots + replica changes in the span) × replicas + parcels served)`.
 */
export function createFluidQueue(options: {
  readonly arrivals: Series<'1/s'>;
  readonly replicaRatePerSecond: number;
  readonly lateAfterMs: number;
  readonly startAtMs: number;
}): FluidQueue {
  const { arrivals, startAtMs } = options;
  const limitMs = options.lateAfterMs + LATE_SLACK_MS;
  let nowMs = startAtMs;
  // Thousandths of requests, so that whole rates times whole ms stay whole and exact.
  let arrived = 0;
  let served = 0;
  let waiting = 0;
  let lateServed = 0;
  let waitedMs = 0;
  let readyReplicaMs = 0;
  let parcels: Parcel[] = [];

  /** Serves waiting fluid at `outRate` during a stretch, oldest first. */
  const serve = (fromMs: number, toMs: number, outRate: number): void => {
    if (outRate === 0) return;
    let count = 0;
    for (let atMs = fromMs; count < parcels.length && atMs < toMs;) {
      const head = parcels[count]!;
      const endMs = atMs + ((head.toMs - head.fromMs) * head.ratePerSecond) / outRate;
      const isWhole = endMs <= toMs;
      const cutMs = isWhole ? head.toMs : head.fromMs + ((toMs - atMs) * outRate) / head.ratePerSecond;
      const untilMs = isWhole ? endMs : toMs;
      lateServed +=
        head.ratePerSecond * (cutMs - head.fromMs) * shareAbove(atMs - head.fromMs, untilMs - cutMs, limitMs);
      if (isWhole) count++;
      else head.fromMs = cutMs;
      atMs = untilMs;
    }
    parcels = parcels.slice(count);
  };

  /** A stretch in which nobody waits: everything is served as it comes. */
  const pass = (durationMs: number, inRate: number): void => {
    arrived += inRate * durationMs;
    served += inRate * durationMs;
  };

  /** A stretch in which somebody waits all the time, so the replicas work all the time. */
  const queueUp = (fromMs: number, toMs: number, inRate: number, outRate: number): void => {
    const durationMs = toMs - fromMs;
    if (inRate > 0) parcels.push({ fromMs, toMs, ratePerSecond: inRate });
    serve(fromMs, toMs, outRate);
    const before = waiting;
    waiting = Math.max(0, before + (inRate - outRate) * durationMs);
    waitedMs += ((before + waiting) / 2) * durationMs;
    arrived += inRate * durationMs;
    served += before + inRate * durationMs - waiting;
  };

  /** A stretch of constant rates, cut where the queue runs empty. */
  const integrate = (fromMs: number, toMs: number, inRate: number, outRate: number): void => {
    if (waiting === 0 && inRate <= outRate) {
      pass(toMs - fromMs, inRate);
      return;
    }
    const emptyAtMs = outRate > inRate ? fromMs + waiting / (outRate - inRate) : Infinity;
    if (emptyAtMs > toMs) {
      queueUp(fromMs, toMs, inRate, outRate);
      return;
    }
    queueUp(fromMs, emptyAtMs, inRate, outRate);
    // What rounding left over was served.
    served += waiting;
    waiting = 0;
    parcels = [];
    pass(toMs - emptyAtMs, inRate);
  };

  const advanceTo = (toMs: number, replicas: readonly ServingSpan[]): void => {
    if (toMs <= nowMs) return;
    for (const untilMs of changesWithin(arrivals, replicas, nowMs, toMs)) {
      // The middle is on the right side of both ends, also where a step is not whole.
      const middleMs = (nowMs + untilMs) / 2;
      const readyCount = replicas.filter((replica) => isServing(replica, middleMs)).length;
      const outRate = readyCount * options.replicaRatePerSecond;
      readyReplicaMs += readyCount * (untilMs - nowMs);
      // Counted from the start: since 1970, a double cannot tell times apart that are less than 0.0002 ms apart.
      integrate(nowMs - startAtMs, untilMs - startAtMs, valueAt(arrivals, middleMs) ?? 0, outRate);
      nowMs = untilMs;
    }
  };

  const totals = (): QueueTotals => {
    const bornBeforeMs = nowMs - startAtMs - limitMs;
    let late = lateServed;
    for (const { fromMs, toMs, ratePerSecond } of parcels) {
      late += ratePerSecond * Math.max(0, Math.min(toMs, bornBeforeMs) - fromMs);
    }
    return {
      arrived: arrived / SECOND_MS,
      served: served / SECOND_MS,
      waiting: waiting / SECOND_MS,
      late: late / SECOND_MS,
      waitedMs: waitedMs / SECOND_MS,
      readyReplicaMs,
    };
  };

  return { advanceTo, totals };
}

function isServing({ readyAtMs, endedAtMs }: ServingSpan, atMs: number): boolean {
  return readyAtMs <= atMs && (endedAtMs === null || endedAtMs > atMs);
}

/** The instants in `(fromMs, toMs]` after which a rate may differ, ascending; the last is `toMs`. */
function changesWithin(
  arrivals: Series,
  replicas: readonly ServingSpan[],
  fromMs: number,
  toMs: number,
): readonly number[] {
  const instants = new Set([toMs]);
  const add = (atMs: number | null): void => {
    if (atMs !== null && atMs > fromMs && atMs < toMs) instants.add(atMs);
  };
  for (const { readyAtMs, endedAtMs } of replicas) {
    add(readyAtMs);
    add(endedAtMs);
  }
  const { startAtMs, stepMs } = arrivals;
  const endAtMs = seriesEndAtMs(arrivals);
  const first = Math.max(0, Math.floor((fromMs - startAtMs) / stepMs));
  for (let slot = first; startAtMs + slot * stepMs <= Math.min(toMs, endAtMs); slot++) add(startAtMs + slot * stepMs);
  return [...instants].sort((x, y) => x - y);
}

/** The share of a quantity, spread evenly from `first` to `last`, that lies above a limit. */
function shareAbove(first: number, last: number, limit: number): number {
  if (first <= limit && last <= limit) return 0;
  if (first > limit && last > limit) return 1;
  return (Math.max(first, last) - limit) / Math.abs(last - first);
}
