import type { GpuNode, Job, PackInput, Placement } from '../../src/index.ts';
import { admits, ledgerNode, move, usableGpus, usableInstances, type LedgerNode } from './pack-ledger.ts';

/** The most milli-GPU that can be allocated: every job is left out, or tried on every node in every way. Tiny cases only. */
export function optimumGpuMilli(nodes: readonly GpuNode[], jobs: readonly Job[], nowMs: number): number {
  return optimumGain({ nodes, jobs, running: [], nowMs }, ({ gpus }) =>
    gpus.reduce((sum, { milli }) => sum + milli, 0),
  );
}

/** The most that placing some of the jobs beside those that run can gain, by the same search. */
export function optimumGain(
  { nodes, jobs, running, nowMs }: Required<Omit<PackInput, 'workload'>>,
  gainOf: (placement: Placement) => number,
): number {
  const ledger = nodes.map(ledgerNode);
  for (const { job, placement } of running)
    move(
      ledger.find(({ id }) => id === placement.nodeId)!,
      job,
      placement,
      -1,
    );
  const search = (index: number): number => {
    const job = jobs[index];
    if (job === undefined) return 0;
    let best = search(index + 1);
    for (const node of ledger) {
      if (!admits(node, job, nowMs)) continue;
      for (const placement of ways(node, job)) {
        move(node, job, placement, -1);
        best = Math.max(best, gainOf(placement) + search(index + 1));
        move(node, job, placement, 1);
      }
    }
    return best;
  };
  return search(0);
}

/** Every way to place a job on a node now. */
export function ways(node: LedgerNode, job: Job): Placement[] {
  const base = { jobId: job.id, nodeId: node.id };
  if (job.gpuCount === 0) return [{ ...base, gpus: [] }];
  if (job.migProfile !== undefined) {
    const profile = job.migProfile;
    return usableInstances(node, job).map(({ gpu, start }) => ({
      ...base,
      gpus: [],
      mig: { gpuIndex: gpu, profile, start },
    }));
  }
  const milli = job.gpuMilli ?? 1_000;
  return combinations(usableGpus(node, job), job.gpuCount).map((set) => ({
    ...base,
    gpus: set.map((index) => ({ index, milli })),
  }));
}

function combinations(items: readonly number[], count: number): number[][] {
  if (count === 0) return [[]];
  return items.flatMap((item, at) => combinations(items.slice(at + 1), count - 1).map((rest) => [item, ...rest]));
}
