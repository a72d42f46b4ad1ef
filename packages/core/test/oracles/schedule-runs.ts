import type { ScheduleJob, ScheduleProblem } from '../../src/schedule/index.ts';

/** Slots of one location with the share of each that is used. */
export type RunWay = readonly { readonly location: number; readonly slot: number; readonly share: number }[];

/**
 * Every way to run an interruptible job with a shortest run and a time to resume, on an hourly grid: every set of slots is cut into
 * runs where it has holes, the slots of the set but its last are whole, and the last is what is left of run time and resuming.
 * Deadlines in whole hours. `O(locations × 2^slots)`.
 */
export function waysInRuns(problem: ScheduleProblem, job: ScheduleJob): readonly RunWay[] {
  const { slots, locations } = problem;
  const { minRunMs = 0, resumeMs = 0, runtimeMs } = job;
  const last = job.deadlineAtMs === undefined ? slots.count : (job.deadlineAtMs - slots.startAtMs) / slots.stepMs;
  const ways: RunWay[] = [];
  locations.forEach(({ id, gpuCount = Infinity }, location) => {
    if (job.locationIds?.includes(id) === false) return;
    for (let set = 1; set < 2 ** last; set++) {
      const chosen = Array.from({ length: last }, (_, slot) => slot).filter((slot) => (set >> slot) & 1);
      const roomAt = (slot: number) => (typeof gpuCount === 'number' ? gpuCount : gpuCount[slot]!);
      if (chosen.some((slot) => roomAt(slot) < (job.gpuCount ?? 1))) continue;
      const heads = chosen.filter((slot) => !chosen.includes(slot - 1));
      const neededMs = runtimeMs + (heads.length - 1) * resumeMs;
      const endMs = neededMs - (chosen.length - 1) * slots.stepMs;
      if (endMs <= 0 || endMs > slots.stepMs) continue;
      const shareOf = (slot: number) => (slot === chosen.at(-1) ? endMs / slots.stepMs : 1);
      const isLongEnough = heads.every((head) => {
        let ms = 0;
        for (let slot = head; chosen.includes(slot); slot++) ms += shareOf(slot) * slots.stepMs;
        return heads.length === 1 || ms >= Math.max(minRunMs, resumeMs) - 1e-6;
      });
      if (isLongEnough) ways.push(chosen.map((slot) => ({ location, slot, share: shareOf(slot) })));
    }
  });
  return ways;
}
