import { InvalidInputError } from '../errors.ts';
import { checkIds, checkNumber, checkOptionalNumber } from '../internal/check.ts';
import { GPU_MILLI } from '../units.ts';
import type { GpuNode, Job } from './types.ts';

/**
 * Checks a list of nodes before any work is done with them. `O(nodes × GPUs)`.
 *
 * @throws {@link InvalidInputError} on a duplicate or empty id, a size that is not a whole number >= 0, or a negative or
 * missing number where one is needed.
 */
export function checkNodes(nodes: readonly GpuNode[]): void {
  checkIds('nodes', nodes);
  for (const node of nodes) checkNode(node);
}

/** Checks one node; see {@link checkNodes}. */
export function checkNode(node: GpuNode): void {
  const field = (name: string) => () => `${name} of node '${node.id}'`;
  checkNumber(field('cpuMilli'), node.cpuMilli, { min: 0, isWhole: true, hint: '1 core is 1000 milli-cores.' });
  checkNumber(field('memoryMib'), node.memoryMib, { min: 0, isWhole: true, hint: '1 GiB is 1024 MiB.' });
  checkOptionalNumber(field('priceUsdPerHour'), node.priceUsdPerHour, { min: 0 });
  checkOptionalNumber(field('idleWatts'), node.idleWatts, { min: 0 });
  checkOptionalNumber(field('expiresAtMs'), node.expiresAtMs);
  if (!Array.isArray(node.gpus)) {
    throw new InvalidInputError(field('gpus')(), 'must be a list', node.gpus, { hint: 'Pass [] for a CPU node.' });
  }
  node.gpus.forEach((gpu, index) => {
    if (typeof gpu.model !== 'string' || gpu.model.length === 0) {
      throw new InvalidInputError(field(`gpus[${index}].model`)(), 'must be a non-empty string', gpu.model, {
        hint: 'Use the name your jobs use in gpuModels.',
      });
    }
    checkOptionalNumber(field(`gpus[${index}].memoryMib`), gpu.memoryMib, { min: 0, isWhole: true });
  });
}

/**
 * Checks a list of jobs before any work is done with them. `O(jobs)`.
 *
 * @throws {@link InvalidInputError} on a duplicate or empty id, a size that is not a whole number >= 0, a share that is
 * not from 1 to 1000 or comes with more than one GPU, or a MIG profile that comes with anything but one GPU.
 */
export function checkJobs(jobs: readonly Job[]): void {
  checkIds('jobs', jobs);
  for (const job of jobs) checkJob(job);
}

/** Checks one job; see {@link checkJobs}. */
export function checkJob(job: Job): void {
  const field = (name: string) => () => `${name} of job '${job.id}'`;
  checkNumber(field('gpuCount'), job.gpuCount, {
    min: 0,
    isWhole: true,
    hint: 'Ask for a share of one GPU with gpuCount 1 and gpuMilli.',
  });
  checkNumber(field('cpuMilli'), job.cpuMilli, { min: 0, isWhole: true, hint: '1 core is 1000 milli-cores.' });
  checkNumber(field('memoryMib'), job.memoryMib, { min: 0, isWhole: true, hint: '1 GiB is 1024 MiB.' });
  checkOptionalNumber(field('gpuMilli'), job.gpuMilli, { min: 1, max: GPU_MILLI, isWhole: true });
  checkOptionalNumber(field('gpuMemoryMib'), job.gpuMemoryMib, { min: 0, isWhole: true });
  checkOptionalNumber(field('priority'), job.priority);
  checkOptionalNumber(field('runtimeMs'), job.runtimeMs, { min: 1 });
  if (job.gpuMilli !== undefined && job.gpuMilli !== GPU_MILLI && job.gpuCount !== 1) {
    throw new InvalidInputError(field('gpuMilli')(), 'must be absent or 1000 unless gpuCount is 1', job.gpuMilli, {
      hint: 'A share is a share of one GPU: set gpuCount to 1, or drop gpuMilli.',
    });
  }
  if (job.migProfile !== undefined && (job.gpuCount !== 1 || (job.gpuMilli ?? GPU_MILLI) !== GPU_MILLI)) {
    throw new InvalidInputError(field('migProfile')(), 'needs gpuCount 1 and no gpuMilli', job.migProfile, {
      hint: 'A MIG job takes one instance of one GPU.',
    });
  }
  if (job.gpuModels?.length === 0) {
    throw new InvalidInputError(field('gpuModels')(), 'must be absent or name a model', job.gpuModels, {
      hint: 'Leave gpuModels out to allow any model.',
    });
  }
}
