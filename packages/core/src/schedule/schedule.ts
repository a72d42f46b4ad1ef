import { amountsOf, objectiveValue, sumAmounts } from './amounts.ts';
import { checkProblem } from './check.ts';
import { cheapestPiece, cheapestSlots, runFrom } from './search.ts';
import type { Run } from './search.ts';
import { createSite } from './site.ts';
import type { Site } from './site.ts';
import type {
  Assignment,
  RunNow,
  ScheduleAmounts,
  ScheduledJob,
  ScheduleJob,
  ScheduleObjective,
  ScheduleProblem,
  ScheduleResult,
  SlotGrid,
  UnplaceableJob,
  UnplaceableReason,
} from './types.ts';
import { windowOf } from './window.ts';
import type { Window } from './window.ts';

/**
 * Plans when and where each job runs, so that the objective is as small as any plan can make it.
 *
 * Jobs do not compete for capacity in this version: each is planned as if alone, so the sum of the best plans is the best
 * sum and `bound` equals `objective`. Work starts on slot boundaries, in slots that start at or after the job's earliest
 * start, and ends by its deadline and by the end of the grid. All pieces of a job run at one location. Run times need
 * not be whole slots: the last slot of a piece, or the dearest slot of an interruptible job, is used and charged in
 * part. Within this model both searches are exact: a contiguous job compares every start; an interruptible job fills its
 * cheapest slots first, and moving any work to another slot can only cost as much or more.
 *
 * A slot costs energy at the meter (power × PUE) times its price and its carbon, and `gpuCount` times the price of a
 * GPU-hour. A partly used slot is charged its mean for the time used. Series with other steps are resampled to the grid.
 * Ties go to the earliest start, then to the smallest location id by code units; within one location to the earliest
 * slots. The order of jobs and locations changes no job's plan.
 *
 * Source: the two searches for one job and one region are those of Wiesner et al., "Let's Wait Awhile", Middleware 2021,
 * doi 10.1145/3464298.3493399; partial slots, several locations and prices are added.
 *
 * @param problem - the grid, the locations with their series, the jobs and the objective; units in the field names.
 * @returns the plan. `status` is `infeasible` when a job cannot be planned; it is then in `unplaceable` with the reason,
 * and the others are planned all the same. Every job is in exactly one of `perJob` and `unplaceable`.
 * @throws InvalidInputError on a number out of its range, a duplicate id, a series of the wrong unit or one that does not
 * cover the grid, carbon series of two kinds or scopes, or a deadline before the earliest start.
 *
 * Time `O(locations × slots log slots + jobs × locations × w log w)` for windows of `w` slots, without the logarithm for
 * contiguous jobs.
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
export function schedule(problem: ScheduleProblem): ScheduleResult {
  checkProblem(problem);
  const { slots, objective = { kind: 'carbon' } } = problem;
  const sites = problem.locations.map((location) => createSite(location, slots, objective));
  const siteById = new Map(sites.map((site) => [site.location.id, site]));

  const assignments: Assignment[] = [];
  const perJob: ScheduledJob[] = [];
  const unplaceable: UnplaceableJob[] = [];
  for (const job of problem.jobs) {
    const allowed = job.locationIds === undefined ? sites : knownSites(job.locationIds, siteById);
    const window = windowOf(job, slots);
    const home = allowed[0];
    if (home === undefined || window.availableMs < job.runtimeMs) {
      unplaceable.push({ jobId: job.id, reason: reasonFor(job, window, home) });
      continue;
    }
    const best = bestCandidate(job, allowed, window, slots, objective);
    perJob.push(summary(job, best, runNowAt(home, job, window, slots), slots));
    pushAssignments(assignments, job.id, best, slots);
  }

  const objectiveSum = perJob.reduce((sum, job) => sum + job.objective, 0);
  return {
    status: unplaceable.length === 0 ? 'optimal' : 'infeasible',
    assignments,
    perJob,
    unplaceable,
    totals: sumAmounts(perJob),
    baselines: { runNow: sumAmounts(perJob.map((job) => job.runNow)) },
    objective: objectiveSum,
    bound: objectiveSum,
    gapRatio: 0,
  };
}

/** One way to run a job, with what it comes to. */
interface Candidate {
  readonly site: Site;
  readonly run: Run;
  readonly amounts: ScheduleAmounts;
  readonly objective: number;
}

/** The sites with these ids, in this order; names that no location has are passed over. */
function knownSites(ids: readonly string[], siteById: ReadonlyMap<string, Site>): readonly Site[] {
  return ids.map((id) => siteById.get(id)).filter((site) => site !== undefined);
}

function reasonFor(job: ScheduleJob, window: Window, home: Site | undefined): UnplaceableReason {
  return home === undefined
    ? { kind: 'no-such-location', wanted: [...(job.locationIds ?? [])] }
    : { kind: 'window-too-short', neededMs: job.runtimeMs, availableMs: window.availableMs };
}

function bestCandidate(
  job: ScheduleJob,
  allowed: readonly Site[],
  window: Window,
  slots: SlotGrid,
  objective: ScheduleObjective,
): Candidate {
  const candidates = allowed.map((site): Candidate => {
    const run = cheapestRun(job, site, window, slots);
    const amounts = amountsOf(job, site, run);
    return { site, run, amounts, objective: objectiveValue(objective, amounts) };
  });
  return candidates.reduce((best, other) => (isBetter(other, best) ? other : best));
}

function cheapestRun(job: ScheduleJob, site: Site, window: Window, slots: SlotGrid): Run {
  // Without power every slot costs the same, and ties go to the earliest.
  if (job.powerWatts === 0) return runFrom(window.firstSlot, job.runtimeMs, slots.stepMs);
  const search = job.mode === 'contiguous' ? cheapestPiece : cheapestSlots;
  return search(site, window, job.runtimeMs, slots);
}

/** The total order of candidates: objective, start, location id. */
function isBetter(x: Candidate, y: Candidate): boolean {
  if (x.objective !== y.objective) return x.objective < y.objective;
  const startDifference = x.run.slots[0]! - y.run.slots[0]!;
  return startDifference === 0 ? x.site.location.id < y.site.location.id : startDifference < 0;
}

function runNowAt(home: Site, job: ScheduleJob, window: Window, slots: SlotGrid): RunNow {
  const run = runFrom(window.firstSlot, job.runtimeMs, slots.stepMs);
  return { locationId: home.location.id, ...spanOf(run, slots), ...amountsOf(job, home, run) };
}

function summary(job: ScheduleJob, best: Candidate, runNow: RunNow, slots: SlotGrid): ScheduledJob {
  return {
    jobId: job.id,
    locationId: best.site.location.id,
    ...spanOf(best.run, slots),
    ...best.amounts,
    runNow,
    objective: best.objective,
  };
}

function spanOf(run: Run, slots: SlotGrid): { readonly startAtMs: number; readonly finishAtMs: number } {
  const startOf = (slot: number) => slots.startAtMs + slot * slots.stepMs;
  return { startAtMs: startOf(run.slots[0]!), finishAtMs: startOf(run.slots.at(-1)!) + run.durationsMs.at(-1)! };
}

function pushAssignments(assignments: Assignment[], jobId: string, best: Candidate, slots: SlotGrid): void {
  const locationId = best.site.location.id;
  best.run.slots.forEach((slot, index) => {
    const startAtMs = slots.startAtMs + slot * slots.stepMs;
    assignments.push({ jobId, locationId, slot, startAtMs, durationMs: best.run.durationsMs[index]! });
  });
}
