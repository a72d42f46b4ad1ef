import type { Job } from '../fleet/index.ts';
import { GPU_MILLI, SECOND_MS } from '../units.ts';
import { gpuMilliOf } from '../pack/demand.ts';
import { isGuaranteed } from '../pack/guarantee.ts';
import type { RunningJob } from '../pack/types.ts';

/** Compute slices of a whole card in MIG mode. */
const CARD_SLICES = 7;

/** What goes together: a job without a gang, or all of a gang that runs. */
export interface EvictionUnit<Entry extends Started = Started> {
  /** The smallest id of its jobs. */
  readonly id: string;
  /** By id. */
  readonly members: readonly Entry[];
  /** The highest of its jobs. */
  readonly priority: number;
  readonly gpuMilli: number;
}

/** A job that runs, wherever it is. */
export type Started = Pick<RunningJob, 'job' | 'startedAtMs'>;

/** Milli-GPU that a job holds. A MIG instance counts by the compute slices in its profile's name, sevenths of a GPU. */
export function gpuMilliHeld(job: Omit<Job, 'id'>): number {
  if (job.gpuCount === 0) return 0;
  if (job.migProfile === undefined) return job.gpuCount * gpuMilliOf(job);
  const slices = Number(/^(\d+)g/.exec(job.migProfile)?.[1] ?? CARD_SLICES);
  return Math.min(GPU_MILLI, Math.ceil((GPU_MILLI * slices) / CARD_SLICES));
}

/** True when a job says it may be stopped and has had the run time it was promised, as far as is known. */
export function mayBeStopped(entry: Started, nowMs: number | undefined): boolean {
  return entry.job.isPreemptible === true && !isGuaranteed(entry, nowMs);
}

/** Groups what runs by gang, ascending by id, whatever the order given. `O(n log n)`. */
export function unitsOf<Entry extends Started>(running: readonly Entry[]): readonly EvictionUnit<Entry>[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of [...running].sort((x, y) => (x.job.id < y.job.id ? -1 : 1))) {
    const key = entry.job.gang === undefined ? `job ${entry.job.id}` : `gang ${entry.job.gang}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  // A map keeps the order of first insertion, which is that of the smallest ids.
  return [...groups.values()].map((members) => ({
    id: members[0]!.job.id,
    members,
    priority: members.reduce((highest, { job }) => Math.max(highest, job.priority ?? 0), -Infinity),
    gpuMilli: members.reduce((sum, { job }) => sum + gpuMilliHeld(job), 0),
  }));
}

/**
 * Work lost when a unit goes, milli-GPU × whole seconds rounded up; `undefined` unless the start of every job of every unit is
 * known, so that sums are of one unit.
 */
export function lostWork(
  units: readonly EvictionUnit[],
  nowMs: number | undefined,
): ((unit: EvictionUnit) => number) | undefined {
  if (nowMs === undefined) return undefined;
  if (units.some(({ members }) => members.some(({ startedAtMs }) => startedAtMs === undefined))) return undefined;
  const seconds = (startedAtMs: number) => Math.ceil(Math.max(0, nowMs - startedAtMs) / SECOND_MS);
  return ({ members }) =>
    members.reduce((sum, { job, startedAtMs }) => sum + gpuMilliHeld(job) * seconds(startedAtMs!), 0);
}
