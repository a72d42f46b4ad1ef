import { fullSpeed } from './run-now.ts';
import type { ScheduleJob, SlotGrid } from './types.ts';

/** Less than this share of a slot is rounding. */
const EPSILON = 1e-9;

/** Ids of the jobs, each after all that it waits for; or those of a cycle, in its order, the first one again at the end. */
export function orderOf(jobs: readonly ScheduleJob[]): {
  readonly order: readonly ScheduleJob[];
  readonly cycle?: readonly string[];
} {
  const jobById = new Map(jobs.map((job) => [job.id, job]));
  const order: ScheduleJob[] = [];
  const state = new Map<string, 'open' | 'done'>();
  for (const root of jobs) {
    // Depth first, with a stack of its own: chains may be long.
    const path: { readonly job: ScheduleJob; next: number }[] = [{ job: root, next: 0 }];
    if (state.has(root.id)) continue;
    state.set(root.id, 'open');
    while (path.length > 0) {
      const top = path.at(-1)!;
      const link = top.job.after?.[top.next++];
      if (link === undefined) {
        state.set(top.job.id, 'done');
        order.push(top.job);
        path.pop();
        continue;
      }
      const before = jobById.get(link.jobId);
      if (before === undefined) continue;
      const known = state.get(before.id);
      if (known === 'open') {
        const from = path.findIndex(({ job }) => job === before);
        const cycle = path.slice(from).map(({ job }) => job.id);
        return { order, cycle: [...cycle, before.id].reverse() };
      }
      if (known === 'done') continue;
      state.set(before.id, 'open');
      path.push({ job: before, next: 0 });
    }
  }
  return { order };
}

/**
 * The jobs with windows that leave the jobs before them their time, and with `isBothWays` those after them too; in the order
 * given, the same objects where nothing changes. No plan is lost: a job cannot start before those before it can be done, nor
 * end after those after it must have started, where these run too.
 *
 * `O(jobs + links)`.
 */
export function tightenWindows(
  jobs: readonly ScheduleJob[],
  slots: SlotGrid,
  isBothWays: boolean,
): readonly ScheduleJob[] {
  if (jobs.every(({ after = [] }) => after.length === 0)) return jobs;
  const { order } = orderOf(jobs);
  const startOf = (atMs: number, round: (value: number) => number) => {
    const sinceMs = round((atMs - slots.startAtMs) / slots.stepMs) * slots.stepMs;
    return slots.startAtMs + sinceMs;
  };
  const leastMs = (job: ScheduleJob) => job.runtimeMs / fullSpeed(job);
  const starts = new Map<string, number>();
  const earliest = new Map<string, number>();
  for (const job of order) {
    let fromMs = job.earliestStartAtMs ?? slots.startAtMs;
    for (const { jobId, lagMs = 0 } of job.after ?? []) {
      fromMs = Math.max(fromMs, (earliest.get(jobId) ?? -Infinity) + lagMs);
    }
    const firstMs = startOf(Math.max(fromMs, slots.startAtMs), (value) => Math.ceil(value - EPSILON));
    starts.set(job.id, firstMs);
    earliest.set(job.id, firstMs + leastMs(job));
  }
  const endMs = slots.startAtMs + slots.count * slots.stepMs;
  const latest = new Map(jobs.map((job) => [job.id, Math.min(job.deadlineAtMs ?? endMs, endMs)]));
  for (const job of [...order].reverse()) {
    const startMs = startOf(latest.get(job.id)! - leastMs(job), (value) => Math.floor(value + EPSILON));
    for (const { jobId, lagMs = 0 } of job.after ?? []) {
      if (isBothWays && latest.has(jobId)) latest.set(jobId, Math.min(latest.get(jobId)!, startMs - lagMs));
    }
  }
  const linked = new Set(
    jobs.flatMap(({ id, after = [] }) => (after.length > 0 ? [id, ...after.map((link) => link.jobId)] : [])),
  );
  return jobs.map((job) => {
    if (!linked.has(job.id)) return job;
    return { ...job, earliestStartAtMs: starts.get(job.id)!, deadlineAtMs: latest.get(job.id)! };
  });
}
