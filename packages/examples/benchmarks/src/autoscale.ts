import { createRandom } from '@spillway/core';
import {
  autoscale,
  autoscaleAsHpa,
  autoscaleAsKpa,
  autoscaleAsSkyServe,
  createAutoscaleState,
  createHpaState,
  createKpaState,
  createSkyServeState,
  type AutoscaleConfig,
  type AutoscaleObservation,
} from '@spillway/core/autoscale';
import { readDemand } from './demand-data.ts';
import {
  clairvoyantReplicaHours,
  simulateReplicas,
  type ReplicaLoad,
  type ReplicaPolicy,
  type ReplicaSight,
} from './replica-simulation.ts';
import { formatTable } from './table.ts';

/** One policy on one load. */
interface AutoscaleRow {
  readonly load: string;
  readonly policy: string;
  readonly violationPercent: number;
  /** Replica-hours over those of a plan that knows the future and never waits. */
  readonly costRatio: number;
  readonly changes: number;
}

/** The rows, and the median time of a step of `autoscale`. */
export interface AutoscaleReport {
  readonly rows: readonly AutoscaleRow[];
  readonly stepMicroseconds: number;
}

const COLD_SEC = 120;
const BINS_SEC = 10;
const AVERAGE_SEC = 60;

/**
 * Replica autoscaling on an LLM's day cycle, an hour of conversations and generated bursty hours: `autoscale` against HPA,
 * KPA and SkyServe.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function autoscaleBenchmark(dataDirectory: string, clockMs: () => number): AutoscaleReport {
  const times: number[] = [];
  const rows = loadsOf(dataDirectory).flatMap(({ name, load }) => {
    const leastHours = clairvoyantReplicaHours(load);
    return Object.entries(policiesFor(load, clockMs, times)).map(([policy, run]): AutoscaleRow => {
      const { violationRatio, replicaHours, changes } = simulateReplicas(load, run());
      return {
        load: name,
        policy,
        violationPercent: 100 * violationRatio,
        costRatio: replicaHours / leastHours,
        changes,
      };
    });
  });
  times.sort((a, b) => a - b);
  return { rows, stepMicroseconds: times[Math.floor(times.length / 2)]! * 1_000 };
}

function loadsOf(directory: string): { readonly name: string; readonly load: ReplicaLoad }[] {
  const { conversations, dayCycle } = readDemand(directory);
  const of = (arrivals: readonly number[], warmSec: number, perReplica?: number): ReplicaLoad => {
    const mean = arrivals.reduce((sum, count) => sum + count, 0) / arrivals.length / BINS_SEC;
    const each = perReplica ?? mean / 8;
    const startReplicas = Math.ceil(mean / each / 0.7);
    return { arrivals, binSec: BINS_SEC, perReplica: each, coldSec: COLD_SEC, startReplicas, warmSec };
  };
  return [
    { name: 'conversations, 1 h', load: of(conversations, 300, 0.5) },
    { name: 'day cycle, days 2-4', load: of(countsOf(dayCycle, 4, 1), 86_400) },
    ...[1, 2, 3, 4].map((seed) => ({ name: `bursty hours ${seed}`, load: of(burstyHours(seed), 300) })),
  ];
}

/** Counts of ten seconds from means of ten minutes: interpolated, with twice the variance of a Poisson count. */
function countsOf(means: readonly number[], days: number, seed: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: (days * 86_400) / BINS_SEC }, (_, bin) => {
    const at = (bin * BINS_SEC) / 600;
    const [before, share] = [Math.floor(at), at % 1];
    const mean = BINS_SEC * (means[before]! * (1 - share) + (means[before + 1] ?? means[before]!) * share);
    return Math.max(0, Math.round(mean + Math.sqrt(2 * mean) * random.normal()));
  });
}

/** Six hours of a load that jumps by a factor of up to three for some minutes, several times an hour. */
function burstyHours(seed: number): number[] {
  const random = createRandom(100 + seed);
  let [level, leftBins] = [1, 0];
  return Array.from({ length: 6 * 360 }, () => {
    if (leftBins-- <= 0) {
      level = level > 1 ? 1 : 1 + 2 * random.next();
      leftBins = Math.round(random.exponential(level > 1 ? 30 : 60));
    }
    const mean = 40 * level;
    return Math.max(0, Math.round(mean + Math.sqrt(2 * mean) * random.normal()));
  });
}

const meanOfLast = (values: readonly number[], count: number): number => {
  const last = values.slice(-count);
  return last.reduce((sum, value) => sum + value, 0) / last.length;
};

/** Calls a policy every so often and answers with what there is in between. */
function every(intervalSec: number, decide: ReplicaPolicy): ReplicaPolicy {
  let nextSec = 0;
  return (sight) => {
    if (sight.nowSec < nextSec) return sight.ready + sight.pendingReadySec.length;
    nextSec = sight.nowSec + intervalSec;
    return decide(sight);
  };
}

