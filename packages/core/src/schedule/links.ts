import type { ScheduleJob, SlotGrid } from './types.ts';

/** Less than this share of a slot is rounding. */
const EPSILON = 1e-9;

/** One job that another one waits for, or that waits for it. */
interface Link {
  readonly job: number;
  /** Slots between the end of one and the start of the other. */
  readonly lag: number;
}

/** Which jobs wait for which, by job. */
export interface Links {
  readonly before: readonly (readonly Link[])[];
  readonly after: readonly (readonly Link[])[];
  /** Slots that a job takes at least. */
  readonly least: Float64Array;
}

/** The links between jobs of a table; undefined when there are none. */
export function createLinks(
  competitors: readonly { readonly job: ScheduleJob }[],
  least: Float64Array,
  slots: SlotGrid,
): Links | undefined {
  const rankOf = new Map(competitors.map(({ job }, rank) => [job.id, rank]));
  const before = competitors.map((): Link[] => []);
  const after = competitors.map((): Link[] => []);
  competitors.forEach(({ job }, j) => {
    for (const { jobId, lagMs = 0 } of job.after ?? []) {
      const other = rankOf.get(jobId);
      if (other === undefined) continue;
      before[j]!.push({ job: other, lag: lagMs / slots.stepMs });
      after[other]!.push({ job: j, lag: lagMs / slots.stepMs });
    }
  });
  return before.some((list) => list.length > 0) ? { before, after, least } : undefined;
}

/** Where the jobs of a plan are, as far as their order is concerned. */
export interface Times {
  readonly links: Links;
  readonly isPlaced: (job: number) => boolean;
  /** Slot in which a job that has a place starts, and when it ends, in slots. */
  readonly start: (job: number) => number;
  readonly finish: (job: number) => number;
  /** Whether jobs without a place are to be left the time they need. */
  heedsWaiting: boolean;
}

/** When a job may start at the earliest, beside the jobs that have a place, and leave all others before it their time. */
export function earliestStart(times: Times, first: Int32Array, job: number, known = new Map<number, number>()): number {
  const memo = known.get(job);
  if (memo !== undefined) return memo;
  const { links, isPlaced, finish } = times;
  let start = first[job]!;
  for (const { job: other, lag } of links.before[job]!) {
    const end = isPlaced(other) ? finish(other) : earliestStart(times, first, other, known) + links.least[other]!;
    start = Math.max(start, Math.ceil(end + lag - EPSILON));
  }
  known.set(job, start);
  return start;
}

/** When a job must be done at the latest, in slots, with the same respect for the jobs after it. */
export function latestFinish(
  times: Times,
  end: Int32Array,
  tail: Float64Array,
  job: number,
  known = new Map<number, number>(),
): number {
  const memo = known.get(job);
  if (memo !== undefined) return memo;
  const { links, isPlaced, start } = times;
  let finish = end[job]! - 1 + tail[job]!;
  for (const { job: other, lag } of links.after[job]!) {
    if (!times.heedsWaiting && !isPlaced(other)) continue;
    const at = isPlaced(other)
      ? start(other)
      : Math.floor(latestFinish(times, end, tail, other, known) - links.least[other]! + EPSILON);
    finish = Math.min(finish, at - lag);
  }
  known.set(job, finish);
  return finish;
}

/** True when a job that has a place starts after those before it and ends before those after it. */
export function isInOrder({ links, isPlaced, start, finish }: Times, job: number): boolean {
  const isLate = ({ job: other, lag }: Link) => !isPlaced(other) || start(job) >= finish(other) + lag - EPSILON;
  const isEarly = ({ job: other, lag }: Link) => !isPlaced(other) || start(other) >= finish(job) + lag - EPSILON;
  return links.before[job]!.every(isLate) && links.after[job]!.every(isEarly);
}
