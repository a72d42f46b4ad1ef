import type { Assignment, ScheduleJob, ScheduleViolation, SlotGrid } from './types.ts';
import { usableTime } from './verify-job.ts';

/** As for the times of stretches: less than this is rounding. */
const TOLERANCE_MS = 0.001;

/** From when to when each job runs. */
export type Spans = ReadonlyMap<string, { readonly startAtMs: number; readonly finishAtMs: number }>;

/** First start and last end of the stretches of each job. */
export function spansOf(assignments: readonly Assignment[]): Spans {
  const spans = new Map<string, { startAtMs: number; finishAtMs: number }>();
  for (const { jobId, startAtMs, durationMs } of assignments) {
    const span = spans.get(jobId);
    spans.set(jobId, {
      startAtMs: Math.min(span?.startAtMs ?? Infinity, startAtMs),
      finishAtMs: Math.max(span?.finishAtMs ?? -Infinity, startAtMs + durationMs),
    });
  }
  return spans;
}

/** Jobs that start before those they wait for are done, or without them. */
export function outOfOrder(jobs: readonly ScheduleJob[], spans: Spans): ScheduleViolation[] {
  return jobs.flatMap(({ id, after = [] }) => {
    const span = spans.get(id);
    if (span === undefined) return [];
    return after.flatMap(({ jobId, lagMs = 0 }): ScheduleViolation[] => {
      const before = spans.get(jobId);
      if (before === undefined)
        return [{ jobId: id, rule: 'without-predecessor', detail: `'${jobId}' is not planned` }];
      if (span.startAtMs >= before.finishAtMs + lagMs - TOLERANCE_MS) return [];
      const detail = `starts at ${span.startAtMs}, '${jobId}' ends at ${before.finishAtMs} and ${lagMs} ms must pass`;
      return [{ jobId: id, rule: 'before-predecessor', detail }];
    });
  });
}

/**
 * A job with the whole slots that the planned jobs before and after it leave; undefined when one it waits for has no plan.
 */
export function beside(
  job: ScheduleJob,
  jobs: readonly ScheduleJob[],
  spans: Spans,
  slots: SlotGrid,
): ScheduleJob | undefined {
  let fromMs = job.earliestStartAtMs ?? -Infinity;
  let toMs = job.deadlineAtMs ?? Infinity;
  for (const { jobId, lagMs = 0 } of job.after ?? []) {
    const before = spans.get(jobId);
    if (before === undefined) return undefined;
    fromMs = Math.max(fromMs, before.finishAtMs + lagMs);
  }
  for (const { id, after = [] } of jobs) {
    for (const { jobId, lagMs = 0 } of after) {
      const span = spans.get(id);
      if (jobId !== job.id || span === undefined) continue;
      const wholeSlots = Math.floor((span.startAtMs - lagMs - slots.startAtMs) / slots.stepMs);
      toMs = Math.min(toMs, slots.startAtMs + wholeSlots * slots.stepMs);
    }
  }
  return withWindow(job, fromMs, toMs);
}

function withWindow(job: ScheduleJob, fromMs: number, toMs: number): ScheduleJob {
  return {
    ...job,
    ...(fromMs > -Infinity && { earliestStartAtMs: fromMs }),
    ...(toMs < Infinity && { deadlineAtMs: toMs }),
  };
}

/**
 * The windows of jobs that all run, cut by what the others need at least: rules are applied until none cuts any more, at
 * most as often as there are jobs.
 */
export function cutWindows(jobs: readonly ScheduleJob[], slots: SlotGrid, isBothWays: boolean): readonly ScheduleJob[] {
  const cut = new Map(jobs.map((job) => [job.id, job]));
  const leastMs = (job: ScheduleJob) => job.runtimeMs / (job.marginalThroughput ?? [1]).reduce((sum, x) => sum + x, 0);
  for (let isChanged = true, pass = 0; isChanged && pass <= jobs.length; pass++) {
    isChanged = false;
    for (const { id, after = [] } of jobs) {
      for (const { jobId, lagMs = 0 } of after) {
        const one = cut.get(jobId);
        const other = cut.get(id)!;
        if (one === undefined) continue;
        const fromMs = usableTime(one, slots).fromMs + leastMs(one) + lagMs;
        if (fromMs > usableTime(other, slots).fromMs + TOLERANCE_MS) {
          cut.set(id, { ...other, earliestStartAtMs: fromMs - TOLERANCE_MS });
          isChanged = true;
        }
        if (!isBothWays) continue;
        const lastMs = usableTime(other, slots).toMs - leastMs(other) - slots.startAtMs;
        const startMs = slots.startAtMs + Math.floor(lastMs / slots.stepMs + 1e-9) * slots.stepMs;
        if (startMs - lagMs < usableTime(one, slots).toMs - TOLERANCE_MS) {
          cut.set(jobId, { ...one, deadlineAtMs: startMs - lagMs });
          isChanged = true;
        }
      }
    }
  }
  return jobs.map(({ id }) => cut.get(id)!);
}
