import type { Demand } from './demand.ts';
import type { FleetState } from './fleet-state.ts';

/** True when the node has an instance that the demand can take, or room to cut one. `O(instances of the node)` */
export function hasInstance(state: FleetState, node: number, demand: Demand): boolean {
  const { gpuStart, gpuType, instanceStart, instanceType, isInstanceFree } = state;
  for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
    if (demand.isGpuEligible[gpuType[g]!] === 0) continue;
    for (let i = instanceStart[g]!; i < instanceStart[g + 1]!; i++) {
      if (isInstanceFree[i] === 1 && demand.isInstanceEligible[instanceType[i]!] === 1) return true;
    }
  }
  return false;
}

/**
 * Row of the MIG instance to take. One that stays, if one fits: on the GPU with the fewest of them free, the lowest GPU of equals,
 * there the lowest start. Else the place to cut one that loses the least, of equals on the lowest GPU, there the lowest start. -1 when
 * none fits.
 */
export function findInstance(state: FleetState, node: number, demand: Demand): number {
  const { gpuStart, gpuType, instanceStart, instanceType, instanceSlice, isInstanceFree, cardState } = state;
  let fewest = Infinity;
  let least = Infinity;
  let staying = -1;
  let cut = -1;
  for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
    if (demand.isGpuEligible[gpuType[g]!] === 0) continue;
    const cards = state.cards[gpuType[g]!];
    const start = instanceStart[g]!;
    let free = 0;
    let fitting = -1;
    for (let i = start; i < instanceStart[g + 1]!; i++) {
      if (isInstanceFree[i] === 0) continue;
      free++;
      if (demand.isInstanceEligible[instanceType[i]!] === 0) continue;
      if (cards !== undefined) {
        const loss = cards.loss(cardState[g]!, i - start);
        if (loss >= least) continue;
        least = loss;
        cut = i;
      } else if (fitting < 0 || instanceSlice[i]! < instanceSlice[fitting]!) fitting = i;
    }
    if (fitting < 0 || free >= fewest) continue;
    fewest = free;
    staying = fitting;
  }
  return staying >= 0 ? staying : cut;
}

/**
 * How much of an instance the node lacks for the demand, from 0 to 1: of a place to cut one, the part of its memory slices that are taken, where
 * that is least; 1 when only instances that stay could serve, or when none is there. 0: it has one. `O(instances of the node)`
 */
export function instanceLack(state: FleetState, node: number, demand: Demand): number {
  const { gpuStart, gpuType, instanceStart, instanceType, isInstanceFree, cardState } = state;
  let least = 1;
  for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
    if (demand.isGpuEligible[gpuType[g]!] === 0) continue;
    const cards = state.cards[gpuType[g]!];
    const start = instanceStart[g]!;
    for (let i = start; i < instanceStart[g + 1]!; i++) {
      if (demand.isInstanceEligible[instanceType[i]!] === 0) continue;
      if (isInstanceFree[i] === 1) return 0;
      if (cards !== undefined) least = Math.min(least, cards.lack(cardState[g]!, i - start));
    }
  }
  return least;
}
