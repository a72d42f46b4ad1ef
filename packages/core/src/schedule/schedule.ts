import { bestAlone } from './alone.ts';
import { objectiveValue, sumAmounts } from './amounts.ts';
import { checkOptions, checkProblem } from './check.ts';
import { compete } from './compete.ts';
import type { Competition } from './compete.ts';
import { closedSlots, withConstraints } from './constraints.ts';
import { slotOf } from './moves.ts';
import type { Competitor } from './problem-table.ts';
import { orderOf, tightenWindows } from './precedence.ts';
import { ask, competes, isPlain } from './question.ts';
import type { Question } from './question.ts';
import { blameConstraints, blamePredecessors, reasonOf } from './reasons.ts';
import { runNowAt } from './run-now.ts';
import { createSite } from './site.ts';
import type { Site } from './site.ts';
import { amountsOfStretches, stretchesOfRun } from './stretches.ts';
import type { Stretch } from './stretches.ts';
import type {
  Assignment,
  BaselineAmounts,
  ScheduledJob,
  ScheduleJob,
  ScheduleOptions,
  ScheduleProblem,
  ScheduleResult,
  ShadowPrices,
  UnplaceableJob,
} from './types.ts';

/**
 * Plans when, where and how wide each job runs, so that the objective is small, and proves how small it can be at best.
 *
 * Work starts on slot boundaries, in slots that start at or after the job's earliest start, and ends by its deadline and by
 * the end of the grid. Run times need not be whole slots: the last slot of a piece, or the dearest slot of an
 * interruptible job, is used and charged in part. A slot costs energy at the meter (power × PUE) times its price and its
 * carbon, and `gpuCount` times the price of a GPU-hour. Series with other steps are resampled to the grid.
 *
 * Jobs at locations without a `gpuCount` do not compete. Each has its exact best plan: a contiguous job compares every
 * start, an interruptible one fills its cheapest slots first. Ties go to the earliest start, then to the smallest
 * location id by code units; within one location to the earliest slots.
 *
 * Jobs that share GPUs are planned as a congestion game with a potential: each answers with its exact cheapest plan at
 * prices of GPUs that follow the load, until plan and prices agree; the plan is then brought inside capacity again and again,
 * and the best is kept. It is never worse than the `greedy` baseline. The prices prove the bound. The order of jobs and
 * locations changes no job's plan. Formulas and sources: docs/explanation/scheduling.md.
 *
 * Source: for one job and one region the two searches are those of Wiesner et al., "Let's Wait Awhile", Middleware 2021,
 * doi 10.1145/3464298.3493399; for elastic jobs that of Hanafy et al., "CarbonScaler", POMACS 7(3), 2023, doi
 * 10.1145/3626788. Partial slots, several locations, prices and shared capacity are added.
 *
 * @param problem - the grid, the locations with their series, the jobs and the objective; units in the field names.
 * @param options - seed and work allowed to the search.
 * @returns a plan inside every window and capacity, in any case. Every job is in exactly one of `perJob` and
 * `unplaceable`, there with the reason; `status` says what that means.
 * @throws InvalidInputError on a number out of its range, a duplicate id, a series of the wrong unit or one that does not
 * cover the grid, carbon series of two kinds or scopes, or a deadline before the earliest start.
 *
 * Time `O(locations × slots log slots + jobs × locations × w log w)` for windows of `w` slots where jobs do not compete;
 * where they do, `maxSteps` looks of `O(w log w)` each.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const carbon = { startAtMs: 0, stepMs: HOUR, unit: 'gCO2e/kWh', kind: 'average', scope: 'life-cycle' } as const;
 * const result = schedule({
 *   slots: { startAtMs: 0, stepMs: HOUR, count: 4 },
 *   locations: [{ id: 'de', carbon: { ...carbon, values: [400, 300, 100, 200] } }],
 *   jobs: [{ id: 'train', runtimeMs: 2 * HOUR, powerWatts: 1_000, mode: 'contiguous' }],
 * });
 * result.totals.carbonGrams; // 300: in slots 2 and 3
 * result.baselines.runNow.carbonGrams; // 700: in slots 0 and 1
 * ```
 */
export function schedule(problem: ScheduleProblem, options: ScheduleOptions = {}): ScheduleResult {
  checkProblem(problem);
  checkOptions(options);
  return plan(withConstraints(problem), problem, options);
}