function policiesFor(load: ReplicaLoad, clockMs: () => number, times: number[]): Record<string, () => ReplicaPolicy> {
  const { perReplica } = load;
  const averageSteps = ({ stepSec }: ReplicaSight, seconds: number): number =>
    Math.max(1, Math.round(seconds / stepSec));
  const rate = (sight: ReplicaSight): number => meanOfLast(sight.arrived, averageSteps(sight, AVERAGE_SEC));
  const hpa = (share: number) => () => {
    let state = createHpaState();
    const metrics = [{ kind: 'value-per-replica', targetMilli: perReplica * share * 1_000 }] as const;
    return every(15, (sight) => {
      const seen = {
        nowMs: sight.nowSec * 1_000,
        currentReplicas: sight.ready + sight.pendingReadySec.length,
        pods: [],
      };
      const result = autoscaleAsHpa({ minReplicas: 1, maxReplicas: 10_000, metrics }, state, {
        ...seen,
        metrics: [{ valueMilli: rate(sight) * 1_000 }],
      });
      state = result.state;
      return result.decision.target;
    });
  };
  const kpa = () => {
    let state = createKpaState();
    return every(5, (sight) => {
      // Concurrency: work in service for a second, and what waits.
      const over = (seconds: number): number => {
        const steps = Math.min(sight.arrived.length, averageSteps(sight, seconds));
        let sum = 0;
        for (let step = sight.arrived.length - steps; step < sight.arrived.length; step++) {
          sum += Math.min(sight.arrived[step]!, sight.readyCounts[step]! * perReplica) + sight.queues[step]!;
        }
        return sum / steps;
      };
      const config = { targetPerReplica: perReplica * 0.7, totalPerReplica: perReplica, burstCapacity: 0 };
      const seen = {
        nowMs: sight.nowSec * 1_000,
        readyReplicas: sight.ready,
        stableValue: over(60),
        panicValue: over(6),
      };
      const result = autoscaleAsKpa(config, state, seen);
      state = result.state;
      return Math.max(1, result.decision.target);
    });
  };
  const sky = (share: number) => () => {
    let state = createSkyServeState();
    const config = {
      minReplicas: 1,
      maxReplicas: 10_000,
      targetQps: perReplica * share,
      upDelayMs: 30_000,
      downDelayMs: 300_000,
    };
    return every(20, (sight) => {
      if (state.target === null) state = createSkyServeState(sight.ready);
      const result = autoscaleAsSkyServe(config, state, {
        nowMs: sight.nowSec * 1_000,
        requestCount: rate(sight) * AVERAGE_SEC,
      });
      state = result.state;
      return result.decision.target;
    });
  };
  const native = (config: AutoscaleConfig) => () => {
    let state = createAutoscaleState();
    return every((config.intervalMs ?? 15_000) / 1_000, (sight) => {
      const seen: AutoscaleObservation = {
        nowMs: sight.nowSec * 1_000,
        readyReplicas: sight.ready,
        pendingReplicas: sight.pendingReadySec.length,
        pendingReadyAtMs: sight.pendingReadySec.map((atSec) => atSec * 1_000),
        ratePerSecond: rate(sight),
        queueDepth: sight.queue,
      };
      const before = clockMs();
      const result = autoscale(config, state, seen);
      times.push(clockMs() - before);
      state = result.state;
      return result.decision.target;
    });
  };
  // One rule for all loads: replicas for the mean rate of a minute, at once up, held down, and what will wait is ordered for.
  const settings = (share: number, downMs: number, drainMs: number): AutoscaleConfig => ({
    minReplicas: 1,
    maxReplicas: 10_000,
    coldStartMs: COLD_SEC * 1_000,
    tolerance: { up: 0, down: 0 },
    window: { upMs: 0, downMs },
    targets: [{ signal: 'rate', perReplica: perReplica * share, drainMs }],
  });
  return {
    'HPA 0.7': hpa(0.7),
    'HPA 0.8': hpa(0.8),
    'HPA 0.9': hpa(0.9),
    'KPA 0.7': kpa,
    'SkyServe 0.9': sky(0.9),
    autoscale: native(settings(1, 300_000, 60_000)),
    'autoscale at 0.97': native(settings(0.97, 300_000, 60_000)),
    'autoscale at 1.03': native(settings(1.03, 300_000, 60_000)),
    'autoscale, long hold': native(settings(1, 900_000, 180_000)),
  };
}
/** The mean over the generated hours, by policy. */
function meanOfBursty(rows: readonly AutoscaleRow[]): AutoscaleRow[] {
  const bursty = rows.filter(({ load }) => load.startsWith('bursty'));
  return [...new Set(bursty.map(({ policy }) => policy))].map((policy) => {
    const own = bursty.filter((row) => row.policy === policy);
    const mean = (value: (row: AutoscaleRow) => number): number =>
      own.reduce((sum, row) => sum + value(row), 0) / own.length;
    return {
      load: 'bursty hours, mean',
      policy,
      violationPercent: mean((row) => row.violationPercent),
      costRatio: mean((row) => row.costRatio),
      changes: Math.round(mean((row) => row.changes)),
    };
  });
}

/** The report as text. */
export function formatAutoscale({ rows, stepMicroseconds }: AutoscaleReport): string {
  const shown = [...rows, ...meanOfBursty(rows)];
  const body = shown.map(({ load, policy, violationPercent, costRatio, changes }) => [
    load,
    policy,
    violationPercent.toFixed(2),
    costRatio.toFixed(3),
    String(changes),
  ]);
  const table = formatTable(['load', 'policy', 'violations %', 'cost', 'changes'], body, [0, 1]);
  return `${table}\n\nOne step of autoscale: ${stepMicroseconds.toFixed(1)} us (median).`;
}
