import { fullSpeed } from './run-now.ts';
import type { Site } from './site.ts';
import type { ScheduleJob, SlotGrid, UnplaceableReason } from './types.ts';
import { windowOf } from './window.ts';
import type { Window } from './window.ts';

/** A job with where and when it can run, or why it cannot. */
export interface Question {
  readonly job: ScheduleJob;
  /** In the order in which the job names them; the first is its home. */
  readonly allowed: readonly Site[];
  readonly window: Window;
  /** Present: no plan holds it. */
  reason: UnplaceableReason | undefined;
}

/** Finds the locations and the window of a job. `O(locations of the job)`. */
export function ask(
  job: ScheduleJob,
  sites: readonly Site[],
  siteById: ReadonlyMap<string, Site>,
  slots: SlotGrid,
): Question {
  // Names that no location has are passed over.
  const allowed =
    job.locationIds === undefined
      ? sites
      : [...new Set(job.locationIds)].map((id) => siteById.get(id)).filter((site) => site !== undefined);
  const window = windowOf(job, slots);
  const reason: UnplaceableReason | undefined =
    allowed.length === 0
      ? { kind: 'no-such-location', wanted: [...(job.locationIds ?? [])] }
      : shortWindow(job, window);
  return { job, allowed, window, reason };
}

/** The reason of a job whose window is too short; undefined where it is long enough. */
export function shortWindow(job: ScheduleJob, { availableMs }: Window): UnplaceableReason | undefined {
  const neededMs = job.runtimeMs / fullSpeed(job);
  return availableMs < neededMs ? { kind: 'window-too-short', neededMs, availableMs } : undefined;
}

/** True when a search of its own answers the job: it can run at one location at a time, as one replica. */
export function isPlain({ mode, marginalThroughput, minRunMs = 0, resumeMs = 0 }: ScheduleJob): boolean {
  if (minRunMs > 0 || resumeMs > 0) return false;
  return mode !== 'migratable' && (marginalThroughput?.length ?? 1) === 1;
}

/** True when other jobs can be in the way of this one, or when its answer is not one stretch of slots at one place. */
export function competes({ job, allowed }: Question): boolean {
  if ((job.after?.length ?? 0) > 0) return true;
  if (!isPlain(job)) return true;
  if (allowed.some(({ closed }) => closed !== undefined)) return true;
  const isCounted = (job.gpuCount ?? 1) > 0 && allowed.some((site) => site.location.gpuCount !== undefined);
  return isCounted || (job.powerWatts > 0 && allowed.some((site) => site.location.powerCapWatts !== undefined));
}
