import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createDeadlineJobState,
  createDeadlineTable,
  explainDeadlineJob,
  stepDeadlineJob,
  type DeadlineJobConfig,
  type DeadlineJobState,
  type DeadlineObservation,
} from '../src/spot/index.ts';
import { deepFreeze } from './autoscale-arbitraries.ts';

const TICK_MS = 60_000;

const configs = fc
  .record({
    totalTicks: fc.integer({ min: 4, max: 30 }),
    workShare: fc.integer({ min: 1, max: 8 }),
    restartTicks: fc.integer({ min: 0, max: 20 }).map((eighths) => eighths / 8),
    spot: fc.integer({ min: 1, max: 12 }),
    policy: fc.constantFrom('learned', 'greedy', 'uniform-progress'),
  })
  .map(({ totalTicks, workShare, restartTicks, spot, policy }): DeadlineJobConfig => {
    // One tick and one launch beside the work: a deadline that can be held with decisions once a tick.
    const mostTicks = Math.max(0.5, totalTicks - restartTicks - 1);
    return {
      startAtMs: 5,
      deadlineAtMs: 5 + totalTicks * TICK_MS,
      workMs: (mostTicks * workShare * TICK_MS) / 8,
      restartMs: restartTicks * TICK_MS,
      tickMs: TICK_MS,
      spotPriceUsdPerHour: spot,
      onDemandPriceUsdPerHour: 10,
      policy: policy,
    };
  });

const tabled = (config: DeadlineJobConfig): DeadlineJobConfig =>
  config.policy === 'learned' ? { ...config, table: createDeadlineTable(config) } : config;

const looks = fc.array(fc.boolean(), { minLength: 31, maxLength: 31 });

interface Seen {
  readonly state: DeadlineJobState;
  readonly observation: DeadlineObservation;
}

/** Runs a job to its end and returns what its policy saw, and when the work was done. */
function run(job: DeadlineJobConfig, isAvailable: (seen: DeadlineObservation['running'], tick: number) => boolean) {
  const config = tabled(job);
  let state = createDeadlineJobState();
  let running: DeadlineObservation['running'] = 'none';
  let [workLeftMs, restartLeftMs] = [config.workMs, 0];
  const seen: Seen[] = [];
  for (let tick = 0; tick < 200; tick++) {
    const nowMs = config.startAtMs + tick * TICK_MS;
    if (workLeftMs <= 1e-3) return { seen, doneAtMs: nowMs };
    const isSpotAvailable = isAvailable(running, tick);
    if (running === 'spot' && !isSpotAvailable) [running, restartLeftMs] = ['none', 0];
    const observation = { nowMs, workLeftMs, restartLeftMs, isSpotAvailable, running };
    seen.push({ state, observation });
    const result = stepDeadlineJob(config, deepFreeze(state), deepFreeze(observation));
    state = result.state;
    const { action } = result.decision;
    if (action === 'spot') expect(isSpotAvailable).toBe(true);
    if (action !== running) restartLeftMs = action === 'wait' ? 0 : config.restartMs;
    running = action === 'wait' ? 'none' : action;
    const workedMs = running === 'none' ? 0 : Math.max(0, TICK_MS - restartLeftMs);
    restartLeftMs = Math.max(0, restartLeftMs - TICK_MS);
    workLeftMs -= workedMs;
  }
  return { seen, doneAtMs: Infinity };
}

describe('stepDeadlineJob', () => {
  test('misses no deadline that can be held, whatever availability does', () => {
    fc.assert(
      fc.property(configs, looks, (config, available) => {
        const { doneAtMs } = run(config, (_, tick) => available[tick]!);

        expect(doneAtMs).toBeLessThanOrEqual(config.deadlineAtMs);
      }),
      { numRuns: 300 },
    );
  });

  test('misses no deadline when capacity goes as soon as it is used', () => {
    fc.assert(
      fc.property(configs, fc.integer({ min: 1, max: 4 }), (config, kept) => {
        let used = 0;
        const { doneAtMs } = run(config, (running) => {
          used = running === 'spot' ? used + 1 : 0;
          return used < kept;
        });

        expect(doneAtMs).toBeLessThanOrEqual(config.deadlineAtMs);
      }),
      { numRuns: 300 },
    );
  });

  test('decides the same again: same call, same instant, state through JSON', () => {
    fc.assert(
      fc.property(configs, looks, fc.nat(), (job, available, pick) => {
        const { seen } = run(job, (_, tick) => available[tick]!);
        const config = tabled(job);
        const { state, observation } = seen[pick % seen.length]!;

        const first = stepDeadlineJob(config, state, observation);

        expect(stepDeadlineJob(config, state, observation)).toEqual(first);
        expect(stepDeadlineJob(config, JSON.parse(JSON.stringify(state)) as DeadlineJobState, observation)).toEqual(
          first,
        );
        expect(stepDeadlineJob(config, first.state, observation)).toEqual(first);
        expect(JSON.parse(JSON.stringify(first))).toEqual(first);
        for (const reason of first.reasons) expect(explainDeadlineJob(reason)).toMatch(/^[A-Z].*\.$/);
      }),
      { numRuns: 100 },
    );
  });

  test('acts the same when all prices double and when the clock starts elsewhere', () => {
    fc.assert(
      fc.property(configs, looks, fc.integer({ min: 0, max: 1_000_000 }), (config, available, shift) => {
        const other = {
          ...config,
          startAtMs: config.startAtMs + shift * TICK_MS,
          deadlineAtMs: config.deadlineAtMs + shift * TICK_MS,
          spotPriceUsdPerHour: 2 * config.spotPriceUsdPerHour,
          onDemandPriceUsdPerHour: 2 * config.onDemandPriceUsdPerHour,
        };
        const { seen } = run(config, (_, tick) => available[tick]!);
        const moved = run(other, (_, tick) => available[tick]!).seen;

        const shown = (list: readonly Seen[]) =>
          list.map(({ observation }) => [observation.workLeftMs, observation.running]);
        expect(shown(moved)).toEqual(shown(seen));
      }),
      { numRuns: 60 },
    );
  });
});
