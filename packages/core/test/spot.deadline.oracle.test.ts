import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDeadlineJobState, createDeadlineTable, stepDeadlineJob } from '../src/spot/index.ts';
import { costOfChoices } from './oracles/deadline-every-history.ts';

/** Probability of leaving, as hundredths, so that no state is for ever. */
const hundredths = fc.integer({ min: 5, max: 95 }).map((value) => value / 100);
const pair = fc.record({ stay: hundredths, a: hundredths, b: hundredths });

/** A chain whose short and long spells are alike: the belief then decides nothing, and the grid must not matter. */
const plainChains = fc.record({ loss: hundredths, gain: hundredths, long: hundredths }).map(({ loss, gain, long }) => {
  const up = [(1 - loss) * (1 - long), (1 - loss) * long, loss * (1 - long), loss * long];
  const down = [gain * (1 - long), gain * long, (1 - gain) * (1 - long), (1 - gain) * long];
  return [up, up, down, down];
});

const anyChains = fc.tuple(pair, pair, pair, pair).map((rows) =>
  rows.map(({ stay, a, b }, from) => {
    const others = [a, b, 1].map((value) => (value * (1 - stay)) / (a + b + 1));
    return [0, 1, 2, 3].map((to) => (to === from ? stay : others.shift()!));
  }),
);

const jobs = fc.record({
  total: fc.integer({ min: 3, max: 8 }),
  work: fc.integer({ min: 2, max: 15 }).map((fifths) => fifths / 5),
  // Up to a tick: a longer one, given up half way, is priced as lost slack.
  restart: fc.integer({ min: 0, max: 5 }).map((fifths) => fifths / 5),
  spot: fc.integer({ min: 1, max: 9 }),
  isAvailable: fc.boolean(),
});

function compare(
  chain: readonly (readonly number[])[],
  job: typeof jobs extends fc.Arbitrary<infer Job> ? Job : never,
): (readonly [number | null, number | null])[] {
  const tickMs = 600_000;
  const start = [0.2, 0.3, 0.1, 0.4];
  const config = {
    startAtMs: 0,
    deadlineAtMs: job.total * tickMs,
    workMs: job.work * tickMs,
    restartMs: job.restart * tickMs,
    tickMs,
    spotPriceUsdPerHour: job.spot * 6,
    onDemandPriceUsdPerHour: 60,
    zones: { tickMs, kinds: [{ weight: 1, start, transition: chain }] },
  };
  const { reasons } = stepDeadlineJob({ ...config, table: createDeadlineTable(config) }, createDeadlineJobState(), {
    nowMs: 0,
    workLeftMs: config.workMs,
    isSpotAvailable: job.isAvailable,
    running: 'none',
  });
  const told = reasons.find((reason) => reason.kind === 'expected-cost');
  if (told === undefined) return [];
  const odds = job.isAvailable ? [0.4, 0.6, 0, 0] : [0, 0, 0.2, 0.8];
  const oracle = costOfChoices(
    { restart: job.restart, spotUsd: job.spot, onDemandUsd: 10, transition: chain },
    { ticks: job.total, work: job.work, rest: 0, running: 'none', odds },
  );
  return [
    [told.waitUsd, oracle.wait],
    [told.spotUsd, oracle.spot],
    [told.onDemandUsd, oracle['on-demand']],
  ];
}

describe('expected costs of a deadline job', () => {
  test('are those of following every history, where the belief decides nothing', () => {
    fc.assert(
      fc.property(plainChains, jobs, (chain, job) => {
        for (const [told, exact] of compare(chain, job)) {
          if (exact === null) expect(told).toBeNull();
          else expect(told).toBeCloseTo(exact, 3);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('are within one per cent of those of following every history, on any chain', () => {
    fc.assert(
      fc.property(anyChains, jobs, (chain, job) => {
        for (const [told, exact] of compare(chain, job)) {
          if (exact === null) expect(told).toBeNull();
          else expect(Math.abs(told! - exact)).toBeLessThanOrEqual(0.01 * exact + 1e-4);
        }
      }),
      { numRuns: 150 },
    );
  });
});
