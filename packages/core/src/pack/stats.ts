import { GPU_MILLI } from '../units.ts';
import type { Packing } from './packing.ts';
import type { PackStats } from './types.ts';

/** How full the fleet is. `O(nodes × GPUs × shapes of the mix)`. */
export function statsOf({ fleet, fragmentation }: Packing): PackStats {
  const { nodes, state } = fleet;
  const { gpuTypes } = fleet.catalogue;
  let gpuMilliTotal = 0;
  for (const type of state.gpuType) if (!gpuTypes[type]!.isCut) gpuMilliTotal += GPU_MILLI;
  const gpuMilliAllocated = gpuMilliTotal - state.nodeGpuFree.reduce((sum, free) => sum + free, 0);
  const cpuMilliTotal = nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  const measure = fragmentation();
  let weighted = 0;
  if (measure !== undefined) {
    for (let node = 0; node < nodes.length; node++) weighted += measure.weighted(node, state.cpuFree[node]!);
  }
  return {
    nodeCount: nodes.length,
    nodesInUse: state.jobCount.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0),
    gpuMilliTotal,
    gpuMilliAllocated,
    gpuAllocationRatio: gpuMilliTotal === 0 ? 0 : gpuMilliAllocated / gpuMilliTotal,
    cpuMilliTotal,
    cpuMilliAllocated: cpuMilliTotal - state.cpuFree.reduce((sum, free) => sum + free, 0),
    ...(measure === undefined ? {} : { expectedFragmentationGpuMilli: weighted / measure.totalWeight }),
  };
}
