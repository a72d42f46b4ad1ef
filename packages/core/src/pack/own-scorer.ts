import { InvalidInputError } from '../errors.ts';
import type { Demand } from './demand.ts';
import type { Fleet } from './fleet.ts';
import { tightestGpu } from './gpu-choice.ts';
import type { NodeScorer } from './node-scorer.ts';
import type { ScoreNode } from './types.ts';

/** The scorer that asks a function of the user. A share takes the GPU with the least left. `O(GPUs of the node)` a score. */
export function ownScorer(fleet: Fleet, scoreNode: ScoreNode): NodeScorer {
  const { cpuFree, memoryFree, gpuStart, gpuFree, jobCount } = fleet.state;
  const score = (node: number, demand: Demand): number => {
    const { cpuMilli, memoryMib, gpuCount, gpuMilli, gpuMemoryMib } = demand;
    const value: unknown = scoreNode(
      {
        node: fleet.nodes[node]!,
        cpuMilliFree: cpuFree[node]!,
        memoryMibFree: memoryFree[node]!,
        gpuMilliFree: Array.from(gpuFree.subarray(gpuStart[node], gpuStart[node + 1])),
        jobCount: jobCount[node]!,
      },
      { cpuMilli, memoryMib, gpuCount, gpuMilli, gpuMemoryMib },
    );
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
    throw new InvalidInputError('scorer', 'must return a finite number >= 0', value, {
      hint: `Look at what it returns for node '${fleet.nodes[node]!.id}'.`,
    });
  };
  return {
    score,
    shareGpu: (node, demand) => tightestGpu(fleet, node, demand),
    changed: () => undefined,
    // Two empty nodes of one kind may differ in price or name.
    tellsTwinsApart: true,
  };
}
