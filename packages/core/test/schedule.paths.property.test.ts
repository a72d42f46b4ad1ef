import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, scheduleOnPaths, verifySchedule } from '../src/schedule/index.ts';
import type { SampledPath, ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { competingProblems } from './schedule-arbitraries.ts';

const OPTIONS = { maxSteps: 1_000 };
const cases = competingProblems({ maxSlots: 8, maxJobs: 5, maxLocations: 2 }).chain((problem) => {
  const values = fc.array(fc.integer({ min: 0, max: 30 }), {
    minLength: problem.slots.count,
    maxLength: problem.slots.count,
  });
  const path = fc
    .array(values, { minLength: problem.locations.length, maxLength: problem.locations.length })
    .map((rows): SampledPath => ({
      locations: rows.map((carbonGramsPerKwh, k) => ({ locationId: problem.locations[k]!.id, carbonGramsPerKwh })),
    }));
  return fc.record({
    problem: fc.constant<ScheduleProblem>({ ...problem, objective: { kind: 'carbon' } }),
    paths: fc.array(path, { minLength: 1, maxLength: 3 }),
    quantileRatio: fc.constantFrom(0, 0.5, 0.9, 1),
  });
});

const one = (values: readonly number[]): SampledPath => ({
  locations: [{ locationId: 'de', carbonGramsPerKwh: values }],
});
const problem: ScheduleProblem = {
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: 2 },
  locations: [
    {
      id: 'de',
      carbon: { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values: [0, 0] },
    },
  ],
  jobs: [{ id: 'train', runtimeMs: HOUR_MS, powerWatts: 1_000, mode: 'contiguous' }],
};
const PATHS = [one([100, 300]), one([100, 300]), one([500, 300])];

describe('scheduleOnPaths', () => {
  it('gives a valid plan, whatever comes, and no path on which knowing it is worth less than nothing', () => {
    fc.assert(
      fc.property(cases, ({ problem: generated, paths, quantileRatio }) => {
        const {
          problem: expected,
          result,
          outcomes,
          largestRegret,
          meanRegret,
        } = scheduleOnPaths(generated, paths, {
          ...OPTIONS,
          quantileRatio,
        });

        expect(verifySchedule(expected, result).violations).toEqual([]);
        expect(verifySchedule(generated, result).violations).toEqual([]);
        expect(outcomes).toHaveLength(paths.length);
        for (const { regret = 0 } of outcomes) expect(regret).toBeGreaterThanOrEqual(0);
        expect(meanRegret).toBeLessThanOrEqual(largestRegret + 1e-9);
      }),
      { numRuns: 40 },
    );
  });

  it('has no regret when there is one path, and the plan of that path', () => {
    fc.assert(
      fc.property(cases, ({ problem: generated, paths, quantileRatio }) => {
        const answer = scheduleOnPaths(generated, paths.slice(0, 1), { ...OPTIONS, quantileRatio });

        expect(answer.largestRegret).toBe(0);
        expect(answer.result).toEqual(schedule(answer.problem, OPTIONS));
      }),
      { numRuns: 25 },
    );
  });

  it('plans on the quantile asked for', () => {
    const regrets = (quantileRatio: number) =>
      scheduleOnPaths(problem, PATHS, { quantileRatio }).outcomes.map(({ regret }) => regret);

    expect(regrets(0.5)).toEqual([0, 0, 200]);
    // Hour 0 at the 90 % quantile: 100 + 0.8 x 400 = 420 g; hour 1 is always 300 g.
    expect(scheduleOnPaths(problem, PATHS, { quantileRatio: 0.9 }).problem.locations[0]!.carbon.values).toEqual([
      420, 300,
    ]);
    expect(regrets(0.9)).toEqual([200, 200, 0]);
    expect(scheduleOnPaths(problem, PATHS)).toMatchObject({
      meanRegret: 200 / 3,
      largestRegret: 200,
      meanObjective: 700 / 3,
    });
  });

  it('keeps the series of locations that no path names', () => {
    const cleaner = {
      ...problem.locations[0]!,
      id: 'no',
      carbon: { ...problem.locations[0]!.carbon, values: [50, 60] },
    };
    const answer = scheduleOnPaths({ ...problem, locations: [...problem.locations, cleaner] }, PATHS);

    expect(answer.problem.locations[1]).toEqual(cleaner);
    expect(answer.outcomes.map(({ objective }) => objective)).toEqual([50, 50, 50]);
  });

  it('refuses paths that do not fit', () => {
    expect(() => scheduleOnPaths(problem, [])).toThrow('paths must hold a path');
    expect(() => scheduleOnPaths(problem, [one([1])])).toThrow(
      "paths[0].carbonGramsPerKwh of location 'de' must hold 2 numbers, one a slot, got 1",
    );
    expect(() => scheduleOnPaths(problem, [one([1, -1])])).toThrow(
      "location 'de'[1] must be a finite number >= 0, got -1",
    );
    expect(() => scheduleOnPaths(problem, [{ locations: [{ locationId: 'mars' }] }])).toThrow(
      "paths[0] must name locations of the problem, got 'mars'",
    );
    const priced = [{ locations: [{ locationId: 'de', energyPriceUsdPerKwh: [1, 1] }] }];
    expect(() => scheduleOnPaths(problem, priced)).toThrow('must go with an energyPrice');
    expect(() => scheduleOnPaths(problem, PATHS, { quantileRatio: 2 })).toThrow('quantileRatio must be');
  });
});
