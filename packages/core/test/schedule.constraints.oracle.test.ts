import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainSchedule, replan, schedule, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleConstraint, ScheduleJob, ScheduleProblem, ScheduleResult } from '../src/schedule/index.ts';
import { HOUR_MS, MINUTE_MS } from '../src/units.ts';
import { bruteForceAll } from './oracles/schedule-capacity-brute-force.ts';
import { gramsOf, hourly } from './oracles/hourly-problem.ts';
import { competingProblems, constrained, problems } from './schedule-arbitraries.ts';

const SMALL = { maxSlots: 4, maxJobs: 4, maxLocations: 2, isWhole: true, hasLimits: true };
const LARGE = { maxSlots: 12, maxJobs: 9, maxLocations: 3, hasLimits: true };

describe('named constraints against all plans there are', () => {
  it('are kept, leave the bound below the optimum, and blame only what keeps a job out', () => {
    const seen = { constraints: 0, full: 0, exact: 0 };
    fc.assert(
      fc.property(constrained(competingProblems(SMALL)), (generated) => {
        const problem = { ...generated, ...hourly(generated), constraints: generated.constraints! };
        const { optimum, fewestLeftOut } = bruteForceAll(problem, gramsOf(problem));

        const result = schedule(problem, { maxSteps: 20_000, targetGapRatio: 0 });

        expect(verifySchedule(problem, result).violations).toEqual([]);
        expect(result.unplaceable.length).toBeGreaterThanOrEqual(fewestLeftOut);
        for (const { jobId, reason } of result.unplaceable) {
          if (reason.kind === 'no-room') continue;
          const alone = { ...problem, jobs: problem.jobs.filter(({ id }) => id === jobId) };
          expect(bruteForceAll(alone, gramsOf(alone)).optimum).toBeUndefined();
          const isFree = bruteForceAll({ ...alone, constraints: [] }, gramsOf(alone)).optimum !== undefined;
          expect(reason.kind === 'constraints').toBe(isFree);
          if (isFree) seen.constraints++;
        }
        if (optimum === undefined || result.unplaceable.length > 0) return;
        seen.full++;
        if (result.objective <= optimum + 1e-6) seen.exact++;
        expect(result.bound).toBeLessThanOrEqual(optimum + 1e-6);
        expect(result.objective).toBeGreaterThanOrEqual(optimum - 1e-6);
      }),
      { numRuns: 200, seed: 7 },
    );
    // Not laws but watches.
    expect(seen.constraints).toBeGreaterThan(20);
    expect(seen.exact / seen.full).toBeGreaterThan(0.95);
  });

  it('let no prices prove more than the optimum', () => {
    const prices = fc.array(fc.nat(4_000), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(constrained(competingProblems(SMALL)), prices, (generated, drawn) => {
        const problem = { ...generated, ...hourly(generated), constraints: generated.constraints! };
        const { optimum } = bruteForceAll(problem, gramsOf(problem));
        fc.pre(optimum !== undefined);
        const multipliers = problem.locations.map(({ id }, index) => ({
          locationId: id,
          values: drawn.slice(4 * index, 4 * index + problem.slots.count),
        }));

        expect(verifyBound(problem, multipliers).bound).toBeLessThanOrEqual(optimum + 1e-6);
      }),
      { numRuns: 150 },
    );
  });
});

describe('named constraints', () => {
  const any = fc.oneof(
    constrained(competingProblems(LARGE)),
    constrained(problems({ maxSlots: 12, maxJobs: 5, maxLocations: 3 })),
  );

  it('break no rule and prove their bound, whatever the jobs', () => {
    fc.assert(
      fc.property(any, (problem) => {
        const result = schedule(problem, { maxSteps: 3_000 });
        const jobIds = result.perJob.map(({ jobId }) => jobId);

        expect(verifySchedule(problem, result).violations).toEqual([]);
        const proof = verifyBound(problem, result.shadowPrices, { jobIds, claimedBound: result.bound });
        expect(proof.violations).toEqual([]);
        for (const entry of [...result.perJob, ...result.unplaceable])
          expect(explainSchedule(entry)).toContain(entry.jobId);
      }),
      { numRuns: 150 },
    );
  });

  it('are all named by what breaks them: a plan made without them is valid only if it keeps them', () => {
    fc.assert(
      fc.property(any, (problem) => {
        const { constraints = [], ...free } = problem;
        const result = schedule(free, { maxSteps: 2_000 });
        const planned = { ...result, unplaceable: [] };

        const named = (list: readonly ScheduleConstraint[]) => {
          const { violations } = verifySchedule({ ...free, constraints: list }, planned);
          return new Set(violations.flatMap(({ constraintId = [] }) => constraintId));
        };

        // Each alone says of itself what it says among the others.
        for (const one of constraints) expect(named([one]).has(one.id)).toBe(named(constraints).has(one.id));
      }),
      { numRuns: 100 },
    );
  });

  it('change nothing where they hold before or after the grid, or for nobody', () => {
    fc.assert(
      fc.property(competingProblems(LARGE), (problem) => {
        const [{ id: locationId }] = problem.locations as readonly [ScheduleProblem['locations'][0]];
        const { startAtMs, stepMs, count } = problem.slots;
        const empty: readonly ScheduleConstraint[] = [
          { id: 'before', kind: 'blackout', locationId, endAtMs: startAtMs },
          { id: 'after', kind: 'gpu-cap', gpuCount: 0, locationId, startAtMs: startAtMs + count * stepMs },
          { id: 'nobody', kind: 'forbidden', jobIds: ['gone'], locationIds: [locationId] },
        ];

        const { assignments, objective } = schedule({ ...problem, constraints: empty }, { maxSteps: 2_000 });

        const before = schedule(problem, { maxSteps: 2_000 });
        expect(objective).toBe(before.objective);
        expect(assignments).toEqual(before.assignments);
      }),
      { numRuns: 60 },
    );
  });
});

