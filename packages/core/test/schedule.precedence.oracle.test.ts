import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { explainSchedule, replan, schedule, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleJob, ScheduleProblem, ScheduleResult } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { bruteForceAll } from './oracles/schedule-capacity-brute-force.ts';
import { gramsOf, hourly } from './oracles/hourly-problem.ts';
import { competingProblems, ordered } from './schedule-arbitraries.ts';

const SMALL = ordered(
  competingProblems({ maxSlots: 6, maxJobs: 3, maxLocations: 2, isWhole: true }),
  [0, 0, 0.5, 1, 2],
).map(hourly);
const LARGE = ordered(
  competingProblems({ maxSlots: 12, maxJobs: 9, maxLocations: 3, hasLimits: true }),
  [0, 0, 0.4, 1],
);

describe('jobs that wait for others, against all plans there are', () => {
  it('bounds the optimum and what must be left out, and reaches both nearly always', () => {
    const seen = { all: 0, fewest: 0, full: 0, exact: 0, linked: 0 };
    fc.assert(
      fc.property(SMALL, (problem) => {
        const { optimum, fewestLeftOut } = bruteForceAll(problem, gramsOf(problem));

        const result = schedule(problem, { maxSteps: 20_000, targetGapRatio: 0 });

        expect(verifySchedule(problem, result).violations).toEqual([]);
        const never = result.unplaceable.filter(({ reason }) => reason.kind === 'window-too-short').length;
        const claims = result.unplaceable.map(({ reason }) => (reason.kind === 'no-room' ? reason.provenCount : 0));
        expect(never + Math.max(0, ...claims)).toBeLessThanOrEqual(fewestLeftOut);
        expect(result.unplaceable.length).toBeGreaterThanOrEqual(fewestLeftOut);
        if (result.status === 'infeasible') expect(fewestLeftOut).toBeGreaterThan(0);
        seen.all++;
        if (result.unplaceable.length === fewestLeftOut) seen.fewest++;
        if (optimum === undefined || result.unplaceable.length > 0) return;
        seen.full++;
        if (problem.jobs.some(({ after }) => after !== undefined)) seen.linked++;
        if (result.objective <= optimum + 1e-6) seen.exact++;
        expect(result.bound).toBeLessThanOrEqual(optimum + 1e-6);
        expect(result.objective).toBeGreaterThanOrEqual(optimum - 1e-6);
      }),
      { numRuns: 700, seed: 5 },
    );
    // Not laws but watches.
    expect(seen.linked).toBeGreaterThan(10);
    expect(seen.exact / seen.full).toBeGreaterThan(0.95);
    expect(seen.fewest / seen.all).toBeGreaterThan(0.95);
  });

  it('proves with any prices no more than the optimum', () => {
    const prices = fc.array(fc.nat(4_000), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(SMALL, prices, (problem, drawn) => {
        const { optimum } = bruteForceAll(problem, gramsOf(problem));
        fc.pre(optimum !== undefined);
        const multipliers = problem.locations.map(({ id }, index) => ({
          locationId: id,
          values: drawn.slice(6 * index, 6 * index + problem.slots.count),
        }));

        expect(verifyBound(problem, multipliers).bound).toBeLessThanOrEqual(optimum + 1e-6);
      }),
      { numRuns: 100 },
    );
  });
});

