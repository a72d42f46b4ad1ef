import type { Demand } from './demand.ts';
import { fgd } from './fgd.ts';
import type { Fleet } from './fleet.ts';
import type { Fragmentation } from './fragmentation.ts';
import { instanceScores, tightestGpu } from './gpu-choice.ts';
import type { NodeScorer } from './node-scorer.ts';
import type { KindStreams } from './node-kinds.ts';
import { priced } from './priced.ts';
import type { Turnover } from './scarcity.ts';
import { mixShapes } from './task-streams.ts';
import { ownScorer } from './own-scorer.ts';
import type { Scorer, ScoreNode, WorkloadShape } from './types.ts';

/** The scorer of a name. Only `fgd` looks at the fragmentation. */
export function createScorer(
  name: Scorer | ScoreNode,
  fleet: Fleet,
  mix: readonly WorkloadShape[],
  {
    fragmentation,
    kindStreams,
    turnover,
  }: {
    readonly fragmentation: Fragmentation | undefined;
    readonly kindStreams: KindStreams;
    readonly turnover: Turnover;
  },
): NodeScorer {
  if (typeof name === 'function') return ownScorer(fleet, name);
  if (name === 'priced') {
    const shapes = mixShapes(mix, fleet.catalogue);
    const streams = kindStreams(fleet, mix, shapes);
    return priced(fleet, shapes, (node) => streams[fleet.catalogue.kindOf[node]!]!, turnover);
  }
  if (name === 'first-fit') return firstFit(fleet);
  if (name === 'best-fit' || fragmentation === undefined) return bestFit(fleet);
  return fgd(fleet, fragmentation);
}

function firstFit(fleet: Fleet): NodeScorer {
  return { score: () => 0, shareGpu: (node, demand) => tightestGpu(fleet, node, demand), changed: () => undefined };
}

/** Least weighted remainder of CPU and GPU, each relative to the largest node of the fleet, in whole points. */
function bestFit(fleet: Fleet): NodeScorer {
  const { cpuFree, nodeGpuFree } = fleet.state;
  const { cpuFree: cpuTotal, nodeGpuFree: gpuTotal } = fleet.kindState;
  const instances = instanceScores(fleet);
  // At least 1, so that a fleet without GPUs divides by something.
  const largestCpu = cpuTotal.reduce((x, y) => Math.max(x, y), 1);
  const largestGpu = gpuTotal.reduce((x, y) => Math.max(x, y), 1);
  const score = (node: number, demand: Demand): number => {
    if (demand.isMig) return instances(node, demand);
    const cpuRatio = (cpuFree[node]! - demand.cpuMilli) / largestCpu;
    const gpuRatio = (nodeGpuFree[node]! - demand.gpuCount * demand.gpuMilli) / largestGpu;
    return Math.trunc((1 - (0.5 * cpuRatio + 0.5 * gpuRatio)) * 100);
  };
  return { score, shareGpu: (node, demand) => tightestGpu(fleet, node, demand), changed: () => undefined };
}
