import type { GpuNode, Job, RunningJob } from '../../src/index.ts';
import { admits, ledgerNode, move } from './pack-ledger.ts';
import { ways } from './pack-optimum.ts';

/**
 * The least weight of nodes that hold all jobs, those that run jobs being on: every set of nodes, every job on every node of
 * it in every way. `undefined` when not even all nodes hold them. Tiny cases only.
 */
export function leastWeight(
  nodes: readonly GpuNode[],
  jobs: readonly Job[],
  running: readonly RunningJob[],
  weightOf: (node: GpuNode) => number,
  nowMs: number,
): number | undefined {
  const mustBeOn = new Set(running.map(({ placement }) => placement.nodeId));
  let least: number | undefined;
  for (let set = 0; set < 2 ** nodes.length; set++) {
    const on = nodes.filter(({ id }, index) => mustBeOn.has(id) || (set >> index) % 2 === 1);
    const weight = on.reduce((sum, node) => sum + weightOf(node), 0);
    if (least !== undefined && weight >= least) continue;
    if (holdsAll(on, jobs, running, nowMs)) least = weight;
  }
  return least;
}

function holdsAll(
  on: readonly GpuNode[],
  jobs: readonly Job[],
  running: readonly RunningJob[],
  nowMs: number,
): boolean {
  const ledger = on.map(ledgerNode);
  for (const { job, placement } of running)
    move(
      ledger.find(({ id }) => id === placement.nodeId)!,
      job,
      placement,
      -1,
    );
  const search = (index: number): boolean => {
    const job = jobs[index];
    if (job === undefined) return true;
    return ledger.some((node) => {
      if (!admits(node, job, nowMs)) return false;
      return ways(node, job).some((placement) => {
        move(node, job, placement, -1);
        const isHeld = search(index + 1);
        move(node, job, placement, 1);
        return isHeld;
      });
    });
  };
  return search(0);
}