describe('jobs that wait for others', () => {
  it('break no rule and prove their bound, for jobs of all modes and parts of slots, with caps and values', () => {
    fc.assert(
      fc.property(LARGE, (problem) => {
        const result = schedule(problem, { maxSteps: 4_000 });
        const jobIds = result.perJob.map(({ jobId }) => jobId);

        expect(verifySchedule(problem, result).violations).toEqual([]);
        const proof = verifyBound(problem, result.shadowPrices, { jobIds, claimedBound: result.bound });
        expect(proof.violations).toEqual([]);
        expect(result.bound).toBeLessThanOrEqual(result.objective + 1e-9 * Math.abs(result.objective));
      }),
      { numRuns: 200 },
    );
  });

  it('have the same plan in any order of jobs', () => {
    const shuffled = LARGE.chain((problem) =>
      fc.record({
        problem: fc.constant(problem),
        jobs: fc.shuffledSubarray([...problem.jobs], { minLength: problem.jobs.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ problem, jobs }) => {
        const byJob = ({ assignments }: ScheduleResult) =>
          problem.jobs.map(({ id }) => assignments.filter(({ jobId }) => jobId === id));
        const options = { maxSteps: 2_000 };

        expect(byJob(schedule({ ...problem, jobs }, options))).toEqual(byJob(schedule(problem, options)));
      }),
      { numRuns: 50 },
    );
  });

  const problem = (values: readonly number[], jobs: readonly ScheduleJob[], gpuCount?: number): ScheduleProblem => ({
    slots: { startAtMs: 0, stepMs: HOUR_MS, count: values.length },
    locations: [
      {
        id: 'de',
        carbon: { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values },
        ...(gpuCount !== undefined && { gpuCount }),
      },
    ],
    jobs,
  });
  const job = (id: string, after: readonly string[] = [], rest: Partial<ScheduleJob> = {}): ScheduleJob => ({
    id,
    runtimeMs: HOUR_MS,
    powerWatts: 1_000,
    mode: 'contiguous',
    ...(after.length > 0 && { after: after.map((jobId) => ({ jobId })) }),
    ...rest,
  });

  it('take the dear hour first when the cheap one is for the job after it', () => {
    const input = problem([300, 100, 200], [job('train', ['prepare']), job('prepare', [], { powerWatts: 10 })]);

    const result = schedule(input);

    // The preparation, of 10 W and without a limit of GPUs, would wait for the clean hour too.
    expect(result.assignments.map(({ jobId, slot }) => [jobId, slot])).toEqual([
      ['train', 1],
      ['prepare', 0],
    ]);
    // The bound does not know the order inside the windows: 1 g for the preparation in the clean hour.
    expect(result).toMatchObject({ status: 'feasible', objective: 103 });
    expect(result.bound).toBeCloseTo(101, 6);
  });

  it('keep the lag, in parts of hours too', () => {
    const after = [{ jobId: 'first', lagMs: 1.25 * HOUR_MS }];
    const jobs = [job('first', [], { runtimeMs: 0.75 * HOUR_MS }), job('second', [], { after })];

    const { perJob } = schedule(problem([1, 9, 5, 2], jobs));

    // 0.75 + 1.25 h: exactly the start of hour 2; hour 3 is cleaner.
    expect(perJob.map(({ startAtMs }) => startAtMs / HOUR_MS)).toEqual([0, 3]);
    expect(schedule(problem([1, 9, 2, 5], jobs)).perJob[1]!.startAtMs).toBe(2 * HOUR_MS);
  });

  it('are left out with the job they wait for, and say so', () => {
    const jobs = [job('a', [], { deadlineAtMs: HOUR_MS / 2 }), job('b', ['a']), job('c', ['b']), job('d')];

    const { unplaceable, perJob, status } = schedule(problem([1, 1, 1, 1], jobs));

    expect(unplaceable.map(({ jobId, reason }) => [jobId, reason.kind])).toEqual([
      ['a', 'window-too-short'],
      ['b', 'predecessor-left-out'],
      ['c', 'predecessor-left-out'],
    ]);
    expect(explainSchedule(unplaceable[2]!)).toBe("job 'c' cannot be planned: it waits for job 'b', which has no plan");
    expect(perJob.map(({ jobId }) => jobId)).toEqual(['d']);
    expect(status).toBe('infeasible');
  });

  it('give the chain that is too long only what fits of it', () => {
    const { unplaceable, perJob } = schedule(problem([1, 1], [job('a'), job('b', ['a']), job('c', ['b'])]));

    expect(perJob.map(({ jobId }) => jobId)).toEqual(['a', 'b']);
    expect(unplaceable).toEqual([
      { jobId: 'c', reason: { kind: 'window-too-short', neededMs: HOUR_MS, availableMs: 0 } },
    ]);
  });

  it('prove for the jobs that run what holds without those left out', () => {
    const hog = (hour: number) =>
      job(`hog-${hour}`, [], { value: 10, earliestStartAtMs: hour * HOUR_MS, deadlineAtMs: (hour + 1) * HOUR_MS });
    const wide = job('wide', ['first'], { gpuCount: 2 });
    const input = problem([300, 300, 100], [job('first'), wide, hog(1), hog(2)], 2);

    const { unplaceable, bound, perJob, shadowPrices } = schedule(input);

    expect(unplaceable.map(({ jobId }) => jobId)).toEqual(['wide']);
    // Without 'wide', 'first' could run in the clean hour beside its hog: 100 g, and 300 g + 100 g for the hogs.
    expect(bound).toBeLessThanOrEqual(500 + 1e-6);
    const jobIds = perJob.map(({ jobId }) => jobId);
    expect(verifyBound(input, shadowPrices, { jobIds, claimedBound: bound }).violations).toEqual([]);
  });

  it('move together to where each alone cannot go', () => {
    // A chain of four in a dirty morning and a clean evening, in a fleet with one GPU and other work all day.
    const values = Array.from({ length: 24 }, (_, hour) => (hour < 12 ? 500 : 100 + hour));
    const chains = Array.from({ length: 12 }, (_, k) => job(`job-${k}`, k % 4 === 0 ? [] : [`job-${k - 1}`]));

    const { objective, bound } = schedule(problem(values, chains, 1));

    // Twelve hours of work in the twelve clean hours: 12 x 100 + 12 + ... + 23.
    expect(objective).toBe(1_410);
    expect(bound).toBeGreaterThan(0.98 * 1_410);
  });

  it('are found out of order by the check', () => {
    const input = problem([1, 2, 3], [job('b', ['a']), job('a')]);
    const free = schedule({ ...input, jobs: [job('b'), job('a')] });
    const alone = { ...free, assignments: free.assignments.slice(0, 1), perJob: free.perJob.slice(0, 1) };

    expect(verifySchedule(input, free).violations.map(({ rule }) => rule)).toEqual(['before-predecessor']);
    expect(verifySchedule(input, alone).violations.map(({ rule }) => rule)).toEqual(['without-predecessor', 'missing']);
  });

  it('are refused when they wait for each other, or for nobody', () => {
    const cycle = problem([1, 1, 1], [job('a', ['c']), job('b', ['a']), job('c', ['b'])]);

    expect(() => schedule(cycle)).toThrow(InvalidInputError);
    expect(() => schedule(cycle)).toThrow(
      "after of job 'a' must not lead back to the job, got ''a' before 'b' before 'c' before 'a''",
    );
    expect(() => schedule(problem([1], [job('a', ['a'])]))).toThrow("''a' before 'a''");
    expect(() => schedule(problem([1], [job('a', ['x'])]))).toThrow(
      "after[0].jobId of job 'a' must be the id of a job, got 'x'",
    );
    expect(() => schedule(problem([1], [job('a', [], { after: [{ jobId: 'a', lagMs: -1 }] })]))).toThrow(
      "after[0].lagMs of job 'a' must be a finite number >= 0, got -1",
    );
  });

  it('go on in order when a plan is made again', () => {
    const lagged = job('b', [], { after: [{ jobId: 'a', lagMs: HOUR_MS }] });
    const input = problem([1, 9, 9, 5, 5], [job('a'), lagged]);
    const previous = schedule(input);

    const { problem: rest, result } = replan({
      problem: problem([1, 1, 2, 3, 4], input.jobs),
      previous,
      frozenUntilMs: HOUR_MS,
    });

    expect(rest.jobs).toMatchObject([{ id: 'b', after: [], earliestStartAtMs: 2 * HOUR_MS }]);
    expect(result.perJob.map(({ startAtMs }) => startAtMs / HOUR_MS)).toEqual([2]);
  });
});
