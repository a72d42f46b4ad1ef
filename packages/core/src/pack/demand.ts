import type { Job } from '../fleet/index.ts';
import { GPU_MILLI } from '../units.ts';
import type { Catalogue } from './catalogue.ts';

/** What decides fit and score of a job on a fleet, as numbers. Jobs with the same demand are interchangeable. */
export interface Demand {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpuCount: number;
  /** Milli-GPU of each GPU; 0 when none is needed. */
  readonly gpuMilli: number;
  /** MiB on each GPU; 0: no demand. */
  readonly gpuMemoryMib: number;
  readonly isShare: boolean;
  readonly isMig: boolean;
  /** By GPU type: 1 when, empty, it could serve the job (for MIG: carry the instance). */
  readonly isGpuEligible: Uint8Array;
  /** By instance type: 1 when it could serve the job. */
  readonly isInstanceEligible: Uint8Array;
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

/** Compares a job with everything in the catalogue. `O(GPU types + instance types)`. */
export function demandOf(
  job: Omit<Job, 'id'>,
  { gpuTypes, instanceTypes }: Catalogue,
  neededUntilMs = -Infinity,
): Demand {
  const isMig = job.migProfile !== undefined;
  const needsGpu = job.gpuCount > 0;
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
  return {
    cpuMilli: job.cpuMilli,
    memoryMib: job.memoryMib,
    gpuCount: job.gpuCount,
    gpuMilli: needsGpu && !isMig ? gpuMilliOf(job) : 0,
    gpuMemoryMib,
    isShare: needsGpu && !isMig && gpuMilliOf(job) < GPU_MILLI,
    isMig,
    isGpuEligible,
    isInstanceEligible,
    neededUntilMs,
  };
}
