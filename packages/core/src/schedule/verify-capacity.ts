import type { Assignment, ScheduleJob, ScheduleLocation, ScheduleProblem, ScheduleViolation } from './types.ts';
import { pueBySlot } from './verify-amounts.ts';
import { capsIn, isPairAllowed } from './verify-constraints.ts';
import { usableTime } from './verify-job.ts';

/** GPU-slots less than this over capacity are rounding, and so is this share of a power cap. */
const TOLERANCE = 1e-6;

/** What is in use at a location, slot by slot, as the mean over the slot. */
export interface InUse {
  readonly gpus: Float64Array;
  /** At the meter. */
  readonly watts: Float64Array;
  readonly pueRatio: readonly number[];
}

/** GPUs and power in use, by location. Stretches nowhere count nothing. */
export function capacityInUse(
  problem: ScheduleProblem,
  assignments: readonly Assignment[],
  jobById: ReadonlyMap<string, ScheduleJob>,
): ReadonlyMap<string, InUse> {
  const { count, stepMs } = problem.slots;
  const inUse = new Map(
    problem.locations.map((location): [string, InUse] => [
      location.id,
      {
        gpus: new Float64Array(count),
        watts: new Float64Array(count),
        pueRatio: pueBySlot(location, problem.slots),
      },
    ]),
  );
  for (const { jobId, locationId, slot, durationMs, replicaCount = 1 } of assignments) {
    const at = inUse.get(locationId);
    const job = jobById.get(jobId);
    if (at === undefined || job === undefined || at.gpus[slot] === undefined || !Number.isFinite(durationMs)) continue;
    const replicas = (replicaCount * durationMs) / stepMs;
    at.gpus[slot] += (job.gpuCount ?? 1) * replicas;
    at.watts[slot]! += job.powerWatts * replicas * at.pueRatio[slot]!;
  }
  return inUse;
}

/** GPUs and power of a location in a slot, constraints apart; Infinity where nobody counts. */
function limitsAt({ gpuCount = Infinity, powerCapWatts = Infinity }: ScheduleLocation, slot: number) {
  return {
    gpus: typeof gpuCount === 'number' ? gpuCount : gpuCount[slot]!,
    watts: (typeof powerCapWatts === 'number' ? powerCapWatts : powerCapWatts[slot]!) * (1 + TOLERANCE),
  };
}

/** Stretches in slots that hold more than there is room for, and stretches wider than their slot at any moment. */
export function overCapacity(
  problem: ScheduleProblem,
  assignments: readonly Assignment[],
  jobById: ReadonlyMap<string, ScheduleJob>,
  inUse: ReadonlyMap<string, InUse>,
): ScheduleViolation[] {
  const violations = new Map<string, ScheduleViolation>();
  const report = (jobId: string, rule: 'over-capacity' | 'over-power', detail: string, constraintId?: string) => {
    const key = `${rule} ${constraintId ?? ''} ${jobId}`;
    if (!violations.has(key)) violations.set(key, { jobId, rule, detail, ...(constraintId && { constraintId }) });
  };
  const locationById = new Map(problem.locations.map((location) => [location.id, location]));
  for (const { jobId, locationId, slot, replicaCount = 1 } of assignments) {
    const used = inUse.get(locationId);
    if (used?.gpus[slot] === undefined) continue;
    const limit = limitsAt(locationById.get(locationId)!, slot);
    const { gpuCount = 1, powerWatts = 0 } = jobById.get(jobId) ?? {};
    const gpus = Math.max(used.gpus[slot], gpuCount * replicaCount);
    const watts = Math.max(used.watts[slot]!, powerWatts * replicaCount * used.pueRatio[slot]!);
    const at = `in slot ${slot} of '${locationId}'`;
    const where = `${at}, which has`;
    if (gpus > limit.gpus + TOLERANCE) report(jobId, 'over-capacity', `${gpus} GPUs ${where} ${limit.gpus}`);
    if (watts > limit.watts) report(jobId, 'over-power', `${watts} W ${where} ${limit.watts}`);
    for (const cap of capsIn(problem, locationId, slot)) {
      const by = `${at}, and '${cap.id}' allows`;
      if (gpus > cap.gpus + TOLERANCE) report(jobId, 'over-capacity', `${gpus} GPUs ${by} ${cap.gpus}`, cap.id);
      if (watts > cap.watts * (1 + TOLERANCE)) report(jobId, 'over-power', `${watts} W ${by} ${cap.watts}`, cap.id);
    }
  }
  return [...violations.values()];
}

/**
 * True when a job that is left out has a place beside the plan: whole free slots at one location that hold its run time,
 * next to each other for a job in one piece. One replica is enough to ask for.
 */
export function hasFreePlace(problem: ScheduleProblem, job: ScheduleJob, inUse: ReadonlyMap<string, InUse>): boolean {
  const { slots } = problem;
  const { fromMs, toMs } = usableTime(job, slots);
  const gpus = job.gpuCount ?? 1;
  return problem.locations.some((location) => {
    const { id } = location;
    if (job.locationIds?.includes(id) === false || !isPairAllowed(problem, job.id, id)) return false;
    const used = inUse.get(id)!;
    let freeMs = 0;
    for (let slot = 0; slot < slots.count; slot++) {
      const startAtMs = slots.startAtMs + slots.stepMs * slot;
      if (startAtMs < fromMs) continue;
      const limit = limitsAt(location, slot);
      const watts = job.powerWatts * used.pueRatio[slot]!;
      // A hair under the cap, so that rounding does not make a plan wrong.
      const hasPower = used.watts[slot]! + watts <= limit.watts * (1 - 2 * TOLERANCE);
      const isFree =
        used.gpus[slot]! + gpus <= limit.gpus &&
        hasPower &&
        capsIn(problem, id, slot).every(
          (cap) =>
            !cap.isClosed &&
            used.gpus[slot]! + gpus <= cap.gpus &&
            used.watts[slot]! + watts <= cap.watts * (1 - TOLERANCE),
        );
      if (isFree) freeMs += Math.max(0, Math.min(slots.stepMs, toMs - startAtMs));
      else if (job.mode === 'contiguous' || (job.minRunMs ?? 0) > 0 || (job.resumeMs ?? 0) > 0) freeMs = 0;
      if (freeMs >= job.runtimeMs) return true;
    }
    return false;
  });
}
