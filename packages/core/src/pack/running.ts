import { InvalidInputError } from '../errors.ts';
import type { Job, Placement } from '../fleet/index.ts';
import { gpuMilliOf } from './demand.ts';
import type { Holding } from './fleet-state.ts';
import type { Fleet } from './fleet.ts';

/** Position of the node a placement names, and what the job holds there. */
export interface Held {
  readonly node: number;
  readonly holding: Holding;
}

/** What a job holds with those rows. */
export function amountsHeld(job: Job, gpus: readonly number[], instance: number): Holding {
  const { cpuMilli, memoryMib, gpuMemoryMib = 0 } = job;
  return { cpuMilli, memoryMib, gpus, gpuMilli: gpuMilliOf(job), gpuMemoryMib, instance };
}

/**
 * Reads what a running job holds, as amounts that are free in the fleet now.
 *
 * @param field - path of the running job, for errors.
 * @throws InvalidInputError when the placement names a node, GPU or instance that the fleet does not have, gives the job
 * other than it asks for, or takes more than is free.
 */
export function holdingOf(fleet: Fleet, job: Job, placement: Placement, field: string): Held {
  const refuse = (path: string, requirement: string, value: unknown, hint: string): never => {
    throw new InvalidInputError(`${field}${path} of job '${job.id}'`, requirement, value, { hint });
  };
  const { state, indexOf } = fleet;
  if (placement.jobId !== job.id) {
    refuse('.placement.jobId', `must be '${job.id}'`, placement.jobId, 'Give each job its own placement.');
  }
  const node = indexOf.get(placement.nodeId);
  if (node === undefined) {
    return refuse(
      '.placement.nodeId',
      'must name a node of the fleet',
      placement.nodeId,
      'Add the node, or drop the job.',
    );
  }
  const free = (path: string, amount: number, available: number): void => {
    if (amount <= available) return;
    const requirement = `must fit what other running jobs leave (${available} of it)`;
    refuse(path, requirement, amount, `Node '${placement.nodeId}' is overfull: drop or move a running job.`);
  };
  free('.job.cpuMilli', job.cpuMilli, state.cpuFree[node]!);
  free('.job.memoryMib', job.memoryMib, state.memoryFree[node]!);

  const start = state.gpuStart[node]!;
  const gpuTotal = state.gpuStart[node + 1]! - start;
  const isMig = job.migProfile !== undefined;
  const gpuMilli = gpuMilliOf(job);
  const gpuMemoryMib = job.gpuMemoryMib ?? 0;
  const asked = isMig ? 0 : job.gpuCount;
  if (!Array.isArray(placement.gpus) || placement.gpus.length !== asked) {
    refuse(
      '.placement.gpus',
      `must list ${asked} GPUs, as the job asks for`,
      placement.gpus,
      'Correct the job or its placement.',
    );
  }
  const isIndex = (index: number) => Number.isInteger(index) && index >= 0 && index < gpuTotal;
  const rows: number[] = [];
  placement.gpus.forEach(({ index, milli }, k) => {
    const path = `.placement.gpus[${k}]`;
    if (!isIndex(index)) {
      refuse(`${path}.index`, 'must be a GPU of the node', index, `Node '${placement.nodeId}' has ${gpuTotal} GPUs.`);
    }
    const row = start + index;
    if (rows.includes(row)) refuse(`${path}.index`, 'must be listed once', index, 'Name every GPU once.');
    if (milli !== gpuMilli) {
      refuse(`${path}.milli`, `must be ${gpuMilli}, as the job asks for`, milli, 'Correct the job or its placement.');
    }
    free(`${path}.milli`, milli, state.gpuFree[row]!);
    // Unknown memory is not counted: what runs there was not placed by its memory.
    if (state.gpuMemoryFree[row]! >= 0) free('.job.gpuMemoryMib', gpuMemoryMib, state.gpuMemoryFree[row]!);
    rows.push(row);
  });
  rows.sort((x, y) => x - y);

  let instance = -1;
  if (isMig || placement.mig !== undefined) {
    instance = isMig && isIndex(placement.mig?.gpuIndex ?? -1) ? instanceRow(fleet, start, job, placement) : -1;
    if (instance < 0) {
      refuse(
        '.placement.mig',
        'must name a free instance of the profile the job asks for',
        placement.mig,
        'Correct the placement.',
      );
    }
  }
  return { node, holding: amountsHeld(job, rows, instance) };
}

function instanceRow({ state, catalogue }: Fleet, gpuStart: number, job: Job, { mig }: Placement): number {
  const gpu = gpuStart + mig!.gpuIndex;
  for (let i = state.instanceStart[gpu]!; i < state.instanceStart[gpu + 1]!; i++) {
    const { profile } = catalogue.instanceTypes[state.instanceType[i]!]!;
    const isNamed = state.instanceSlice[i] === mig!.start && profile === mig!.profile;
    if (isNamed && profile === job.migProfile && state.isInstanceFree[i] === 1) return i;
  }
  return -1;
}
