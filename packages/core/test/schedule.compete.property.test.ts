import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleLocation, ScheduleProblem, ScheduleResult } from '../src/schedule/index.ts';
import { competingProblems } from './schedule-arbitraries.ts';

const SHAPE = { maxSlots: 12, maxJobs: 9, maxLocations: 3 };
const OPTIONS = { maxSteps: 5_000 };
const check = (law: (problem: ScheduleProblem) => void, numRuns = 120) => {
  fc.assert(fc.property(competingProblems(SHAPE), law), { numRuns });
};
const plannedIds = ({ perJob }: ScheduleResult) => perJob.map(({ jobId }) => jobId);

/** The same place with room for all. */
function withoutGpuCount(location: ScheduleLocation): ScheduleLocation {
  const free: { gpuCount?: unknown } & ScheduleLocation = { ...location };
  delete free.gpuCount;
  return free;
}

describe('schedule with shared GPUs', () => {
  it('breaks no rule, adds up right, and proves its bound, for every objective', () => {
    check((problem) => {
      const result = schedule(problem, OPTIONS);

      const plan = verifySchedule(problem, result);
      const proof = verifyBound(problem, result.shadowPrices, {
        jobIds: plannedIds(result),
        claimedBound: result.bound,
      });

      expect(plan.violations).toEqual([]);
      expect(proof.violations).toEqual([]);
      expect(result.bound).toBeLessThanOrEqual(result.objective + 1e-9 * Math.abs(result.objective));
      for (const amount of ['energyWattHours', 'carbonGrams', 'costUsd'] as const) {
        const tolerance = 1e-9 * Math.max(1, Math.abs(result.totals[amount]));
        expect(Math.abs(plan.totals[amount] - result.totals[amount])).toBeLessThanOrEqual(tolerance);
      }
    }, 120);
  });

  it('plans or refuses each job exactly once, and says what that means', () => {
    check((problem) => {
      const { perJob, unplaceable, status, gapRatio } = schedule(problem, OPTIONS);

      const ids = [...perJob, ...unplaceable].map(({ jobId }) => jobId).sort();
      expect(ids).toEqual(problem.jobs.map(({ id }) => id).sort());
      if (status === 'optimal') expect(gapRatio).toBeLessThanOrEqual(1e-9);
      if (status === 'optimal' || status === 'feasible') expect(unplaceable).toEqual([]);
      if (status === 'unknown') expect(unplaceable.every(({ reason }) => reason.kind === 'no-room')).toBe(true);
    });
  });

  it('gives each job the same plan in any order of jobs and locations', () => {
    const shuffledToo = competingProblems(SHAPE).chain((problem) =>
      fc.record({
        problem: fc.constant(problem),
        jobs: fc.shuffledSubarray([...problem.jobs], { minLength: problem.jobs.length }),
        locations: fc.shuffledSubarray([...problem.locations], { minLength: problem.locations.length }),
      }),
    );
    fc.assert(
      fc.property(shuffledToo, ({ problem, jobs, locations }) => {
        const byJob = ({ assignments }: ScheduleResult) =>
          problem.jobs.map(({ id }) => assignments.filter(({ jobId }) => jobId === id));

        expect(byJob(schedule({ ...problem, jobs, locations }, OPTIONS))).toEqual(byJob(schedule(problem, OPTIONS)));
      }),
      { numRuns: 120 },
    );
  });

  it('keeps its plan and scales value, bound and prices when all intensities are scaled', () => {
    // Powers of two scale without rounding, so that even ties stay ties.
    fc.assert(
      fc.property(competingProblems(SHAPE), fc.constantFrom(0.25, 0.5, 2, 8), (generated, factor) => {
        const problem: ScheduleProblem = { ...generated, objective: { kind: 'carbon' } };
        const scaled = {
          ...problem,
          locations: problem.locations.map((location) => ({
            ...location,
            carbon: { ...location.carbon, values: location.carbon.values.map((value) => value * factor) },
          })),
        };

        const after = schedule(scaled, OPTIONS);

        const before = schedule(problem, OPTIONS);
        expect(after.assignments).toEqual(before.assignments);
        expect(after.objective).toBe(before.objective * factor);
        expect(after.bound).toBeCloseTo(before.bound * factor, 9);
        expect(after.shadowPrices).toEqual(
          before.shadowPrices.map(({ locationId, values }) => ({
            locationId,
            values: values.map((value) => value * factor),
          })),
        );
      }),
      { numRuns: 80 },
    );
  });

  it('gives equal answers to equal questions and seeds, and leaves the question alone', () => {
    check((problem) => {
      const copy = structuredClone(problem);

      const first = schedule(problem, { ...OPTIONS, seed: 42 });

      expect(schedule(copy, { ...OPTIONS, seed: 42 })).toEqual(first);
      expect(problem).toEqual(copy);
    }, 40);
  });

  it('plans as if alone where there is room for all', () => {
    check((problem) => {
      const plain = problem.jobs.filter((job) => job.mode !== 'migratable' && job.marginalThroughput === undefined);
      const roomy = {
        ...problem,
        jobs: plain,
        locations: problem.locations.map((location) => ({ ...location, gpuCount: 1_000 })),
      };
      const free = { ...roomy, locations: problem.locations.map(withoutGpuCount) };

      const { assignments, status, bound } = schedule(roomy, OPTIONS);

      const expected = schedule(free);
      expect(assignments).toEqual(expected.assignments);
      expect(status).toBe(expected.status);
      expect(bound).toBeCloseTo(expected.bound, 9);
    });
  });

  it('leaves out no more jobs and, where both place all, comes to no more than greedy', () => {
    let worse = 0;
    check((problem) => {
      const { objective, baselines, unplaceable } = schedule(
        { ...problem, objective: { kind: 'carbon' } },
        { maxSteps: 20_000, targetGapRatio: 0 },
      );
      const leftOut = unplaceable.filter(({ reason }) => reason.kind === 'no-room').length;
      const { greedy } = baselines;
      if (leftOut > greedy.leftOutCount) worse++;
      if (leftOut === 0 && greedy.leftOutCount === 0 && objective > greedy.carbonGrams * (1 + 1e-9)) worse++;
    });
    expect(worse).toBe(0);
  });

  it('always answers, however little work is allowed, and stops when asked to', () => {
    check((problem) => {
      const short = schedule(problem, { maxSteps: 0 });
      const stopped = schedule(problem, { shouldStop: () => true });

      expect(verifySchedule(problem, short).violations).toEqual([]);
      expect(verifySchedule(problem, stopped).violations).toEqual([]);
      expect(['optimal', 'caller', 'target']).toContain(stopped.stoppedBy);
    }, 60);
  });
});
