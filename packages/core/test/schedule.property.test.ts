import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleAmounts, ScheduleJob, ScheduleProblem, ScheduleResult } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { problems } from './schedule-arbitraries.ts';

const SHAPE = { maxSlots: 30, maxJobs: 8, maxLocations: 4 };
const check = (law: (problem: ScheduleProblem) => void, numRuns = 200) => {
  fc.assert(fc.property(problems(SHAPE), law), { numRuns });
};

function worth(problem: ScheduleProblem, { carbonGrams, costUsd }: ScheduleAmounts): number {
  const objective = problem.objective ?? { kind: 'carbon' };
  if (objective.kind === 'carbon') return carbonGrams;
  return objective.kind === 'cost' ? costUsd : costUsd + (carbonGrams / 1e6) * objective.carbonPriceUsdPerTonne;
}

/** At most `limit`, but for rounding. */
function expectAtMost(value: number, limit: number): void {
  expect(value).toBeLessThanOrEqual(limit + 1e-9 * Math.max(1, Math.abs(limit)));
}

/** The plan of each job by its id: what must not depend on the company it keeps. */
function planByJob({ assignments, perJob, unplaceable }: ScheduleResult): ReadonlyMap<string, unknown> {
  const plans = new Map<string, unknown>(unplaceable.map(({ jobId, reason }) => [jobId, reason]));
  for (const entry of perJob) {
    plans.set(entry.jobId, {
      entry: { ...entry, runNow: undefined },
      stretches: assignments.filter(({ jobId }) => jobId === entry.jobId),
    });
  }
  return plans;
}

function withJobs(problem: ScheduleProblem, change: (job: ScheduleJob) => ScheduleJob): ScheduleProblem {
  return { ...problem, jobs: problem.jobs.map(change) };
}

function scaled(problem: ScheduleProblem, factor: number): ScheduleProblem {
  const locations = problem.locations.map((location) => ({
    ...location,
    carbon: { ...location.carbon, values: location.carbon.values.map((value) => value * factor) },
  }));
  return { ...problem, locations };
}

function movedBy(problem: ScheduleProblem, offsetMs: number): ScheduleProblem {
  return {
    ...problem,
    slots: { ...problem.slots, startAtMs: problem.slots.startAtMs + offsetMs },
    locations: problem.locations.map(({ energyPrice, pueRatio, ...location }) => ({
      ...location,
      ...(pueRatio !== undefined && {
        pueRatio: typeof pueRatio === 'number' ? pueRatio : { ...pueRatio, startAtMs: pueRatio.startAtMs + offsetMs },
      }),
      carbon: { ...location.carbon, startAtMs: location.carbon.startAtMs + offsetMs },
      ...(energyPrice && { energyPrice: { ...energyPrice, startAtMs: energyPrice.startAtMs + offsetMs } }),
    })),
    jobs: problem.jobs.map(({ earliestStartAtMs, deadlineAtMs, ...job }) => ({
      ...job,
      ...(earliestStartAtMs !== undefined && { earliestStartAtMs: earliestStartAtMs + offsetMs }),
      ...(deadlineAtMs !== undefined && { deadlineAtMs: deadlineAtMs + offsetMs }),
    })),
  };
}