const JOB: ScheduleJob = { id: 'train', runtimeMs: HOUR_MS, powerWatts: 1_000, mode: 'contiguous' };
const problemWith = (constraints: readonly ScheduleConstraint[], rest: Partial<ScheduleJob> = {}): ScheduleProblem => ({
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: 3 },
  locations: [
    {
      id: 'de',
      carbon: {
        startAtMs: 0,
        stepMs: HOUR_MS,
        unit: 'gCO2e/kWh',
        kind: 'average',
        scope: 'life-cycle',
        values: [300, 100, 200],
      },
    },
  ],
  jobs: [{ ...JOB, ...rest }],
  constraints,
});
const slotsOf = ({ assignments }: ScheduleResult) => assignments.map(({ slot }) => slot);

describe('a blackout', () => {
  const minute: ScheduleConstraint = {
    id: 'works',
    reason: 'the substation is serviced',
    kind: 'blackout',
    locationId: 'de',
    startAtMs: HOUR_MS + 30 * MINUTE_MS,
    endAtMs: HOUR_MS + 31 * MINUTE_MS,
  };

  it('closes every slot that it touches, for jobs without GPUs and power too', () => {
    expect(slotsOf(schedule(problemWith([minute])))).toEqual([2]);
    expect(
      slotsOf(schedule(problemWith([minute], { gpuCount: 0, powerWatts: 0, earliestStartAtMs: HOUR_MS }))),
    ).toEqual([2]);
  });

  it('closes them in the bound too, for jobs without GPUs', () => {
    const problem = problemWith([minute], { gpuCount: 0 });

    // 1 kWh in the last hour, of 200 g.
    expect(schedule(problem)).toMatchObject({ objective: 200, bound: 200 });
    expect(verifyBound(problem, []).bound).toBe(200);
  });

  it('is the reason when it leaves no slot', () => {
    const problem = problemWith([minute, { ...minute, id: 'elsewhen', endAtMs: 5 * HOUR_MS, startAtMs: 4 * HOUR_MS }], {
      earliestStartAtMs: HOUR_MS,
      deadlineAtMs: 2 * HOUR_MS,
    });

    const { status, unplaceable } = schedule(problem);

    expect(status).toBe('infeasible');
    expect(unplaceable).toEqual([{ jobId: 'train', reason: { kind: 'constraints', constraintIds: ['works'] } }]);
    expect(explainSchedule(unplaceable[0]!)).toBe(
      "job 'train' cannot be planned: constraints take away every place it would have alone; those that touch it are 'works'",
    );
  });

  it('is named by the check of a plan that breaks it', () => {
    const problem = problemWith([]);

    const { violations } = verifySchedule({ ...problem, constraints: [minute] }, schedule(problem));

    expect(violations).toEqual([
      {
        jobId: 'train',
        rule: 'constraint',
        constraintId: 'works',
        detail: "runs in slot 1 of 'de' against constraint 'works'",
      },
    ]);
  });

  it('still holds when the plan is made again', () => {
    const problem = problemWith([minute]);

    const { result } = replan({ problem, previous: schedule(problem), frozenUntilMs: HOUR_MS });

    expect(slotsOf(result)).toEqual([1]);
    expect(result.assignments[0]!.startAtMs).toBe(2 * HOUR_MS);
  });
});

describe('a cap by name', () => {
  it('is named beside the numbers', () => {
    const problem = problemWith([]);
    const caps: readonly ScheduleConstraint[] = [
      { id: 'maintenance', kind: 'gpu-cap', locationId: 'de', gpuCount: 0 },
      { id: 'heat wave', kind: 'power-cap', locationId: 'de', powerCapWatts: 900 },
    ];

    const { violations } = verifySchedule({ ...problem, constraints: caps }, schedule(problem));

    expect(violations.map(({ rule, constraintId, detail }) => [rule, constraintId, detail])).toEqual([
      ['over-capacity', 'maintenance', "1 GPUs in slot 1 of 'de', and 'maintenance' allows 0"],
      ['over-power', 'heat wave', "1000 W in slot 1 of 'de', and 'heat wave' allows 900"],
    ]);
  });
});
