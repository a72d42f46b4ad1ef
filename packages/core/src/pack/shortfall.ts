import { GPU_MILLI } from '../units.ts';
import type { Demand } from './demand.ts';
import type { FleetState } from './fleet-state.ts';
import { hasInstance, instanceLack } from './instance-choice.ts';

/**
 * How much a node lacks for a demand: the sum of `(needed - available) / needed` over what is short. 0: it fits, and
 * only then. Infinity: the node has too few GPUs that could serve the shares. `O(GPUs of the node)`.
 */
export function shortfall(state: FleetState, node: number, demand: Demand): number {
  const { cpuMilli, memoryMib } = demand;
  const cpu = state.cpuFree[node]!;
  const memory = state.memoryFree[node]!;
  let lack = 0;
  if (cpu < cpuMilli) lack += (cpuMilli - cpu) / cpuMilli;
  if (memory < memoryMib) lack += (memoryMib - memory) / memoryMib;
  if (demand.gpuCount === 0) return lack;
  if (demand.isMig) return lack + instanceLack(state, node, demand);
  const type = state.nodeGpuType[node]!;
  if (demand.isShare) {
    // Nodes with GPUs of one type know what they have most of.
    if (type >= 0 && demand.gpuMemoryMib === 0) {
      if (demand.isGpuEligible[type] === 0) return Infinity;
      const most = state.nodeMostFree[node]!;
      return most < demand.gpuMilli ? lack + (demand.gpuMilli - most) / demand.gpuMilli : lack;
    }
    const gpu = nearestShareGpu(state, node, demand);
    return gpu < 0 ? Infinity : lack + shareLack(state, gpu, demand);
  }
  if (demand.isSpread) return lack + spreadLack(state, node, demand);
  const free = wholeGpusFree(state, node, demand);
  return free < demand.gpuCount ? lack + (demand.gpuCount - free) / demand.gpuCount : lack;
}

/** True when the node holds the demand now: when its {@link shortfall} is 0, found out faster. `O(GPUs of the node)`. */
export function fits(state: FleetState, node: number, demand: Demand): boolean {
  const { cpuFree, memoryFree, nodeGpuFree, nodeMostFree, gpuStart, gpuType, gpuFree, gpuMemoryFree } = state;
  // The first says no most often; it lets jobs without whole GPUs or shares pass.
  if (nodeMostFree[node]! < demand.gpuMilli) return false;
  if (cpuFree[node]! < demand.cpuMilli || memoryFree[node]! < demand.memoryMib) return false;
  const { gpuCount, gpuMilli, gpuMemoryMib, isGpuEligible } = demand;
  if (gpuCount === 0) return true;
  if (demand.isMig) return hasInstance(state, node, demand);
  if (nodeGpuFree[node]! < gpuCount * gpuMilli) return false;
  if (gpuMilli === GPU_MILLI) return wholeGpusFree(state, node, demand) >= gpuCount;
  const only = state.nodeGpuType[node]!;
  if (only >= 0 && demand.isShare && gpuMemoryMib === 0) return isGpuEligible[only] === 1;
  let missing = gpuCount;
  for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
    if (gpuFree[g]! < gpuMilli || isGpuEligible[gpuType[g]!] === 0) continue;
    if (gpuMemoryMib > 0 && gpuMemoryFree[g]! < gpuMemoryMib) continue;
    missing--;
    if (missing === 0) return true;
  }
  return false;
}

/** How much one eligible GPU lacks for a share, as {@link shortfall} counts it. */
function shareLack(state: FleetState, gpu: number, { gpuMilli, gpuMemoryMib }: Demand): number {
  const free = state.gpuFree[gpu]!;
  const lack = free < gpuMilli ? (gpuMilli - free) / gpuMilli : 0;
  if (gpuMemoryMib === 0) return lack;
  const memory = state.gpuMemoryFree[gpu]!;
  return memory < gpuMemoryMib ? lack + (gpuMemoryMib - memory) / gpuMemoryMib : lack;
}

/** How much the GPUs that lack least lack together for the shares; Infinity: there are not enough that could serve. */
function spreadLack(state: FleetState, node: number, demand: Demand): number {
  let fitting = 0;
  for (let g = state.gpuStart[node]!; g < state.gpuStart[node + 1]!; g++) {
    if (demand.isGpuEligible[state.gpuType[g]!] === 1 && shareLack(state, g, demand) === 0) fitting++;
    if (fitting === demand.gpuCount) return 0;
  }
  const gpus = nearestSpreadGpus(state, node, demand);
  // Added up from the least, so that the order of the GPUs on the node cannot change a bit of the sum.
  return gpus.length < demand.gpuCount ? Infinity : gpus.reduce((sum, { lack }) => sum + lack, 0);
}

/** The eligible GPUs that lack least for one share each, from the least, of equals the lowest. Fewer when there are no more. */
export function nearestSpreadGpus(
  state: FleetState,
  node: number,
  demand: Demand,
): readonly { readonly row: number; readonly lack: number }[] {
  const lacks: { readonly row: number; readonly lack: number }[] = [];
  for (let row = state.gpuStart[node]!; row < state.gpuStart[node + 1]!; row++) {
    if (demand.isGpuEligible[state.gpuType[row]!] === 1) lacks.push({ row, lack: shareLack(state, row, demand) });
  }
  return lacks.sort((x, y) => x.lack - y.lack || x.row - y.row).slice(0, demand.gpuCount);
}

/** Row of the eligible GPU that lacks least for a share, the lowest of equals; -1 when none is eligible. */
export function nearestShareGpu(state: FleetState, node: number, demand: Demand): number {
  const { gpuStart, gpuType } = state;
  const end = gpuStart[node + 1]!;
  let least = Infinity;
  let nearest = -1;
  for (let g = gpuStart[node]!; g < end; g++) {
    if (demand.isGpuEligible[gpuType[g]!] === 0) continue;
    const lack = shareLack(state, g, demand);
    if (lack >= least) continue;
    nearest = g;
    if (lack === 0) return g;
    least = lack;
  }
  return nearest;
}

/** Eligible GPUs of the node that nobody uses. */
export function wholeGpusFree(state: FleetState, node: number, demand: Demand): number {
  const { gpuStart, gpuType, gpuFree, nodeGpuType, nodeWholeFree } = state;
  const only = nodeGpuType[node]!;
  if (only >= 0) return demand.isGpuEligible[only] === 1 ? nodeWholeFree[node]! : 0;
  const end = gpuStart[node + 1]!;
  let free = 0;
  for (let g = gpuStart[node]!; g < end; g++) {
    if (gpuFree[g] === GPU_MILLI && demand.isGpuEligible[gpuType[g]!] === 1) free++;
  }
  return free;
}
