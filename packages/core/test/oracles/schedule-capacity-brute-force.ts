import type { LocalConstraint, ScheduleJob, ScheduleProblem } from '../../src/schedule/index.ts';

/** The best of all plans: what must be left out, and the smallest objective of a plan that leaves none out. */
export interface BestOfAll {
  readonly fewestLeftOut: number;
  /** The least that jobs left out are worth together. */
  readonly leastValue: number;
  /** Undefined when no plan holds all jobs. */
  readonly optimum: number | undefined;
}

/**
 * Tries every way to run every job, for run times of whole hours on an hourly grid, jobs that are not elastic, and
 * locations whose series have one value an hour. `costOf` says what one hour of a job costs in a slot of a location.
 */
export function bruteForceAll(
  problem: ScheduleProblem,
  costOf: CostOf,
  limits: readonly { readonly costOf: CostOf; readonly most: number }[] = [],
): BestOfAll {
  const free = problem.locations.map(({ gpuCount = Infinity }) =>
    Array.from({ length: problem.slots.count }, (_, slot) =>
      typeof gpuCount === 'number' ? gpuCount : gpuCount[slot]!,
    ),
  );
  constrain(problem, 'gpu-cap', free);
  const watts = problem.locations.map(({ powerCapWatts = Infinity }) =>
    Array.from({ length: problem.slots.count }, (_, slot) =>
      typeof powerCapWatts === 'number' ? powerCapWatts : powerCapWatts[slot]!,
    ),
  );
  constrain(problem, 'power-cap', watts);
  let fewestLeftOut = problem.jobs.length;
  let leastValue = Infinity;
  let optimum: number | undefined;
  const waysByJob = problem.jobs.map((job) =>
    waysOf(problem, job).filter((way) => way.every(([at, slot]) => mayRun(problem, job, at, slot))),
  );
  const chosen = new Map<string, Way>();
  const visit = (index: number, leftOut: number, cost: number, value: number): void => {
    if (leftOut > fewestLeftOut && value > leastValue) return;
    if (index === problem.jobs.length) {
      if (!isInOrder(problem, chosen)) return;
      const sumOf = (costs: CostOf) =>
        problem.jobs.reduce(
          (sum, job) => (chosen.get(job.id) ?? []).reduce((part, [at, slot]) => part + costs(job, at, slot), sum),
          0,
        );
      if (limits.some((limit) => sumOf(limit.costOf) > limit.most)) return;
      fewestLeftOut = Math.min(fewestLeftOut, leftOut);
      leastValue = Math.min(leastValue, value);
      if (leftOut === 0 && (optimum === undefined || cost < optimum)) optimum = cost;
      return;
    }
    const job = problem.jobs[index]!;
    const width = job.gpuCount ?? 1;
    for (const way of waysByJob[index]!) {
      if (way.some(([location, slot]) => free[location]![slot]! < width)) continue;
      const isPowered = way.every(([location, slot]) => watts[location]![slot]! >= drawAt(problem, job, location));
      if (!isPowered) continue;
      for (const [location, slot] of way) {
        free[location]![slot]! -= width;
        watts[location]![slot]! -= drawAt(problem, job, location);
      }
      chosen.set(job.id, way);
      visit(
        index + 1,
        leftOut,
        way.reduce((sum, [location, slot]) => sum + costOf(job, location, slot), cost),
        value,
      );
      for (const [location, slot] of way) {
        free[location]![slot]! += width;
        watts[location]![slot]! += drawAt(problem, job, location);
      }
    }
    chosen.delete(job.id);
    visit(index + 1, leftOut + 1, cost, value + (job.value ?? 1));
  };
  visit(0, 0, 0, 0);
  return { fewestLeftOut, leastValue, optimum };
}

/** Lowers what there is in the slots in which a cap holds for a minute or more. */
function constrain(problem: ScheduleProblem, kind: 'gpu-cap' | 'power-cap', limits: number[][]): void {
  for (const constraint of problem.constraints ?? []) {
    if (constraint.kind !== kind) continue;
    const row = limits[problem.locations.findIndex(({ id }) => id === constraint.locationId)]!;
    const most = constraint.kind === 'gpu-cap' ? constraint.gpuCount : constraint.powerCapWatts;
    row.forEach((own, slot) => {
      if (own > most && touches(problem, constraint, slot)) row[slot] = most;
    });
  }
}

/** True unless a constraint says that nothing, or not this job, runs in a cell. */
function mayRun(problem: ScheduleProblem, job: ScheduleJob, location: number, slot: number): boolean {
  const { id } = problem.locations[location]!;
  return (problem.constraints ?? []).every((constraint) => {
    if (constraint.kind === 'forbidden') {
      const isMeant = constraint.jobIds === undefined || constraint.jobIds.includes(job.id);
      return !isMeant || !constraint.locationIds.includes(id);
    }
    return constraint.kind !== 'blackout' || constraint.locationId !== id || !touches(problem, constraint, slot);
  });
}

/** Minute by minute. */
function touches({ slots }: ScheduleProblem, { startAtMs, endAtMs }: LocalConstraint, slot: number): boolean {
  for (let at = slots.startAtMs + slot * slots.stepMs, k = 0; k < 60; k++, at += slots.stepMs / 60) {
    if ((startAtMs === undefined || at >= startAtMs) && (endAtMs === undefined || at < endAtMs)) return true;
  }
  return false;
}

/** True when every job that runs starts after those it waits for, which run too. */
function isInOrder({ jobs, slots }: ScheduleProblem, chosen: ReadonlyMap<string, Way>): boolean {
  return jobs.every(({ id, after = [] }) => {
    const slotsOf = (jobId: string) => chosen.get(jobId)!.map(([, slot]) => slot);
    if (!chosen.has(id)) return true;
    return after.every(({ jobId, lagMs = 0 }) => {
      if (!chosen.has(jobId)) return false;
      return Math.min(...slotsOf(id)) >= Math.max(...slotsOf(jobId)) + 1 + lagMs / slots.stepMs;
    });
  });
}

/** Watts of a job at the meter; the oracle knows PUE as one number only. */
function drawAt({ locations }: ScheduleProblem, { powerWatts }: ScheduleJob, location: number): number {
  const { pueRatio = 1 } = locations[location]!;
  return powerWatts * (pueRatio as number);
}

type CostOf = (job: ScheduleJob, location: number, slot: number) => number;
export type Way = readonly (readonly [location: number, slot: number])[];

/** Every set of cells that does a job's work. */
export function waysOf({ slots, locations }: ScheduleProblem, job: ScheduleJob): readonly Way[] {
  const hours = job.runtimeMs / slots.stepMs;
  const last = job.deadlineAtMs === undefined ? slots.count : (job.deadlineAtMs - slots.startAtMs) / slots.stepMs;
  const allowed = locations.flatMap(({ id }, index) => ((job.locationIds?.includes(id) ?? true) ? [index] : []));
  const ways: Way[] = [];
  for (let set = 0; set < 2 ** last; set++) {
    const chosen = Array.from({ length: last }, (_, slot) => slot).filter((slot) => (set >> slot) & 1);
    if (chosen.length !== hours) continue;
    if (job.mode === 'contiguous' && chosen.at(-1)! - chosen[0]! !== hours - 1) continue;
    if (job.mode !== 'migratable') {
      for (const location of allowed) ways.push(chosen.map((slot) => [location, slot] as const));
      continue;
    }
    let partial: Way[] = [[]];
    for (const slot of chosen) partial = partial.flatMap((way) => allowed.map((at) => [...way, [at, slot] as const]));
    ways.push(...partial);
  }
  return ways;
}
