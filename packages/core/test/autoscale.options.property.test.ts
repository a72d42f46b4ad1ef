import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { autoscale, createAutoscaleState, explainAutoscale } from '../src/autoscale/index.ts';
import type { AutoscaleConfig, AutoscaleObservation, AutoscaleState } from '../src/index.ts';
import { configs, deepFreeze } from './autoscale-arbitraries.ts';

const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const rules = fc.array(
  fc.record({
    kind: fc.constantFrom('replicas' as const, 'ratio' as const),
    value: fc.integer({ min: 1, max: 4 }),
    periodMs: fc.integer({ min: 1, max: 20 }),
  }),
  { minLength: 1, maxLength: 2 },
);

/** Drops the fields that are undefined. */
const present = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;

const extended: fc.Arbitrary<AutoscaleConfig> = fc
  .record({
    base: configs,
    drainMs: some(fc.integer({ min: 100, max: 5_000 })),
    more: fc.record({
      coldStartMs: some(fc.integer({ min: 0, max: 30 })),
      rates: some(fc.record({ up: rules, down: rules })),
      zero: some(fc.record({ idleMs: fc.integer({ min: 0, max: 15 }) })),
      panic: some(
        fc.record({ thresholdRatio: fc.integer({ min: 11, max: 30 }).map((x) => x / 10), holdMs: fc.nat(12) }),
      ),
      emergency: some(fc.record({ queueDepth: fc.integer({ min: 1, max: 40 }) })),
      overprovisionCount: some(fc.nat(2)),
      maxFailedStarts: some(fc.integer({ min: 1, max: 4 })),
      forecastQuantile: some(fc.constantFrom(0.5, 0.8, 0.9)),
    }),
    picks: fc.record({
      upPick: fc.constantFrom('min', 'mean', 'max'),
      downPick: fc.constantFrom('min', 'mean', 'max'),
    }),
  })
  .map(({ base, drainMs, more, picks }) => {
    const targets = base.targets.map((target) =>
      target.signal === 'rate' && drainMs !== undefined ? { ...target, drainMs } : target,
    );
    return present({
      ...base,
      ...(more as Partial<AutoscaleConfig>),
      targets,
      intervalMs: 5,
      window: { ...base.window, ...picks },
    });
  });

const sights = fc.record({
  readyReplicas: fc.integer({ min: 0, max: 12 }),
  pendingInMs: fc.array(fc.nat(30), { maxLength: 4 }),
  ratePerSecond: fc.option(fc.integer({ min: 0, max: 300 }).map((x) => x / 10)),
  utilizationRatio: fc.option(fc.integer({ min: 0, max: 15 }).map((x) => x / 10)),
  queueDepth: fc.option(fc.nat(50)),
  failedStarts: fc.nat(5),
  ahead: some(
    fc.array(
      fc.integer({ min: 0, max: 300 }).map((x) => x / 10),
      { minLength: 1, maxLength: 8 },
    ),
  ),
});

type Sight = typeof sights extends fc.Arbitrary<infer Value> ? Value : never;

const seenAt = (nowMs: number, { pendingInMs, ahead, ...sight }: Sight): AutoscaleObservation => ({
  ...sight,
  nowMs,
  pendingReplicas: pendingInMs.length,
  pendingReadyAtMs: pendingInMs.map((inMs) => nowMs + inMs),
  ...(ahead !== undefined && {
    forecast: { startAtMs: nowMs, stepMs: 5, quantiles: { '0.5': ahead, '0.9': ahead.map((rate) => rate * 1.5) } },
  }),
});

const situations = fc
  .record({
    config: extended,
    trace: fc.array(fc.tuple(fc.nat(8), sights), { maxLength: 8 }),
    sight: sights,
    gapMs: fc.nat(20),
  })
  .map(({ config, trace, sight, gapMs }) => {
    let [state, nowMs]: [AutoscaleState, number] = [createAutoscaleState(), 0];
    for (const [gap, seen] of trace) state = autoscale(config, state, seenAt((nowMs += gap), seen)).state;
    return { config: deepFreeze(config), state: deepFreeze(state), sight: deepFreeze(sight), nowMs: nowMs + gapMs };
  });

const runs = { numRuns: 500 };
const currentOf = ({ readyReplicas, pendingInMs }: Sight): number => readyReplicas + pendingInMs.length;

