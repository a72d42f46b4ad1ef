import { checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkProblem } from './check.ts';
import { schedule } from './schedule.ts';
import type { ScheduleJob, ScheduleOptions, ScheduleProblem } from './types.ts';

/** Something that a conflict is made of, by name. Without it there would be a plan. */
export type ConflictMember =
  /** `earliestStartAtMs`, `deadlineAtMs`, `locationIds` or `mode` of a job; `runs` is its `minRunMs` and `resumeMs`. */
  | { readonly kind: 'earliest-start' | 'deadline' | 'locations' | 'mode' | 'runs'; readonly jobId: string }
  /** A link to a job that must be done before. */
  | { readonly kind: 'after'; readonly jobId: string; readonly predecessorId: string }
  /** `gpuCount` or `powerCapWatts` of a location. */
  | { readonly kind: 'gpu-count' | 'power-cap'; readonly locationId: string }
  /** One of the problem's `constraints`. */
  | { readonly kind: 'constraint'; readonly constraintId: string };

/** What stands in the way of a plan of all jobs. */
export type ConflictResult =
  | {
      /** Proven: no plan of these jobs keeps all of these members. */
      readonly status: 'conflict';
      /** Those asked about, and others that must run beside them for the conflict to be; in the order of the problem. */
      readonly jobIds: readonly string[];
      /** Empty where not even the grid is long enough. */
      readonly members: readonly ConflictMember[];
      /** True when there is a plan as soon as any one of the members, or any one of the jobs not asked about, is given up. */
      readonly isMinimal: boolean;
    }
  | {
      /** `none`: there is a plan of all jobs. `unknown`: none was found, and none was proven not to exist. */
      readonly status: 'none' | 'unknown';
    };

/** What to ask about, and how hard to try each time. */
export interface ConflictOptions extends Pick<ScheduleOptions, 'seed' | 'maxSteps' | 'shouldStop'> {
  /** Jobs that are to be in the conflict, for example one that was left out. @defaultValue none: whichever are in conflict */
  readonly jobIds?: readonly string[];
  /** Plans to make at most, whole, >= 1; when they are used up, the conflict stays as large as it is. @defaultValue 100 */
  readonly maxPlans?: number;
}

/**
 * Finds jobs and rules that together leave no plan, and of which none can be spared: which deadline, capacity, power cap, location, order
 * or named constraint to talk about when jobs are left out.
 *
 * A deletion filter: jobs first, then rules, are given up in halves, quarters and so on down to one by one; what is not
 * missed stays away. A set is kept only while `schedule` proves that it has no plan, and is minimal where `schedule` finds a
 * plan without each of its members. Another order might end in another set, or a smaller one. A job given up counts as done.
 *
 * Source: Chinneck and Dravnieks, "Locating minimal infeasible constraint sets in linear programs", ORSA Journal on
 * Computing 3(2), 1991, doi 10.1287/ijoc.3.2.157: the deletion filter; here with plans for linear programs.
 *
 * About `2 k log n` plans, for `k` of `n` jobs and rules in the conflict, of ever smaller problems. Conflicts of a fleet that is
 * overloaded as a whole are large by nature and take `maxPlans`.
 *
 * @param problem - as for `schedule`; objective and previous plan are not read.
 * @throws InvalidInputError as `schedule`, or when a job asked about is not in the problem.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const carbon = { startAtMs: 0, stepMs: HOUR, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values: [1, 1, 1] } as const;
 * const job = { runtimeMs: HOUR, powerWatts: 1_000, mode: 'contiguous' } as const;
 * findConflict({
 *   slots: { startAtMs: 0, stepMs: HOUR, count: 3 },
 *   locations: [{ id: 'de', carbon, gpuCount: 1 }],
 *   jobs: [{ id: 'a', ...job, deadlineAtMs: HOUR }, { id: 'b', ...job, deadlineAtMs: HOUR }, { id: 'c', ...job }],
 * });
 * // status 'conflict', isMinimal true, jobIds ['a', 'b'],
 * // members: the deadlines of 'a' and 'b', and the gpu-count of 'de'
 * ```
 */
export function findConflict(problem: ScheduleProblem, options: ConflictOptions = {}): ConflictResult {
  checkProblem(problem);
  const { jobIds: asked = [], maxPlans = 100, ...searchOptions } = options;
  checkOptionalNumber(() => 'maxPlans', options.maxPlans, { min: 1, isWhole: true });
  const ids = new Set(problem.jobs.map(({ id }) => id));
  for (const id of asked) {
    if (ids.has(id)) continue;
    throw new InvalidInputError('jobIds', 'must name jobs of the problem', id, { hint: 'Check the id.' });
  }
  const { slots, locations, constraints = [] } = problem;
  const whole: ScheduleProblem = { slots, locations, jobs: problem.jobs, constraints };
  let planCount = 0;
  const planOf = (part: ScheduleProblem) => {
    if (planCount++ >= maxPlans) return 'unknown';
    // Any plan of all jobs will do, so the search may stop at the first.
    return schedule(part, { ...searchOptions, targetGapRatio: 1 }).status;
  };
  const first = planOf(whole);
  if (first !== 'infeasible') return { status: first === 'unknown' ? 'unknown' : 'none' };

  const others = problem.jobs.filter(({ id }) => !asked.includes(id)).map(({ id }) => id);
  const ofJobs = (kept: readonly string[]) => restrict(whole, new Set([...asked, ...kept]));
  const jobs = reduce(others, (kept) => planOf(ofJobs(kept)) === 'infeasible');
  const part = ofJobs(jobs);
  const all = membersOf(part);
  const keeping = (kept: readonly ConflictMember[]) => without(part, all, new Set(kept));
  const members = reduce(all, (kept) => planOf(keeping(kept)) === 'infeasible');
  const smallest = keeping(members);
  const hasPlan = (less: ScheduleProblem) => ['optimal', 'feasible'].includes(planOf(less));
  return {
    status: 'conflict',
    jobIds: part.jobs.map(({ id }) => id),
    members,
    isMinimal:
      members.every((member) => hasPlan(keeping(members.filter((other) => other !== member)))) &&
      jobs.every((id) => hasPlan(restrict(smallest, new Set([...asked, ...jobs.filter((other) => other !== id)])))),
  };
}

