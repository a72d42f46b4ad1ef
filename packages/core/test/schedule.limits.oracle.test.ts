import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../src/random.ts';
import { explainSchedule, schedule, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleJob, ScheduleLocation, ScheduleProblem, ScheduleResult } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { bruteForceAll } from './oracles/schedule-capacity-brute-force.ts';
import { competingProblems } from './schedule-arbitraries.ts';

const SMALL = { maxSlots: 4, maxJobs: 4, maxLocations: 2, isWhole: true, hasLimits: true };
const LARGE = { maxSlots: 12, maxJobs: 9, maxLocations: 3, hasLimits: true };

/** The problem with hourly series of its own and one PUE, so that an hour has one cost. */
function hourly(problem: ScheduleProblem): ScheduleProblem {
  const { startAtMs, stepMs, count } = problem.slots;
  return {
    ...problem,
    objective: { kind: 'carbon' },
    locations: problem.locations.map(({ id, gpuCount, carbon, powerCapWatts }, index) => ({
      id,
      gpuCount: gpuCount!,
      ...(powerCapWatts !== undefined && { powerCapWatts }),
      pueRatio: 1 + 0.25 * index,
      carbon: {
        ...carbon,
        startAtMs,
        stepMs,
        values: Array.from({ length: count }, (_, k) => carbon.values[k % carbon.values.length]!),
      },
    })),
  };
}

const gramsOf = (problem: ScheduleProblem) => (job: ScheduleJob, location: number, slot: number) => {
  const { carbon, pueRatio } = problem.locations[location]!;
  return (job.powerWatts / 1_000) * (pueRatio as number) * carbon.values[slot]!;
};
const valueOf = (problem: ScheduleProblem, { unplaceable }: ScheduleResult) =>
  unplaceable.reduce((sum, { jobId }) => sum + (problem.jobs.find(({ id }) => id === jobId)!.value ?? 1), 0);

describe('power caps and values against all plans there are', () => {
  it('bounds the optimum and what must be left out, and nearly always reaches both', () => {
    const seen = { full: 0, exact: 0, partial: 0, best: 0 };
    fc.assert(
      fc.property(competingProblems(SMALL), (generated) => {
        const problem = hourly(generated);
        const { optimum, leastValue, fewestLeftOut } = bruteForceAll(problem, gramsOf(problem));

        const result = schedule(problem, { maxSteps: 20_000, targetGapRatio: 0 });

        expect(verifySchedule(problem, result).violations).toEqual([]);
        const forRoom = result.unplaceable.flatMap(({ reason }) => (reason.kind === 'no-room' ? [reason] : []));
        const never = { ...result, unplaceable: result.unplaceable.filter(({ reason }) => reason.kind !== 'no-room') };
        for (const { provenCount, provenValue = provenCount } of forRoom) {
          expect(never.unplaceable.length + provenCount).toBeLessThanOrEqual(fewestLeftOut);
          expect(valueOf(problem, never) + provenValue).toBeLessThanOrEqual(leastValue + 1e-6);
        }
        const value = valueOf(problem, result);
        expect(value).toBeGreaterThanOrEqual(leastValue - 1e-9);
        if (forRoom.some(({ isProven }) => isProven)) expect(value).toBeCloseTo(leastValue, 6);
        seen.partial++;
        if (value <= leastValue + 1e-9) seen.best++;
        if (optimum === undefined || result.unplaceable.length > 0) return;
        seen.full++;
        if (result.objective <= optimum + 1e-6) seen.exact++;
        expect(result.bound).toBeLessThanOrEqual(optimum + 1e-6);
        expect(result.objective).toBeGreaterThanOrEqual(optimum - 1e-6);
      }),
      { numRuns: 250, seed: 7 },
    );
    // Not laws but watches.
    expect(seen.full).toBeGreaterThan(20);
    expect(seen.exact / seen.full).toBeGreaterThan(0.95);
    expect(seen.best / seen.partial).toBeGreaterThan(0.97);
  });

  it('proves with any prices of GPUs and watts no more than the optimum', () => {
    const prices = fc.array(fc.nat(4_000), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(competingProblems(SMALL), prices, (generated, drawn) => {
        const problem = hourly(generated);
        const { optimum } = bruteForceAll(problem, gramsOf(problem));
        fc.pre(optimum !== undefined);
        const multipliers = problem.locations.map(({ id, powerCapWatts }, index) => ({
          locationId: id,
          values: drawn.slice(4 * index, 4 * index + problem.slots.count),
          ...(powerCapWatts !== undefined && {
            wattValues: drawn.slice(8 + 4 * index, 8 + 4 * index + problem.slots.count).map((price) => price / 1_000),
          }),
        }));

        expect(verifyBound(problem, multipliers).bound).toBeLessThanOrEqual(optimum + 1e-6);
      }),
      { numRuns: 150 },
    );
  });
});

