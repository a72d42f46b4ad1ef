import type { ConsolidateInput, GpuNode, Job, Placement } from '../../src/index.ts';
import { admits, ledgerNode, move } from './pack-ledger.ts';
import { ways } from './pack-optimum.ts';

/**
 * The most weight that can be freed: every set of jobs that may move is lifted and put on nodes in use in every way. The order of the
 * moves is not asked for, so no plan frees more. Tiny cases only.
 */
export function optimumSaved(
  { nodes, jobs, placements, budgets = [], nowMs = 0 }: ConsolidateInput,
  weightOf: (node: GpuNode) => number,
): number {
  const inUse = new Set(placements.map(({ nodeId }) => nodeId));
  const placed = jobs.map((job) => [job, placements.find(({ jobId }) => jobId === job.id)!] as const);
  const movable = placed.filter(([job, { startedAtMs }]) => {
    const hasRun = !job.minRuntimeMs || (startedAtMs !== undefined && nowMs - startedAtMs >= job.minRuntimeMs);
    return job.isPreemptible === true && job.gang === undefined && hasRun;
  });
  let best = 0;
  for (let set = 0; set < 2 ** movable.length; set++) {
    const lifted = movable.filter((_, bit) => ((set >> bit) & 1) === 1);
    const isWithin = budgets.every(
      ({ maxMoves, tenant }) =>
        lifted.filter(([job]) => tenant === undefined || job.tenant === tenant).length <= maxMoves,
    );
    if (!isWithin) continue;
    const staying = placed.filter((entry) => !lifted.includes(entry));
    const kept = new Set(staying.map(([, { nodeId }]) => nodeId));
    const freed = (used: ReadonlySet<string>) =>
      nodes.reduce((sum, node) => (inUse.has(node.id) && !used.has(node.id) ? sum + weightOf(node) : sum), 0);
    if (freed(kept) <= best) continue;
    const ledger = nodes.filter(({ id }) => inUse.has(id)).map(ledgerNode);
    const nodeOf = ({ nodeId }: Placement) => ledger.find(({ id }) => id === nodeId)!;
    for (const [job, placement] of staying) move(nodeOf(placement), job, placement, -1);
    const search = (index: number, used: ReadonlySet<string>): void => {
      if (freed(used) <= best) return;
      if (index === lifted.length) {
        best = freed(used);
        return;
      }
      const job: Job = lifted[index]![0];
      for (const node of ledger) {
        if (!admits(node, job, nowMs)) continue;
        for (const placement of ways(node, job)) {
          move(node, job, placement, -1);
          search(index + 1, new Set([...used, node.id]));
          move(node, job, placement, 1);
        }
      }
    };
    search(0, kept);
  }
  return best;
}
