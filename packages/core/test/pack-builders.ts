import type { Gpu, GpuNode, Job, PlaceResult } from '../src/index.ts';

/** A GPU of 40,000 MiB. */
export const A: Gpu = { model: 'A', memoryMib: 40_000 };

/** A node of 16 cores and 64 GiB. */
export const node = (id: string, gpus: readonly Gpu[], fields: Partial<GpuNode> = {}): GpuNode => ({
  id,
  gpus,
  cpuMilli: 16_000,
  memoryMib: 65_536,
  ...fields,
});

/** A job of one core and 1 GiB. */
export const job = (id: string, gpuCount: number, fields: Partial<Job> = {}): Job => ({
  id,
  gpuCount,
  cpuMilli: 1_000,
  memoryMib: 1_024,
  ...fields,
});

/** Why a job was not placed. */
export const reasonOf = (result: PlaceResult) => ('unplaced' in result ? result.unplaced.reason : undefined);

/** Where a job was placed. */
export const nodeOf = (result: PlaceResult) => ('placement' in result ? result.placement.nodeId : undefined);
