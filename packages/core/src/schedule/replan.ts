import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkProblem } from './check.ts';
import { slotOf } from './moves.ts';
import { schedule } from './schedule.ts';
import type {
  Assignment,
  ScheduleJob,
  ScheduleLocation,
  ScheduleOptions,
  ScheduleProblem,
  ScheduleResult,
  ShadowPrices,
  SlotGrid,
} from './types.ts';

/** What runs, what is new, and what a change costs. */
export interface ReplanInput {
  /** The problem as it is now: with new jobs, new series, other GPUs. Jobs that have begun are still in it, whole. */
  readonly problem: ScheduleProblem;
  /** A `ScheduleResult`, or the parts of it that matter here. */
  readonly previous: Pick<ScheduleResult, 'assignments'> & Partial<Pick<ScheduleResult, 'shadowPrices'>>;
  /** Slots that start before this are as they were, ms since the Unix epoch; before the end of the grid. */
  readonly frozenUntilMs: number;
  /** What a slot of a replica costs where the previous plan does not have its job, in the objective's unit. @defaultValue 0 */
  readonly movePenalty?: number;
}

/** What a new plan changes for the jobs that the previous one has. */
export interface Churn {
  /** Jobs that run in a slot or at a location in which the previous plan does not have them, in the order of the problem. */
  readonly movedJobIds: readonly string[];
  /** Slots of replicas at another time or place than before, parts as parts; and those as before. */
  readonly movedSlots: number;
  readonly keptSlots: number;
  /** `movedSlots` times the penalty; part of the objective. */
  readonly penalty: number;
}

/** The plan from the first slot that is not frozen. */
export interface ReplanResult {
  /** What is left to plan: the rest of the grid, and of each job what it has not done. `result` is a plan of it. */
  readonly problem: ScheduleProblem;
  readonly result: ScheduleResult;
  /** Stretches of the previous plan that start before, as they were. With `result.assignments` they are the whole plan. */
  readonly frozen: readonly Assignment[];
  /** Jobs that the frozen stretches complete. */
  readonly finishedJobIds: readonly string[];
  /** Compared with the previous plan. `movedJobIds` empty: nothing changes for the jobs it has. */
  readonly churn: Churn;
}

/**
 * Plans again while a plan runs. What starts before `frozenUntilMs` stays. A job that has begun keeps its location (unless
 * it is migratable) and comes before all that have not begun; one in one piece goes on without a pause. Of the others,
 * the plan changes only where that saves more than `movePenalty` for every slot that moves: the previous plan, with new jobs
 * in what it leaves free, is the first candidate, and only a plan of a smaller objective, penalties included, replaces it.
 * Prices start from `previous.shadowPrices`.
 *
 * @returns the rest of the problem with its plan: `verifySchedule(problem, result)` and `verifyBound` check both as any other.
 * A job whose rest cannot be done in time or in the room there is now is in `result.unplaceable`.
 * @throws InvalidInputError as `schedule`; when `frozenUntilMs` is not before the end of the grid; or when a job in one piece
 * has begun in the frozen part and is neither finished nor running at its end.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const carbon = { startAtMs: 0, stepMs: HOUR, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct' } as const;
 * const problemWith = (values: readonly number[]): ScheduleProblem => ({
 *   slots: { startAtMs: 0, stepMs: HOUR, count: 4 },
 *   locations: [{ id: 'de', carbon: { ...carbon, values } }],
 *   jobs: [{ id: 'train', runtimeMs: HOUR, powerWatts: 1_000, mode: 'contiguous' }],
 * });
 * const previous = schedule(problemWith([300, 300, 100, 300])); // slot 2
 * const problem = problemWith([300, 300, 100, 90]); // a new forecast: slot 3 saves 10 g
 * replan({ problem, previous, frozenUntilMs: HOUR, movePenalty: 20 }).churn.movedJobIds; // []
 * replan({ problem, previous, frozenUntilMs: HOUR, movePenalty: 5 }).churn.movedJobIds; // ['train']
 * ```
 */
export function replan(input: ReplanInput, options: ScheduleOptions = {}): ReplanResult {
  const { problem, previous, frozenUntilMs, movePenalty = 0 } = input;
  const kept = { assignments: previous.assignments, movePenalty };
  checkProblem({ ...problem, previous: kept });
  checkNumber('frozenUntilMs', frozenUntilMs);
  const { slots } = problem;
  const first = Math.max(0, Math.ceil((frozenUntilMs - slots.startAtMs) / slots.stepMs));
  if (first >= slots.count) {
    throw new InvalidInputError('frozenUntilMs', 'must leave a slot of the grid to plan', frozenUntilMs, {
      hint: 'Extend the grid and the series.',
    });
  }
  const grid: SlotGrid = {
    startAtMs: slots.startAtMs + first * slots.stepMs,
    stepMs: slots.stepMs,
    count: slots.count - first,
  };
  const frozen = previous.assignments.filter((stretch) => slotOf(stretch, grid) < 0);
  const doneByJob = new Map<string, Assignment[]>();
  for (const stretch of frozen) doneByJob.set(stretch.jobId, [...(doneByJob.get(stretch.jobId) ?? []), stretch]);
  const begunValue = problem.jobs.reduce((sum, { value = 1 }) => sum + value, 0);
  const finishedJobIds: string[] = [];
  const jobs: ScheduleJob[] = [];
  for (const job of problem.jobs) {
    const rest = restOf(job, doneByJob.get(job.id) ?? [], grid, begunValue);
    if (rest === undefined) finishedJobIds.push(job.id);
    else jobs.push(rest);
  }
  const finished = new Set(finishedJobIds);
  const endOf = (id: string) =>
    Math.max(...doneByJob.get(id)!.map(({ startAtMs, durationMs }) => startAtMs + durationMs));
  const remainder: ScheduleProblem = {
    ...problem,
    slots: grid,
    locations: problem.locations.map((location) => restOfLocation(location, first)),
    jobs: jobs.map((job) => withoutDone(job, finished, endOf)),
    previous: kept,
  };
  const startPrices = previous.shadowPrices?.map((prices) => pricesFrom(prices, first));
  const result = schedule(remainder, { ...(startPrices && { startPrices }), ...options });
  return { problem: remainder, result, frozen, finishedJobIds, churn: churnOf(remainder, result, movePenalty) };
}

