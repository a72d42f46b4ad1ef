import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replan, schedule, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type { Assignment, ScheduleJob, ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS, MINUTE_MS } from '../src/units.ts';
import { gramsOf, hourly } from './oracles/hourly-problem.ts';
import { waysInRuns } from './oracles/schedule-runs.ts';
import type { RunWay } from './oracles/schedule-runs.ts';
import { competingProblems } from './schedule-arbitraries.ts';

/** Interruptible jobs get a shortest run, a time to resume, or both; run times in minutes. */
function inRuns(generated: fc.Arbitrary<ScheduleProblem>, isAll: boolean): fc.Arbitrary<ScheduleProblem> {
  const minutes = fc.record({
    run: fc.constantFrom(0, 15, 60, 90, 120, 180),
    resume: fc.constantFrom(0, 0, 10, 30, 60, 75),
    runtime: fc.oneof(
      fc.integer({ min: 1, max: 5 }).map((hours) => 60 * hours),
      fc.integer({ min: 1, max: 260 }),
    ),
  });
  return generated.chain((problem) =>
    fc.array(minutes, { minLength: problem.jobs.length, maxLength: problem.jobs.length }).map((drawn) => ({
      ...problem,
      jobs: problem.jobs.map((job, k) => {
        const { run, resume, runtime } = drawn[k]!;
        if (!isAll && job.mode !== 'interruptible') return job;
        const plain: ScheduleJob & { marginalThroughput?: readonly number[] } = { ...job };
        delete plain.marginalThroughput;
        // Without either, any slot may be used in part.
        const least = run === 0 && resume === 0 ? 60 : run;
        const own = { minRunMs: least * MINUTE_MS, resumeMs: resume * MINUTE_MS, mode: 'interruptible' } as const;
        return { ...plain, ...own, runtimeMs: runtime * MINUTE_MS };
      }),
    })),
  );
}

const costOf = (problem: ScheduleProblem, job: ScheduleJob, way: RunWay) =>
  way.reduce((sum, { location, slot, share }) => sum + share * gramsOf(problem)(job, location, slot), 0);

/** The least of all plans that hold all jobs in the GPU-time there is. */
function optimumInRuns(problem: ScheduleProblem): number | undefined {
  const free = problem.locations.map(({ gpuCount = Infinity }) =>
    Array.from({ length: problem.slots.count }, (_, slot) =>
      typeof gpuCount === 'number' ? gpuCount : gpuCount[slot]!,
    ),
  );
  let best: number | undefined;
  const visit = (index: number, cost: number): void => {
    const job = problem.jobs[index];
    if (job === undefined) {
      if (best === undefined || cost < best) best = cost;
      return;
    }
    const width = job.gpuCount ?? 1;
    for (const way of waysInRuns(problem, job)) {
      if (way.some(({ location, slot, share }) => free[location]![slot]! < share * width - 1e-9)) continue;
      for (const { location, slot, share } of way) free[location]![slot]! -= share * width;
      visit(index + 1, cost + costOf(problem, job, way));
      for (const { location, slot, share } of way) free[location]![slot]! += share * width;
    }
  };
  visit(0, 0);
  return best;
}

const SMALL = { maxSlots: 6, maxJobs: 3, maxLocations: 2, isWhole: true };
const LARGE = { maxSlots: 14, maxJobs: 8, maxLocations: 3 };

describe('runs that must be long and cost time to resume, against all plans there are', () => {
  it('are exact for one job, and bounded by the check as by the search', () => {
    let paused = 0;
    const one = inRuns(competingProblems({ ...SMALL, maxSlots: 9 }), true).chain(({ jobs, ...rest }) =>
      fc.boolean().map((isRoomy) => {
        const [{ id, powerWatts, runtimeMs, mode, minRunMs, resumeMs }] = jobs as readonly [Required<ScheduleJob>];
        const job = { id, powerWatts, runtimeMs, mode, minRunMs, resumeMs };
        const places = rest.locations.map(({ id: name, carbon }) => ({ id: name, carbon }));
        // Half of the jobs have all slots of all locations, so that there is something to choose from.
        return isRoomy ? { ...rest, locations: places, jobs: [job] } : { ...rest, jobs: jobs.slice(0, 1) };
      }),
    );
    fc.assert(
      fc.property(one, (generated) => {
        const problem = hourly(generated);
        const costs = waysInRuns(problem, problem.jobs[0]!).map((way) => costOf(problem, problem.jobs[0]!, way));

        const result = schedule(problem);

        expect(verifySchedule(problem, result).violations).toEqual([]);
        expect(result.perJob.length).toBe(costs.length > 0 ? 1 : 0);
        if (costs.length === 0) return;
        expect(result.objective).toBeCloseTo(Math.min(...costs), 6);
        expect(result.status).toBe('optimal');
        expect(verifyBound(problem, []).bound).toBeCloseTo(Math.min(...costs), 6);
        const [first, ...others] = result.assignments as readonly [Assignment, ...Assignment[]];
        if (others.length > 0 && others.at(-1)!.slot - first.slot > others.length) paused++;
      }),
      { numRuns: 400, seed: 7 },
    );
    // A watch: the choice of pauses has been put to the test.
    expect(paused).toBeGreaterThan(10);
  });

  it('bound the optimum and reach it nearly always where jobs share GPUs', () => {
    const seen = { full: 0, exact: 0 };
    fc.assert(
      fc.property(inRuns(competingProblems(SMALL), true), (generated) => {
        const problem = hourly(generated);
        const optimum = optimumInRuns(problem);

        const result = schedule(problem, { maxSteps: 20_000, targetGapRatio: 0 });

        expect(verifySchedule(problem, result).violations).toEqual([]);
        if (optimum === undefined) expect(result.unplaceable.length).toBeGreaterThan(0);
        if (optimum === undefined || result.unplaceable.length > 0) return;
        seen.full++;
        if (result.objective <= optimum + 1e-6) seen.exact++;
        expect(result.bound).toBeLessThanOrEqual(optimum + 1e-6);
        expect(result.objective).toBeGreaterThanOrEqual(optimum - 1e-6);
      }),
      { numRuns: 120, seed: 7 },
    );
    expect(seen.exact / seen.full).toBeGreaterThan(0.9);
  });
});

