import type { GpuNode, Job, Placement } from '../fleet/index.ts';

// What callers pass in is theirs to change afterwards, so whatever is kept or handed out is a copy.

/** A copy of a node that shares nothing with it. */
export function copyNode(node: GpuNode): GpuNode {
  const gpus = node.gpus.map((gpu) => ({
    ...gpu,
    ...(gpu.migInstances === undefined ? {} : { migInstances: gpu.migInstances.map((instance) => ({ ...instance })) }),
  }));
  return { ...node, gpus, ...(node.labels === undefined ? {} : { labels: { ...node.labels } }) };
}

/** A copy of a job that shares nothing with it. */
export function copyJob(job: Job): Job {
  return job.gpuModels === undefined ? { ...job } : { ...job, gpuModels: [...job.gpuModels] };
}

/** A copy of a placement that shares nothing with it. */
export function copyPlacement({ jobId, nodeId, gpus, mig }: Placement): Placement {
  const copy = { jobId, nodeId, gpus: gpus.map(({ index, milli }) => ({ index, milli })) };
  return mig === undefined ? copy : { ...copy, mig: { ...mig } };
}
