import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS, MINUTE_MS } from '../src/units.ts';
import { createLinearModel, type Term } from './oracles/linear-model.ts';

/** One elastic job, and places with few GPUs and a clean hour here and there. */
interface Case {
  readonly places: readonly {
    readonly grams: readonly number[];
    readonly gpus: readonly number[];
    readonly pue: number;
  }[];
  readonly curve: readonly number[];
  readonly width: number;
  readonly workHours: number;
  readonly from: number;
  /** Hours from the start of the grid, need not be whole. */
  readonly until: number;
}

const SLOTS = 10;
const hours = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: SLOTS, maxLength: SLOTS });
const cases: fc.Arbitrary<Case> = fc.record({
  places: fc.array(
    fc.record({
      grams: hours(fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constantFrom(100, 200))),
      gpus: hours(fc.integer({ min: 0, max: 9 })),
      pue: fc.constantFrom(1, 1.25, 2),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  curve: fc
    .array(fc.integer({ min: 1, max: 20 }), { minLength: 0, maxLength: 5 })
    .map((list) => [1, ...list.toSorted((x, y) => y - x).map((twentieth) => twentieth / 20)]),
  width: fc.integer({ min: 1, max: 3 }),
  workHours: fc.oneof(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 480 }).map((n) => n / 60),
  ),
  from: fc.integer({ min: 0, max: 4 }),
  until: fc.oneof(
    fc.integer({ min: 5, max: SLOTS }),
    fc.integer({ min: 300, max: 600 }).map((n) => n / 60),
  ),
});

/** One more replica for one hour: what it adds to the work done, what it emits, and for how much of the hour it may run. */
interface Level {
  readonly slot: number;
  readonly speed: number;
  readonly grams: number;
  readonly share: number;
}

function levelsOf({ curve, width, from, until }: Case, { grams, gpus, pue }: Case['places'][number]): Level[] {
  return grams.flatMap((intensity, slot) => {
    const share = slot < from ? 0 : Math.min(1, until - slot);
    const replicas = Math.min(curve.length, Math.floor(gpus[slot]! / width));
    return share <= 0
      ? []
      : curve.slice(0, replicas).map((speed) => ({ slot, speed, grams: 2 * pue * intensity, share }));
  });
}

/**
 * The exact greedy of the model: levels by grams for a unit of work, until the work is done, the last for a part.
 *
 * Source: Hanafy et al., "CarbonScaler", POMACS 7(3), 2023, doi 10.1145/3626788, algorithm 1.
 */
function greedyGrams(levels: readonly Level[], workHours: number): number | undefined {
  let left = workHours;
  let total = 0;
  for (const { speed, grams, share } of levels.toSorted((x, y) => x.grams / x.speed - y.grams / y.speed)) {
    const work = Math.min(left, speed * share);
    total += (work / speed) * grams;
    left -= work;
  }
  return left > 1e-9 ? undefined : total;
}

/** The same by linear programming: a replica runs no longer than the one before it. */
function leastGrams(levels: readonly Level[], workHours: number): number | undefined {
  const model = createLinearModel();
  const times = levels.map(({ grams, share }) => model.variable(grams, { max: share }));
  model.row(
    levels.map(({ speed }, k): Term => [speed, times[k]!]),
    '=',
    workHours,
  );
  levels.forEach(({ slot }, k) => {
    if (k > 0 && levels[k - 1]!.slot === slot) {
      model.row(
        [
          [1, times[k]!],
          [-1, times[k - 1]!],
        ],
        '<=',
        0,
      );
    }
  });
  return model.solve('Minimize');
}

function problemOf({ places, curve, width, workHours, from, until }: Case): ScheduleProblem {
  const carbon = { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct' } as const;
  return {
    slots: { startAtMs: 0, stepMs: HOUR_MS, count: SLOTS },
    locations: places.map(({ grams, gpus, pue }, k) => ({
      id: `place-${k}`,
      carbon: { ...carbon, values: grams },
      gpuCount: gpus,
      pueRatio: pue,
    })),
    jobs: [
      {
        id: 'train',
        runtimeMs: Math.round(workHours * 60) * MINUTE_MS,
        powerWatts: 2_000,
        gpuCount: width,
        earliestStartAtMs: from * HOUR_MS,
        deadlineAtMs: Math.round(until * 60) * MINUTE_MS,
        mode: 'interruptible',
        marginalThroughput: curve,
      },
    ],
  };
}

describe('one elastic job', () => {
  it('costs what the greedy of CarbonScaler finds at the best place, under limits on GPUs and time', () => {
    let planned = 0;
    fc.assert(
      fc.property(cases, (one) => {
        const problem = problemOf(one);

        const result = schedule(problem);

        const found = one.places.map((place) => greedyGrams(levelsOf(one, place), one.workHours));
        const best = Math.min(...found.map((grams) => grams ?? Infinity));
        if (best === Infinity) {
          expect(result.unplaceable.map(({ jobId }) => jobId)).toEqual(['train']);
          return;
        }
        planned++;
        expect(result.unplaceable).toEqual([]);
        expect(Math.abs(result.totals.carbonGrams - best)).toBeLessThanOrEqual(1e-9 * Math.max(1, best));
        expect(result.bound).toBeLessThanOrEqual(best * (1 + 1e-9));
        expect(result.status).toBe('optimal');
        expect(verifySchedule(problem, result).violations).toEqual([]);
      }),
      { numRuns: 400, seed: 3 },
    );
    expect(planned).toBeGreaterThan(100);
  }, 30_000);

  it('has a greedy that is exact: linear programming finds no less', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const levels = levelsOf(one, one.places[0]!);
        fc.pre(levels.length > 0);

        const greedy = greedyGrams(levels, one.workHours);
        const least = leastGrams(levels, one.workHours);

        expect(greedy === undefined).toBe(least === undefined);
        if (greedy === undefined || least === undefined) return;
        expect(Math.abs(greedy - least)).toBeLessThanOrEqual(1e-5 * Math.max(1, greedy));
      }),
      { numRuns: 100, seed: 3, endOnFailure: true },
    );
  }, 30_000);
});
