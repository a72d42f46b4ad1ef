import { checkNumber, checkSeries, SECOND_MS, seriesEndAtMs, type Series } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { defineSource } from '../contract/define.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { EndpointMetrics, MetricsSource } from '../contract/types.ts';
import { createCalls } from './calls.ts';
import { createFluidQueue, type ServingSpan } from './fluid-queue.ts';

/** What comes to a simulated endpoint, and what serves it. */
export interface SimulatedEndpointOptions<Name extends string = string> {
  readonly clock: Clock;
  /** @defaultValue 'simulated-endpoint' */
  readonly name?: Name;
  readonly endpointId: string;
  /** Requests per second over time, each value >= 0. Outside the series nothing arrives and the rate is not known. */
  readonly arrivals: Series<'1/s'>;
  /** Requests that one ready replica can serve a second, > 0. */
  readonly replicaRatePerSecond: number;
  /** Every replica that ever served the endpoint, also those that have ended: `usage()` of a simulated capacity. */
  readonly replicas: () => readonly ServingSpan[];
  /** A request that waits longer than this is late, ms, >= 0. @defaultValue 10_000 */
  readonly lateAfterMs?: number;
}

/** How the requests of an endpoint fared since it was created. Requests are a fluid, so counts can be fractions. */
export interface SimulatedService {
  readonly arrived: number;
  readonly served: number;
  /** Requests waiting now: `arrived - served`. */
  readonly waiting: number;
  /** Requests that waited longer than `lateAfterMs`, served or not. */
  readonly late: number;
  /** `late / arrived`, 0 to 1; `null` when nothing arrived. */
  readonly lateRatio: number | null;
  /** Mean over all that arrived; of those still waiting, the wait so far. `null` when nothing arrived. */
  readonly meanWaitMs: number | null;
  /** Time during which a replica was ready, summed over replicas, ms. */
  readonly readyReplicaMs: number;
}

/** A metrics source of one endpoint, and the truth about its service. */
export interface SimulatedEndpoint<Name extends string = string> extends MetricsSource<Name> {
  readonly readEndpoint: NonNullable<MetricsSource['readEndpoint']>;
  readonly service: () => SimulatedService;
}

/**
 * Creates an endpoint whose requests follow a trace and wait in one line for the replicas that are ready: a
 * first-in-first-out fluid queue, integrated exactly from the creation of the endpoint on.
 *
 * `readEndpoint` measures the interval since the read before; the first read looks back one slot of the trace, not
 * beyond its start. A read at the same instant as the one before returns the same measurement. `ratePerSecond` is `null`
 * unless the trace covers the whole interval, and `utilizationRatio` is `null` when no replica was ready in it: what was
 * not measured is missing, not 0. `utilizationRatio` is work done over work that the ready replicas could have done.
 *
 * @returns a {@link SimulatedEndpoint}. `readEndpoint` rejects with `not-found` for any other endpoint.
 * @throws InvalidInputError when the trace is not valid or a number is out of its range.
 *
 * @example
 * ```ts
 * const endpoint = simulatedEndpoint({
 *   clock, endpointId: 'chat', replicaRatePerSecond: 5, replicas: capacity.usage,
 *   arrivals: { startAtMs: 0, stepMs: 60_000, unit: '1/s', values: [12, 30, 8] },
 * });
 * await clock.advanceTo(60_000);
 * (await endpoint.readEndpoint('chat')).ratePerSecond; // 12
 * ```
 */
export function simulatedEndpoint<const Name extends string = 'simulated-endpoint'>(
  options: SimulatedEndpointOptions<Name>,
): SimulatedEndpoint<Name> {
  const { clock, endpointId, replicaRatePerSecond, replicas, lateAfterMs = 10_000 } = options;
  const { name = 'simulated-endpoint' as Name } = options;
  checkSeries('arrivals', options.arrivals, '1/s');
  const arrivals = { ...options.arrivals, values: [...options.arrivals.values] };
  arrivals.values.forEach((value, slot) => {
    checkNumber(`arrivals.values[${slot}]`, value, { min: 0 });
  });
  checkNumber('replicaRatePerSecond', replicaRatePerSecond, { min: Number.MIN_VALUE });
  checkNumber('lateAfterMs', lateAfterMs, { min: 0 });
  const calls = createCalls(name, clock);
  const startAtMs = clock.nowMs();
  const createQueue = () => createFluidQueue({ arrivals, replicaRatePerSecond, lateAfterMs, startAtMs });
  const queue = createQueue();
  let previous: EndpointMetrics | undefined;
  let atPrevious = queue.totals();

  const measure = (): EndpointMetrics => {
    const atMs = clock.nowMs();
    if (previous?.atMs === atMs) return previous;
    const spans = replicas();
    const fromMs = previous?.atMs ?? Math.min(atMs, Math.max(atMs - arrivals.stepMs, arrivals.startAtMs));
    if (previous === undefined) {
      // The queue may be beyond that instant: `service` must not change what is measured.
      const replay = createQueue();
      replay.advanceTo(fromMs, spans);
      atPrevious = replay.totals();
    }
    queue.advanceTo(atMs, spans);
    const totals = queue.totals();
    const readyReplicaMs = totals.readyReplicaMs - atPrevious.readyReplicaMs;
    const couldServe = (readyReplicaMs * replicaRatePerSecond) / SECOND_MS;
    previous = {
      endpointId,
      atMs,
      intervalMs: atMs - fromMs,
      ratePerSecond: meanOver(arrivals, fromMs, atMs),
      utilizationRatio: readyReplicaMs > 0 ? Math.min(1, (totals.served - atPrevious.served) / couldServe) : null,
      queueDepth: totals.waiting,
    };
    atPrevious = totals;
    return previous;
  };

  return defineSource({
    name,
    specVersion: 1,
    readEndpoint: (id, callOptions) =>
      calls.read('readEndpoint', callOptions, () => {
        if (id !== endpointId) throw new ProviderError(name, 'not-found', `there is no endpoint '${id}'`);
        return measure();
      }),
    service: () => {
      queue.advanceTo(clock.nowMs(), replicas());
      const { arrived, served, waiting, late, waitedMs, readyReplicaMs } = queue.totals();
      const isKnown = arrived > 0;
      const lateRatio = isKnown ? Math.min(1, late / arrived) : null;
      const meanWaitMs = isKnown ? waitedMs / arrived : null;
      return { arrived, served, waiting, late, lateRatio, meanWaitMs, readyReplicaMs };
    },
  } satisfies SimulatedEndpoint<Name>);
}

/** The time-weighted mean of a series over an interval; `null` unless the series covers all of it. */
function meanOver(series: Series, fromMs: number, toMs: number): number | null {
  if (toMs <= fromMs || fromMs < series.startAtMs || toMs > seriesEndAtMs(series)) return null;
  let weighted = 0;
  // One slot early, in case the quotient rounds up; a slot without overlap adds nothing.
  const first = Math.max(0, Math.floor((fromMs - series.startAtMs) / series.stepMs) - 1);
  for (let slot = first; slot < series.values.length; slot++) {
    const startAtMs = series.startAtMs + slot * series.stepMs;
    if (startAtMs >= toMs) break;
    weighted +=
      series.values[slot]! * Math.max(0, Math.min(toMs, startAtMs + series.stepMs) - Math.max(fromMs, startAtMs));
  }
  return weighted / (toMs - fromMs);
}
