import type { GpuNode, Job } from '@spillway/core';

/** A node with so many GPUs of one model, 16 cores and 128 GiB a GPU. */
export function node(id: string, gpuCount: number, more: Partial<GpuNode> = {}): GpuNode {
  const gpus = Array.from({ length: gpuCount }, () => ({ model: 'A100' }));
  return { id, gpus, cpuMilli: gpuCount * 16_000, memoryMib: gpuCount * 131_072, ...more };
}

/** A job of whole GPUs that needs little else. */
export function job(id: string, gpuCount: number, more: Partial<Job> = {}): Job {
  return { id, gpuCount, cpuMilli: 1_000, memoryMib: 1_024, ...more };
}
