import { describe, expect, it } from 'vitest';
import { schedule, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';

const carbon = (values: readonly number[]) =>
  ({ startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values }) as const;
const stretch = (slot: number, locationId = 'de', jobId = 'train') => ({
  jobId,
  locationId,
  slot,
  startAtMs: slot * HOUR_MS,
  durationMs: HOUR_MS,
});

const PROBLEM: ScheduleProblem = {
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: 4 },
  locations: [
    { id: 'de', carbon: carbon([400, 300, 100, 200]) },
    { id: 'no', carbon: carbon([20, 20, 20, 20]) },
  ],
  jobs: [{ id: 'train', runtimeMs: 2 * HOUR_MS, powerWatts: 1_000, mode: 'contiguous', locationIds: ['de'] }],
};
const PLAN = schedule(PROBLEM);
const rulesOf = (assignments: readonly ReturnType<typeof stretch>[], perJob = PLAN.perJob) =>
  verifySchedule(PROBLEM, { assignments, perJob, unplaceable: [] }).violations.map(({ rule }) => rule);

describe('verifySchedule', () => {
  it('charges a plan made on a forecast at what came', () => {
    const actuals = {
      ...PROBLEM,
      locations: [{ id: 'de', carbon: carbon([400, 300, 150, 250]) }, PROBLEM.locations[1]!],
    };

    const { isValid, totals } = verifySchedule(actuals, PLAN);

    expect(isValid).toBe(true);
    expect(totals).toEqual({ energyWattHours: 2_000, carbonGrams: 400, costUsd: 0 });
  });

  it('accepts a valid plan that is not the best one', () => {
    const perJob = [{ ...PLAN.perJob[0]!, startAtMs: 0, finishAtMs: 2 * HOUR_MS }];

    const check = verifySchedule(PROBLEM, { assignments: [stretch(1), stretch(0)], perJob, unplaceable: [] });

    expect(check).toMatchObject({ isValid: true, violations: [], totals: { carbonGrams: 700 } });
  });

  it('names a location that is not one of the job', () => {
    const perJob = [{ ...PLAN.perJob[0]!, locationId: 'no' }];

    expect(rulesOf([stretch(2, 'no'), stretch(3, 'no')], perJob)).toEqual(['location-not-allowed']);
  });

  it('names a job in two places', () => {
    expect(rulesOf([stretch(2), stretch(3, 'no')])).toEqual(['location-not-allowed', 'several-locations']);
  });

  it('names a gap of a contiguous job, with its length', () => {
    const perJob = [{ ...PLAN.perJob[0]!, startAtMs: HOUR_MS }];
    const plan = { assignments: [stretch(1), stretch(3)], perJob, unplaceable: [] };

    expect(verifySchedule(PROBLEM, plan).violations).toEqual([
      { jobId: 'train', rule: 'not-contiguous', detail: 'a gap of 3600000 ms' },
    ]);
  });

  it('names a missing piece and an entry without stretches', () => {
    expect(rulesOf([stretch(2)])).toEqual(['wrong-duration', 'summary-disagrees']);
    expect(rulesOf([])).toEqual(['missing', 'summary-disagrees']);
  });

  it('refuses slots and lengths that are no numbers, and counts nothing for them', () => {
    const bad = { ...stretch(2), slot: 1.5, durationMs: NaN };

    const check = verifySchedule(PROBLEM, { assignments: [bad], perJob: PLAN.perJob, unplaceable: [] });

    expect(check.violations.map(({ rule }) => rule)).toContain('outside-slot');
    expect(check.totals.carbonGrams).toBe(0);
  });

  it('names a job that is planned and refused, and one refused twice', () => {
    const refused = { jobId: 'train', reason: { kind: 'no-such-location', wanted: [] } } as const;

    const { violations } = verifySchedule(PROBLEM, { ...PLAN, unplaceable: [refused, refused] });

    expect(violations.map(({ rule }) => rule)).toEqual([
      'listed-twice',
      'planned-and-unplaceable',
      'wrongly-unplaceable',
    ]);
  });

  it('accepts that a job without a window is refused', () => {
    const late = { ...PROBLEM, jobs: [{ ...PROBLEM.jobs[0]!, earliestStartAtMs: 2 * HOUR_MS + 1 }] };

    expect(verifySchedule(late, schedule(late))).toMatchObject({ isValid: true, totals: { carbonGrams: 0 } });
  });

  it('names a start before the earliest one and an end after the deadline, inside the grid', () => {
    const narrow = (rest: object) => ({ ...PROBLEM, jobs: [{ ...PROBLEM.jobs[0]!, ...rest }] });
    const rules = (problem: ScheduleProblem) => verifySchedule(problem, PLAN).violations.map(({ rule }) => rule);

    // The plan runs from 2 h to 4 h.
    expect(rules(narrow({ earliestStartAtMs: 2 * HOUR_MS, deadlineAtMs: 4 * HOUR_MS }))).toEqual([]);
    expect(rules(narrow({ earliestStartAtMs: 2 * HOUR_MS + 1 }))).toEqual(['before-earliest-start']);
    expect(rules(narrow({ deadlineAtMs: 4 * HOUR_MS - 1 }))).toEqual(['after-deadline']);
  });

  it('works before 1970', () => {
    const startAtMs = -10 * HOUR_MS;
    const locations = [{ id: 'de', carbon: { ...carbon([3, 2, 1, 4]), startAtMs } }];
    const early = { ...PROBLEM, slots: { ...PROBLEM.slots, startAtMs }, locations };

    expect(verifySchedule(early, schedule(early))).toMatchObject({ isValid: true, totals: { carbonGrams: 3 } });
  });
});
