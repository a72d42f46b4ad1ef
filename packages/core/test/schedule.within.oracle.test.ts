import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, scheduleLexicographic, scheduleWithin, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleJob, ScheduleObjective, ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { bruteForceAll } from './oracles/schedule-capacity-brute-force.ts';
import { competingProblems } from './schedule-arbitraries.ts';

const SMALL = competingProblems({ maxSlots: 5, maxJobs: 3, maxLocations: 2, isWhole: true });
const OPTIONS = { maxSteps: 5_000, targetGapRatio: 0 };

/** Hourly carbon and prices that disagree, so that limits bite. */
function conflicted(generated: ScheduleProblem, objective: ScheduleObjective): ScheduleProblem {
  const { startAtMs, stepMs, count } = generated.slots;
  return {
    ...generated,
    objective,
    locations: generated.locations.map(({ id, gpuCount, carbon }) => {
      const values = Array.from({ length: count }, (_, k) => 1 + carbon.values[k % carbon.values.length]!);
      return {
        id,
        gpuCount: gpuCount!,
        carbon: { ...carbon, startAtMs, stepMs, values },
        energyPrice: { startAtMs, stepMs, unit: 'USD/kWh', values: values.map((grams) => ((grams * 7) % 11) / 1_000) },
      };
    }),
  };
}

const gramsAt = (problem: ScheduleProblem) => (job: ScheduleJob, location: number, slot: number) =>
  (job.powerWatts / 1_000) * problem.locations[location]!.carbon.values[slot]!;
const usdAt = (problem: ScheduleProblem) => (job: ScheduleJob, location: number, slot: number) =>
  (job.powerWatts / 1_000) * problem.locations[location]!.energyPrice!.values[slot]!;

const objectives = fc.constantFrom<ScheduleObjective>(
  { kind: 'carbon' },
  { kind: 'cost' },
  { kind: 'weighted', carbonPriceUsdPerTonne: 300 },
);
const cases = fc.record({
  generated: SMALL,
  objective: objectives,
  // Where between the two ends of the front a limit lies; a little beyond them too.
  carbonShare: fc.option(fc.integer({ min: -10, max: 100 }), { nil: undefined }),
  costShare: fc.option(fc.integer({ min: -10, max: 100 }), { nil: undefined }),
});

describe('plans inside limits, against all plans there are', () => {
  it('bounds the optimum inside, finds a plan nearly always, and never denies one that exists', () => {
    const seen = { possible: 0, found: 0, exact: 0, denied: 0, tight: 0 };
    fc.assert(
      fc.property(cases, ({ generated, objective, carbonShare, costShare }) => {
        fc.pre(carbonShare !== undefined || costShare !== undefined);
        const problem = conflicted(generated, objective);
        const green = schedule({ ...problem, objective: { kind: 'carbon' } }, OPTIONS);
        const cheap = schedule({ ...problem, objective: { kind: 'cost' } }, OPTIONS);
        fc.pre(green.unplaceable.length === 0 && cheap.unplaceable.length === 0);
        const between = (least: number, most: number, share: number) => least + (share / 100) * (most - least);
        const limits = {
          ...(carbonShare !== undefined && {
            carbonGrams: between(green.totals.carbonGrams, cheap.totals.carbonGrams, carbonShare),
          }),
          ...(costShare !== undefined && { costUsd: between(cheap.totals.costUsd, green.totals.costUsd, costShare) }),
        };
        const [grams, usd] = [gramsAt(problem), usdAt(problem)];
        const value = (job: ScheduleJob, at: number, slot: number) => {
          if (objective.kind === 'carbon') return grams(job, at, slot);
          const price = objective.kind === 'cost' ? 0 : 300;
          return usd(job, at, slot) + (price * grams(job, at, slot)) / 1e6;
        };
        const { optimum } = bruteForceAll(problem, value, [
          { costOf: grams, most: (limits.carbonGrams ?? Infinity) + 1e-9 },
          { costOf: usd, most: (limits.costUsd ?? Infinity) + 1e-12 },
        ]);

        const plan = scheduleWithin(problem, limits, OPTIONS);

        const { totals, violations } = verifySchedule(problem, plan.result);
        expect(violations).toEqual([]);
        const isInside =
          totals.carbonGrams <= (limits.carbonGrams ?? Infinity) + 1e-6 &&
          totals.costUsd <= (limits.costUsd ?? Infinity) + 1e-9;
        if (plan.status === 'feasible' || plan.status === 'optimal') expect(isInside).toBe(true);
        // The proof, by the independent check and the formula.
        const jobIds = plan.result.perJob.map(({ jobId }) => jobId);
        const weighted = { ...problem, objective: plan.proof.objective };
        const proven = verifyBound(weighted, plan.proof.shadowPrices, { jobIds, claimedBound: plan.proof.value });
        expect(proven.violations).toEqual([]);
        expect(plan.bound).toBeCloseTo(plan.proof.value * plan.proof.factor - plan.proof.limits, 9);
        if (plan.status === 'infeasible') {
          seen.denied++;
          expect(optimum).toBeUndefined();
        }
        if (optimum === undefined) return;
        seen.possible++;
        expect(plan.bound).toBeLessThanOrEqual(optimum + 1e-6 * Math.max(1, Math.abs(optimum)));
        if (plan.status === 'unknown') return;
        seen.found++;
        expect(plan.objective).toBeGreaterThanOrEqual(optimum - 1e-9 * Math.max(1, Math.abs(optimum)));
        if (plan.objective <= optimum + 1e-9 * Math.max(1, optimum)) seen.exact++;
        if (plan.proof.factor !== 1 || plan.proof.limits > 0) seen.tight++;
      }),
      { numRuns: 250, seed: 9 },
    );
    // Watches: two limits at once are met by luck only where the hull passes them by.
    expect(seen.found / seen.possible).toBeGreaterThan(0.85);
    expect(seen.exact / seen.found).toBeGreaterThan(0.7);
    expect(Math.min(seen.denied, seen.tight)).toBeGreaterThan(5);
    // Seconds on a busy machine.
  }, 60_000);
});

