import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, verifyBound } from '../src/schedule/index.ts';
import type { ScheduleProblem } from '../src/schedule/index.ts';
import { optimumByColumns, waysWithRoom } from './oracles/schedule-lp.ts';
import { gramsOf, hourly } from './oracles/hourly-problem.ts';
import { competingProblems } from './schedule-arbitraries.ts';

/** What the tolerances of the solver may come to, as a share. */
const TOLERANCE = 1e-6;

/** The problem with some more GPUs everywhere, so that most jobs find a place and still compete for it. */
function roomier(problem: ScheduleProblem, more: number): ScheduleProblem {
  return {
    ...problem,
    locations: problem.locations.map(({ gpuCount, ...location }) => ({
      ...location,
      gpuCount: typeof gpuCount === 'number' ? gpuCount + more : gpuCount!.map((count) => count + more),
    })),
  };
}

describe('schedule against the linear relaxation, solved by HiGHS', () => {
  it('has bound <= relaxation <= best whole plan <= plan', () => {
    const shares: number[] = [];
    let full = 0;
    let contested = 0;
    let fractional = 0;
    fc.assert(
      fc.property(
        competingProblems({ maxSlots: 7, maxJobs: 7, maxLocations: 3, isWhole: true }).filter(
          ({ slots, jobs }) => slots.count >= 4 && jobs.length >= 4,
        ),
        fc.integer({ min: 0, max: 2 }),
        (generated, more) => {
          const roomy = roomier(hourly(generated), more);
          const problem = { ...roomy, jobs: roomy.jobs.filter((job) => waysWithRoom(roomy, job).length > 0) };

          const result = schedule(problem, { maxSteps: 20_000, targetGapRatio: 0 });

          // The bound is that of the jobs that run.
          const running = problem.jobs.filter(({ id }) => result.perJob.some(({ jobId }) => jobId === id));
          const relaxed = optimumByColumns(problem, running, gramsOf(problem), { isWhole: false })!;
          const whole = optimumByColumns(problem, running, gramsOf(problem), { isWhole: true })!;
          const slack = TOLERANCE * Math.max(1, whole);
          expect(result.bound).toBeLessThanOrEqual(relaxed + slack);
          expect(relaxed).toBeLessThanOrEqual(whole + slack);
          expect(whole).toBeLessThanOrEqual(result.objective + slack);
          if (running.length === problem.jobs.length) {
            full++;
            expect(verifyBound(problem, result.shadowPrices).bound).toBeLessThanOrEqual(relaxed + slack);
          }
          if (result.shadowPrices.some(({ values }) => values.some((price) => price > 0))) contested++;
          if (relaxed < whole * (1 - TOLERANCE)) fractional++;
          if (relaxed > 0) shares.push(result.bound / relaxed);
        },
      ),
      { numRuns: 50, seed: 11, endOnFailure: true },
    );
    // Not laws but a watch: prices prove nearly all that prices can, on problems that compete and mostly hold all of their jobs.
    expect(full).toBeGreaterThan(20);
    expect(contested).toBeGreaterThan(20);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.99);
    // The relaxation is below the best whole plan in many of them, so the chain is not one of equal numbers.
    expect(fractional).toBeGreaterThan(10);
  }, 60_000);

  it('never claims that a job must stay out where the relaxation in whole plans holds all', () => {
    fc.assert(
      fc.property(competingProblems({ maxSlots: 6, maxJobs: 6, maxLocations: 2, isWhole: true }), (generated) => {
        const problem = hourly(generated);
        const result = schedule(problem, { maxSteps: 10_000 });
        fc.pre(result.status === 'infeasible');

        expect(optimumByColumns(problem, problem.jobs, gramsOf(problem), { isWhole: true })).toBeUndefined();
      }),
      { numRuns: 40, seed: 5, endOnFailure: true },
    );
  });
});
