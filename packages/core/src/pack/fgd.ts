import { GPU_MILLI } from '../units.ts';
import type { Demand } from './demand.ts';
import type { Fleet } from './fleet.ts';
import type { Fragmentation } from './fragmentation.ts';
import { hasTwinBefore, instanceScores, whenSpread } from './gpu-choice.ts';
import type { NodeScorer } from './node-scorer.ts';

/**
 * Least growth of expected fragmentation, as a logistic of the drop in thousands of milli-GPU, cut to whole points. The cut
 * is part of the method: without it work spreads, and whole nodes run out. Of equal nodes the fuller one is taken, the one
 * whose GPUs are idle to a smaller share; a node without GPUs counts as full.
 *
 * Source: Weng et al., USENIX ATC 2023; the cut as in the authors' published simulator. Deviation: there, ties fall to
 * the first node listed; here they do not depend on the order of the list.
 */
export function fgd(fleet: Fleet, { totalWeight, weighted }: Fragmentation): NodeScorer {
  const { state } = fleet;
  const { gpuStart, gpuType, gpuFree, gpuMemoryFree, cpuFree, nodeGpuFree } = state;
  const { kindOf } = fleet.catalogue;
  const { nodeGpuFree: gpuTotal } = fleet.kindState;
  // Fragmentation of each node as it stands; NaN: to be computed.
  const before = new Float64Array(state.nodeCount).fill(NaN);
  const weight = totalWeight === 0 ? 1 : totalWeight;
  const points = (drop: number) => Math.trunc(100 / (1 + Math.exp(-drop / GPU_MILLI)));
  /** Fragmentation of the node with a share on that GPU. */
  const afterShare = (node: number, cpuLeft: number, gpu: number, gpuMilli: number, gpuMemoryMib: number): number => {
    gpuFree[gpu]! -= gpuMilli;
    gpuMemoryFree[gpu]! -= gpuMemoryMib;
    nodeGpuFree[node]! -= gpuMilli;
    const after = weighted(node, cpuLeft);
    gpuFree[gpu]! += gpuMilli;
    gpuMemoryFree[gpu]! += gpuMemoryMib;
    nodeGpuFree[node]! += gpuMilli;
    return after;
  };
  const instances = instanceScores(fleet);
  let bestGpu = -1;

  /** Points of the best GPU for a share, the lowest of equals, which is left in `bestGpu`. */
  const sharePoints = (node: number, demand: Demand): number => {
    const { gpuMilli, gpuMemoryMib, isGpuEligible } = demand;
    const start = gpuStart[node]!;
    const end = gpuStart[node + 1]!;
    const cpuLeft = cpuFree[node]! - demand.cpuMilli;
    let best = -1;
    for (let g = start; g < end; g++) {
      if (gpuFree[g]! < gpuMilli || isGpuEligible[gpuType[g]!] === 0) continue;
      if (gpuMemoryMib > 0 && gpuMemoryFree[g]! < gpuMemoryMib) continue;
      if (hasTwinBefore(state, start, g)) continue;
      const after = afterShare(node, cpuLeft, g, gpuMilli, gpuMemoryMib);
      const score = points((before[node]! - after) / weight);
      if (score <= best) continue;
      best = score;
      bestGpu = g;
    }
    return best;
  };
  /** Points for the GPUs of `lowestFreeGpus`, or for none. */
  const wholePoints = (node: number, demand: Demand): number => {
    const { isGpuEligible } = demand;
    const end = gpuStart[node + 1]!;
    const start = gpuStart[node]!;
    let left = demand.gpuCount;
    let last = start;
    for (let g = start; g < end && left > 0; g++) {
      if (gpuFree[g] !== GPU_MILLI || isGpuEligible[gpuType[g]!] === 0) continue;
      // Marked as taken by a value no GPU has, so that it can be told apart when it is given back.
      gpuFree[g] = -1;
      left--;
      last = g + 1;
    }
    nodeGpuFree[node]! -= demand.gpuCount * GPU_MILLI;
    const after = weighted(node, cpuFree[node]! - demand.cpuMilli);
    nodeGpuFree[node]! += demand.gpuCount * GPU_MILLI;
    for (let g = start; g < last; g++) if (gpuFree[g] === -1) gpuFree[g] = GPU_MILLI;
    return points((before[node]! - after) / weight);
  };
  const spreadPoints = (node: number, demand: Demand): number => {
    const after = whenSpread(fleet, node, demand, () => weighted(node, cpuFree[node]!));
    return points((before[node]! - after) / weight);
  };
  const severalPoints = (node: number, demand: Demand) =>
    demand.isSpread ? spreadPoints(node, demand) : wholePoints(node, demand);
  const score = (node: number, demand: Demand): number => {
    if (demand.isMig) return instances(node, demand);
    if (Number.isNaN(before[node])) before[node] = weighted(node, cpuFree[node]!);
    const value = demand.isShare ? sharePoints(node, demand) : severalPoints(node, demand);
    const total = gpuTotal[kindOf[node]!]!;
    const usedRatio = total === 0 ? 1 : (total - nodeGpuFree[node]!) / total;
    // Points are whole, so half a point orders the nodes of equal points. Equal shares give equal numbers, different ones
    // different numbers: they lie further apart than the rounding of the sum as long as a node has fewer than 10,000 GPUs.
    return value + 0.5 * usedRatio;
  };
  const shareGpu = (node: number, demand: Demand): number => {
    score(node, demand);
    return bestGpu;
  };
  return { score, shareGpu, changed: (node) => (before[node] = NaN) };
}