describe('power caps and values', () => {
  it('break no rule and prove their bound, for jobs of all modes, parts of slots and PUE by the hour', () => {
    fc.assert(
      fc.property(competingProblems(LARGE), (problem) => {
        const result = schedule(problem, { maxSteps: 5_000 });
        const jobIds = result.perJob.map(({ jobId }) => jobId);

        expect(verifySchedule(problem, result).violations).toEqual([]);
        const proof = verifyBound(problem, result.shadowPrices, { jobIds, claimedBound: result.bound });
        expect(proof.violations).toEqual([]);
        expect(result.bound).toBeLessThanOrEqual(result.objective + 1e-9 * Math.abs(result.objective));
      }),
      { numRuns: 150 },
    );
  });

  it('give each job the same plan in any order of jobs and locations', () => {
    const shuffled = competingProblems(LARGE).chain((problem) =>
      fc.record({
        problem: fc.constant(problem),
        jobs: fc.shuffledSubarray([...problem.jobs], { minLength: problem.jobs.length }),
        locations: fc.shuffledSubarray([...problem.locations], { minLength: problem.locations.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ problem, jobs, locations }) => {
        const byJob = ({ assignments }: ScheduleResult) =>
          problem.jobs.map(({ id }) => assignments.filter(({ jobId }) => jobId === id));
        const options = { maxSteps: 3_000 };

        expect(byJob(schedule({ ...problem, jobs, locations }, options))).toEqual(byJob(schedule(problem, options)));
      }),
      { numRuns: 60 },
    );
  });

  it('plan as without caps where the caps are out of reach, and prove the same', () => {
    fc.assert(
      fc.property(competingProblems({ ...LARGE, hasLimits: false }), (problem) => {
        const capped = {
          ...problem,
          locations: problem.locations.map((location) => ({ ...location, powerCapWatts: 1e9 })),
        };

        const before = schedule(problem, { maxSteps: 5_000 });
        const after = schedule(capped, { maxSteps: 5_000 });

        const leftOut = ({ unplaceable }: ScheduleResult) => unplaceable.length;
        if (before.status === 'optimal') expect(after.objective).toBeCloseTo(before.objective, 6);
        if (before.status === 'optimal') expect(leftOut(after)).toBe(0);
        expect(after.shadowPrices.every(({ wattValues }) => wattValues!.every((price) => price === 0))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

const location = (rest: Partial<ScheduleLocation>, values: readonly number[] = [300, 100]): ScheduleLocation => ({
  id: 'de',
  carbon: { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'life-cycle', values },
  ...rest,
});
const job = (id: string, rest: Partial<ScheduleJob> = {}): ScheduleJob => ({
  id,
  runtimeMs: HOUR_MS,
  powerWatts: 1_000,
  mode: 'contiguous',
  ...rest,
});
const problem = (place: ScheduleLocation, jobs: readonly ScheduleJob[]): ScheduleProblem => ({
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: place.carbon.values.length },
  locations: [place],
  jobs,
});

describe('a power cap', () => {
  it('lets one of two jobs into the clean hour though there are GPUs for both, and prices its watts', () => {
    const input = problem(location({ gpuCount: 8, powerCapWatts: 1_500, pueRatio: 1.25 }), [job('a'), job('b')]);

    const result = schedule(input);

    // 1 kW at PUE 1.25 is 1,250 W at the meter: 125 g in the clean hour, 375 g in the other.
    expect(result).toMatchObject({ status: 'feasible', objective: 500, totals: { carbonGrams: 500 } });
    expect(result.shadowPrices[0]!.wattValues![1]).toBeGreaterThan(0);
    expect(verifyBound(input, result.shadowPrices, { claimedBound: result.bound }).isValid).toBe(true);
  });

  it('has a bound equal to the plan where the jobs fill it exactly', () => {
    const result = schedule(problem(location({ powerCapWatts: 1_000 }), [job('a'), job('b')]));

    expect(result.objective).toBe(400);
    expect(result.bound).toBeCloseTo(400, 6);
    // One more watt in the clean hour saves 200 g a kWh on it.
    const [dirty, clean] = result.shadowPrices[0]!.wattValues!;
    expect(clean! - dirty!).toBeCloseTo(0.2, 9);
  });

  it('counts the power of jobs without GPUs, at locations that count no GPUs', () => {
    const { assignments } = schedule(
      problem(location({ powerCapWatts: 1_000 }), [job('a', { gpuCount: 0 }), job('b', { gpuCount: 0 })]),
    );

    expect(assignments.map(({ slot }) => slot).sort()).toEqual([0, 1]);
  });

  it('keeps a job out of hours with too little power, and says when no hour has enough', () => {
    const place = location({ powerCapWatts: [2_000, 900] });
    const { perJob, unplaceable, status } = schedule(problem(place, [job('a'), job('b', { powerWatts: 2_500 })]));

    expect(perJob.map(({ jobId, startAtMs }) => [jobId, startAtMs])).toEqual([['a', 0]]);
    const reason = { kind: 'too-little-power', neededWatts: 2_500, largestWatts: 2_000 };
    expect(unplaceable).toEqual([{ jobId: 'b', reason }]);
    expect(explainSchedule(unplaceable[0]!)).toContain('draw 2500 W');
    expect(status).toBe('infeasible');
  });

  it('narrows an elastic job, and a check finds the replica that is too many', () => {
    const elastic = job('train', { mode: 'interruptible', runtimeMs: 2 * HOUR_MS, marginalThroughput: [1, 1] });
    const input = problem(location({ gpuCount: 2, powerCapWatts: 1_000 }), [elastic]);
    const free = problem(location({ gpuCount: 2 }), [elastic]);

    const rules = verifySchedule(input, schedule(free)).violations.map(({ rule }) => rule);

    expect(schedule(free).objective).toBe(200);
    expect(schedule(input).objective).toBe(400);
    expect(rules).toEqual(['over-power']);
  });
});

describe('the value of a job', () => {
  it('decides who is left out, whatever the objective says', () => {
    const jobs = [job('cheap', { powerWatts: 1 }), job('worth', { powerWatts: 9_000, value: 2 })];
    const { unplaceable, status } = schedule(problem(location({ gpuCount: 1 }, [100]), jobs));

    const reason = { kind: 'no-room', isProven: true, provenCount: 1, provenValue: 1 };
    expect(unplaceable).toEqual([{ jobId: 'cheap', reason }]);
    expect(explainSchedule(unplaceable[0]!)).toContain('jobs worth 1 must be left out');
    expect(status).toBe('infeasible');
  });

  it.each([1, 2, 3])('leaves out little more than any plan of a crowded fleet must, draw %i', (seed) => {
    const { integer } = createRandom(seed);
    const values = () => Array.from({ length: 24 }, () => 20 + integer(300));
    const places = ['de', 'fr', 'no'].map((id) => location({ id, gpuCount: 4 }, values()));
    const jobs = Array.from({ length: 60 }, (_, k) => {
      const first = integer(12);
      return job(`job-${k}`, {
        runtimeMs: (1 + integer(8)) * HOUR_MS,
        gpuCount: 1 + integer(3),
        earliestStartAtMs: first * HOUR_MS,
        deadlineAtMs: (first + 12) * HOUR_MS,
        value: 1 + integer(10),
        mode: (['contiguous', 'migratable', 'interruptible'] as const)[k % 3]!,
      });
    });
    const input = { slots: { startAtMs: 0, stepMs: HOUR_MS, count: 24 }, locations: places, jobs };

    const result = schedule(input, { maxSteps: 300_000 });

    const { reason } = result.unplaceable[0]!;
    const proven = reason.kind === 'no-room' ? reason.provenValue! : 0;
    expect(proven).toBeGreaterThan(20);
    expect(valueOf(input, result)).toBeLessThanOrEqual(1.35 * proven);
    expect(verifySchedule(input, result).violations).toEqual([]);
  });

  it('makes way for two that are worth more together', () => {
    const jobs = [
      job('wide', { runtimeMs: 2 * HOUR_MS, value: 3 }),
      job('early', { value: 2, deadlineAtMs: HOUR_MS }),
      job('late', { value: 2, earliestStartAtMs: HOUR_MS }),
    ];
    const { unplaceable } = schedule(problem(location({ gpuCount: 1 }), jobs));

    expect(unplaceable.map(({ jobId }) => jobId)).toEqual(['wide']);
  });
});
