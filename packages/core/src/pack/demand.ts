import type { Job } from '../fleet/index.ts';
import { GPU_MILLI } from '../units.ts';
import type { Catalogue } from './catalogue.ts';
import { barriersOf, jobRuleKey } from './node-rules.ts';
import type { NodeRule } from './types.ts';

/** What decides fit and score of a job on a fleet, as numbers. Jobs with the same demand are interchangeable. */
export interface Demand {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpuCount: number;
  /** Milli-GPU of each GPU; 0 when none is needed. */
  readonly gpuMilli: number;
  /** MiB on each GPU; 0: no demand. */
  readonly gpuMemoryMib: number;
  /** A share of a single GPU. */
  readonly isShare: boolean;
  /** The same share of each of several GPUs. */
  readonly isSpread: boolean;
  readonly isMig: boolean;
  /** Memory slices of the instance, the most on any GPU that is cut for it; 0 for others. */
  readonly migSlices: number;
  /** By GPU type: 1 when, empty, it could serve the job (for MIG: carry the instance). */
  readonly isGpuEligible: Uint8Array;
  /** By instance type: 1 when it could serve the job. */
  readonly isInstanceEligible: Uint8Array;
  /** By rule set of the catalogue: 1 when its nodes admit the job. */
  readonly isAdmitted: Uint8Array;
  /** By rule set: the rules that keep the job away, one entry a barrier. */
  readonly barredBy: readonly (readonly NodeRule[])[];
  /** The node must not expire before, ms since the Unix epoch; -Infinity: no matter. */
  readonly neededUntilMs: number;
}

/** Milli-GPU of each GPU of the job. */
export function gpuMilliOf(job: Omit<Job, 'id'>): number {
  return job.gpuMilli ?? GPU_MILLI;
}

/** Equal for jobs that count as one shape of the workload mix: main memory does not enter fragmentation. */
export function mixKey(job: Omit<Job, 'id'>): string {
  const models = job.gpuModels === undefined ? '' : JSON.stringify([...new Set(job.gpuModels)].sort());
  const profile = job.migProfile === undefined ? '' : JSON.stringify(job.migProfile);
  return `${job.cpuMilli}|${job.gpuCount}|${gpuMilliOf(job)}|${job.gpuMemoryMib ?? 0}|${models}|${profile}`;
}

/** Equal for jobs with the same demand on a fleet, apart from the time they need. */
export function demandKey(job: Job, { reserved }: Catalogue): string {
  return `${mixKey(job)}|${job.memoryMib}|${jobRuleKey(job, reserved)}`;
}

/** Plain shapes whose keys are remembered at most. */
const MAX_KEYS = 4_096;
/** MiB, for names that are remembered. */
const MAX_MEMORY_MIB = 2 ** 31;
/** Leading binary digits of main memory that tell shapes apart. */
const MEMORY_DIGITS = 4;

/** Main memory rounded down, by less than an eighth: amounts that share it share their scores. */
export function coarseMemory(memoryMib: number): number {
  const unit = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, memoryMib))) + 1 - MEMORY_DIGITS);
  return Math.floor(memoryMib / unit) * unit;
}

/**
 * Creates a function that names the shape of a job on a fleet: equal for jobs with the same demand, apart from the time they need
 * and main memory that is the same when rounded down by {@link coarseMemory}. Remembers the names of plain shapes, since putting
 * a name together takes longer than a decision.
 */
export function shapeKeys({ reserved }: Catalogue): (job: Job) => string {
  const known = new Map<number, Map<number, string>>();
  let count = 0;
  const nameOf = (job: Job) => `${mixKey(job)}|${coarseMemory(job.memoryMib)}|${jobRuleKey(job, reserved)}`;
  const hasReservations = reserved.jobIds.size > 0 || reserved.tenants.size > 0;
  return (job) => {
    const isPlain =
      job.gpuMemoryMib === undefined &&
      job.gpuModels === undefined &&
      job.migProfile === undefined &&
      job.zones === undefined &&
      job.nodeLabels === undefined &&
      job.tolerations === undefined;
    const isSmall = job.gpuCount < MAX_KEYS && job.memoryMib < MAX_MEMORY_MIB;
    if (!isPlain || !isSmall || hasReservations) return nameOf(job);
    // A whole number below 2 ** 53, so no two are mixed up.
    const size = (job.memoryMib * MAX_KEYS + job.gpuCount) * 1_024 + gpuMilliOf(job);
    let bySize = known.get(job.cpuMilli);
    const found = bySize?.get(size);
    if (found !== undefined) return found;
    if (count === MAX_KEYS) known.clear();
    count = count === MAX_KEYS ? 1 : count + 1;
    bySize = known.get(job.cpuMilli) ?? new Map<number, string>();
    known.set(job.cpuMilli, bySize);
    const name = nameOf(job);
    bySize.set(size, name);
    return name;
  };
}

/** Compares a job with everything in the catalogue. `O(GPU types + instance types + rule sets)`. */
export function demandOf(
  job: Omit<Job, 'id'> & { readonly id?: string },
  { gpuTypes, instanceTypes, ruleNodes }: Catalogue,
  neededUntilMs = -Infinity,
): Demand {
  const barredBy = ruleNodes.map((node) => barriersOf(node, job).map(({ rule }) => rule));
  const isMig = job.migProfile !== undefined;
  const needsGpu = job.gpuCount > 0;
  const isPart = needsGpu && !isMig && gpuMilliOf(job) < GPU_MILLI;
  const gpuMemoryMib = needsGpu ? (job.gpuMemoryMib ?? 0) : 0;
  const allows = (model: string) => job.gpuModels?.includes(model) ?? true;
  const isGpuEligible = Uint8Array.from(gpuTypes, (type) => {
    if (!needsGpu || type.isCut !== isMig || !allows(type.model)) return 0;
    return isMig || gpuMemoryMib === 0 || (type.memoryMib !== undefined && type.memoryMib >= gpuMemoryMib) ? 1 : 0;
  });
  // An instance of unknown memory passes: its profile names its size already.
  const isInstanceEligible = Uint8Array.from(instanceTypes, (type) =>
    type.profile === job.migProfile && (type.memoryMib === undefined || type.memoryMib >= gpuMemoryMib) ? 1 : 0,
  );
  const migSlices = isInstanceEligible.reduce(
    (most, flag, type) => Math.max(most, flag * instanceTypes[type]!.memorySlices),
    0,
  );
  return {
    cpuMilli: job.cpuMilli,
    memoryMib: job.memoryMib,
    gpuCount: job.gpuCount,
    gpuMilli: needsGpu && !isMig ? gpuMilliOf(job) : 0,
    gpuMemoryMib,
    isShare: isPart && job.gpuCount === 1,
    isSpread: isPart && job.gpuCount > 1,
    isMig,
    migSlices,
    isGpuEligible,
    isInstanceEligible,
    isAdmitted: Uint8Array.from(barredBy, (rules) => (rules.length === 0 ? 1 : 0)),
    barredBy,
    neededUntilMs,
  };
}