describe('runs', () => {
  it('break no rule and prove their bound, beside jobs of all modes', () => {
    fc.assert(
      fc.property(inRuns(competingProblems(LARGE), false), (problem) => {
        const result = schedule(problem, { maxSteps: 3_000 });
        const jobIds = result.perJob.map(({ jobId }) => jobId);

        expect(verifySchedule(problem, result).violations).toEqual([]);
        const proof = verifyBound(problem, result.shadowPrices, { jobIds, claimedBound: result.bound });
        expect(proof.violations).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('are kept when the plan is made again, and a job that has begun loads its checkpoint once more', () => {
    fc.assert(
      fc.property(inRuns(competingProblems({ ...LARGE, maxSlots: 8 }), true), fc.nat(7), (problem, at) => {
        fc.pre(at < problem.slots.count);
        const previous = schedule(problem, { maxSteps: 2_000 });
        const frozenUntilMs = problem.slots.startAtMs + at * HOUR_MS;

        const again = replan({ problem, previous, frozenUntilMs, movePenalty: 1 }, { maxSteps: 2_000 });

        expect(verifySchedule(again.problem, again.result).violations).toEqual([]);
        const begun = new Set(again.frozen.map(({ jobId }) => jobId));
        for (const { id, runtimeMs, resumeMs = 0 } of again.problem.jobs) {
          const whole = problem.jobs.find((job) => job.id === id)!;
          if (!begun.has(id)) expect(runtimeMs).toBe(whole.runtimeMs);
          else expect(runtimeMs).toBeGreaterThan(resumeMs);
        }
      }),
      { numRuns: 60 },
    );
  });
});

const problemOf = (values: readonly number[], rest: Partial<ScheduleJob>): ScheduleProblem => ({
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: values.length },
  locations: [
    {
      id: 'de',
      carbon: { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values },
    },
  ],
  jobs: [{ id: 'train', runtimeMs: 4 * HOUR_MS, powerWatts: 1_000, mode: 'interruptible', ...rest }],
});
const planOf = (problem: ScheduleProblem) => {
  const { assignments, objective } = schedule(problem);
  return [
    objective,
    ...assignments.map(({ slot, durationMs }) => (durationMs === HOUR_MS ? slot : [slot, durationMs])),
  ];
};

describe('a job of four hours', () => {
  // Two clean hours, a dirty one, a clean one, two dirty, a clean one.
  const values = [10, 10, 100, 10, 100, 100, 10];

  it('takes the clean hours where pauses are free, and stays for runs of two where it must', () => {
    expect(planOf(problemOf(values, {}))).toEqual([40, 0, 1, 3, 6]);
    // 0 to 3 in one piece: 10 + 10 + 100 + 10.
    expect(planOf(problemOf(values, { minRunMs: 2 * HOUR_MS }))).toEqual([130, 0, 1, 2, 3]);
  });

  it('pauses as long as a pause is worth the time to resume', () => {
    const half = { resumeMs: 30 * MINUTE_MS };
    // Half an hour more for every pause: two pauses, with the four clean hours and a dirty one, would be 140 g.
    expect(planOf(problemOf(values, half))).toEqual([130, 0, 1, 2, 3]);
    // With a fifth clean hour two pauses are 50 g.
    expect(planOf(problemOf([10, 10, 90, 10, 90, 10, 10], half))).toEqual([50, 0, 1, 3, 5, 6]);
  });
});

describe('verifySchedule', () => {
  const hour = (slot: number, durationMs = HOUR_MS): Assignment => ({
    jobId: 'train',
    locationId: 'de',
    slot,
    startAtMs: slot * HOUR_MS,
    durationMs,
  });
  const rulesOf = (problem: ScheduleProblem, assignments: readonly Assignment[]) => {
    const last = assignments.at(-1)!;
    const [entry] = schedule(problem).perJob;
    const perJob = [{ ...entry!, startAtMs: assignments[0]!.startAtMs, finishAtMs: last.startAtMs + last.durationMs }];
    return verifySchedule(problem, { assignments, perJob, unplaceable: [] }).violations.map(({ rule }) => rule);
  };
  const flat = [1, 1, 1, 1, 1, 1, 1, 1];

  it('wants runs as long as they must be, and the time to resume', () => {
    const problem = problemOf(flat, { minRunMs: 2 * HOUR_MS, resumeMs: HOUR_MS });
    expect(rulesOf(problem, [hour(0), hour(1), hour(3), hour(4), hour(5)])).toEqual([]);
    expect(rulesOf(problem, [hour(0), hour(2), hour(3), hour(4), hour(5)])).toEqual(['run-too-short']);
    expect(rulesOf(problem, [hour(0), hour(1), hour(3), hour(4)])).toEqual(['wrong-duration']);
  });

  it('wants parts of slots at the end only', () => {
    const problem = problemOf(flat, { minRunMs: 30 * MINUTE_MS });
    const half = 30 * MINUTE_MS;
    expect(rulesOf(problem, [hour(0), hour(1), hour(2), hour(3, half), hour(5, half)])).toEqual(['run-too-short']);
  });
});
