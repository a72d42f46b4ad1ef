import type { ScheduleJob, SlotGrid } from './types.ts';

/** The time in which one job can run. */
export interface Window {
  /** First slot that starts at or after the job's earliest start. */
  readonly firstSlot: number;
  /** The deadline or the end of the grid, whichever comes first, ms since the Unix epoch. */
  readonly endAtMs: number;
  /** From the start of the first slot to the end, ms, >= 0. */
  readonly availableMs: number;
}

/** The window of a job on a grid. `O(1)`. */
export function windowOf(job: ScheduleJob, slots: SlotGrid): Window {
  const earliestAtMs = Math.max(job.earliestStartAtMs ?? slots.startAtMs, slots.startAtMs);
  const firstSlot = Math.ceil((earliestAtMs - slots.startAtMs) / slots.stepMs);
  const gridEndAtMs = slots.startAtMs + slots.count * slots.stepMs;
  const endAtMs = Math.min(job.deadlineAtMs ?? gridEndAtMs, gridEndAtMs);
  return { firstSlot, endAtMs, availableMs: Math.max(0, endAtMs - (slots.startAtMs + firstSlot * slots.stepMs)) };
}
