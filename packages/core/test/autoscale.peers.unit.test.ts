import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  autoscaleAsHpa,
  autoscaleAsKpa,
  autoscaleAsSkyServe,
  createHpaState,
  createKpaState,
  createSkyServeState,
  skyServeVictims,
  type HpaConfig,
  type HpaMetricTarget,
  type HpaPod,
  type HpaRules,
  type KpaConfig,
} from '../src/autoscale/index.ts';
import { changeWithin } from '../src/autoscale/hpa-limits.ts';

function casesOf(name: string): readonly unknown[] {
  const url = new URL(`fixtures/peers/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { readonly cases: readonly unknown[] }).cases;
}

const NOW_MS = 10_000_000;
/** Lets every change through, at once. */
const FREE: HpaRules = { policies: [{ kind: 'pods', value: 1e6, periodMs: 1 }], windowMs: 0 };

interface CalculatorCase {
  readonly id: string;
  readonly currentReplicas: number;
  readonly tolerance: number;
  readonly metric: {
    readonly kind: string;
    readonly targetPercent: number;
    readonly targetMilli: number;
    readonly perPodTargetMilli: number;
    readonly levelsMilli: readonly number[];
  };
  readonly pods: readonly {
    readonly ready: boolean;
    readonly unready: boolean;
    readonly phase: HpaPod['phase'];
    readonly deleting?: boolean;
    readonly usage?: number | null;
    readonly request?: number | null;
    readonly metric?: number | null;
  }[];
  readonly expect: { readonly replicas?: number; readonly metricValue?: number; readonly error?: boolean };
}

function targetOf({ kind, targetPercent, targetMilli, perPodTargetMilli }: CalculatorCase['metric']): HpaMetricTarget {
  if (kind === 'utilization') return { kind, targetPercent };
  if (kind === 'pods') return { kind, targetMilli };
  if (kind.endsWith('PerPod')) return { kind: 'value-per-replica', targetMilli: perPodTargetMilli };
  return { kind: 'value', targetMilli };
}

describe('autoscaleAsHpa', () => {
  test.each((casesOf('hpa-calc') as readonly CalculatorCase[]).map((one) => [one.id, one] as const))(
    'agrees with %s',
    (_, one) => {
      const config: HpaConfig = {
        minReplicas: 0,
        maxReplicas: 1_000,
        metrics: [targetOf(one.metric)],
        toleranceRatio: one.tolerance,
        up: FREE,
        down: FREE,
      };
      const isUtilization = one.metric.kind === 'utilization';
      const value = {
        podsMilli: one.pods.map((pod) => (isUtilization ? pod.usage : pod.metric) ?? null),
        requestsMilli: one.pods.map(({ request }) => request ?? null),
        valueMilli:
          isUtilization || one.metric.kind === 'pods' ? null : one.metric.levelsMilli.reduce((a, b) => a + b, 0),
      };

      const { decision, reasons } = autoscaleAsHpa(config, createHpaState(), {
        nowMs: NOW_MS,
        currentReplicas: one.currentReplicas,
        pods: one.pods.map(({ phase, ready, unready, deleting }) => ({
          phase,
          isReady: ready,
          isWarmingUp: unready,
          isDeleting: deleting ?? false,
        })),
        metrics: [value],
      });

      if (one.expect.error === true) {
        expect(decision.isHold).toBe(true);
        expect(reasons.map(({ kind }) => kind)).toEqual(['metric-missing', 'held']);
        return;
      }
      expect(decision.target).toBe(one.expect.replicas);
      expect(reasons.find(({ kind }) => kind === 'metric')).toMatchObject({ value: one.expect.metricValue });
    },
  );

  interface BehaviorCase {
    readonly id: string;
    readonly min: number;
    readonly max: number;
    readonly up: RulesCase | null;
    readonly down: RulesCase | null;
    readonly upEvents: readonly EventCase[];
    readonly downEvents: readonly EventCase[];
    readonly current: number;
    readonly desired: number;
    readonly recommendations: readonly { readonly replicas: number; readonly ageSec: number }[];
    readonly upWindowSec: number;
    readonly downWindowSec: number;
    readonly events: readonly EventCase[];
    readonly periodSec: number;
    readonly expect: { readonly replicas: number; readonly reason: string; readonly sum: number };
  }
  interface RulesCase {
    readonly policies: readonly {
      readonly type: 'pods' | 'percent';
      readonly value: number;
      readonly periodSec: number;
    }[];
    readonly select: 'max' | 'min' | 'disabled';
    readonly windowSec: number;
  }
  interface EventCase {
    readonly change: number;
    readonly ageSec: number;
  }
  const rulesOf = ({ policies, select, windowSec }: RulesCase): HpaRules => ({
    policies: policies.map(({ type, value, periodSec }) => ({ kind: type, value, periodMs: periodSec * 1_000 })),
    select,
    windowMs: windowSec * 1_000,
  });
  const eventsOf = (events: readonly EventCase[]) =>
    events.map(({ change, ageSec }) => ({ change, atMs: NOW_MS - ageSec * 1_000 }));
  const behavior = casesOf('hpa-behavior') as readonly BehaviorCase[];
  const part = (name: string) => behavior.filter(({ id }) => id.startsWith(name)).map((one) => [one.id, one] as const);
  const KINDS: Record<string, string | undefined> = {
    ScaleUpLimit: 'up-rules',
    ScaleDownLimit: 'down-rules',
    TooManyReplicas: 'max',
    TooFewReplicas: 'min',
  };
  /** A metric that asks for so many replicas. */
  const asking = (replicas: number) => ({ pods: [], metrics: [{ valueMilli: replicas * 1_000 }], nowMs: NOW_MS });
  const metrics: readonly HpaMetricTarget[] = [{ kind: 'value-per-replica', targetMilli: 1_000 }];

  test.each(part('hpa-rules'))('agrees with %s', (_, one) => {
    const config: HpaConfig = {
      minReplicas: one.min,
      maxReplicas: one.max,
      metrics,
      toleranceRatio: 0,
      ...(one.up !== null && { up: rulesOf(one.up) }),
      ...(one.down !== null && { down: rulesOf(one.down) }),
    };
    const state = {
      ...createHpaState(),
      lastMs: NOW_MS - 1,
      upEvents: eventsOf(one.upEvents),
      downEvents: eventsOf(one.downEvents),
    };

    const { decision, reasons } = autoscaleAsHpa(config, state, {
      ...asking(one.desired),
      currentReplicas: one.current,
    });

    expect(decision.target).toBe(one.expect.replicas);
    const limited = reasons.find((reason) => reason.kind === 'limited');
    expect(limited?.by).toBe(KINDS[one.expect.reason]);
  });

  test.each(part('hpa-stabilize'))('agrees with %s', (_, one) => {
    const config: HpaConfig = {
      minReplicas: 0,
      maxReplicas: 1_000,
      metrics,
      toleranceRatio: 0,
      up: { ...FREE, windowMs: one.upWindowSec * 1_000 },
      down: { ...FREE, windowMs: one.downWindowSec * 1_000 },
    };
    const recommendations = one.recommendations.map(({ replicas, ageSec }) => ({
      replicas,
      atMs: NOW_MS - ageSec * 1_000,
    }));
    const state = { ...createHpaState(), lastMs: NOW_MS - 1, recommendations };

    const { decision } = autoscaleAsHpa(config, state, { ...asking(one.desired), currentReplicas: one.current });

    expect(decision.target).toBe(one.expect.replicas);
  });

  test.each(part('hpa-events'))('agrees with %s', (_, one) => {
    expect(changeWithin(eventsOf(one.events), NOW_MS, one.periodSec * 1_000)).toBe(one.expect.sum);
  });

  test('takes what there is for its first recommendation, remembers changes, and stays off at zero', () => {
    const config: HpaConfig = { minReplicas: 1, maxReplicas: 10, metrics };

    const first = autoscaleAsHpa(config, createHpaState(), { ...asking(2), currentReplicas: 5 });
    const second = autoscaleAsHpa(config, first.state, { ...asking(7), currentReplicas: 5, nowMs: NOW_MS + 15_000 });
    const off = autoscaleAsHpa(config, second.state, { ...asking(7), currentReplicas: 0, nowMs: NOW_MS + 30_000 });

    expect([first, second, off].map(({ decision }) => decision.target)).toEqual([5, 7, 0]);
    expect(second.state.upEvents).toEqual([{ atMs: NOW_MS + 15_000, change: 2 }]);
    expect(off.reasons).toEqual([{ kind: 'disabled' }]);
  });

  test.each<[Partial<HpaConfig>, number, string]>([
    [{ minReplicas: -1 }, 0, 'minReplicas'],
    [{ minReplicas: 5, maxReplicas: 4 }, 0, 'maxReplicas'],
    [{ metrics: [] }, 0, 'metrics'],
    [{ metrics: [{ kind: 'pods', targetMilli: 0 }] }, 0, 'metrics[0]'],
    [{ up: { policies: [], windowMs: 0 } }, 0, 'up.policies'],
    [{}, NaN, 'nowMs'],
    [{}, -5, 'nowMs'],
  ])('refuses %o at %o', (change, nowMs, field) => {
    const config: HpaConfig = { minReplicas: 1, maxReplicas: 10, metrics, ...change };
    const call = () =>
      autoscaleAsHpa(config, { ...createHpaState(), lastMs: 0 }, { ...asking(1), currentReplicas: 1, nowMs });

    expect(call).toThrow(expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error);
  });
});

describe('autoscaleAsKpa', () => {
  interface KpaCase {
    readonly id: string;
    readonly config: KpaCaseConfig;
    readonly steps: readonly {
      readonly tSec: number;
      readonly ready: number;
      readonly stable: number;
      readonly panic: number;
      readonly panicking?: boolean;
      readonly set?: Partial<KpaCaseConfig>;
      readonly expect: { readonly replicas: number; readonly excessBurst: number };
    }[];
  }
  interface KpaCaseConfig {
    readonly target: number;
    readonly total: number;
    readonly burstCapacity: number;
    readonly panicThreshold: number;
    readonly maxUpRate: number;
    readonly maxDownRate: number;
    readonly stableWindowSec: number;
    readonly reachable: boolean;
    readonly scaleDownDelaySec?: number;
    readonly activationScale?: number;
    readonly startPanicAgeSec?: number;
    readonly startMaxPanicPods?: number;
  }
  const configOf = (one: KpaCaseConfig): KpaConfig => ({
    targetPerReplica: one.target,
    totalPerReplica: one.total,
    burstCapacity: one.burstCapacity,
    panicThresholdRatio: one.panicThreshold,
    maxUpRatio: one.maxUpRate,
    maxDownRatio: one.maxDownRate,
    stableWindowMs: one.stableWindowSec * 1_000,
    isReachable: one.reachable,
    scaleDownDelayMs: (one.scaleDownDelaySec ?? 0) * 1_000,
    activationReplicas: one.activationScale ?? 0,
  });

  test.each((casesOf('kpa') as readonly KpaCase[]).map((one) => [one.id, one] as const))('agrees with %s', (_, one) => {
    const { startPanicAgeSec, startMaxPanicPods = 0 } = one.config;
    let settings = one.config;
    let state = createKpaState();
    if (startPanicAgeSec !== undefined) {
      state = { ...state, panicAtMs: NOW_MS - startPanicAgeSec * 1_000, maxPanicReplicas: startMaxPanicPods };
    }
    for (const step of one.steps) {
      settings = { ...settings, ...step.set };
      const { tSec, ready, stable, panic } = step;
      const seen = { nowMs: NOW_MS + tSec * 1_000, readyReplicas: ready, stableValue: stable, panicValue: panic };

      const result = autoscaleAsKpa(configOf(settings), state, seen);

      expect(result.decision.target).toBe(step.expect.replicas);
      expect(Math.abs(result.decision.excessBurst - step.expect.excessBurst)).toBeLessThanOrEqual(1);
      if (step.panicking !== undefined) expect(result.decision.isPanicking).toBe(step.panicking);
      state = JSON.parse(JSON.stringify(result.state)) as typeof state;
    }
  });

  const config: KpaConfig = { targetPerReplica: 10, totalPerReplica: 10, burstCapacity: 0 };

  test('starts in panic when replicas are there already, and holds without data', () => {
    const state = createKpaState({ nowMs: NOW_MS, readyReplicas: 5 });

    const quiet = autoscaleAsKpa(config, state, { nowMs: NOW_MS, readyReplicas: 5, stableValue: 0, panicValue: 0 });
    const blind = autoscaleAsKpa(config, state, {
      nowMs: NOW_MS,
      readyReplicas: 5,
      stableValue: null,
      panicValue: null,
    });

    expect([quiet.decision.target, blind.decision.target]).toEqual([5, 5]);
    expect(blind.reasons).toEqual([{ kind: 'no-data-held' }]);
  });

  test('refuses numbers out of range and time that goes back', () => {
    const seen = { nowMs: NOW_MS, readyReplicas: 1, stableValue: 1, panicValue: 1 };
    const { state } = autoscaleAsKpa(config, createKpaState(), seen);

    expect(() => autoscaleAsKpa({ ...config, targetPerReplica: 0 }, state, seen)).toThrow('targetPerReplica');
    expect(() => autoscaleAsKpa(config, state, { ...seen, stableValue: NaN })).toThrow('stableValue');
    expect(() => autoscaleAsKpa(config, state, { ...seen, nowMs: 0 })).toThrow('nowMs must not be before');
  });
});

describe('autoscaleAsSkyServe', () => {
  interface SkyCase {
    readonly id: string;
    readonly config: {
      readonly min: number;
      readonly max: number;
      readonly targetQps: number;
      readonly targetQpsByGpu?: Record<string, number>;
      readonly windowSec: number;
      readonly intervalSec: number;
      readonly upDelaySec?: number;
      readonly overprovision?: number;
    };
    readonly startTarget?: number;
    readonly ready?: number;
    readonly readyGpus?: readonly string[];
    readonly requestsInWindow: readonly number[];
    readonly expectTargets?: readonly number[];
    readonly expectIntervalSec?: number;
    readonly expectScaleUps?: number;
    readonly replicas: readonly {
      readonly id: number;
      readonly status: string;
      readonly version: number;
      readonly jobs: number;
    }[];
    readonly remove: number;
    readonly expectVictims: readonly number[];
  }
  const all = (casesOf('skypilot-serve') as readonly SkyCase[]).map((one) => [one.id, one] as const);

  test.each(all.filter(([id]) => !id.includes('victims')))('agrees with %s', (_, one) => {
    const { min, max, targetQps, targetQpsByGpu, windowSec, intervalSec, upDelaySec, overprovision = 0 } = one.config;
    let state = createSkyServeState(one.startTarget ?? null);
    one.requestsInWindow.forEach((requestCount, index) => {
      const {
        decision,
        nextEvalAtMs,
        state: next,
      } = autoscaleAsSkyServe(
        {
          minReplicas: min,
          maxReplicas: max,
          targetQps: targetQpsByGpu ?? targetQps,
          windowMs: windowSec * 1_000,
          intervalMs: intervalSec * 1_000,
          overprovisionCount: overprovision,
          ...(upDelaySec !== undefined && { upDelayMs: upDelaySec * 1_000 }),
        },
        state,
        { nowMs: index * intervalSec * 1_000, requestCount, readyGpus: one.readyGpus ?? [] },
      );
      state = next;
      if (one.expectTargets !== undefined) expect(decision.target).toBe(one.expectTargets[index]);
      if (one.expectScaleUps !== undefined) {
        expect(decision.target - (one.ready ?? one.readyGpus!.length)).toBe(one.expectScaleUps);
      }
      if (one.expectIntervalSec !== undefined) {
        expect(nextEvalAtMs - index * intervalSec * 1_000).toBe(one.expectIntervalSec * 1_000);
      }
    });
  });

  test.each(all.filter(([id]) => id.includes('victims')))('agrees with %s', (_, one) => {
    const replicas = one.replicas.map(({ id, status, version, jobs }) => ({
      id,
      isReady: status === 'ready',
      version,
      jobCount: jobs,
    }));

    expect(skyServeVictims(replicas, one.remove)).toEqual(one.expectVictims);
  });

  test('counts decisions, not time', () => {
    const config = { minReplicas: 1, maxReplicas: 9, targetQps: 1, upDelayMs: 60_000, intervalMs: 20_000 };
    let state = createSkyServeState(2);
    const targets = [0, 1, 2].map((ms) => {
      const result = autoscaleAsSkyServe(config, state, { nowMs: ms, requestCount: 240 });
      state = result.state;
      return result.decision.target;
    });

    expect(targets).toEqual([2, 2, 4]);
  });

  test('refuses numbers out of range', () => {
    const config = { minReplicas: 1, maxReplicas: 9, targetQps: 1 };
    const call = (change: object) => () =>
      autoscaleAsSkyServe({ ...config, ...change }, createSkyServeState(), { nowMs: 0, requestCount: 1 });

    expect(call({ maxReplicas: 0 })).toThrow('maxReplicas');
    expect(call({ targetQps: {} })).toThrow('targetQps must name at least one GPU model');
    expect(call({ targetQps: { H100: 0 } })).toThrow('targetQps.H100');
  });
});
