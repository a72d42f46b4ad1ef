import type { Site } from './site.ts';
import type { Assignment, PreviousPlan, ScheduleJob, SlotGrid } from './types.ts';

/** Less than this share of a slot is rounding. */
const EPSILON = 1e-9;

/** What it costs to run where the previous plan does not have a job. */
export interface Moves {
  /** By job: objective units for a unit of amount; 0 for jobs that the previous plan lacks. */
  readonly cost: Float64Array;
  /** By job: the cells in which the previous plan has it. */
  readonly stays: readonly ReadonlySet<number>[];
}

/** The slot of the grid in which a stretch of another plan, made on any grid, begins; outside 0..count-1 for none. */
export function slotOf({ startAtMs }: Assignment, slots: SlotGrid): number {
  return Math.floor((startAtMs - slots.startAtMs) / slots.stepMs + EPSILON);
}

/** Move costs in the terms of the table; undefined where moves are free. `O(jobs + assignments)`. */
export function createMoves(
  competitors: readonly { readonly job: ScheduleJob }[],
  width: Float64Array,
  sites: readonly Site[],
  slots: SlotGrid,
  previous: PreviousPlan | undefined,
): Moves | undefined {
  const { assignments = [], movePenalty = 0 } = previous ?? {};
  if (movePenalty === 0) return undefined;
  const rankOf = new Map(competitors.map(({ job }, rank) => [job.id, rank]));
  const siteOf = new Map(sites.map(({ location }, index) => [location.id, index]));
  const cost = new Float64Array(competitors.length);
  const stays = competitors.map(() => new Set<number>());
  for (const stretch of assignments) {
    const job = rankOf.get(stretch.jobId);
    if (job === undefined) continue;
    cost[job] = movePenalty / width[job]!;
    const site = siteOf.get(stretch.locationId);
    const slot = slotOf(stretch, slots);
    if (site !== undefined && slot >= 0 && slot < slots.count) stays[job]!.add(site * slots.count + slot);
  }
  return { cost, stays };
}
