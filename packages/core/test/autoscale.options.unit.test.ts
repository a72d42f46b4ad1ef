import { describe, expect, test } from 'vitest';
import { autoscale, createAutoscaleState } from '../src/autoscale/index.ts';
import type { AutoscaleConfig, AutoscaleObservation, AutoscaleState } from '../src/index.ts';

const base: AutoscaleConfig = {
  minReplicas: 0,
  maxReplicas: 100,
  tolerance: { up: 0, down: 0 },
  window: { upMs: 0, downMs: 0 },
  targets: [{ signal: 'rate', perReplica: 10 }],
};

/** Targets over a trace, each second one look; the count follows at once unless it is given. */
function targetsOf(config: AutoscaleConfig, looks: readonly Partial<AutoscaleObservation>[], first = 2): number[] {
  let state: AutoscaleState = createAutoscaleState();
  let ready = first;
  return looks.map((look, second) => {
    const result = autoscale(config, state, { nowMs: second * 1_000, readyReplicas: ready, ...look });
    state = result.state;
    ready = result.decision.target;
    return ready;
  });
}

const rates = (...values: number[]) => values.map((ratePerSecond) => ({ ratePerSecond }));

describe('options of autoscale', () => {
  test('rates of change count over their period, and the first replica always comes', () => {
    const config = {
      ...base,
      rates: {
        up: [{ kind: 'replicas', value: 2, periodMs: 3_000 }],
        down: [{ kind: 'ratio', value: 0.5, periodMs: 2_000 }],
      },
    } as const;

    expect(targetsOf(config, rates(200, 200, 200, 200, 200), 1)).toEqual([3, 3, 3, 5, 5]);
    expect(targetsOf(config, rates(0, 0, 0, 0, 0), 8)).toEqual([4, 4, 2, 2, 1]);
    expect(targetsOf({ ...base, rates: { up: [{ kind: 'ratio', value: 1, periodMs: 1 }] } }, rates(50), 0)).toEqual([
      1,
    ]);
  });

  test('the last replica stays for the time given, or until it has cost as much as a cold start', () => {
    const idle = { ...base, zero: { idleMs: 3_000 } };
    const breakEven = { ...base, zero: { coldStartCostUsd: 1, idleCostUsdPerHour: 1_800 } };

    expect(targetsOf(idle, rates(30, 0, 0, 0, 0, 0))).toEqual([3, 1, 1, 1, 0, 0]);
    expect(targetsOf(breakEven, rates(30, 0, 0, 0, 0))).toEqual([3, 1, 1, 0, 0]);
  });

  test('panic skips the window up and holds the count', () => {
    const slow = { ...base, window: { upMs: 60_000, downMs: 0 }, panic: { thresholdRatio: 2, holdMs: 3_000 } };

    expect(targetsOf(slow, rates(20, 30, 60, 20, 20, 20, 20))).toEqual([2, 2, 6, 6, 6, 2, 2]);
  });

  test('an emergency skips windows, tolerance and rates', () => {
    const config: AutoscaleConfig = {
      ...base,
      tolerance: { up: 1 },
      window: { upMs: 60_000, downMs: 60_000 },
      rates: { up: [{ kind: 'replicas', value: 1, periodMs: 60_000 }] },
      emergency: { queueDepth: 100 },
    };

    expect(
      targetsOf(config, [
        { ratePerSecond: 40, queueDepth: 99 },
        { ratePerSecond: 40, queueDepth: 100 },
      ]),
    ).toEqual([2, 4]);
  });

  test('orders for a backlog once: what is on its way counts from its own time', () => {
    const config: AutoscaleConfig = {
      ...base,
      coldStartMs: 60_000,
      targets: [{ signal: 'rate', perReplica: 10, drainMs: 30_000 }],
    };
    const seen = { nowMs: 0, readyReplicas: 2, ratePerSecond: 20, queueDepth: 600 };
    const target = (more: Partial<AutoscaleObservation>) =>
      autoscale(config, createAutoscaleState(), { ...seen, ...more }).decision.target;

    // 600 wait and stay: (20 + 600 / 30 s) / 10.
    expect(target({})).toBe(4);
    // One more replica for all 60 s works 600 off.
    expect(target({ pendingReplicas: 1, pendingReadyAtMs: [0] })).toBe(2);
    // For 30 s: 300 are left: (20 + 300 / 30 s) / 10.
    expect(target({ pendingReplicas: 1, pendingReadyAtMs: [30_000] })).toBe(3);
  });

  test('orders for the forecast at the time an order is ready, and keeps for what comes before', () => {
    const config = { ...base, coldStartMs: 20_000, intervalMs: 10_000, forecastQuantile: 0.8 };
    const forecast = (...values: number[]) => ({
      startAtMs: 0,
      stepMs: 10_000,
      quantiles: { '0.5': values.map((value) => value / 2), '0.9': values },
    });
    const target = (ready: number, ...values: number[]) =>
      autoscale(config, createAutoscaleState(), {
        nowMs: 0,
        readyReplicas: ready,
        ratePerSecond: 30,
        forecast: forecast(...values),
      }).decision.target;

    expect(target(3, 30, 40, 70, 60, 90)).toBe(7);
    // Over before an order would be ready: no order, and nothing let go that is needed until then.
    expect(target(3, 30, 80, 20, 20)).toBe(3);
    expect(target(9, 30, 80, 20, 20)).toBe(8);
    // Ends too early: the load of now counts.
    expect(target(2, 90)).toBe(3);
  });

  test('adds nothing after too many failed starts, and replicas beyond the wish while there is work', () => {
    expect(targetsOf({ ...base, maxFailedStarts: 2 }, [{ ratePerSecond: 90, failedStarts: 2 }])).toEqual([2]);
    expect(targetsOf({ ...base, maxFailedStarts: 2 }, [{ ratePerSecond: 90, failedStarts: 1 }])).toEqual([9]);
    expect(targetsOf({ ...base, overprovisionCount: 2 }, rates(40, 0))).toEqual([6, 0]);
  });

  test('picks the smallest, the mean or the largest wish of a window', () => {
    const up = (upPick: 'min' | 'mean' | 'max') =>
      targetsOf(
        { ...base, window: { upMs: 4_000, downMs: 60_000, upPick } },
        rates(20, 20, 20, 100, 60, 60).map((look) => ({ ...look, readyReplicas: 2 })),
      ).at(-1);

    // From 1 s to 5 s: 2, 2, 10, 6, and 6 now.
    expect([up('min'), up('mean'), up('max')]).toEqual([2, 5, 10]);
  });

  test.each<[object, object, string]>([
    [{ coldStartMs: -1 }, {}, 'coldStartMs'],
    [{ rates: { up: [{ kind: 'pods', value: 1, periodMs: 1 }] } }, {}, 'rates.up[0].kind'],
    [{ rates: { down: [{ kind: 'ratio', value: 0, periodMs: 1 }] } }, {}, 'rates.down[0].value'],
    [{ zero: { idleMs: NaN } }, {}, 'zero.idleMs'],
    [{ zero: { coldStartCostUsd: 1, idleCostUsdPerHour: 0 } }, {}, 'zero.idleCostUsdPerHour'],
    [{ panic: { thresholdRatio: 1, holdMs: 0 } }, {}, 'panic.thresholdRatio'],
    [{ emergency: { queueDepth: 0 } }, {}, 'emergency.queueDepth'],
    [{ overprovisionCount: 0.5 }, {}, 'overprovisionCount'],
    [{ forecastQuantile: 0 }, {}, 'forecastQuantile'],
    [{ maxFailedStarts: 0 }, {}, 'maxFailedStarts'],
    [{ window: { upPick: 'median' } }, {}, 'window.upPick'],
    [{ targets: [{ signal: 'rate', perReplica: 1, drainMs: 0 }] }, {}, 'targets[0].drainMs'],
    [{}, { queueDepth: -1 }, 'queueDepth'],
    [{}, { failedStarts: 1.5 }, 'failedStarts'],
    [{}, { pendingReplicas: 1, pendingReadyAtMs: [] }, 'pendingReadyAtMs'],
    [{}, { forecast: { startAtMs: 0, stepMs: 0, quantiles: {} } }, 'forecast.stepMs'],
    [{}, { forecast: { startAtMs: 0, stepMs: 1, quantiles: { high: [1] } } }, "forecast.quantiles['high']"],
    [{}, { forecast: { startAtMs: 0, stepMs: 1, quantiles: { '0.9': [NaN] } } }, "forecast.quantiles['0.9'][0]"],
  ])('refuses %o with %o', (change, sight, field) => {
    const call = () =>
      autoscale({ ...base, ...change }, createAutoscaleState(), {
        nowMs: 0,
        readyReplicas: 1,
        ratePerSecond: 1,
        ...sight,
      });

    expect(call).toThrow(expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error);
  });
});
