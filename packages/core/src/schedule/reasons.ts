import { findImpossible } from './compete.ts';
import type { Competition } from './compete.ts';
import { constraintsOn } from './constraints.ts';
import { createProblemTable } from './problem-table.ts';
import { shortWindow } from './question.ts';
import type { Question } from './question.ts';
import { createSite } from './site.ts';
import type { Site } from './site.ts';
import type { ScheduleJob, ScheduleProblem, UnplaceableJob, UnplaceableReason } from './types.ts';

/** Why a job that competes has no place; undefined when it has one. */
export function reasonOf(
  competition: Competition,
  rank: number,
  { job, allowed }: Question,
  hasValues: boolean,
): UnplaceableReason | undefined {
  const lacking = competition.impossible.get(rank);
  // The entry for its predecessor follows: it is the reason.
  if (lacking === 'predecessor') return { kind: 'no-room', isProven: true, provenCount: 1 };
  if (lacking !== undefined) return wantOf(lacking, job, allowed);
  if (competition.stretches[rank]!.length > 0) return undefined;
  const { value, provenCount, provenValue } = competition.leftOut;
  const isProven = provenValue >= value * (1 - 1e-9);
  return { kind: 'no-room', isProven, provenCount, ...(hasValues && { provenValue }) };
}

/** What a job finds too little of, and how much there is. */
function wantOf(lacking: 'gpus' | 'power', job: ScheduleJob, allowed: readonly Site[]): UnplaceableReason {
  if (lacking === 'power') {
    const watts = allowed.flatMap(({ location: { powerCapWatts = Infinity }, pueRatio }) =>
      [...pueRatio].map((ratio, t) => (typeof powerCapWatts === 'number' ? powerCapWatts : powerCapWatts[t]!) / ratio),
    );
    const largestWatts = watts.reduce((most, value) => Math.max(most, value), 0);
    return { kind: 'too-little-power', neededWatts: job.powerWatts, largestWatts };
  }
  const counts = allowed.flatMap(({ location: { gpuCount = Infinity } }) => gpuCount);
  const largestGpuCount = counts.reduce((most, count) => Math.max(most, count), 0);
  return { kind: 'too-few-gpus', neededGpuCount: job.gpuCount ?? 1, largestGpuCount };
}

/** Reasons that named constraints may be behind. */
const FOR_WANT: ReadonlySet<UnplaceableReason['kind']> = new Set([
  'no-such-location',
  'too-few-gpus',
  'too-little-power',
]);

/** Names the constraints where a job would have a place alone without them. */
export function blameConstraints(
  reason: UnplaceableReason,
  { job, window }: Question,
  given: ScheduleProblem,
): UnplaceableReason {
  const { constraints = [], slots, locations } = given;
  if (constraints.length === 0 || !FOR_WANT.has(reason.kind)) return reason;
  const free = given.jobs.find(({ id }) => id === job.id)!;
  const sites = locations
    .filter(({ id }) => free.locationIds?.includes(id) ?? true)
    .map((location) => createSite(location, slots, { kind: 'carbon' }));
  const competitor = { job: free, window, siteIndices: [...sites.keys()] };
  if (sites.length === 0) return reason;
  const tooShort = shortWindow(free, window);
  if (tooShort !== undefined) return tooShort;
  const table = createProblemTable([competitor], sites, slots, { kind: 'carbon' });
  const lacking = findImpossible(table).get(0);
  if (lacking === 'gpus' || lacking === 'power') return wantOf(lacking, free, sites);
  return { kind: 'constraints', constraintIds: constraintsOn(free, given) };
}

/** A job that waits for one left out is left out for that reason, unless it has none of its own. */
export function blamePredecessors(unplaceable: UnplaceableJob[], jobs: readonly ScheduleJob[]): void {
  const jobById = new Map(jobs.map((job) => [job.id, job]));
  const leftOut = new Set(unplaceable.map(({ jobId }) => jobId));
  unplaceable.forEach(({ jobId, reason }, index) => {
    const lost = jobById.get(jobId)!.after?.find((link) => leftOut.has(link.jobId));
    if (reason.kind !== 'no-room' || lost === undefined) return;
    unplaceable[index] = { jobId, reason: { kind: 'predecessor-left-out', predecessorId: lost.jobId } };
  });
}
