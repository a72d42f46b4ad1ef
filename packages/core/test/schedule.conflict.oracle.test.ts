import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainConflict, findConflict, schedule } from '../src/schedule/index.ts';
import type { ConflictMember, ScheduleJob, ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';
import { bruteForceAll } from './oracles/schedule-capacity-brute-force.ts';
import { gramsOf, hourly } from './oracles/hourly-problem.ts';
import { competingProblems, constrained, ordered } from './schedule-arbitraries.ts';

/** The problem with these jobs and nothing in their way but these members, put together one by one. */
function only(
  problem: ScheduleProblem,
  jobIds: readonly string[],
  members: readonly ConflictMember[],
): ScheduleProblem {
  const named = (kind: ConflictMember['kind'], id: string, other?: string) =>
    members.some((member) => {
      if (member.kind !== kind) return false;
      if (member.kind === 'constraint') return member.constraintId === id;
      if (member.kind === 'after') return member.jobId === id && member.predecessorId === other;
      return 'locationId' in member ? member.locationId === id : member.jobId === id;
    });
  return {
    slots: problem.slots,
    locations: problem.locations.map(({ id, carbon, gpuCount, powerCapWatts }) => ({
      id,
      carbon,
      ...(gpuCount !== undefined && named('gpu-count', id) && { gpuCount }),
      ...(powerCapWatts !== undefined && named('power-cap', id) && { powerCapWatts }),
    })),
    jobs: problem.jobs
      .filter(({ id }) => jobIds.includes(id))
      .map((job): ScheduleJob => {
        const { id, runtimeMs, powerWatts, gpuCount = 1, earliestStartAtMs, deadlineAtMs, locationIds } = job;
        const any = gpuCount === 0 ? 'interruptible' : 'migratable';
        return {
          id,
          runtimeMs,
          powerWatts,
          gpuCount,
          mode: named('mode', id) ? job.mode : any,
          ...(earliestStartAtMs !== undefined && named('earliest-start', id) && { earliestStartAtMs }),
          ...(deadlineAtMs !== undefined && named('deadline', id) && { deadlineAtMs }),
          ...(locationIds !== undefined && named('locations', id) && { locationIds }),
          after: (job.after ?? []).filter(({ jobId }) => jobIds.includes(jobId) && named('after', id, jobId)),
        };
      }),
    constraints: (problem.constraints ?? []).filter(({ id }) => named('constraint', id)),
  };
}

const isPossible = (problem: ScheduleProblem) => bruteForceAll(problem, gramsOf(problem)).optimum !== undefined;

describe('a conflict against all plans there are', () => {
  const SHAPE = { maxSlots: 4, maxJobs: 3, maxLocations: 2, isWhole: true, hasLimits: true };
  const cases = constrained(ordered(competingProblems(SHAPE), [0, 1])).map((generated) => {
    const powerCaps = new Map(generated.locations.map(({ id, powerCapWatts }) => [id, powerCapWatts]));
    const { locations, ...rest } = hourly(generated);
    return {
      ...rest,
      locations: locations.map((location) => {
        const powerCapWatts = powerCaps.get(location.id);
        return { ...location, ...(powerCapWatts !== undefined && { powerCapWatts }) };
      }),
    };
  });

  it('is one, and any one of its members or jobs less leaves a plan', () => {
    const seen = { conflicts: 0, impossible: 0, minimal: 0 };
    fc.assert(
      fc.property(cases, fc.boolean(), (problem, hasAsked) => {
        const asked = hasAsked ? [problem.jobs[0]!.id] : [];
        const isThere = isPossible(problem);
        if (!isThere) seen.impossible++;

        const result = findConflict(problem, { maxSteps: 5_000, jobIds: asked });

        if (result.status === 'none') expect(isThere).toBe(true);
        if (result.status !== 'conflict') return;
        seen.conflicts++;
        const { jobIds, members, isMinimal } = result;
        for (const id of asked) expect(jobIds).toContain(id);
        expect(isPossible(only(problem, jobIds, members))).toBe(false);
        if (!isMinimal) return;
        seen.minimal++;
        for (const member of members) {
          const rest = members.filter((other) => other !== member);
          expect(isPossible(only(problem, jobIds, rest)), JSON.stringify(member)).toBe(true);
        }
        for (const id of jobIds.filter((one) => !asked.includes(one))) {
          const rest = jobIds.filter((other) => other !== id);
          expect(isPossible(only(problem, rest, members)), id).toBe(true);
        }
      }),
      { numRuns: 150, seed: 11 },
    );
    // Not laws but watches: nearly every conflict is proven, and nearly all that are proven are minimal.
    expect(seen.conflicts / seen.impossible).toBeGreaterThan(0.95);
    expect(seen.minimal / seen.conflicts).toBeGreaterThan(0.95);
  });

  it('is there for every job that cannot run alone, and names a constraint where constraints are the reason', () => {
    fc.assert(
      fc.property(cases, (problem) => {
        const { unplaceable } = schedule(problem, { maxSteps: 2_000 });
        for (const { jobId, reason } of unplaceable) {
          if (reason.kind === 'no-room' || reason.kind === 'predecessor-left-out') continue;
          const result = findConflict(problem, { maxSteps: 2_000, jobIds: [jobId] });
          expect(result.status).toBe('conflict');
          if (result.status !== 'conflict' || reason.kind !== 'constraints') continue;
          expect(result.members.some(({ kind }) => kind === 'constraint')).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

const JOB = { runtimeMs: HOUR_MS, powerWatts: 1_000, mode: 'contiguous' } as const;
const problemWith = (jobs: readonly ScheduleJob[], rest: Partial<ScheduleProblem> = {}): ScheduleProblem => ({
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: 4 },
  locations: [
    {
      id: 'de',
      gpuCount: 1,
      carbon: {
        startAtMs: 0,
        stepMs: HOUR_MS,
        unit: 'gCO2e/kWh',
        kind: 'average',
        scope: 'life-cycle',
        values: [4, 3, 2, 1],
      },
    },
  ],
  jobs,
  ...rest,
});

describe('findConflict', () => {
  it('finds the two jobs of three that want the same hour, and what makes them want it', () => {
    const jobs = [
      { id: 'a', ...JOB, deadlineAtMs: HOUR_MS },
      { id: 'b', ...JOB, deadlineAtMs: HOUR_MS },
      { id: 'c', ...JOB },
    ];

    const conflict = findConflict(problemWith(jobs));

    expect(conflict).toEqual({
      status: 'conflict',
      jobIds: ['a', 'b'],
      members: [
        { kind: 'deadline', jobId: 'a' },
        { kind: 'deadline', jobId: 'b' },
        { kind: 'gpu-count', locationId: 'de' },
      ],
      isMinimal: true,
    });
    expect(explainConflict(conflict)).toBe(
      "no plan of jobs 'a', 'b' keeps all of: the deadline of 'a', the deadline of 'b', the gpu-count of 'de'; giving up any one of them is enough",
    );
  });

  it('names the one constraint of three, and not the deadline, that a job of two hours cannot meet', () => {
    const locationId = 'de';
    const conflict = findConflict(
      problemWith([{ id: 'a', ...JOB, runtimeMs: 2 * HOUR_MS, deadlineAtMs: 3 * HOUR_MS }], {
        constraints: [
          { id: 'late', kind: 'blackout', locationId, startAtMs: 3 * HOUR_MS },
          { id: 'noon', kind: 'blackout', locationId, startAtMs: HOUR_MS, endAtMs: 2 * HOUR_MS },
          { id: 'heat', kind: 'power-cap', locationId, powerCapWatts: 5_000 },
        ],
      }),
      { jobIds: ['a'] },
    );

    expect(conflict).toMatchObject({
      status: 'conflict',
      jobIds: ['a'],
      members: [
        { kind: 'mode', jobId: 'a' },
        { kind: 'deadline', jobId: 'a' },
        { kind: 'constraint', constraintId: 'noon' },
      ],
      isMinimal: true,
    });
  });

  it('has no member to give up where the grid is too short', () => {
    const conflict = findConflict(problemWith([{ id: 'a', ...JOB, runtimeMs: 5 * HOUR_MS }]));

    expect(conflict).toEqual({ status: 'conflict', jobIds: ['a'], members: [], isMinimal: true });
    expect(explainConflict(conflict)).toBe(
      "no plan holds jobs 'a': the grid is too short, or nothing is left to give up",
    );
  });

  it('names the shortest run that no gap between blackouts holds', () => {
    const job = { ...JOB, mode: 'interruptible', runtimeMs: 3 * HOUR_MS, minRunMs: 2 * HOUR_MS } as const;
    const noon = {
      id: 'noon',
      kind: 'blackout',
      locationId: 'de',
      startAtMs: 2 * HOUR_MS,
      endAtMs: 3 * HOUR_MS,
    } as const;
    const conflict = findConflict(problemWith([{ id: 'a', ...job }], { constraints: [noon] }));

    expect(conflict).toMatchObject({
      members: [
        { kind: 'runs', jobId: 'a' },
        { kind: 'constraint', constraintId: 'noon' },
      ],
      isMinimal: true,
    });
  });

  it('stays a proven conflict where plans run out, and is not called minimal', () => {
    const jobs = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, ...JOB, deadlineAtMs: 3 * HOUR_MS }));

    for (const maxPlans of [1, 2, 5, 9]) {
      const conflict = findConflict(problemWith(jobs), { maxPlans });
      expect(conflict).toMatchObject({ status: 'conflict', isMinimal: false });
      if (conflict.status !== 'conflict') continue;
      expect(isPossible(only(problemWith(jobs), conflict.jobIds, conflict.members))).toBe(false);
    }
  });

  it('finds none where there is a plan, and refuses to be asked about a job that is not there', () => {
    expect(findConflict(problemWith([{ id: 'a', ...JOB }]))).toEqual({ status: 'none' });
    expect(() => findConflict(problemWith([]), { jobIds: ['a'] })).toThrow('jobIds must name jobs of the problem');
    expect(explainConflict({ status: 'none' })).toBe('there is a plan of all jobs');
    expect(explainConflict({ status: 'unknown' })).toContain('none is proven not to exist');
  });
});
