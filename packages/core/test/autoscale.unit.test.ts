import { describe, expect, test } from 'vitest';
import { autoscale, createAutoscaleState, explainAutoscale } from '../src/autoscale/index.ts';
import { InvalidInputError } from '../src/errors.ts';
import type { AutoscaleConfig, AutoscaleObservation } from '../src/index.ts';

const rateOf10: AutoscaleConfig = { minReplicas: 0, maxReplicas: 100, targets: [{ signal: 'rate', perReplica: 10 }] };
const atOnce: AutoscaleConfig = { ...rateOf10, tolerance: { up: 0, down: 0 }, window: { upMs: 0, downMs: 0 } };

/** The targets of a trace that goes through all calls with one state. */
function targetsOf(config: AutoscaleConfig, trace: readonly AutoscaleObservation[]): number[] {
  let state = createAutoscaleState();
  return trace.map((observation) => {
    const result = autoscale(config, state, observation);
    state = result.state;
    return result.decision.target;
  });
}
const decide = (config: AutoscaleConfig, observation: Partial<AutoscaleObservation>) =>
  autoscale(config, createAutoscaleState(), { nowMs: 0, readyReplicas: 1, ...observation });

describe('autoscale, signals', () => {
  test('asks for as many replicas as the rate needs, rounded up', () => {
    expect(decide(atOnce, { ratePerSecond: 41 }).decision).toEqual({ target: 5, isHold: false });
    expect(decide(atOnce, { ratePerSecond: 40 }).decision).toEqual({ target: 4, isHold: false });
  });

  test('does not order a replica for a rounding error', () => {
    const config: AutoscaleConfig = { ...atOnce, targets: [{ signal: 'rate', perReplica: 0.7 }] };

    expect(decide(config, { readyReplicas: 10, ratePerSecond: 10 * 0.7 }).decision.target).toBe(10);
    // 0.1 + 0.2 is 0.30000000000000004.
    expect(
      decide({ ...atOnce, targets: [{ signal: 'rate', perReplica: 0.1 }] }, { ratePerSecond: 0.1 + 0.2 }).decision
        .target,
    ).toBe(3);
    const busy: AutoscaleConfig = { ...atOnce, targets: [{ signal: 'utilization', ratio: 0.7 }] };
    expect(decide(busy, { readyReplicas: 10, utilizationRatio: 0.7 }).decision.target).toBe(10);
  });

  test('lets the largest wish decide', () => {
    const config: AutoscaleConfig = {
      ...atOnce,
      targets: [
        { signal: 'rate', perReplica: 10 },
        { signal: 'utilization', ratio: 0.5 },
      ],
    };

    const result = decide(config, { readyReplicas: 4, ratePerSecond: 30, utilizationRatio: 0.75 });

    expect(result.decision.target).toBe(6);
    expect(result.reasons).toEqual([
      { kind: 'signal', signal: 'rate', value: 30, wanted: 3 },
      { kind: 'signal', signal: 'utilization', value: 0.75, wanted: 6 },
    ]);
  });

  test('orders the backlog of a utilisation signal once while replicas start', () => {
    const config: AutoscaleConfig = { ...atOnce, targets: [{ signal: 'utilization', ratio: 0.5 }] };

    // 4 x 0.9 / 0.5 = 7.2: eight in all, four of them already ordered.
    expect(decide(config, { readyReplicas: 4, pendingReplicas: 4, utilizationRatio: 0.9 }).decision.isHold).toBe(true);
    expect(decide(config, { readyReplicas: 4, pendingReplicas: 2, utilizationRatio: 0.9 }).decision.target).toBe(8);
  });

  test('does not cancel starting replicas while the ready ones are overloaded', () => {
    const config: AutoscaleConfig = { ...atOnce, targets: [{ signal: 'utilization', ratio: 0.5 }] };

    expect(decide(config, { readyReplicas: 4, pendingReplicas: 10, utilizationRatio: 0.9 }).decision.target).toBe(14);
    expect(decide(config, { readyReplicas: 4, pendingReplicas: 10, utilizationRatio: 0.4 }).decision.target).toBe(4);
  });

  test('holds, and says so, when no signal was measured', () => {
    const result = decide(atOnce, { readyReplicas: 7, ratePerSecond: null });

    expect(result.decision).toEqual({ target: 7, isHold: true });
    expect(result.reasons).toEqual([
      { kind: 'missing-signal', signal: 'rate' },
      { kind: 'no-signal-held', current: 7 },
    ]);
  });

  test('scales up on one signal while the other is missing, but not down', () => {
    const config: AutoscaleConfig = {
      ...atOnce,
      targets: [
        { signal: 'rate', perReplica: 10 },
        { signal: 'utilization', ratio: 0.5 },
      ],
    };

    expect(decide(config, { readyReplicas: 4, ratePerSecond: 90 }).decision.target).toBe(9);
    expect(decide(config, { readyReplicas: 4, ratePerSecond: 10 }).decision.target).toBe(4);
  });

  test('takes utilisation as missing while no replica is ready', () => {
    const config: AutoscaleConfig = { ...atOnce, targets: [{ signal: 'utilization', ratio: 0.5 }] };

    expect(decide(config, { readyReplicas: 0, pendingReplicas: 3, utilizationRatio: 0 }).decision.target).toBe(3);
  });
});