const problem: ScheduleProblem = {
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: 3 },
  locations: [
    {
      id: 'de',
      carbon: {
        startAtMs: 0,
        stepMs: HOUR_MS,
        unit: 'gCO2e/kWh',
        kind: 'average',
        scope: 'direct',
        values: [400, 105, 100],
      },
      energyPrice: { startAtMs: 0, stepMs: HOUR_MS, unit: 'USD/kWh', values: [0.1, 0.2, 0.3] },
    },
  ],
  jobs: [{ id: 'train', runtimeMs: HOUR_MS, powerWatts: 1_000, mode: 'contiguous' }],
  objective: { kind: 'cost' },
};

describe('scheduleWithin', () => {
  it('takes the cheapest hour of those that are clean enough', () => {
    expect(scheduleWithin(problem, { carbonGrams: 400 })).toMatchObject({ status: 'optimal', objective: 0.1 });
    expect(scheduleWithin(problem, { carbonGrams: 399 })).toMatchObject({ status: 'feasible', objective: 0.2 });
    expect(scheduleWithin(problem, { carbonGrams: 104 })).toMatchObject({ status: 'feasible', objective: 0.3 });
    expect(scheduleWithin(problem, { carbonGrams: 99 })).toMatchObject({ status: 'infeasible' });
  });

  it('does not deny a plan that the weights pass by, as near to their hull as it may be', () => {
    const [location] = problem.locations;
    const between: ScheduleProblem = {
      ...problem,
      locations: [
        {
          ...location!,
          carbon: { ...location!.carbon, values: [0, 510, 1_000] },
          energyPrice: { ...location!.energyPrice!, values: [1, 0.51, 0] },
        },
      ],
    };

    // Only the middle hour is inside both; half of each of the others would be inside too, with 4 % to spare.
    expect(scheduleWithin(between, { carbonGrams: 520, costUsd: 0.52 }).status).not.toBe('infeasible');
    expect(scheduleWithin(between, { carbonGrams: 490, costUsd: 0.49 }).status).toBe('infeasible');
  });

  it('refuses no limit, one that is no number, and a penalty without a fixed unit', () => {
    const previous = { assignments: [], movePenalty: 1 };

    expect(() => scheduleWithin(problem, {})).toThrow('limits must limit carbonGrams or costUsd');
    expect(() => scheduleWithin(problem, { carbonGrams: -1 })).toThrow(
      'limits.carbonGrams must be a finite number >= 0, got -1',
    );
    expect(() => scheduleWithin({ ...problem, previous }, { costUsd: 1 })).toThrow('previous.movePenalty must be 0');
  });
});

describe('scheduleLexicographic', () => {
  it('gives away no more of the first than the tolerance', () => {
    const cost = (toleranceRatio: number) =>
      scheduleLexicographic(problem, { first: 'carbon', toleranceRatio }).result.totals;

    expect(cost(0)).toMatchObject({ carbonGrams: 100, costUsd: 0.3 });
    expect(cost(0.049)).toMatchObject({ carbonGrams: 100 });
    expect(cost(0.05)).toMatchObject({ carbonGrams: 105, costUsd: 0.2 });
    expect(cost(3)).toMatchObject({ carbonGrams: 400, costUsd: 0.1 });
    expect(scheduleLexicographic(problem, { first: 'cost', toleranceRatio: 1 }).objective).toBe(105);
    expect(() => scheduleLexicographic(problem, { first: 'water' as 'cost' })).toThrow(
      "first must be 'carbon' or 'cost'",
    );
  });
});