describe('schedule', () => {
  it('is never worse than running now, job by job', () => {
    check((problem) => {
      for (const job of schedule(problem).perJob) expectAtMost(job.objective, worth(problem, job.runNow));
    });
  });

  it('plans or refuses each job exactly once, in the order given', () => {
    check((problem) => {
      const { perJob, unplaceable, status } = schedule(problem);

      const order = (ids: readonly string[]) => problem.jobs.map(({ id }) => id).filter((id) => ids.includes(id));
      const planned = perJob.map(({ jobId }) => jobId);
      const refused = unplaceable.map(({ jobId }) => jobId);
      expect(planned).toEqual(order(planned));
      expect(refused).toEqual(order(refused));
      expect([...planned, ...refused].sort()).toEqual(problem.jobs.map(({ id }) => id).sort());
      expect(status).toBe(refused.length === 0 ? 'optimal' : 'infeasible');
    });
  });

  it('keeps every stretch after the earliest start and before the deadline and the end of the grid', () => {
    check((problem) => {
      const { slots, jobs } = problem;
      for (const { jobId, startAtMs, durationMs } of schedule(problem).assignments) {
        const job = jobs.find(({ id }) => id === jobId)!;
        expect(startAtMs).toBeGreaterThanOrEqual(job.earliestStartAtMs ?? slots.startAtMs);
        expect(startAtMs + durationMs).toBeLessThanOrEqual(job.deadlineAtMs ?? Infinity);
        expect(startAtMs + durationMs).toBeLessThanOrEqual(slots.startAtMs + slots.count * slots.stepMs);
      }
    });
  });

  it('moves with time: all instants later by whole slots give the same plan, later', () => {
    fc.assert(
      fc.property(problems(SHAPE), fc.integer({ min: -1_000, max: 1_000 }), (problem, hours) => {
        const offsetMs = hours * HOUR_MS;

        const moved = schedule(movedBy(problem, offsetMs));

        const { assignments, totals, unplaceable } = schedule(problem);
        expect(moved.assignments).toEqual(
          assignments.map((stretch) => ({ ...stretch, startAtMs: stretch.startAtMs + offsetMs })),
        );
        expect(moved.totals).toEqual(totals);
        expect(moved.unplaceable).toEqual(unplaceable);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps its plan and scales its carbon when all intensities are scaled', () => {
    // Powers of two scale without rounding, so even ties stay ties.
    fc.assert(
      fc.property(problems(SHAPE), fc.constantFrom(0.25, 0.5, 2, 8), (generated, factor) => {
        const problem: ScheduleProblem = { ...generated, objective: { kind: 'carbon' } };

        const after = schedule(scaled(problem, factor));

        const before = schedule(problem);
        expect(after.assignments).toEqual(before.assignments);
        expect(after.totals.carbonGrams).toBe(before.totals.carbonGrams * factor);
        expect(after.totals.energyWattHours).toBe(before.totals.energyWattHours);
      }),
      { numRuns: 200 },
    );
  });

  it('is never worse with one more location', () => {
    check((problem) => {
      const [first] = problem.locations;
      const extra = {
        ...first!,
        id: 'extra',
        carbon: { ...first!.carbon, values: [...first!.carbon.values].reverse() },
      };
      const more = withJobs({ ...problem, locations: [...problem.locations, extra] }, (job) =>
        job.locationIds === undefined ? job : { ...job, locationIds: [...job.locationIds, 'extra'] },
      );

      const after = new Map(schedule(more).perJob.map((job) => [job.jobId, job.objective]));

      for (const { jobId, objective } of schedule(problem).perJob) expectAtMost(after.get(jobId)!, objective);
    });
  });

  it('is never worse in a wider window', () => {
    fc.assert(
      fc.property(problems(SHAPE), fc.nat(300), fc.nat(300), (problem, before, after) => {
        const wider = withJobs(problem, (job) => ({
          ...job,
          ...(job.earliestStartAtMs !== undefined && { earliestStartAtMs: job.earliestStartAtMs - before * 60_000 }),
          ...(job.deadlineAtMs !== undefined && { deadlineAtMs: job.deadlineAtMs + after * 60_000 }),
        }));

        const objectives = new Map(schedule(wider).perJob.map((job) => [job.jobId, job.objective]));

        for (const { jobId, objective } of schedule(problem).perJob) expectAtMost(objectives.get(jobId)!, objective);
      }),
      { numRuns: 200 },
    );
  });

  it('does at least as well with interruptions as without', () => {
    check((problem) => {
      const inPieces = schedule(withJobs(problem, (job) => ({ ...job, mode: 'interruptible' })));
      const inOnePiece = schedule(withJobs(problem, (job) => ({ ...job, mode: 'contiguous' })));

      expect(inPieces.perJob.map(({ jobId }) => jobId)).toEqual(inOnePiece.perJob.map(({ jobId }) => jobId));
      inPieces.perJob.forEach((job, index) => {
        expectAtMost(job.objective, inOnePiece.perJob[index]!.objective);
      });
    });
  });

  it('plans each job the same in any order of jobs, locations and names', () => {
    fc.assert(
      fc.property(
        problems(SHAPE).chain((problem) =>
          fc.record({
            problem: fc.constant(problem),
            jobs: fc.shuffledSubarray([...problem.jobs], { minLength: problem.jobs.length }),
            locations: fc.shuffledSubarray([...problem.locations], { minLength: problem.locations.length }),
          }),
        ),
        ({ problem, jobs, locations }) => {
          const reversedNames = (job: ScheduleJob) =>
            job.locationIds === undefined ? job : { ...job, locationIds: [...job.locationIds].reverse() };
          const shuffled = withJobs({ ...problem, jobs, locations }, reversedNames);

          const plans = planByJob(schedule(shuffled));

          // What is wanted is repeated in the order given; everything else must be equal.
          const sorted = (map: ReadonlyMap<string, unknown>) =>
            Object.fromEntries(
              [...map].map(([id, plan]) => [id, JSON.stringify(plan).includes('no-such-location') ? 'nowhere' : plan]),
            );
          expect(sorted(plans)).toEqual(sorted(planByJob(schedule(problem))));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives equal answers to equal questions, and leaves the question alone', () => {
    check((problem) => {
      const copy = structuredClone(problem);

      const first = schedule(problem);

      expect(schedule(copy)).toEqual(first);
      expect(problem).toEqual(copy);
    }, 100);
  });

  it('passes its own independent check, with the same totals', () => {
    check((problem) => {
      const result = schedule(problem);

      const { isValid, violations, totals } = verifySchedule(problem, result);

      expect(violations).toEqual([]);
      expect(isValid).toBe(true);
      for (const amount of ['energyWattHours', 'carbonGrams', 'costUsd'] as const) {
        const tolerance = 1e-9 * Math.max(1, Math.abs(result.totals[amount]));
        expect(Math.abs(totals[amount] - result.totals[amount])).toBeLessThanOrEqual(tolerance);
      }
    }, 400);
  });
});
