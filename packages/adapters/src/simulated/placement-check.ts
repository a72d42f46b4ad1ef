import {
  GPU_MILLI,
  isLegalLayout,
  migGeometry,
  type Gpu,
  type GpuNode,
  type Job,
  type Placement,
} from '@spillway/core';

import type { ProviderErrorCode } from '../contract/provider-error.ts';

/** A job and where it runs. */
export interface PlacedJob {
  readonly job: Job;
  readonly placement: Placement;
}

/** Why a job cannot start where it was placed. */
export interface Refusal {
  readonly code: ProviderErrorCode;
  readonly message: string;
}

/**
 * Says why a job cannot start where it was placed, or `undefined` when it can. Written apart from the packer, from the
 * vocabulary alone, so that it finds what a scheduler did wrong.
 *
 * @param node - `undefined` when nothing is known of the node; then only what is taken is checked.
 * @param running - the jobs running on the node. `O(running × GPUs of a job)`.
 */
export function refusalOf(
  wanted: PlacedJob,
  node: GpuNode | undefined,
  running: readonly PlacedJob[],
): Refusal | undefined {
  return (
    disagreement(wanted) ??
    (node === undefined ? undefined : misfit(wanted, node)) ??
    takenGpu(wanted, node, running) ??
    takenInstance(wanted, node, running) ??
    (node === undefined ? undefined : shortage(wanted, node, running))
  );
}

/** A placement must give the job what it asks for, no more and no less. */
function disagreement({ job, placement }: PlacedJob): Refusal | undefined {
  const invalid = (what: string): Refusal => ({ code: 'invalid-request', message: `placement of '${job.id}' ${what}` });
  if (placement.jobId !== job.id) return invalid(`names job '${placement.jobId}'`);
  if (placement.mig?.profile !== job.migProfile) return invalid('does not give the MIG profile asked for');
  const gpuCount = job.migProfile === undefined ? job.gpuCount : 0;
  if (placement.gpus.length !== gpuCount) return invalid(`gives ${placement.gpus.length} of ${gpuCount} GPUs`);
  if (new Set(placement.gpus.map(({ index }) => index)).size !== gpuCount) return invalid('names a GPU twice');
  const milli = job.gpuMilli ?? GPU_MILLI;
  const wrong = placement.gpus.find((gpu) => gpu.milli !== milli);
  return wrong && invalid(`gives ${wrong.milli} of ${milli} milli-GPU on GPU ${wrong.index}`);
}

/** The devices must exist and be of a kind that the job accepts. */
function misfit({ job, placement }: PlacedJob, node: GpuNode): Refusal | undefined {
  const invalid = (what: string): Refusal => ({
    code: 'invalid-request',
    message: `'${job.id}' on '${node.id}': ${what}`,
  });
  for (const index of [...placement.gpus.map((gpu) => gpu.index), ...(placement.mig ? [placement.mig.gpuIndex] : [])]) {
    const gpu = node.gpus[index];
    if (gpu === undefined) return invalid(`there is no GPU ${index}`);
    if (job.gpuModels?.includes(gpu.model) === false) return invalid(`GPU ${index} is a ${gpu.model}`);
    if (placement.mig === undefined && (gpu.migInstances ?? gpu.migGeometry) !== undefined)
      return invalid(`GPU ${index} is cut into instances`);
  }
  const { mig } = placement;
  if (mig === undefined) return undefined;
  const instances = instancesOf(node.gpus[mig.gpuIndex]!);
  const instance = instances.find(({ profile, start }) => profile === mig.profile && start === mig.start);
  if (instance === undefined) return invalid(`GPU ${mig.gpuIndex} has no instance ${mig.profile} at ${mig.start}`);
  if (job.gpuMemoryMib !== undefined && (instance.memoryMib ?? Infinity) < job.gpuMemoryMib) {
    return invalid(`the instance has not ${job.gpuMemoryMib} MiB`);
  }
  return undefined;
}

/** The instances of a GPU: those that stay, or all that can be cut. */
function instancesOf({ migInstances = [], migGeometry: named }: Gpu) {
  if (named === undefined) return migInstances;
  return migGeometry(named).profiles.flatMap(({ name: profile, starts, memoryMib }) =>
    starts.map((start) => ({ profile, start, memoryMib })),
  );
}

/** The shares of one GPU must not add up to more than the GPU, nor the memory asked for on it to more than it has. */
function takenGpu(
  { job, placement }: PlacedJob,
  node: GpuNode | undefined,
  running: readonly PlacedJob[],
): Refusal | undefined {
  for (const { index, milli } of placement.gpus) {
    let takenMilli = 0;
    let takenMib = 0;
    for (const other of running) {
      for (const gpu of other.placement.gpus) {
        if (gpu.index !== index) continue;
        takenMilli += gpu.milli;
        takenMib += other.job.gpuMemoryMib ?? 0;
      }
    }
    const where = `GPU ${index} of '${placement.nodeId}'`;
    if (takenMilli + milli > GPU_MILLI) {
      return {
        code: 'conflict',
        message: `${where} has ${GPU_MILLI - takenMilli} milli-GPU left, '${job.id}' needs ${milli}`,
      };
    }
    if (node === undefined || job.gpuMemoryMib === undefined) continue;
    const leftMib = (node.gpus[index]?.memoryMib ?? 0) - takenMib;
    if (job.gpuMemoryMib > leftMib) {
      return { code: 'conflict', message: `${where} has ${leftMib} MiB left, '${job.id}' needs ${job.gpuMemoryMib}` };
    }
  }
  return undefined;
}

/** An instance serves one job; those that are cut as jobs come must be legal on the GPU together. */
function takenInstance(
  { job, placement: { mig, nodeId } }: PlacedJob,
  node: GpuNode | undefined,
  running: readonly PlacedJob[],
): Refusal | undefined {
  if (mig === undefined) return undefined;
  const others = running.flatMap(({ placement: { mig: other } }) => (other?.gpuIndex === mig.gpuIndex ? [other] : []));
  const geometry = node?.gpus[mig.gpuIndex]?.migGeometry;
  const isTaken =
    geometry === undefined
      ? others.some(({ start }) => start === mig.start)
      : !isLegalLayout(geometry, [...others, mig]);
  if (!isTaken) return undefined;
  const message = `instance ${mig.profile} at ${mig.start} of GPU ${mig.gpuIndex} of '${nodeId}' is taken, '${job.id}' needs it`;
  return { code: 'conflict', message };
}

/** Processors and main memory of the node must suffice for all that runs on it. */
function shortage({ job }: PlacedJob, node: GpuNode, running: readonly PlacedJob[]): Refusal | undefined {
  for (const [field, unit] of [
    ['cpuMilli', 'milli-cores'],
    ['memoryMib', 'MiB'],
  ] as const) {
    const left = node[field] - running.reduce((sum, other) => sum + other.job[field], 0);
    if (job[field] > left) {
      return { code: 'conflict', message: `'${node.id}' has ${left} ${unit} left, '${job.id}' needs ${job[field]}` };
    }
  }
  return undefined;
}