/** Gives up items, in ever smaller chunks, as long as what is kept has provably no plan. */
function reduce<T>(items: readonly T[], isConflict: (kept: readonly T[]) => boolean): readonly T[] {
  let kept = items;
  for (let size = items.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length;) {
      const rest = kept.toSpliced(from, size);
      if (isConflict(rest)) kept = rest;
      else from += size;
    }
  }
  return kept;
}

/** The problem with some of its jobs; the others count as done. */
function restrict(problem: ScheduleProblem, kept: ReadonlySet<string>): ScheduleProblem {
  const jobs = problem.jobs.filter(({ id }) => kept.has(id));
  return {
    ...problem,
    jobs: jobs.map((job) => (job.after ? { ...job, after: job.after.filter(({ jobId }) => kept.has(jobId)) } : job)),
  };
}

/** All that can be given up, first what is most easily: a job's own habits before capacity, and that before named rules. */
function membersOf({ jobs, locations, constraints = [] }: ScheduleProblem): readonly ConflictMember[] {
  const ofJobs = (
    kind: 'mode' | 'runs' | 'locations' | 'earliest-start' | 'deadline',
    has: (job: ScheduleJob) => boolean,
  ) => jobs.filter(has).map(({ id }) => ({ kind, jobId: id }));
  return [
    ...ofJobs('mode', (job) => freeMode(job) !== job.mode),
    ...ofJobs('runs', hasRuns),
    ...ofJobs('locations', ({ locationIds }) => locationIds !== undefined),
    ...ofJobs('earliest-start', ({ earliestStartAtMs }) => earliestStartAtMs !== undefined),
    ...jobs.flatMap(({ id, after = [] }) =>
      after.map(({ jobId }) => ({ kind: 'after', jobId: id, predecessorId: jobId }) as const),
    ),
    ...ofJobs('deadline', ({ deadlineAtMs }) => deadlineAtMs !== undefined),
    ...locations.flatMap(({ id, powerCapWatts }) =>
      powerCapWatts === undefined ? [] : [{ kind: 'power-cap', locationId: id } as const],
    ),
    ...locations.flatMap(({ id, gpuCount }) =>
      gpuCount === undefined ? [] : [{ kind: 'gpu-count', locationId: id } as const],
    ),
    ...constraints.map(({ id }) => ({ kind: 'constraint', constraintId: id }) as const),
  ];
}

function hasRuns({ minRunMs = 0, resumeMs = 0 }: ScheduleJob): boolean {
  return minRunMs > 0 || resumeMs > 0;
}

/** The mode that takes whatever slots there are. */
function freeMode(job: ScheduleJob): ScheduleJob['mode'] {
  const { mode, gpuCount = 1, marginalThroughput } = job;
  if (marginalThroughput !== undefined || hasRuns(job)) return mode;
  return gpuCount > 0 ? 'migratable' : 'interruptible';
}

/** The problem with those of its members that are kept. */
function without(
  problem: ScheduleProblem,
  all: readonly ConflictMember[],
  kept: ReadonlySet<ConflictMember>,
): ScheduleProblem {
  const given = all.filter((member) => !kept.has(member));
  const has = (kind: ConflictMember['kind'], id: string) =>
    given.some((member) => member.kind === kind && ('jobId' in member ? member.jobId : ownId(member)) === id);
  return {
    ...problem,
    locations: problem.locations.map(({ gpuCount, powerCapWatts, ...location }) => ({
      ...location,
      ...(gpuCount !== undefined && !has('gpu-count', location.id) && { gpuCount }),
      ...(powerCapWatts !== undefined && !has('power-cap', location.id) && { powerCapWatts }),
    })),
    jobs: problem.jobs.map(
      ({ earliestStartAtMs, deadlineAtMs, locationIds, after = [], minRunMs, resumeMs, ...job }) => ({
        ...job,
        ...(minRunMs !== undefined && !has('runs', job.id) && { minRunMs }),
        ...(resumeMs !== undefined && !has('runs', job.id) && { resumeMs }),
        mode: has('mode', job.id) ? freeMode(job) : job.mode,
        ...(earliestStartAtMs !== undefined && !has('earliest-start', job.id) && { earliestStartAtMs }),
        ...(deadlineAtMs !== undefined && !has('deadline', job.id) && { deadlineAtMs }),
        ...(locationIds !== undefined && !has('locations', job.id) && { locationIds }),
        after: after.filter(({ jobId }) =>
          given.every((member) => member.kind !== 'after' || member.jobId !== job.id || member.predecessorId !== jobId),
        ),
      }),
    ),
    constraints: (problem.constraints ?? []).filter(({ id }) => !has('constraint', id)),
  };
}

function ownId(member: Exclude<ConflictMember, { readonly jobId: string }>): string {
  return 'locationId' in member ? member.locationId : member.constraintId;
}
