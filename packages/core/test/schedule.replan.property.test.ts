import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { replan, schedule, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type { Assignment, ScheduleJob, ScheduleProblem, ScheduleResult } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { bruteForceAll } from './oracles/schedule-capacity-brute-force.ts';
import { hourly } from './oracles/hourly-problem.ts';
import { competingProblems } from './schedule-arbitraries.ts';

const SMALL = { maxSlots: 4, maxJobs: 4, maxLocations: 2, isWhole: true };
const LARGE = { maxSlots: 12, maxJobs: 9, maxLocations: 3 };
const OPTIONS = { maxSteps: 5_000 };

const cellsOf = (assignments: readonly Assignment[], id: string) =>
  assignments.filter(({ jobId }) => jobId === id).map(({ locationId, slot }) => `${locationId}${slot}`);
const bySmall = fc.record({
  generated: competingProblems(SMALL),
  turn: fc.integer({ min: 0, max: 3 }),
  movePenalty: fc.constantFrom(0, 1, 3, 8),
});

describe('a plan that moves jobs only for a price, against all plans there are', () => {
  it('bounds the optimum, reaches it nearly always, and proves its bound apart from the search', () => {
    const seen = { full: 0, exact: 0, moved: 0 };
    fc.assert(
      fc.property(bySmall, ({ generated, turn, movePenalty }) => {
        const before = schedule(hourly(generated, 0), { maxSteps: 20_000 });
        const problem = { ...hourly(generated, turn), previous: { assignments: before.assignments, movePenalty } };
        const costOf = (job: ScheduleJob, location: number, slot: number) => {
          const { id, carbon } = problem.locations[location]!;
          const cells = cellsOf(before.assignments, job.id);
          const hasMoved = cells.length > 0 && !cells.includes(`${id}${slot}`);
          return (job.powerWatts / 1_000) * carbon.values[slot]! + (hasMoved ? movePenalty : 0);
        };
        const { optimum } = bruteForceAll(problem, costOf);

        const result = schedule(problem, { maxSteps: 20_000, targetGapRatio: 0 });

        expect(verifySchedule(problem, result).violations).toEqual([]);
        const jobIds = result.perJob.map(({ jobId }) => jobId);
        const proof = verifyBound(problem, result.shadowPrices, { jobIds, claimedBound: result.bound });
        expect(proof.violations).toEqual([]);
        if (optimum === undefined || result.unplaceable.length > 0) return;
        seen.full++;
        if (result.objective <= optimum + 1e-6) seen.exact++;
        if (movePenalty > 0 && result.objective > result.totals.carbonGrams + 1e-6) seen.moved++;
        expect(result.bound).toBeLessThanOrEqual(optimum + 1e-6);
        expect(result.objective).toBeGreaterThanOrEqual(optimum - 1e-6);
      }),
      { numRuns: 250, seed: 3 },
    );
    expect(seen.exact / seen.full).toBeGreaterThan(0.95);
    expect(seen.moved).toBeGreaterThan(5);
  });
});

describe('replan', () => {
  const cases = fc.record({
    generated: competingProblems(LARGE),
    turn: fc.integer({ min: 0, max: 11 }),
    movePenalty: fc.constantFrom(0, 5, 100),
    frozenSlots: fc.integer({ min: 0, max: 11 }),
  });

  it('keeps the frozen part, finishes what has begun, and breaks no rule of the whole problem', () => {
    let begunJobs = 0;
    fc.assert(
      fc.property(cases, ({ generated, turn, movePenalty, frozenSlots }) => {
        const first = hourly(generated, 0);
        fc.pre(frozenSlots < first.slots.count);
        const before = schedule(first, OPTIONS);
        const problem = hourly(generated, turn);
        const frozenUntilMs = problem.slots.startAtMs + frozenSlots * HOUR_MS;

        const answer = replan({ problem, previous: before, frozenUntilMs, movePenalty }, OPTIONS);

        const { frozen, result, churn } = answer;
        expect(frozen).toEqual(before.assignments.filter(({ slot }) => slot < frozenSlots));
        expect(verifySchedule(answer.problem, result).violations).toEqual([]);
        const jobIds = result.perJob.map(({ jobId }) => jobId);
        const claim = { jobIds, claimedBound: result.bound };
        expect(verifyBound(answer.problem, result.shadowPrices, claim).violations).toEqual([]);
        // There are as many GPUs as before, so whatever has begun can go on.
        const begun = new Set(frozen.map(({ jobId }) => jobId));
        begunJobs += begun.size;
        expect(result.unplaceable.filter(({ jobId }) => begun.has(jobId))).toEqual([]);
        const planned = result.assignments.map((stretch) => ({ ...stretch, slot: stretch.slot + frozenSlots }));
        const whole = { assignments: [...frozen, ...planned], perJob: [], unplaceable: result.unplaceable };
        const broken = verifySchedule(problem, whole).violations.filter(
          // Free room in the past is of no use, and there are no summaries.
          ({ rule }) => rule !== 'wrongly-unplaceable' && rule !== 'summary-disagrees',
        );
        expect(broken).toEqual([]);
        expect(churn.penalty).toBeCloseTo(churn.movedSlots * movePenalty, 9);
        expect(result.objective).toBeCloseTo(result.totals.carbonGrams + churn.penalty, 6);
      }),
      { numRuns: 150 },
    );
    expect(begunJobs).toBeGreaterThan(50);
  });

  it('changes a complete plan only when that saves more than it costs', () => {
    const seen = { kept: 0, changed: 0 };
    fc.assert(
      fc.property(cases, ({ generated, turn, movePenalty }) => {
        const before = schedule(hourly(generated, 0), OPTIONS);
        fc.pre(before.unplaceable.length === 0);
        const problem = hourly(generated, turn);

        // With hardly any search, so that it is the previous plan that keeps the promise.
        const { result, churn } = replan(
          { problem, previous: before, frozenUntilMs: problem.slots.startAtMs, movePenalty },
          { maxSteps: 0 },
        );

        // What the old plan comes to on the new forecast, by the independent meter.
        const stayGrams = verifySchedule(problem, before).totals.carbonGrams;
        if (churn.movedSlots > 1e-6) {
          seen.changed++;
          expect(result.objective).toBeLessThan(stayGrams + 1e-9 * stayGrams);
        } else seen.kept++;
        expect(result.objective).toBeLessThanOrEqual(stayGrams + 1e-9 * Math.max(1, stayGrams));
      }),
      { numRuns: 60 },
    );
    expect(Math.min(seen.kept, seen.changed)).toBeGreaterThan(5);
  });

  const carbon = (values: readonly number[]) =>
    ({ startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values }) as const;
  const problemWith = (values: readonly number[], jobs: readonly ScheduleJob[], gpuCount = 1): ScheduleProblem => ({
    slots: { startAtMs: 0, stepMs: HOUR_MS, count: values.length },
    locations: [{ id: 'de', carbon: carbon(values), gpuCount }],
    jobs,
  });
  const job = (id: string, hours: number, rest: Partial<ScheduleJob> = {}): ScheduleJob => ({
    id,
    runtimeMs: hours * HOUR_MS,
    powerWatts: 1_000,
    mode: 'contiguous',
    ...rest,
  });

  it('lets a running job finish before new ones, however much those are worth', () => {
    const previous = schedule(problemWith([1, 2, 3, 9], [job('runs', 3)]));
    const jobs = [job('runs', 3), job('new', 2, { value: 1_000, deadlineAtMs: 3 * HOUR_MS })];

    const { result, frozen } = replan({ problem: problemWith([9, 9, 1, 1], jobs), previous, frozenUntilMs: HOUR_MS });

    expect(frozen.map(({ slot }) => slot)).toEqual([0]);
    expect(cellsOf(result.assignments, 'runs')).toEqual(['de0', 'de1']);
    expect(result.unplaceable.map(({ jobId }) => jobId)).toEqual(['new']);
  });

  it('says so when a running job has lost its GPUs', () => {
    const previous = schedule(problemWith([1, 2, 3], [job('runs', 3)]));
    const problem = { ...problemWith([1, 2, 3], [job('runs', 3)]) };
    const outage = { ...problem, locations: [{ ...problem.locations[0]!, gpuCount: [1, 1, 0] }] };

    const { result } = replan({ problem: outage, previous, frozenUntilMs: HOUR_MS });

    expect(result.unplaceable.map(({ reason }) => reason.kind)).toEqual(['too-few-gpus']);
  });

  it('drops what is done, and counts the work an elastic job has done with several replicas', () => {
    const elastic = job('wide', 3, { mode: 'interruptible', marginalThroughput: [1, 0.5] });
    const previous: Pick<ScheduleResult, 'assignments'> = {
      assignments: [
        { jobId: 'wide', locationId: 'de', slot: 0, startAtMs: 0, durationMs: HOUR_MS, replicaCount: 2 },
        { jobId: 'done', locationId: 'de', slot: 0, startAtMs: 0, durationMs: HOUR_MS },
      ],
    };
    const problem = problemWith([5, 5, 5, 5], [elastic, job('done', 1)], 3);

    const answer = replan({ problem, previous, frozenUntilMs: HOUR_MS });

    expect(answer.finishedJobIds).toEqual(['done']);
    expect(answer.problem.jobs).toMatchObject([{ id: 'wide', runtimeMs: 1.5 * HOUR_MS, locationIds: ['de'] }]);
  });

  it('refuses a frozen part without an end, and one that stops a job in one piece', () => {
    const problem = problemWith([1, 2, 3], [job('runs', 2)]);
    const previous = schedule(problem);
    const torn = { assignments: [{ ...previous.assignments[0]!, durationMs: HOUR_MS / 2 }] };

    expect(() => replan({ problem, previous, frozenUntilMs: 3 * HOUR_MS })).toThrow(InvalidInputError);
    expect(() => replan({ problem, previous: torn, frozenUntilMs: HOUR_MS })).toThrow(
      /job 'runs' must be in one piece/,
    );
    expect(() => replan({ problem, previous, frozenUntilMs: HOUR_MS, movePenalty: -1 })).toThrow(
      'previous.movePenalty must be a finite number >= 0, got -1',
    );
    expect(() => schedule(problem, { startPrices: [{ locationId: 'de', values: [-1] }] })).toThrow(
      "startPrices.values of location 'de'[0] must be a finite number >= 0, got -1",
    );
  });
});
