import type { Assignment, ScheduleJob, ScheduleProblem, ScheduleViolation } from './types.ts';
import { usableTime } from './verify-job.ts';

/** GPU-slots less than this over capacity are rounding. */
const TOLERANCE = 1e-6;

/** GPUs in use, by location and slot, as the mean over the slot. Stretches nowhere count nothing. */
export function gpusInUse(
  problem: ScheduleProblem,
  assignments: readonly Assignment[],
  jobById: ReadonlyMap<string, ScheduleJob>,
): ReadonlyMap<string, Float64Array> {
  const inUse = new Map(problem.locations.map(({ id }) => [id, new Float64Array(problem.slots.count)]));
  for (const { jobId, locationId, slot, durationMs, replicaCount = 1 } of assignments) {
    const row = inUse.get(locationId);
    const job = jobById.get(jobId);
    if (row === undefined || job === undefined || row[slot] === undefined || !Number.isFinite(durationMs)) continue;
    row[slot] += ((job.gpuCount ?? 1) * replicaCount * durationMs) / problem.slots.stepMs;
  }
  return inUse;
}

/** Stretches in slots that hold more than there is room for, and stretches wider than their slot at any moment. */
export function overCapacity(
  problem: ScheduleProblem,
  assignments: readonly Assignment[],
  jobById: ReadonlyMap<string, ScheduleJob>,
  inUse: ReadonlyMap<string, Float64Array>,
): ScheduleViolation[] {
  const violations = new Map<string, ScheduleViolation>();
  const capacityOf = new Map(problem.locations.map(({ id, gpuCount }) => [id, gpuCount]));
  for (const { jobId, locationId, slot, replicaCount = 1 } of assignments) {
    const used = inUse.get(locationId)?.[slot];
    const gpuCount = capacityOf.get(locationId);
    const limit = typeof gpuCount === 'object' ? gpuCount[slot] : gpuCount;
    if (used === undefined || limit === undefined || violations.has(jobId)) continue;
    const gpus = Math.max(used, (jobById.get(jobId)?.gpuCount ?? 1) * replicaCount);
    if (gpus <= limit + TOLERANCE) continue;
    const detail = `${gpus} GPUs in slot ${slot} of '${locationId}', which has ${limit}`;
    violations.set(jobId, { jobId, rule: 'over-capacity', detail });
  }
  return [...violations.values()];
}

/**
 * True when a job that is left out has a place beside the plan: whole free slots at one location that hold its run time,
 * next to each other for a job in one piece. One replica is enough to ask for.
 */
export function hasFreePlace(
  problem: ScheduleProblem,
  job: ScheduleJob,
  inUse: ReadonlyMap<string, Float64Array>,
): boolean {
  const { slots } = problem;
  const { fromMs, toMs } = usableTime(job, slots);
  const gpus = job.gpuCount ?? 1;
  return problem.locations.some(({ id, gpuCount = Infinity }) => {
    if (job.locationIds?.includes(id) === false) return false;
    let freeMs = 0;
    for (let slot = 0; slot < slots.count; slot++) {
      const startAtMs = slots.startAtMs + slots.stepMs * slot;
      if (startAtMs < fromMs) continue;
      const limit = typeof gpuCount === 'number' ? gpuCount : gpuCount[slot]!;
      const isFree = inUse.get(id)![slot]! + gpus <= limit;
      if (isFree) freeMs += Math.max(0, Math.min(slots.stepMs, toMs - startAtMs));
      else if (job.mode === 'contiguous') freeMs = 0;
      if (freeMs >= job.runtimeMs) return true;
    }
    return false;
  });
}
