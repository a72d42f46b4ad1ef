import { GPU_MILLI } from '../units.ts';
import type { Demand } from './demand.ts';
import { createExpectedWaste } from './expected-waste.ts';
import type { Fleet } from './fleet.ts';
import { hasTwinBefore, instanceScores, whenSpread } from './gpu-choice.ts';
import type { NodeScorer } from './node-scorer.ts';
import { createGrowthMemory } from './growth-memory.ts';
import { createScarcity, type Turnover } from './scarcity.ts';
import type { MixShape } from './task-streams.ts';

/**
 * Lifts the score above 0, milli-GPU. Dearer placements count as equal. Not larger than it must be: a double keeps apart
 * two shares of GPUs idle beside a number of this size.
 */
const DEAREST_MILLI = 2 ** 20;

/**
 * Least growth of expected final waste plus the price of the hosts that hard jobs lose, in whole milli-GPU; see
 * {@link createExpectedWaste} and {@link createScarcity}. Of equal nodes the fuller one is taken, the one whose GPUs are idle to
 * a smaller share; a node without GPUs counts as full. MIG jobs go where the fewest instances are free.
 *
 * @param streamsOf - by node, the random jobs it is tried on.
 * @param turnover - read at every change of a node.
 */
export function priced(
  fleet: Fleet,
  shapes: readonly MixShape[],
  streamsOf: (node: number) => Uint32Array,
  turnover: Turnover,
): NodeScorer {
  const { state, kindState } = fleet;
  const { nodeCount, gpuStart, gpuType, gpuFree, gpuMemoryFree, cpuFree, memoryFree, nodeGpuFree, nodeGpuType } = state;
  const { kindOf } = fleet.catalogue;
  const { nodeGpuFree: gpuTotal } = kindState;
  const largestCpu = kindState.cpuFree.reduce((x, y) => Math.max(x, y), 0);
  const { waste, stepsOf, nameOf, goesByName } = createExpectedWaste(state, largestCpu, shapes, streamsOf);
  const scarcity = createScarcity(fleet, shapes, turnover);
  const instances = instanceScores(fleet);
  // Expected waste of each node as it stands; NaN: to be computed.
  const before = new Float64Array(nodeCount).fill(NaN);
  // Number of the state of each node; -1: to be looked up.
  const stateOf = new Int32Array(nodeCount).fill(-1);
  // Steps of CPU left on each node whose state has a number.
  const stepsLeft = new Int32Array(nodeCount);
  const mostSteps = stepsOf(largestCpu) + 1;
  const memory = createGrowthMemory(() => stateOf.fill(-1));
  const numberOf = kindNumbers();
  /** Takes (`sign` -1) or gives back (`sign` 1) a share, so that it can be tried. */
  const moveShare = (node: number, gpu: number, { gpuMilli, gpuMemoryMib }: Demand, sign: -1 | 1): void => {
    gpuFree[gpu]! += sign * gpuMilli;
    if (gpuMemoryFree[gpu]! >= 0) gpuMemoryFree[gpu]! += sign * gpuMemoryMib;
  };
  // Rows of the whole GPUs tried last.
  const tried: number[] = [];
  const takeWhole = (node: number, demand: Demand): void => {
    tried.length = 0;
    for (let g = gpuStart[node]!; tried.length < demand.gpuCount; g++) {
      if (gpuFree[g] !== GPU_MILLI || demand.isGpuEligible[gpuType[g]!] === 0) continue;
      gpuFree[g] = 0;
      tried.push(g);
    }
  };
  const giveWhole = (): void => {
    for (const g of tried) gpuFree[g] = GPU_MILLI;
  };

  const look = (node: number): void => {
    if (!Number.isNaN(before[node])) return;
    before[node] = waste(node, cpuFree[node]!);
  };
  // GPU of the share that was looked at last.
  let bestGpu = -1;
  /** Growth of waste, least over the GPUs for a share, the lowest of equals, which is left in `bestGpu`. */
  const growth = (node: number, demand: Demand): number => {
    look(node);
    const cpuLeft = cpuFree[node]! - demand.cpuMilli;
    let least = Infinity;
    if (demand.isSpread) least = whenSpread(fleet, node, demand, () => waste(node, cpuLeft));
    else if (!demand.isShare) {
      takeWhole(node, demand);
      least = waste(node, cpuLeft);
      giveWhole();
    } else {
      const { gpuMilli, gpuMemoryMib, isGpuEligible } = demand;
      const start = gpuStart[node]!;
      for (let g = start; g < gpuStart[node + 1]!; g++) {
        if (gpuFree[g]! < gpuMilli || isGpuEligible[gpuType[g]!] === 0) continue;
        if (gpuMemoryMib > 0 && gpuMemoryFree[g]! < gpuMemoryMib) continue;
        if (hasTwinBefore(state, start, g)) continue;
        moveShare(node, g, demand, -1);
        const after = waste(node, cpuLeft);
        moveShare(node, g, demand, 1);
        if (after >= least) continue;
        least = after;
        bestGpu = g;
      }
    }
    return least - before[node]!;
  };
  /** The growth, remembered by state, kind of GPUs and steps of CPU. */
  const knownGrowth = (node: number, demand: Demand): number => {
    const number = numberOf(demand);
    // On a node with GPUs of several types it depends on their order which of them a job takes.
    if (number < 0 || nodeGpuType[node]! < 0 || !goesByName(node, demand.gpuMilli)) return growth(node, demand);
    let state = stateOf[node]!;
    if (state < 0) {
      stateOf[node] = state = nameOf(node, memory.stateOf);
      stepsLeft[node] = stepsOf(cpuFree[node]!);
    }
    const kind = number * mostSteps + stepsLeft[node]! - stepsOf(cpuFree[node]! - demand.cpuMilli);
    const known = memory.get(state, kind);
    if (!Number.isNaN(known)) return known;
    const grown = growth(node, demand);
    memory.set(state, kind, grown);
    return grown;
  };
  /** Price of the hosts that hard jobs lose when the demand goes to the node. */
  const hostsLost = (node: number, demand: Demand, gpu: number): number => {
    if (demand.isSpread) return whenSpread(fleet, node, demand, () => scarcity.loss(node));
    cpuFree[node]! -= demand.cpuMilli;
    memoryFree[node]! -= demand.memoryMib;
    if (demand.isShare) moveShare(node, gpu, demand, -1);
    else takeWhole(node, demand);
    const loss = scarcity.loss(node);
    if (demand.isShare) moveShare(node, gpu, demand, 1);
    else giveWhole();
    cpuFree[node]! += demand.cpuMilli;
    memoryFree[node]! += demand.memoryMib;
    return loss;
  };

  const costOf = (node: number, demand: Demand): number => {
    const isHost = scarcity.isHost(node);
    // A share that may lose hosts is tried, to find the GPU it takes.
    const grown = isHost && demand.isShare ? growth(node, demand) : knownGrowth(node, demand);
    return Math.round(isHost ? grown + hostsLost(node, demand, bestGpu) : grown);
  };
  const score = (node: number, demand: Demand): number => {
    if (demand.isMig) return instances(node, demand);
    const cost = costOf(node, demand);
    const total = gpuTotal[kindOf[node]!]!;
    const usedRatio = total === 0 ? 1 : (total - nodeGpuFree[node]!) / total;
    // Costs are whole, so half a milli-GPU orders the nodes of equal cost.
    return Math.max(0, DEAREST_MILLI - cost) + 0.5 * usedRatio;
  };
  const shareGpu = (node: number, demand: Demand): number => {
    growth(node, demand);
    return bestGpu;
  };
  const changed: NodeScorer['changed'] = (node, mark) => {
    before[node] = NaN;
    stateOf[node] = -1;
    scarcity.changed(node, mark);
  };
  return { score, cost: costOf, shareGpu, changed };
}

/** Numbers demands from 0, the same number for those that take the same GPUs of any node; -1: growth is not remembered. */
function kindNumbers(): (demand: Demand) => number {
  const known = new WeakMap<Demand, number>();
  const numbers = new Map<string, number>();
  let last: Demand | undefined;
  let lastNumber = -1;
  const numberOf = (demand: Demand): number => {
    const { gpuCount, gpuMilli, gpuMemoryMib, isSpread, isGpuEligible } = demand;
    // What GPU memory is left is no part of a state where the mix does not ask for it.
    if (isSpread || gpuMemoryMib > 0) return -1;
    const key = [gpuCount, gpuMilli, isGpuEligible.join('')].join('/');
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  };
  return (demand) => {
    if (demand === last) return lastNumber;
    last = demand;
    lastNumber = known.get(demand) ?? numberOf(demand);
    known.set(demand, lastNumber);
    return lastNumber;
  };
}