describe('autoscale with every option', () => {
  test('stays between min and max and explains itself', () => {
    fc.assert(
      fc.property(situations, ({ config, state, sight, nowMs }) => {
        const { decision, reasons } = autoscale(config, state, seenAt(nowMs, sight));

        expect(decision.target).toBeGreaterThanOrEqual(config.minReplicas);
        expect(decision.target).toBeLessThanOrEqual(config.maxReplicas);
        for (const reason of reasons) expect(explainAutoscale(reason)).toMatch(/^[A-Z].*\.$/);
      }),
      runs,
    );
  });

  test('never asks for fewer replicas when rate, forecast or queue is larger and all else is the same', () => {
    fc.assert(
      fc.property(
        situations,
        fc.nat(100),
        fc.nat(30),
        fc.nat(100),
        ({ config, state, sight, nowMs }, rate, queue, later) => {
          const busier: Sight = {
            ...sight,
            ratePerSecond: sight.ratePerSecond === null ? null : sight.ratePerSecond + rate / 10,
            queueDepth: sight.queueDepth === null ? null : sight.queueDepth + queue,
            ahead: sight.ahead?.map((ahead) => ahead + later / 10),
          };

          const [less, more] = [sight, busier].map(
            (seen) => autoscale(config, state, seenAt(nowMs, seen)).decision.target,
          );

          expect(more).toBeGreaterThanOrEqual(less!);
        },
      ),
      runs,
    );
  });

  test('never scales down, except to the maximum, while a signal is missing', () => {
    fc.assert(
      fc.property(situations, ({ config, state, sight, nowMs }) => {
        const isRate = config.targets[0]!.signal === 'rate';
        const blind = { ...sight, ...(isRate ? { ratePerSecond: null } : { utilizationRatio: null }) };

        const { target } = autoscale(config, state, seenAt(nowMs, blind)).decision;

        expect(target).toBeGreaterThanOrEqual(Math.min(currentOf(sight), config.maxReplicas));
      }),
      runs,
    );
  });

  test('decides the same again: same call, same instant, state through JSON', () => {
    fc.assert(
      fc.property(situations, ({ config, state, sight, nowMs }) => {
        const seen = deepFreeze(seenAt(nowMs, sight));
        const first = autoscale(config, state, seen);

        expect(autoscale(config, state, seen)).toEqual(first);
        expect(autoscale(config, JSON.parse(JSON.stringify(state)) as AutoscaleState, seen)).toEqual(first);
        expect(autoscale(config, first.state, seen)).toEqual(first);
        expect(JSON.parse(JSON.stringify(first))).toEqual(first);
      }),
      runs,
    );
  });

  test('does not change when all values and targets double', () => {
    fc.assert(
      fc.property(situations, ({ config, state, sight, nowMs }) => {
        const double = (value: number | null): number | null => (value === null ? null : 2 * value);
        const scaledConfig: AutoscaleConfig = {
          ...config,
          targets: config.targets.map((target) =>
            target.signal === 'rate'
              ? { ...target, perReplica: 2 * target.perReplica }
              : { ...target, ratio: 2 * target.ratio },
          ),
          ...(config.emergency !== undefined && { emergency: { queueDepth: 2 * config.emergency.queueDepth } }),
        };
        const scaled: Sight = {
          ...sight,
          ratePerSecond: double(sight.ratePerSecond),
          utilizationRatio: double(sight.utilizationRatio),
          queueDepth: double(sight.queueDepth),
          ahead: sight.ahead?.map((rate) => 2 * rate),
        };

        expect(autoscale(scaledConfig, state, seenAt(nowMs, scaled)).decision).toEqual(
          autoscale(config, state, seenAt(nowMs, sight)).decision,
        );
      }),
      runs,
    );
  });

  test('rests under constant load, whatever came before', () => {
    fc.assert(
      fc.property(situations, ({ config, state, sight, nowMs }) => {
        // Utilisation depends on the count itself; its rest is a law of its own.
        if (config.targets.some(({ signal }) => signal === 'utilization')) return;
        let [memory, count] = [state, currentOf(sight)];
        const targets: number[] = [];
        for (let step = 0; step < 300; step++) {
          const calm = {
            ...sight,
            ahead: undefined,
            readyReplicas: count,
            pendingInMs: [],
            queueDepth: 0,
            failedStarts: 0,
          };
          const result = autoscale(config, memory, seenAt(nowMs + 1 + step, calm));
          memory = result.state;
          count = result.decision.target;
          targets.push(count);
        }

        expect(new Set(targets.slice(-10)).size).toBe(1);
      }),
      runs,
    );
  });
});
