import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule } from '../src/schedule/index.ts';
import type { ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { bruteForceJob } from './oracles/schedule-brute-force.ts';
import { problems } from './schedule-arbitraries.ts';

describe('schedule against brute force', () => {
  it('finds the smallest objective of every job, and none where there is none', () => {
    fc.assert(
      fc.property(problems({ maxSlots: 7, maxJobs: 4, maxLocations: 3 }), (problem) => {
        const { perJob } = schedule(problem);

        for (const job of problem.jobs) {
          const planned = perJob.find((entry) => entry.jobId === job.id)?.objective;
          const best = bruteForceJob(problem, job);
          if (best === undefined) expect(planned).toBeUndefined();
          else expect(planned).toBeCloseTo(best, 9);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('bounds the sum of the smallest objectives exactly', () => {
    fc.assert(
      fc.property(problems({ maxSlots: 5, maxJobs: 4, maxLocations: 2 }), (problem) => {
        const { bound, objective, gapRatio } = schedule(problem);

        const best = problem.jobs.reduce((sum, job) => sum + (bruteForceJob(problem, job) ?? 0), 0);
        expect(bound).toBeCloseTo(best, 8);
        expect(objective).toBe(bound);
        expect(gapRatio).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('breaks ties by start, then by location id, whatever the order of the locations', () => {
    const bit = fc.integer({ min: 0, max: 2 });
    const cases = fc.record({
      rows: fc.array(fc.array(bit, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
      order: fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 3 }),
      hours: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(cases, ({ rows, order, hours }) => {
        const signal = { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct' } as const;
        const locations = rows.map((row, k) => ({
          id: order[k]!,
          carbon: { ...signal, values: row },
        }));
        const problem: ScheduleProblem = {
          slots: { startAtMs: 0, stepMs: HOUR_MS, count: 6 },
          locations,
          jobs: [{ id: 'job', runtimeMs: hours * HOUR_MS, powerWatts: 1_000, mode: 'contiguous' }],
        };

        const [planned] = schedule(problem).perJob;

        const starts = rows.flatMap((row, k) =>
          Array.from({ length: 7 - hours }, (_, start) => ({
            sum: row.slice(start, start + hours).reduce((sum, value) => sum + value, 0),
            start,
            id: order[k]!,
          })),
        );
        const [best] = starts.sort((x, y) => x.sum - y.sum || x.start - y.start || (x.id < y.id ? -1 : 1));
        expect(planned!.startAtMs / HOUR_MS).toBe(best!.start);
        expect(planned!.locationId).toBe(best!.id);
      }),
      { numRuns: 300 },
    );
  });

  it('breaks ties by start where the values have no exact binary form', () => {
    const values = fc.array(fc.constantFrom(1, 2), { minLength: 24, maxLength: 24 });
    const cases = fc.record({ values, hours: fc.integer({ min: 1, max: 12 }), unit: fc.constantFrom(0.1, 0.7, 1 / 3) });
    fc.assert(
      fc.property(cases, ({ values: wholes, hours, unit }) => {
        // Doubling is exact, so windows with equal whole sums tie exactly; sums of doubles would often say otherwise.
        const carbon = { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct' } as const;
        const problem: ScheduleProblem = {
          slots: { startAtMs: 0, stepMs: HOUR_MS, count: 24 },
          locations: [{ id: 'here', carbon: { ...carbon, values: wholes.map((value) => value * unit) } }],
          jobs: [{ id: 'job', runtimeMs: hours * HOUR_MS, powerWatts: 1_000, mode: 'contiguous' }],
        };

        const [planned] = schedule(problem).perJob;

        const sums = Array.from({ length: 25 - hours }, (_, start) =>
          wholes.slice(start, start + hours).reduce((sum, value) => sum + value, 0),
        );
        expect(planned!.startAtMs / HOUR_MS).toBe(sums.indexOf(Math.min(...sums)));
      }),
      { numRuns: 500 },
    );
  });
});