/** A job that waits for finished ones may start when the last lag after them is over. */
function withoutDone(job: ScheduleJob, finished: ReadonlySet<string>, endOf: (id: string) => number): ScheduleJob {
  const { after } = job;
  if (after?.some(({ jobId }) => finished.has(jobId)) !== true) return job;
  const done = after.filter(({ jobId }) => finished.has(jobId));
  const overAtMs = done.map(({ jobId, lagMs = 0 }) => endOf(jobId) + lagMs);
  return {
    ...job,
    after: after.filter(({ jobId }) => !finished.has(jobId)),
    // A job that is too late by now has an empty window, and is refused for that.
    earliestStartAtMs: Math.min(
      job.deadlineAtMs ?? Infinity,
      Math.max(job.earliestStartAtMs ?? -Infinity, ...overAtMs),
    ),
  };
}

/** What a job has still to do after the frozen part; undefined when that is nothing. */
function restOf(
  job: ScheduleJob,
  done: readonly Assignment[],
  grid: SlotGrid,
  begunValue: number,
): ScheduleJob | undefined {
  if (done.length === 0) return job;
  const curve = job.marginalThroughput ?? [1];
  const doneMs = done.reduce(
    (sum, { durationMs, replicaCount = 1 }) => sum + durationMs * speedOf(curve, replicaCount),
    0,
  );
  const inOrder = [...done].sort((x, y) => x.startAtMs - y.startAtMs);
  const isPause = ({ startAtMs }: Assignment, x: number) =>
    x > 0 && startAtMs > inOrder[x - 1]!.startAtMs + inOrder[x - 1]!.durationMs + 0.001;
  const { resumeMs = 0 } = job;
  const runtimeMs = job.runtimeMs + inOrder.filter(isPause).length * resumeMs - doneMs;
  // Instants are whole numbers of about 0.0002 ms; less than this is rounding.
  if (runtimeMs <= 0.001 * done.length) return undefined;
  const rest = { ...job, runtimeMs: Math.max(1, runtimeMs) + resumeMs, value: (job.value ?? 1) + begunValue };
  if (job.mode === 'migratable') return rest;
  const place = { ...rest, locationIds: [done[0]!.locationId] };
  if (job.mode === 'interruptible') return place;
  const endAtMs = done.reduce((latest, stretch) => Math.max(latest, stretch.startAtMs + stretch.durationMs), -Infinity);
  if (Math.abs(endAtMs - grid.startAtMs) > 0.001) {
    throw new InvalidInputError(
      `previous.assignments of job '${job.id}'`,
      'must be in one piece, and run until it is done or the frozen part ends',
      endAtMs,
      { hint: 'Freeze up to the end of a slot that the job fills, or give what is left as a job of its own.' },
    );
  }
  const doneAtMs = grid.startAtMs + rest.runtimeMs;
  return { ...place, deadlineAtMs: Math.min(job.deadlineAtMs ?? Infinity, doneAtMs) };
}

function speedOf(curve: readonly number[], replicaCount: number): number {
  return curve.slice(0, replicaCount).reduce((sum, speed) => sum + speed, 0);
}

/** A location on the rest of the grid; its series are kept, they cover it. */
function restOfLocation(location: ScheduleLocation, first: number): ScheduleLocation {
  const { gpuCount, powerCapWatts } = location;
  const cut = (value: number | readonly number[]) => (typeof value === 'number' ? value : value.slice(first));
  return {
    ...location,
    ...(gpuCount !== undefined && { gpuCount: cut(gpuCount) }),
    ...(powerCapWatts !== undefined && { powerCapWatts: cut(powerCapWatts) }),
  };
}

function pricesFrom({ locationId, values, wattValues }: ShadowPrices, first: number): ShadowPrices {
  return { locationId, values: values.slice(first), ...(wattValues && { wattValues: wattValues.slice(first) }) };
}

function churnOf({ slots, previous, jobs }: ScheduleProblem, result: ScheduleResult, movePenalty: number): Churn {
  const before = new Map<string, Set<string>>();
  const cellOf = (locationId: string, slot: number) => `${slot} ${locationId}`;
  for (const stretch of previous!.assignments) {
    const cells = before.get(stretch.jobId) ?? new Set();
    cells.add(cellOf(stretch.locationId, slotOf(stretch, slots)));
    before.set(stretch.jobId, cells);
  }
  const moved = new Set<string>();
  let movedSlots = 0;
  let keptSlots = 0;
  for (const { jobId, locationId, slot, durationMs, replicaCount = 1 } of result.assignments) {
    const cells = before.get(jobId);
    const part = (durationMs * replicaCount) / slots.stepMs;
    if (cells === undefined) continue;
    if (cells.has(cellOf(locationId, slot))) keptSlots += part;
    else {
      movedSlots += part;
      moved.add(jobId);
    }
  }
  const movedJobIds = jobs.filter(({ id }) => moved.has(id)).map(({ id }) => id);
  return { movedJobIds, movedSlots, keptSlots, penalty: movedSlots * movePenalty };
}
