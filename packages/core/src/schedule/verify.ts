import { checkProblem } from './check.ts';
import type {
  Assignment,
  ScheduleJob,
  ScheduleProblem,
  ScheduleResult,
  ScheduleVerification,
  ScheduleViolation,
  UnplaceableReason,
} from './types.ts';
import { capacityInUse, hasFreePlace, overCapacity } from './verify-capacity.ts';
import { brokenConstraints } from './verify-constraints.ts';
import { beside, cutWindows, outOfOrder, spansOf } from './verify-order.ts';
import { brokenRules, hasWindow, summaryFits } from './verify-job.ts';
import { meteredAmounts } from './verify-amounts.ts';

/**
 * Checks a plan against every rule of `schedule` and adds up what it comes to, with arithmetic of its own: it
 * shares the checks of the input with the search, and nothing else.
 *
 * The amounts come from the series of the problem given here. To see what a plan made on a forecast cost in the end,
 * pass the problem with the series that came: the plan stays valid and `totals` is the bill. Optimality is not checked.
 *
 * @param problem - the problem the plan is for, or the same one with other series.
 * @param result - the parts of a `ScheduleResult` that say what runs; it may come from anywhere.
 * @returns `isValid` when no rule is broken, the broken rules otherwise, and the recomputed sums in any case.
 * @throws InvalidInputError when the problem itself is not valid; a bad plan is never an exception.
 *
 * `O(slots × locations + jobs + assignments × log(assignments of a job))`.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const signal = { startAtMs: 0, stepMs: HOUR, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct' } as const;
 * const problemWith = (values: readonly number[]): ScheduleProblem => ({
 *   slots: { startAtMs: 0, stepMs: HOUR, count: 3 },
 *   locations: [{ id: 'de', carbon: { ...signal, values } }],
 *   jobs: [{ id: 'train', runtimeMs: HOUR, powerWatts: 1_000, mode: 'contiguous' }],
 * });
 * const plan = schedule(problemWith([300, 200, 100])); // on the forecast: slot 2, 100 g
 * const check = verifySchedule(problemWith([310, 180, 130]), plan); // on what came
 * check.isValid; // true
 * check.totals.carbonGrams; // 130
 * ```
 */
export function verifySchedule(
  problem: ScheduleProblem,
  result: Pick<ScheduleResult, 'assignments' | 'perJob' | 'unplaceable'>,
): ScheduleVerification {
  checkProblem(problem);
  const stretchesByJob = groupByJob(result.assignments);
  const summaryByJob = groupByJob(result.perJob);
  const unplaceableByJob = groupByJob(result.unplaceable);
  const locationIds = new Set(problem.locations.map((location) => location.id));
  const jobById = new Map(problem.jobs.map((job) => [job.id, job]));

  const inUse = capacityInUse(problem, result.assignments, jobById);
  const spans = spansOf(result.assignments);
  const cutById = new Map(cutWindows(problem.jobs, problem.slots, false).map((job) => [job.id, job]));
  const violations: ScheduleViolation[] = [
    ...overCapacity(problem, result.assignments, jobById, inUse),
    ...outOfOrder(problem.jobs, spans),
    ...brokenConstraints(problem, result.assignments, jobById),
  ];
  for (const list of [stretchesByJob, summaryByJob, unplaceableByJob]) violations.push(...strangers(list, jobById));
  for (const job of problem.jobs) {
    const stretches = [...(stretchesByJob.get(job.id) ?? [])].sort((x, y) => x.startAtMs - y.startAtMs);
    const summaries = summaryByJob.get(job.id) ?? [];
    const listed = unplaceableByJob.get(job.id) ?? [];
    const report = (rule: ScheduleViolation['rule'], detail: string) =>
      violations.push({ jobId: job.id, rule, detail });

    if (summaries.length > 1) report('listed-twice', `${summaries.length} entries in perJob`);
    if (listed.length > 1) report('listed-twice', `${listed.length} entries in unplaceable`);
    if (stretches.length === 0 && listed.length === 0) report('missing', 'neither planned nor unplaceable');
    if (stretches.length > 0 && listed.length > 0) report('planned-and-unplaceable', `${stretches.length} stretches`);
    const waitsInVain = listed.some(
      ({ reason }) => reason.kind === 'predecessor-left-out' && unplaceableByJob.has(reason.predecessorId),
    );
    if (listed.length > 0 && !waitsInVain && hasWindow(cutById.get(job.id)!, problem.slots, locationIds)) {
      const free = beside(job, problem.jobs, spans, problem.slots);
      const isForRoom = listed.every(({ reason }) => FOR_ROOM.has(reason.kind));
      if (!isForRoom) report('wrongly-unplaceable', `a window of at least ${job.runtimeMs} ms is there`);
      else if (free !== undefined && hasFreePlace(problem, free, inUse))
        report('wrongly-unplaceable', 'there is room beside the plan');
    }
    if (stretches.length > 0) violations.push(...brokenRules(job, stretches, problem.slots, locationIds));
    if (!summaryFits(summaries[0], stretches)) report('summary-disagrees', 'location, start or finish differ');
  }
  return {
    isValid: violations.length === 0,
    violations,
    totals: meteredAmounts(problem, result.assignments, jobById),
  };
}

/** Reasons for which a job may be left out although its window is long enough. */
const FOR_ROOM: ReadonlySet<UnplaceableReason['kind']> = new Set([
  'no-room',
  'too-few-gpus',
  'too-little-power',
  'constraints',
]);

function groupByJob<T extends { readonly jobId: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.jobId);
    if (group === undefined) groups.set(item.jobId, [item]);
    else group.push(item);
  }
  return groups;
}

function strangers(
  byJob: ReadonlyMap<string, readonly (Assignment | { readonly jobId: string })[]>,
  jobById: ReadonlyMap<string, ScheduleJob>,
): ScheduleViolation[] {
  return [...byJob.keys()]
    .filter((jobId) => !jobById.has(jobId))
    .map((jobId) => ({ jobId, rule: 'unknown-job', detail: 'the problem has no such job' }));
}