/** The plan of a problem whose constraints are worked into its locations and jobs; `given` is as it came. */
function plan(problem: ScheduleProblem, given: ScheduleProblem, options: ScheduleOptions): ScheduleResult {
  const { slots, objective = { kind: 'carbon' } } = problem;
  const sites = problem.locations.map((location) =>
    createSite(location, slots, objective, closedSlots(location, problem)),
  );
  const siteById = new Map(sites.map((site) => [site.location.id, site]));
  const questions = askInOrder(problem, (job) => ask(job, sites, siteById, slots));
  const { competing, competition, siteOrder } = holdCompetition(problem, questions, sites, options);
  const rankOf = new Map(competing.map((question, rank) => [question, rank]));

  const assignments: Assignment[] = [];
  const perJob: ScheduledJob[] = [];
  const unplaceable: UnplaceableJob[] = [];
  const alone: ScheduledJob[] = [];
  const movedValue = valueOfMoves(problem);
  const hasValues = problem.jobs.some(({ value }) => value !== undefined);
  let competingSum = 0;
  for (const question of questions) {
    const { job, window, allowed } = question;
    const rank = rankOf.get(question);
    const ownReason =
      question.reason ?? (rank === undefined ? undefined : reasonOf(competition!, rank, question, hasValues));
    const reason = ownReason && blameConstraints(ownReason, question, given);
    if (reason !== undefined) {
      unplaceable.push({ jobId: job.id, reason });
      continue;
    }
    const candidate = rank === undefined ? bestAlone(job, allowed, window, slots, objective) : undefined;
    const stretches =
      candidate === undefined ? competition!.stretches[rank!]! : stretchesOfRun(candidate.run, candidate.site, slots);
    const amounts = candidate?.amounts ?? amountsOfStretches(job, stretches);
    const last = stretches.at(-1)!;
    const entry: ScheduledJob = {
      jobId: job.id,
      locationId: stretches[0]!.site.location.id,
      startAtMs: stretches[0]!.startAtMs,
      finishAtMs: last.startAtMs + last.durationMs,
      ...amounts,
      runNow: runNowAt(allowed[0]!, job, window, slots),
      objective: candidate?.objective ?? objectiveValue(objective, amounts) + movedValue(job.id, stretches),
    };
    perJob.push(entry);
    pushAssignments(assignments, job, stretches);
    if (candidate === undefined) competingSum += entry.objective;
    else alone.push(entry);
  }

  blamePredecessors(unplaceable, problem.jobs);
  const total = perJob.reduce((sum, job) => sum + job.objective, 0);
  // Jobs without competitors have the best place there is: the gap is all between those that compete.
  const gap = Math.max(0, competingSum - (competition?.bound ?? competingSum));
  const bound = total - gap;
  const status = statusOf(unplaceable, gap, total);
  return {
    status,
    assignments,
    perJob,
    unplaceable,
    totals: sumAmounts(perJob),
    baselines: {
      runNow: sumAmounts(perJob.map((job) => job.runNow)),
      firstFit: withAlone(competition?.firstFit, sumAmounts(alone.map((job) => job.runNow))),
      greedy: withAlone(competition?.greedy, sumAmounts(alone)),
    },
    objective: total,
    bound,
    gapRatio: total === 0 ? 0 : (total - bound) / Math.abs(total),
    stoppedBy: status === 'optimal' ? 'optimal' : (competition?.stoppedBy ?? 'optimal'),
    shadowPrices: problem.locations.map(({ id, powerCapWatts }, index): ShadowPrices => {
      const from = siteOrder.indexOf(sites[index]!) * slots.count;
      const valuesOf = (prices: Float64Array | undefined) =>
        Array.from({ length: slots.count }, (_, t) => prices?.[from + t] ?? 0);
      const values = valuesOf(competition?.prices);
      if (powerCapWatts === undefined) return { locationId: id, values };
      return { locationId: id, values, wattValues: valuesOf(competition?.wattPrices) };
    }),
  };
}