describe('autoscale, zero', () => {
  test('goes to zero without work and leaves it with the first', () => {
    expect(decide(atOnce, { ratePerSecond: 0 }).decision.target).toBe(0);
    expect(decide(atOnce, { readyReplicas: 0, ratePerSecond: 0.001 }).decision.target).toBe(1);
    expect(decide(atOnce, { readyReplicas: 0, ratePerSecond: Number.MIN_VALUE }).decision.target).toBe(1);
  });

  test('starts the first replica from zero at once and the rest after the up window', () => {
    const trace = [
      { nowMs: 0, readyReplicas: 0, ratePerSecond: 50 },
      { nowMs: 15_000, readyReplicas: 0, pendingReplicas: 1, ratePerSecond: 50 },
      { nowMs: 30_000, readyReplicas: 0, pendingReplicas: 1, ratePerSecond: 50 },
    ];

    expect(targetsOf(rateOf10, trace)).toEqual([1, 1, 5]);
  });

  test('keeps one replica when utilisation is the only signal, because nothing would wake it', () => {
    const config: AutoscaleConfig = { ...atOnce, targets: [{ signal: 'utilization', ratio: 0.5 }] };

    expect(decide(config, { readyReplicas: 3, utilizationRatio: 0 }).decision.target).toBe(1);
  });
});

describe('autoscale, windows', () => {
  test('scales up when the wish has lasted 30 s, to the smallest wish of that time', () => {
    const trace = [
      { nowMs: 0, readyReplicas: 2, ratePerSecond: 20 },
      { nowMs: 10_000, readyReplicas: 2, ratePerSecond: 80 },
      { nowMs: 39_999, readyReplicas: 2, ratePerSecond: 60 },
      { nowMs: 40_000, readyReplicas: 2, ratePerSecond: 90 },
    ];

    expect(targetsOf(rateOf10, trace)).toEqual([2, 2, 2, 6]);
  });

  test('scales down when the wish has lasted 300 s, to the largest wish of that time', () => {
    const trace = [
      { nowMs: 0, readyReplicas: 9, ratePerSecond: 90 },
      { nowMs: 15_000, readyReplicas: 9, ratePerSecond: 20 },
      { nowMs: 200_000, readyReplicas: 9, ratePerSecond: 50 },
      { nowMs: 200_001, readyReplicas: 9, ratePerSecond: 10 },
      { nowMs: 314_999, readyReplicas: 9, ratePerSecond: 10 },
      { nowMs: 315_000, readyReplicas: 9, ratePerSecond: 10 },
      { nowMs: 500_001, readyReplicas: 5, ratePerSecond: 10 },
    ];

    expect(targetsOf(rateOf10, trace)).toEqual([9, 9, 9, 9, 9, 5, 1]);
  });

  test('holds a fresh endpoint in both directions until its history is long enough', () => {
    const down = decide(rateOf10, { readyReplicas: 9, ratePerSecond: 20 });
    const up = decide(rateOf10, { readyReplicas: 1, ratePerSecond: 20 });

    expect(down.decision.target).toBe(9);
    expect(down.reasons.at(-1)).toEqual({ kind: 'unknown-history-held', wanted: 2, current: 9 });
    expect(up.decision.target).toBe(1);
    expect(up.reasons.at(-1)).toEqual({ kind: 'unknown-history-held', wanted: 2, current: 1 });
  });

  test('does not take an hour of silence for an hour of low load', () => {
    const trace = [
      { nowMs: 0, readyReplicas: 9, ratePerSecond: 90 },
      { nowMs: 3_600_000, readyReplicas: 9, ratePerSecond: 20 },
      { nowMs: 3_900_000, readyReplicas: 9, ratePerSecond: 20 },
    ];

    expect(targetsOf(rateOf10, trace)).toEqual([9, 9, 2]);
  });

  test('says what held it and for how long', () => {
    const first = decide(rateOf10, { readyReplicas: 2, ratePerSecond: 20 });
    const second = autoscale(rateOf10, first.state, { nowMs: 40_000, readyReplicas: 2, ratePerSecond: 80 });

    expect(second.reasons).toEqual([
      { kind: 'signal', signal: 'rate', value: 80, wanted: 8 },
      { kind: 'window-held', direction: 'up', wanted: 8, allowed: 2, windowMs: 30_000 },
    ]);
    expect(explainAutoscale(second.reasons[1]!)).toBe('The wish for 8 must last 30 s to scale up: so far 2 did.');
    expect(second.nextEvalAtMs).toBe(55_000);
  });
});

