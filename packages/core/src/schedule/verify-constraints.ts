import type { Assignment, ScheduleConstraint, ScheduleJob, ScheduleProblem, ScheduleViolation } from './types.ts';

/** True when a constraint with a time holds in any part of a slot. */
function holdsIn(constraint: ScheduleConstraint, slot: number, { slots }: ScheduleProblem): boolean {
  if (constraint.kind === 'forbidden') return false;
  const { startAtMs = -Infinity, endAtMs = Infinity } = constraint;
  const slotAtMs = slots.startAtMs + slots.stepMs * slot;
  return slotAtMs < endAtMs && slotAtMs + slots.stepMs > startAtMs;
}

/** What one constraint leaves in a slot of a location, by its name; Infinity where it says nothing. */
export interface Cap {
  readonly id: string;
  readonly gpus: number;
  readonly watts: number;
  readonly isClosed: boolean;
}

/** What the constraints that hold in a slot of a location leave there. `O(constraints)`. */
export function capsIn(problem: ScheduleProblem, locationId: string, slot: number): readonly Cap[] {
  return (problem.constraints ?? []).flatMap((constraint): readonly Cap[] => {
    if (constraint.kind === 'forbidden' || constraint.locationId !== locationId) return [];
    if (!holdsIn(constraint, slot, problem)) return [];
    const { id, kind } = constraint;
    const gpus = kind === 'gpu-cap' ? constraint.gpuCount : Infinity;
    const watts = kind === 'power-cap' ? constraint.powerCapWatts : Infinity;
    return [{ id, gpus, watts, isClosed: kind === 'blackout' }];
  });
}

/** True when no constraint keeps a job away from a location. */
export function isPairAllowed({ constraints = [] }: ScheduleProblem, jobId: string, locationId: string): boolean {
  return !constraints.some(
    (constraint) =>
      constraint.kind === 'forbidden' &&
      constraint.locationIds.includes(locationId) &&
      (constraint.jobIds === undefined || constraint.jobIds.includes(jobId)),
  );
}

/** Stretches in blackouts, and jobs where they are not to run. One violation for a job and a constraint. */
export function brokenConstraints(
  problem: ScheduleProblem,
  assignments: readonly Assignment[],
  jobById: ReadonlyMap<string, ScheduleJob>,
): readonly ScheduleViolation[] {
  const violations = new Map<string, ScheduleViolation>();
  for (const constraint of problem.constraints ?? []) {
    const { id, kind } = constraint;
    if (kind !== 'blackout' && kind !== 'forbidden') continue;
    for (const { jobId, locationId, slot } of assignments) {
      if (!jobById.has(jobId)) continue;
      const isBroken =
        kind === 'blackout'
          ? constraint.locationId === locationId && holdsIn(constraint, slot, problem)
          : constraint.locationIds.includes(locationId) && (constraint.jobIds?.includes(jobId) ?? true);
      const key = JSON.stringify([id, jobId]);
      if (!isBroken || violations.has(key)) continue;
      const detail = `runs in slot ${slot} of '${locationId}' against constraint '${id}'`;
      violations.set(key, { jobId, rule: 'constraint', detail, constraintId: id });
    }
  }
  return [...violations.values()];
}
