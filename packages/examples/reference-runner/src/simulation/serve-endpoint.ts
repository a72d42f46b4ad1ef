import { HOUR_MS, hoursFromMs, MINUTE_MS, SECOND_MS, seriesEndAtMs, type Series, type Tier } from '@spillway/core';
import { simulatedCapacity, simulatedEndpoint, virtualClock, type SimulatedTier } from '@spillway/adapters/simulated';
import { createRunner } from '../loop/runner.ts';
import type { Policy } from '../loop/snapshot.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { EndpointReport, StageOptions, TierRow } from './report.ts';

const ENDPOINT_ID = 'conversation';
/** Requests per second one replica can serve; an assumption of the replay, the trace does not say. */
const REPLICA_RATE_PER_SECOND = 1;
const TARGET_PER_REPLICA = 0.8;
const TICK_MS = 15 * SECOND_MS;
const LATE_AFTER_MS = 10 * SECOND_MS;

/**
 * Own machines, then spot, then on demand. Prices: list price of one a2-highgpu-1g (A100 40 GB) in us-central1, on demand
 * and spot, as of 2026-08-03. The fixed machines are paid for whether used or not and count 0 on both sides. Start times,
 * notice and the mean time to an interruption are assumptions of the replay.
 */
const TIERS: readonly SimulatedTier[] = [
  { id: 'own', kind: 'fixed', capacity: 5, priceUsdPerHour: 0, priority: 1, startupMs: 20 * SECOND_MS },
  {
    id: 'spot',
    kind: 'spot',
    capacity: 3,
    priceUsdPerHour: 1.92802,
    priority: 2,
    startupMs: 90 * SECOND_MS,
    noticeMs: 30 * SECOND_MS,
    interruption: { meanTimeToInterruptMs: 20 * MINUTE_MS },
  },
  { id: 'on-demand', kind: 'hourly', capacity: 8, priceUsdPerHour: 3.673385, priority: 3, startupMs: 90 * SECOND_MS },
];

const POLICY: Policy = {
  endpoints: [
    {
      id: ENDPOINT_ID,
      demandHalfLifeMs: 20 * SECOND_MS,
      autoscale: {
        minReplicas: 5,
        maxReplicas: 18,
        targets: [{ signal: 'rate', perReplica: TARGET_PER_REPLICA }],
        window: { upMs: 30 * SECOND_MS, downMs: 300 * SECOND_MS },
        intervalMs: TICK_MS,
      },
    },
  ],
};

/** Keeps an endpoint scaled over three tiers while a recorded hour of requests comes in. */
export async function serveEndpoint(
  arrivals: Series<'1/s'>,
  { seed, onProgress, pace }: StageOptions,
): Promise<EndpointReport> {
  const clock = virtualClock({ startAtMs: arrivals.startAtMs });
  const capacity = simulatedCapacity({ clock, tiers: TIERS, seed });
  const endpoint = simulatedEndpoint({
    clock,
    endpointId: ENDPOINT_ID,
    arrivals,
    replicaRatePerSecond: REPLICA_RATE_PER_SECOND,
    replicas: () => capacity.usage(),
    lateAfterMs: LATE_AFTER_MS,
  });
  const store = memoryStore();
  const runner = createRunner({ clock, store, capacity, metrics: endpoint, policy: POLICY });
  const timeline: EndpointReport['timeline'][number][] = [];
  runner.events.on('snapshot:observed', ({ atMs, endpoints, replicas }) => {
    const ready = replicas.filter(({ isReady }) => isReady !== false);
    timeline.push({
      atMs,
      demandPerSecond: endpoints[0]?.metrics.ratePerSecond ?? null,
      target: 0,
      readyByTier: Object.fromEntries(TIERS.map(({ id }) => [id, ready.filter(({ tierId }) => tierId === id).length])),
    });
  });
  runner.events.on('plan:computed', ({ notes }) => {
    const target = notes.find((note) => note.kind === 'scaled')?.target ?? 0;
    timeline.push({ ...timeline.pop()!, target });
  });

  const endAtMs = seriesEndAtMs(arrivals);
  while (clock.nowMs() < endAtMs) {
    await runner.tick();
    const nextAtMs = Math.min(endAtMs, clock.nowMs() + TICK_MS);
    await clock.advanceTo(nextAtMs);
    await pace?.(TICK_MS);
    onProgress?.({
      stage: 'endpoint',
      doneRatio: (nextAtMs - arrivals.startAtMs) / (endAtMs - arrivals.startAtMs),
      message: `${timeline.at(-1)?.target ?? 0} replicas wanted`,
    });
  }

  const tiers = TIERS.map((tier) => tierRow(tier, capacity.usage(), endAtMs));
  const { arrived, lateRatio } = endpoint.service();
  return {
    requests: Math.round(arrived),
    peakPerSecond: Math.max(...arrivals.values),
    tiers,
    replicaHours: sum(tiers.map(({ replicaHours }) => replicaHours)),
    costUsd: sum(tiers.map(({ costUsd }) => costUsd)),
    lateRatio,
    lateAfterMs: LATE_AFTER_MS,
    staticPeak: staticPeak(arrivals),
    clairvoyant: clairvoyant(arrivals),
    timeline,
  };
}

function tierRow(
  tier: Tier,
  usage: readonly { tierId: string; startedAtMs: number; endedAtMs: number | null; endedBy: string | null }[],
  endAtMs: number,
): TierRow {
  const own = usage.filter(({ tierId }) => tierId === tier.id);
  const replicaHours = hoursFromMs(sum(own.map(({ startedAtMs, endedAtMs }) => (endedAtMs ?? endAtMs) - startedAtMs)));
  return {
    tierId: tier.id,
    kind: tier.kind,
    capacity: tier.capacity,
    priceUsdPerHour: tier.priceUsdPerHour,
    launched: own.length,
    interrupted: own.filter(({ endedBy }) => endedBy === 'interrupted').length,
    replicaHours,
    costUsd: replicaHours * tier.priceUsdPerHour,
  };
}

/** What capacity for the peak costs when it stands all the time on tiers that nobody takes away. */
function staticPeak(arrivals: Series<'1/s'>): EndpointReport['staticPeak'] {
  const replicas = Math.ceil(Math.max(...arrivals.values) / TARGET_PER_REPLICA);
  const hours = hoursFromMs(arrivals.values.length * arrivals.stepMs);
  const steady = TIERS.filter(({ kind }) => kind !== 'spot');
  return { replicas, replicaHours: replicas * hours, costUsd: hours * costPerHour(replicas, steady) };
}

/** Just enough replicas in every slot, cheapest tiers first, started and stopped in no time. */
function clairvoyant(arrivals: Series<'1/s'>): EndpointReport['clairvoyant'] {
  const slotHours = arrivals.stepMs / HOUR_MS;
  const needs = arrivals.values.map((rate) => Math.ceil(rate / REPLICA_RATE_PER_SECOND));
  return {
    replicaHours: sum(needs) * slotHours,
    costUsd: sum(needs.map((need) => costPerHour(need, TIERS))) * slotHours,
  };
}

/** Price of so many replicas for one hour, cheapest first. */
function costPerHour(replicas: number, tiers: readonly Tier[]): number {
  let left = replicas;
  let cost = 0;
  for (const { capacity, priceUsdPerHour } of [...tiers].sort((x, y) => x.priceUsdPerHour - y.priceUsdPerHour)) {
    const taken = Math.min(left, capacity ?? left);
    cost += taken * priceUsdPerHour;
    left -= taken;
  }
  return cost;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
