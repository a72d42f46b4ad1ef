import { GPU_MILLI } from '../units.ts';
import type { Demand } from './demand.ts';
import { move, type FleetState } from './fleet-state.ts';
import type { Fleet } from './fleet.ts';
import { findInstance } from './instance-choice.ts';

/** Above every score of an instance that is cut, and small enough that a double keeps apart what other rules add to it. */
const STAYS = 2 ** 28;

/** Row of the GPU that holds a share and has the least left, the lowest of equals. */
export function tightestGpu({ state }: Fleet, node: number, demand: Demand): number {
  const { gpuStart, gpuType, gpuFree, gpuMemoryFree } = state;
  let least = Infinity;
  let tightest = -1;
  for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
    const free = gpuFree[g]!;
    if (free < demand.gpuMilli || free >= least || demand.isGpuEligible[gpuType[g]!] === 0) continue;
    if (demand.gpuMemoryMib > 0 && gpuMemoryFree[g]! < demand.gpuMemoryMib) continue;
    least = free;
    tightest = g;
  }
  return tightest;
}

/** True when a lower GPU of the node, from row `start` on, is in the same state: it does as well and wins the tie. */
export function hasTwinBefore({ gpuFree, gpuType, gpuMemoryFree }: FleetState, start: number, gpu: number): boolean {
  for (let g = start; g < gpu; g++) {
    if (gpuFree[g] === gpuFree[gpu] && gpuType[g] === gpuType[gpu] && gpuMemoryFree[g] === gpuMemoryFree[gpu]) {
      return true;
    }
  }
  return false;
}

/** Rows of the GPUs that a job of whole GPUs takes: the lowest free ones. */
export function lowestFreeGpus({ state }: Fleet, node: number, demand: Demand): readonly number[] {
  const { gpuStart, gpuType, gpuFree } = state;
  const rows: number[] = [];
  for (let g = gpuStart[node]!; rows.length < demand.gpuCount && g < gpuStart[node + 1]!; g++) {
    if (gpuFree[g] === GPU_MILLI && demand.isGpuEligible[gpuType[g]!] === 1) rows.push(g);
  }
  return rows;
}

/** Rows of the GPUs that a job takes which needs several: for shares the tightest that hold one, whole ones the lowest free. */
export function severalGpus(fleet: Fleet, node: number, demand: Demand): readonly number[] {
  return demand.isSpread ? tightestGpus(fleet.state, node, demand) : lowestFreeGpus(fleet, node, demand);
}

/** Rows of the GPUs with the least left that hold the share, ascending; of equals the lowest. The node must have enough. */
function tightestGpus(
  { gpuStart, gpuType, gpuFree, gpuMemoryFree }: FleetState,
  node: number,
  demand: Demand,
): number[] {
  const { gpuMilli, gpuMemoryMib, isGpuEligible } = demand;
  const rows: number[] = [];
  for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
    if (gpuFree[g]! < gpuMilli || isGpuEligible[gpuType[g]!] === 0) continue;
    if (gpuMemoryMib === 0 || gpuMemoryFree[g]! >= gpuMemoryMib) rows.push(g);
  }
  rows.sort((x, y) => gpuFree[x]! - gpuFree[y]! || x - y);
  return rows.slice(0, demand.gpuCount).sort((x, y) => x - y);
}

/** What `measure` gives while the GPUs of a spread demand are taken. */
export function whenSpread(fleet: Fleet, node: number, demand: Demand, measure: () => number): number {
  const { cpuMilli, memoryMib, gpuMilli, gpuMemoryMib } = demand;
  const gpus = tightestGpus(fleet.state, node, demand);
  const holding = { cpuMilli, memoryMib, gpuMilli, gpuMemoryMib, gpus, instance: -1 };
  move(fleet.state, node, holding, -1);
  const measured = measure();
  move(fleet.state, node, holding, 1);
  return measured;
}

/**
 * Scores nodes for MIG jobs that fit there: those with an instance that stays first, the fewer are free the better, so that free ones
 * gather elsewhere; then the less is lost by cutting one.
 */
export function instanceScores({ state, kindState }: Fleet): (node: number, demand: Demand) => number {
  const { instanceGpu, instanceStart, gpuType, cards, cardState } = state;
  const most = kindState.nodeInstancesFree.reduce((x, y) => Math.max(x, y), 0);
  return (node, demand) => {
    const instance = findInstance(state, node, demand);
    const gpu = instanceGpu[instance]!;
    const card = cards[gpuType[gpu]!];
    if (card === undefined) return STAYS + most - state.nodeInstancesFree[node]!;
    return Math.max(0, STAYS - 1 - card.loss(cardState[gpu]!, instance - instanceStart[gpu]!));
  };
}
