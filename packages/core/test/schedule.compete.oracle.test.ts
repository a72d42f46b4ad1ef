import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, verifyBound } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { bruteForceAll } from './oracles/schedule-capacity-brute-force.ts';
import { gramsOf, hourly } from './oracles/hourly-problem.ts';
import { competingProblems } from './schedule-arbitraries.ts';

const SMALL = { maxSlots: 4, maxJobs: 4, maxLocations: 2, isWhole: true };

describe('schedule with shared GPUs against all plans there are', () => {
  it('bounds the optimum from below and reaches it from above, and never claims that a job cannot run that can', () => {
    let full = 0;
    let exact = 0;
    fc.assert(
      fc.property(competingProblems(SMALL), (generated) => {
        const problem = hourly(generated);
        const { optimum, fewestLeftOut } = bruteForceAll(problem, gramsOf(problem));

        const result = schedule(problem, { maxSteps: 20_000, targetGapRatio: 0 });

        const proven = result.unplaceable.filter(({ reason }) => reason.kind !== 'no-room').length;
        const claimed = result.unplaceable.map(({ reason }) => (reason.kind === 'no-room' ? reason.provenCount : 0));
        expect(proven + Math.max(0, ...claimed)).toBeLessThanOrEqual(fewestLeftOut);
        expect(result.unplaceable.length).toBeGreaterThanOrEqual(fewestLeftOut);
        if (optimum === undefined || result.unplaceable.length > 0) return;
        full++;
        if (result.objective <= optimum + 1e-6) exact++;
        expect(result.bound).toBeLessThanOrEqual(optimum + 1e-6);
        expect(result.objective).toBeGreaterThanOrEqual(optimum - 1e-6);
        if (result.status === 'optimal') expect(result.objective).toBeCloseTo(optimum, 6);
      }),
      { numRuns: 200, seed: 7 },
    );
    // Not a law but a watch: the search finds the optimum of nearly all small problems.
    expect(exact / full).toBeGreaterThan(0.95);
  });

  it('claims no more for a fleet with more GPUs than the best plan of the smaller one costs', () => {
    fc.assert(
      fc.property(competingProblems(SMALL), fc.integer({ min: 0, max: 3 }), (generated, more) => {
        const problem = hourly(generated);
        const { optimum } = bruteForceAll(problem, gramsOf(problem));
        fc.pre(optimum !== undefined);
        const larger = {
          ...problem,
          locations: problem.locations.map((location) => ({
            ...location,
            gpuCount:
              typeof location.gpuCount === 'number'
                ? location.gpuCount + more
                : location.gpuCount!.map((count) => count + more),
          })),
        };

        const { bound, unplaceable } = schedule(larger, { maxSteps: 10_000 });

        fc.pre(unplaceable.length === 0);
        expect(bound).toBeLessThanOrEqual(optimum + 1e-6);
      }),
      { numRuns: 100 },
    );
  });

  it('proves with any prices at all no more than the optimum', () => {
    fc.assert(
      fc.property(
        competingProblems(SMALL),
        fc.array(fc.nat(4_000), { minLength: 8, maxLength: 8 }),
        (generated, drawn) => {
          const problem = hourly(generated);
          const { optimum } = bruteForceAll(problem, gramsOf(problem));
          fc.pre(optimum !== undefined);
          const prices = problem.locations.map(({ id }, index) => ({
            locationId: id,
            values: drawn.slice(4 * index, 4 * index + problem.slots.count),
          }));

          expect(verifyBound(problem, prices).bound).toBeLessThanOrEqual(optimum + 1e-6);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('one elastic job', () => {
  /** The exact greedy of the model: one level at a time, most work a gram first, the last one for a part of the slot. */
  function greedyGrams(values: readonly number[], curve: readonly number[], hours: number): number {
    const levels = values.flatMap((grams) => curve.map((speed) => ({ ratio: grams / speed, speed })));
    levels.sort((x, y) => x.ratio - y.ratio);
    let left = hours;
    let total = 0;
    for (const { ratio, speed } of levels) {
      const work = Math.min(left, speed);
      total += work * ratio;
      left -= work;
    }
    return total;
  }

  it('costs what the greedy of CarbonScaler finds', () => {
    // Source: Hanafy et al., "CarbonScaler", POMACS 7(3), 2023, doi 10.1145/3626788, algorithm 1.
    const cases = fc.record({
      values: fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 6, maxLength: 24 }),
      curve: fc.constantFrom([1, 0.95, 0.9, 0.85], [1, 0.8, 0.6, 0.4], [1, 0.7, 0.35], [1, 1]),
      hours: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(cases, ({ values, curve, hours }) => {
        const carbon = {
          startAtMs: 0,
          stepMs: HOUR_MS,
          unit: 'gCO2e/kWh',
          kind: 'average',
          scope: 'direct',
          values,
        } as const;
        const result = schedule({
          slots: { startAtMs: 0, stepMs: HOUR_MS, count: values.length },
          locations: [{ id: 'de', carbon, gpuCount: 64 }],
          jobs: [
            {
              id: 'train',
              runtimeMs: hours * HOUR_MS,
              powerWatts: 1_000,
              mode: 'interruptible',
              marginalThroughput: curve,
            },
          ],
        });

        expect(result.totals.carbonGrams).toBeCloseTo(greedyGrams(values, curve, hours), 6);
        expect(result.status).toBe('optimal');
      }),
      { numRuns: 200 },
    );
  });
});