describe('autoscale, tolerance and limits', () => {
  test('makes no change within the tolerance of its direction, the edge included', () => {
    const config: AutoscaleConfig = { ...atOnce, tolerance: { up: 0.1, down: 0.2 } };

    expect(decide(config, { readyReplicas: 10, ratePerSecond: 110 }).decision.target).toBe(10);
    expect(decide(config, { readyReplicas: 10, ratePerSecond: 111 }).decision.target).toBe(12);
    expect(decide(config, { readyReplicas: 10, ratePerSecond: 80 }).decision.target).toBe(10);
    expect(decide(config, { readyReplicas: 10, ratePerSecond: 70 }).decision.target).toBe(7);
    // 0.29 * 100 is 28.999999999999996.
    expect(
      decide({ ...atOnce, maxReplicas: 200, tolerance: { up: 0.29 } }, { readyReplicas: 100, ratePerSecond: 1_290 })
        .decision.target,
    ).toBe(100);
  });

  test('comes back within the limits at once', () => {
    const config: AutoscaleConfig = { ...rateOf10, minReplicas: 2, maxReplicas: 8 };

    expect(decide(config, { readyReplicas: 12, ratePerSecond: 120 }).decision.target).toBe(8);
    const low = decide(config, { readyReplicas: 0, ratePerSecond: 0 });
    expect(low.decision.target).toBe(2);
    expect(low.reasons.at(-1)).toEqual({ kind: 'clamped', limit: 'min', wanted: 0, allowed: 2 });
  });
});

describe('autoscale, state', () => {
  test('remembers when it began, when it last decided, and the changes of the wish that a window needs', () => {
    const trace = [
      { nowMs: 1_000, readyReplicas: 2, ratePerSecond: 20 },
      { nowMs: 2_000, readyReplicas: 2, ratePerSecond: 20 },
      { nowMs: 3_000, readyReplicas: 2, ratePerSecond: 50 },
      { nowMs: 3_000, readyReplicas: 2, ratePerSecond: 30 },
      { nowMs: 303_000, readyReplicas: 3, ratePerSecond: 40 },
    ];

    const state = trace.reduce((before, seen) => autoscale(rateOf10, before, seen).state, createAutoscaleState());

    expect(state).toEqual({
      version: 1,
      sinceMs: 1_000,
      lastMs: 303_000,
      wishes: [
        { atMs: 3_000, replicas: 3 },
        { atMs: 303_000, replicas: 4 },
      ],
    });
  });
});

describe('autoscale, refusals', () => {
  const fieldOf = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      if (error instanceof InvalidInputError && error.hint !== undefined) return error.field;
    }
    return 'accepted, or refused without a hint';
  };

  test.each([
    ['maxReplicas', { ...rateOf10, minReplicas: 3, maxReplicas: 2 }],
    ['targets', { ...rateOf10, targets: [] }],
    ['targets[0].perReplica', { ...rateOf10, targets: [{ signal: 'rate', perReplica: 0 }] }],
    ['targets[0].ratio', { ...rateOf10, targets: [{ signal: 'utilization', ratio: NaN }] }],
    ['targets[0].signal', { ...rateOf10, targets: [{ signal: 'latency', ratio: 1 }] }],
    ['tolerance.up', { ...rateOf10, tolerance: { up: -0.1 } }],
    ['tolerance.down', { ...rateOf10, tolerance: { down: NaN } }],
    ['window.upMs', { ...rateOf10, window: { upMs: -1 } }],
    ['window.downMs', { ...rateOf10, window: { downMs: Infinity } }],
    ['intervalMs', { ...rateOf10, intervalMs: 0 }],
  ])('refuses a configuration by its %s', (field, config) => {
    expect(fieldOf(() => decide(config as AutoscaleConfig, { ratePerSecond: 1 }))).toBe(field);
  });

  test.each([
    ['ratePerSecond', { ratePerSecond: NaN }],
    ['ratePerSecond', { ratePerSecond: -1 }],
    ['utilizationRatio', { utilizationRatio: Infinity }],
  ])('refuses an observation by its %s', (field, observation) => {
    expect(fieldOf(() => decide(rateOf10, observation))).toBe(field);
  });

  test.each([
    ['readyReplicas', { readyReplicas: 0.5 }],
    ['pendingReplicas', { pendingReplicas: -1 }],
    ['nowMs', { nowMs: NaN }],
    ['minReplicas', {}, { ...rateOf10, minReplicas: -1 }],
  ])('refuses a count or time by its %s', (field, observation, config = rateOf10) => {
    expect(() => decide(config, observation)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error,
    );
  });

  test('refuses time that goes back and a state it did not make', () => {
    const { state } = decide(rateOf10, { nowMs: 100, ratePerSecond: 1 });

    expect(fieldOf(() => autoscale(rateOf10, state, { nowMs: 99, readyReplicas: 1 }))).toBe('nowMs');
    expect(fieldOf(() => autoscale(rateOf10, {} as never, { nowMs: 99, readyReplicas: 1 }))).toBe('state');
  });
});