/** Plans the jobs that can be in each other's way; in the order of ids, so that no other order changes anything. */
function holdCompetition(
  problem: ScheduleProblem,
  questions: readonly Question[],
  sites: readonly Site[],
  options: ScheduleOptions,
): { competing: readonly Question[]; competition: Competition | undefined; siteOrder: readonly Site[] } {
  const { slots, objective = { kind: 'carbon' } } = problem;
  const moving = movingJobs(problem);
  const awaited = new Set(problem.jobs.flatMap(({ after = [] }) => after.map(({ jobId }) => jobId)));
  const isTogether = (question: Question) =>
    competes(question) || moving.has(question.job.id) || awaited.has(question.job.id);
  const siteOrder = [...sites].sort((x, y) => (x.location.id < y.location.id ? -1 : 1));
  const competing = questions
    .filter((question) => question.reason === undefined && isTogether(question))
    .sort((x, y) => (x.job.id < y.job.id ? -1 : 1));
  if (competing.length === 0) return { competing, competition: undefined, siteOrder };
  const indexOf = new Map(siteOrder.map((site, index) => [site, index]));
  const competitors = competing.map(({ job, window, allowed }): Competitor => ({
    job,
    window,
    siteIndices: allowed.map((site) => indexOf.get(site)!).sort((x, y) => x - y),
  }));
  const aloneOf = (rank: number): readonly Stretch[] | undefined => {
    const { job, allowed, window } = competing[rank]!;
    if (!isPlain(job) || moving.has(job.id)) return undefined;
    const { run, site } = bestAlone(job, allowed, window, slots, objective);
    return stretchesOfRun(run, site, slots);
  };
  return {
    competing,
    competition: compete(competitors, siteOrder, slots, objective, problem.previous, options, aloneOf),
    siteOrder,
  };
}

/** Windows that leave the jobs before a job their time, and no plan for those that wait for one without. */
function askInOrder({ jobs, slots }: ScheduleProblem, askOne: (job: ScheduleJob) => Question): readonly Question[] {
  const tightened = tightenWindows(jobs, slots, false);
  const questions = jobs.map((job, index) => ({ ...askOne(tightened[index]!), job }));
  if (tightened === jobs) return questions;
  const byId = new Map(questions.map((question) => [question.job.id, question]));
  for (const { id, after = [] } of orderOf(jobs).order) {
    const lost = after.find(({ jobId }) => byId.get(jobId)!.reason !== undefined);
    const question = byId.get(id)!;
    if (lost !== undefined) question.reason ??= { kind: 'predecessor-left-out', predecessorId: lost.jobId };
  }
  return questions;
}

/** Jobs for which another place than that of the previous plan costs something. */
function movingJobs({ previous }: ScheduleProblem): ReadonlySet<string> {
  const { assignments = [], movePenalty = 0 } = previous ?? {};
  return new Set(movePenalty > 0 ? assignments.map(({ jobId }) => jobId) : []);
}

/** What the moves of a job come to, from its stretches. */
function valueOfMoves(problem: ScheduleProblem): (jobId: string, stretches: readonly Stretch[]) => number {
  const { slots, previous } = problem;
  const moving = movingJobs(problem);
  if (moving.size === 0) return () => 0;
  const keyOf = (jobId: string, locationId: string, slot: number) =>
    `${slot} ${locationId.length} ${locationId} ${jobId}`;
  const stays = new Set(
    previous!.assignments.map((stretch) => keyOf(stretch.jobId, stretch.locationId, slotOf(stretch, slots))),
  );
  return (jobId, stretches) => {
    if (!moving.has(jobId)) return 0;
    const moved = stretches.filter(({ site, slot }) => !stays.has(keyOf(jobId, site.location.id, slot)));
    const replicaMs = moved.reduce((sum, { durationMs, replicaCount }) => sum + durationMs * replicaCount, 0);
    return (previous!.movePenalty! * replicaMs) / slots.stepMs;
  };
}

function statusOf(unplaceable: readonly UnplaceableJob[], gap: number, total: number): ScheduleResult['status'] {
  const isProof = ({ reason }: UnplaceableJob) =>
    reason.kind === 'no-room' ? reason.provenCount > 0 : reason.kind !== 'predecessor-left-out';
  if (unplaceable.some(isProof)) return 'infeasible';
  if (unplaceable.length > 0) return 'unknown';
  return gap <= 1e-9 * Math.abs(total) ? 'optimal' : 'feasible';
}

function withAlone(competing: BaselineAmounts | undefined, alone: ReturnType<typeof sumAmounts>): BaselineAmounts {
  if (competing === undefined) return { ...alone, leftOutCount: 0 };
  return { ...sumAmounts([alone, competing]), leftOutCount: competing.leftOutCount };
}

function pushAssignments(assignments: Assignment[], job: ScheduleJob, stretches: readonly Stretch[]): void {
  const isElastic = (job.marginalThroughput?.length ?? 1) > 1;
  for (const { site, slot, startAtMs, durationMs, replicaCount } of stretches) {
    const stretch = { jobId: job.id, locationId: site.location.id, slot, startAtMs, durationMs };
    assignments.push(isElastic ? { ...stretch, replicaCount } : stretch);
  }
}
