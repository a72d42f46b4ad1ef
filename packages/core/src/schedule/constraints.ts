import type {
  LocalConstraint,
  ScheduleConstraint,
  ScheduleJob,
  ScheduleLocation,
  ScheduleProblem,
  SlotGrid,
} from './types.ts';

/** The slots that a constraint touches: the first, and the one after the last. */
function slotsOf({ startAtMs = -Infinity, endAtMs = Infinity }: LocalConstraint, slots: SlotGrid) {
  const at = (atMs: number) => Math.min(Math.max((atMs - slots.startAtMs) / slots.stepMs, 0), slots.count);
  return { first: Math.floor(at(startAtMs)), end: Math.ceil(at(endAtMs)) };
}

/**
 * The problem with its constraints worked into locations and jobs: caps and blackouts into what there is slot by slot,
 * forbidden pairs into where a job may run. The same object where there are none.
 *
 * `O(constraints × slots + forbidden pairs + jobs × locations)`.
 */
export function withConstraints(problem: ScheduleProblem): ScheduleProblem {
  const { constraints = [], locations, jobs, slots } = problem;
  if (constraints.length === 0) return problem;
  return {
    ...problem,
    locations: locations.map((location) => withCaps(location, constraints, slots)),
    jobs: jobs.map((job) => {
      const forbidden = forbiddenTo(job, constraints);
      if (forbidden.size === 0) return job;
      const wanted = job.locationIds ?? locations.map(({ id }) => id);
      return { ...job, locationIds: wanted.filter((id) => !forbidden.has(id)) };
    }),
  };
}

function withCaps(
  location: ScheduleLocation,
  constraints: readonly ScheduleConstraint[],
  slots: SlotGrid,
): ScheduleLocation {
  const limits: Partial<Record<'gpuCount' | 'powerCapWatts', number[]>> = {};
  const lower = (name: 'gpuCount' | 'powerCapWatts', most: number, constraint: LocalConstraint) => {
    const { first, end } = slotsOf(constraint, slots);
    if (first >= end) return;
    const base = location[name] ?? Infinity;
    limits[name] ??= Array.from({ length: slots.count }, (_, slot) => (typeof base === 'number' ? base : base[slot]!));
    for (let slot = first; slot < end; slot++) limits[name][slot] = Math.min(limits[name][slot]!, most);
  };
  for (const constraint of constraints) {
    if (constraint.kind === 'forbidden' || constraint.locationId !== location.id) continue;
    if (constraint.kind === 'power-cap') lower('powerCapWatts', constraint.powerCapWatts, constraint);
    else lower('gpuCount', constraint.kind === 'gpu-cap' ? constraint.gpuCount : 0, constraint);
  }
  return { ...location, ...limits };
}

/** Slots of a location in which nothing runs, not even a job without GPUs; undefined when there are none. */
export function closedSlots(
  { id }: ScheduleLocation,
  { constraints = [], slots }: Pick<ScheduleProblem, 'constraints' | 'slots'>,
): Uint8Array | undefined {
  let closed: Uint8Array | undefined;
  for (const constraint of constraints) {
    if (constraint.kind !== 'blackout' || constraint.locationId !== id) continue;
    const { first, end } = slotsOf(constraint, slots);
    if (first >= end) continue;
    closed ??= new Uint8Array(slots.count);
    closed.fill(1, first, end);
  }
  return closed;
}

function forbiddenTo({ id }: ScheduleJob, constraints: readonly ScheduleConstraint[]): ReadonlySet<string> {
  const forbidden = new Set<string>();
  for (const constraint of constraints) {
    if (constraint.kind !== 'forbidden' || constraint.jobIds?.includes(id) === false) continue;
    for (const locationId of constraint.locationIds) forbidden.add(locationId);
  }
  return forbidden;
}

/** Names of the constraints that a job meets at its locations inside the grid. */
export function constraintsOn(job: ScheduleJob, { constraints = [], slots }: ScheduleProblem): readonly string[] {
  const mayRunAt = (locationId: string) => job.locationIds?.includes(locationId) ?? true;
  const touches = (constraint: ScheduleConstraint) => {
    if (constraint.kind === 'forbidden') {
      return (constraint.jobIds?.includes(job.id) ?? true) && constraint.locationIds.some(mayRunAt);
    }
    const { first, end } = slotsOf(constraint, slots);
    return first < end && mayRunAt(constraint.locationId);
  };
  return constraints.filter(touches).map(({ id }) => id);
}
