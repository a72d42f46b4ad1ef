import type { GpuNode, Job } from '../../src/index.ts';
import { admits, move, usableGpus, usableInstances, type LedgerNode } from './pack-ledger.ts';

/** True when all members can start at once on some of the nodes: tries every node, GPU and instance for every member in turn. */
export function canStartTogether(ledger: readonly LedgerNode[], members: readonly Job[], nowMs: number): boolean {
  const [member, ...rest] = members;
  if (member === undefined) return true;
  return ledger.some((node) => {
    if (!admits(node, member, nowMs)) return false;
    const milli = member.gpuMilli ?? 1_000;
    const choices =
      member.migProfile !== undefined
        ? usableInstances(node, member).map(({ gpu, start }) => ({
            gpus: [],
            mig: { gpuIndex: gpu, start, profile: member.migProfile! },
          }))
        : subsets(usableGpus(node, member), member.gpuCount).map((rows) => ({
            gpus: rows.map((index) => ({ index, milli })),
          }));
    return choices.some((choice) => {
      const placement = { jobId: member.id, nodeId: node.id, ...choice };
      move(node, member, placement, -1);
      const isDone = canStartTogether(ledger, rest, nowMs);
      move(node, member, placement, 1);
      return isDone;
    });
  });
}

/** Every choice of `size` of the items. */
function subsets(items: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) => subsets(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]));
}

/** Groups of node ids that share a domain of the level; a domain's name counts within its zone. */
export function groupsOf(nodes: readonly GpuNode[], level: 'nvlinkDomain' | 'rack' | 'zone'): string[][] {
  const named = nodes.filter((node) => node[level] !== undefined);
  const isTogether = (x: GpuNode, y: GpuNode) => x[level] === y[level] && x.zone === y.zone;
  return named
    .filter((node, index) => named.findIndex((other) => isTogether(node, other)) === index)
    .map((first) => named.filter((other) => isTogether(first, other)).map(({ id }) => id));
}
