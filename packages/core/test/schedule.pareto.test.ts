import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { paretoFront, schedule, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { competingProblems, problems } from './schedule-arbitraries.ts';

const HOURS = { startAtMs: 0, stepMs: HOUR_MS } as const;
const oneJob = (grams: readonly number[], usd: readonly number[]): ScheduleProblem => ({
  slots: { ...HOURS, count: grams.length },
  locations: [
    {
      id: 'de',
      carbon: { ...HOURS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values: grams },
      energyPrice: { ...HOURS, unit: 'USD/kWh', values: usd },
    },
  ],
  jobs: [{ id: 'train', runtimeMs: HOUR_MS, powerWatts: 1_000, mode: 'contiguous' }],
});
const amounts = (problem: ScheduleProblem, maxPoints?: number) =>
  paretoFront(problem, maxPoints === undefined ? {} : { maxPoints }).map(({ carbonGrams, costUsd }) => [
    carbonGrams,
    costUsd,
  ]);

describe('paretoFront', () => {
  it('goes from the cheapest plan to the cleanest by way of the bend', () => {
    expect(amounts(oneJob([400, 250, 100], [1, 1.2, 3]))).toEqual([
      [400, 1],
      [250, 1.2],
      [100, 3],
    ]);
  });

  it('leaves out what lies behind the line between its neighbours, and what is beaten', () => {
    // 300 g for 2.5 USD is behind the line from (400, 1) to (100, 3); 500 g for 2 USD is beaten.
    expect(amounts(oneJob([400, 300, 100, 500], [1, 2.5, 3, 2]))).toEqual([
      [400, 1],
      [100, 3],
    ]);
  });

  it('is one plan where carbon and cost agree', () => {
    expect(amounts(oneJob([400, 100], [3, 1]))).toEqual([[100, 1]]);
  });

  it('computes no more plans than allowed', () => {
    expect(amounts(oneJob([400, 250, 100], [1, 1.2, 3]), 2)).toEqual([
      [400, 1],
      [100, 3],
    ]);
    expect(() => paretoFront(oneJob([1], [1]), { maxPoints: 1 })).toThrow(InvalidInputError);
  });

  it('falls in carbon and rises in cost, between the two ends', () => {
    fc.assert(
      fc.property(problems({ maxSlots: 20, maxJobs: 6, maxLocations: 3 }), (problem) => {
        const front = paretoFront(problem);

        const carbon = schedule({ ...problem, objective: { kind: 'carbon' } }).totals.carbonGrams;
        const cost = schedule({ ...problem, objective: { kind: 'cost' } }).totals.costUsd;
        expect(front.at(-1)!.carbonGrams).toBeCloseTo(carbon, 6);
        expect(front[0]!.costUsd).toBeCloseTo(cost, 6);
        for (let k = 1; k < front.length; k++) {
          expect(front[k]!.carbonGrams).toBeLessThan(front[k - 1]!.carbonGrams);
          expect(front[k]!.costUsd).toBeGreaterThan(front[k - 1]!.costUsd);
        }
      }),
      { numRuns: 80 },
    );
  });

  it('holds valid plans of equally many jobs, none of which another beats, where jobs share GPUs', () => {
    fc.assert(
      fc.property(competingProblems({ maxSlots: 8, maxJobs: 6, maxLocations: 2 }), (problem) => {
        const front = paretoFront(problem, { maxSteps: 3_000, maxPoints: 5 });

        expect(new Set(front.map(({ result }) => result.unplaceable.length)).size).toBe(1);
        for (const { result, objective } of front) {
          expect(verifySchedule({ ...problem, objective }, result).violations).toEqual([]);
        }
        for (let k = 1; k < front.length; k++) {
          expect(front[k]!.carbonGrams).toBeLessThan(front[k - 1]!.carbonGrams);
          expect(front[k]!.costUsd).toBeGreaterThan(front[k - 1]!.costUsd);
        }
      }),
      { numRuns: 40 },
    );
  });
});
