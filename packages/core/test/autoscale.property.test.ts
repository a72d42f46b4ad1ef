import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { autoscale, createAutoscaleState, explainAutoscale } from '../src/autoscale/index.ts';
import type { AutoscaleConfig, AutoscaleObservation, AutoscaleState } from '../src/index.ts';
import { configs, deepFreeze, sights, traces } from './autoscale-arbitraries.ts';

const stateAfter = (config: AutoscaleConfig, trace: readonly AutoscaleObservation[]): AutoscaleState =>
  trace.reduce((state, observation) => autoscale(config, state, observation).state, createAutoscaleState());

/** A state with some history and an observation after it. */
const situations = fc
  .record({ config: configs, trace: traces, sight: sights, gapMs: fc.integer({ min: 0, max: 20 }) })
  .map(({ config, trace, sight, gapMs }) => ({
    config: deepFreeze(config),
    state: deepFreeze(stateAfter(config, trace)),
    observation: deepFreeze({ ...sight, nowMs: trace.at(-1)!.nowMs + gapMs }),
  }));

const runs = { numRuns: 500 };

describe('autoscale', () => {
  test('stays between min and max', () => {
    fc.assert(
      fc.property(situations, ({ config, state, observation }) => {
        const { target } = autoscale(config, state, observation).decision;

        expect(target).toBeGreaterThanOrEqual(config.minReplicas);
        expect(target).toBeLessThanOrEqual(config.maxReplicas);
        expect(Number.isInteger(target)).toBe(true);
      }),
      runs,
    );
  });

  test('never asks for fewer replicas when the load is higher and all else is the same', () => {
    fc.assert(
      fc.property(situations, fc.nat(100), fc.nat(10), ({ config, state, observation }, moreRate, moreUtilization) => {
        const { ratePerSecond, utilizationRatio } = observation;
        const busier = {
          ...observation,
          ratePerSecond: typeof ratePerSecond === 'number' ? ratePerSecond + moreRate / 10 : null,
          utilizationRatio: typeof utilizationRatio === 'number' ? utilizationRatio + moreUtilization / 10 : null,
        };

        const [less, more] = [observation, busier].map((seen) => autoscale(config, state, seen).decision.target);

        expect(more).toBeGreaterThanOrEqual(less!);
      }),
      runs,
    );
  });

  test('never scales down, except to the maximum, while a signal is missing', () => {
    fc.assert(
      fc.property(situations, ({ config, state, observation }) => {
        const { signal } = config.targets[0]!;
        const blind = { ...observation, [signal === 'rate' ? 'ratePerSecond' : 'utilizationRatio']: null };

        const { target } = autoscale(config, state, blind).decision;

        const current = observation.readyReplicas + observation.pendingReplicas!;
        expect(target).toBeGreaterThanOrEqual(Math.min(current, config.maxReplicas));
      }),
      runs,
    );
  });

  test('holds within the limits when every signal is missing', () => {
    fc.assert(
      fc.property(situations, ({ config, state, observation }) => {
        const blind = { ...observation, ratePerSecond: null, utilizationRatio: null };

        const { target } = autoscale(config, state, blind).decision;

        const current = observation.readyReplicas + observation.pendingReplicas!;
        expect(target).toBe(Math.min(config.maxReplicas, Math.max(config.minReplicas, current)));
      }),
      runs,
    );
  });

  test('does not change when all values and targets are scaled by the same factor', () => {
    fc.assert(
      fc.property(situations, fc.double({ min: 0.001, max: 1_000, noNaN: true }), (situation, k) => {
        const { config, state, observation } = situation;
        const { ratePerSecond, utilizationRatio } = observation;
        const scaledConfig: AutoscaleConfig = {
          ...config,
          targets: config.targets.map((target) =>
            target.signal === 'rate'
              ? { ...target, perReplica: target.perReplica * k }
              : { ...target, ratio: target.ratio * k },
          ),
        };
        const scaled = {
          ...observation,
          ratePerSecond: typeof ratePerSecond === 'number' ? ratePerSecond * k : null,
          utilizationRatio: typeof utilizationRatio === 'number' ? utilizationRatio * k : null,
        };

        expect(autoscale(scaledConfig, state, scaled).decision).toEqual(autoscale(config, state, observation).decision);
      }),
      runs,
    );
  });

  test('does not change when the clock starts at another time', () => {
    fc.assert(
      fc.property(configs, traces, fc.integer({ min: 0, max: 2_000_000_000_000 }), (config, trace, shiftMs) => {
        const shifted = trace.map((observation) => ({ ...observation, nowMs: observation.nowMs + shiftMs }));

        const [here, there] = [trace, shifted].map((list) => {
          const before = stateAfter(config, list.slice(0, -1));
          return autoscale(config, before, list.at(-1)!).decision;
        });

        expect(there).toEqual(here);
      }),
      runs,
    );
  });

  test('decides the same again: same call, same instant, state through JSON', () => {
    fc.assert(
      fc.property(situations, ({ config, state, observation }) => {
        const first = autoscale(config, state, observation);

        expect(autoscale(config, state, observation)).toEqual(first);
        expect(autoscale(config, JSON.parse(JSON.stringify(state)) as AutoscaleState, observation)).toEqual(first);
        expect(autoscale(config, first.state, observation)).toEqual(first);
        expect(JSON.parse(JSON.stringify(first))).toEqual(first);
      }),
      runs,
    );
  });

  test('is at rest under constant load after two windows, whatever came before', () => {
    fc.assert(
      fc.property(situations, fc.integer({ min: 1, max: 5 }), fc.nat(4), (situation, stepMs, startupSteps) => {
        const { config, observation } = situation;
        const utilizationTarget = config.targets.find(({ signal }) => signal === 'utilization');
        // The work of the utilisation signal, in replicas kept wholly busy; not saturated, so it can be seen at once.
        const busyReplicas = utilizationTarget ? observation.readyReplicas * 0.4 : 0;
        let { state } = situation;
        let { readyReplicas } = observation;
        const starting = Array.from({ length: startupSteps }, () => 0);
        const targets: number[] = [];

        for (let step = 0; step < 40 + 2 * startupSteps; step++) {
          const result = autoscale(config, state, {
            nowMs: observation.nowMs + step * stepMs,
            readyReplicas,
            pendingReplicas: starting.reduce((sum, count) => sum + count, 0),
            ratePerSecond: observation.ratePerSecond ?? 0,
            utilizationRatio: readyReplicas === 0 ? null : busyReplicas / readyReplicas,
          });
          state = result.state;
          const { target } = result.decision;
          targets.push(target);
          const pending = starting.reduce((sum, count) => sum + count, 0);
          starting.push(Math.max(0, target - readyReplicas - pending));
          readyReplicas = Math.min(target, readyReplicas) + starting.shift()!;
        }

        expect(new Set(targets.slice(30 + 2 * startupSteps)).size).toBe(1);
      }),
      runs,
    );
  });

  test('remembers no more than one change a call inside the longer window, and the one in force at its start', () => {
    fc.assert(
      fc.property(situations, ({ config, state, observation }) => {
        const { wishes } = autoscale(config, state, observation).state;

        const startMs = observation.nowMs - Math.max(config.window!.upMs!, config.window!.downMs!);
        expect(wishes.filter(({ atMs }) => atMs <= startMs).length).toBeLessThanOrEqual(1);
        expect(wishes.every(({ replicas }, index) => replicas !== wishes[index + 1]?.replicas)).toBe(true);
      }),
      runs,
    );
  });

  test('explains every reason in one line', () => {
    fc.assert(
      fc.property(situations, ({ config, state, observation }) => {
        const { decision, reasons } = autoscale(config, state, observation);

        for (const reason of reasons) expect(explainAutoscale(reason)).toMatch(/^[A-Z].*\.$/);
        const hasCause = reasons.some(({ kind }) => kind === 'signal' || kind === 'clamped');
        expect(decision.isHold || hasCause).toBe(true);
      }),
      runs,
    );
  });
});
