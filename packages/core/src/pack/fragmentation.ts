import type { Catalogue } from './catalogue.ts';
import { demandOf, mixKey, type Demand } from './demand.ts';
import type { FleetState } from './fleet-state.ts';
import type { WorkloadShape } from './types.ts';

/** Shapes of the mix that ask the same of a single GPU, so that one pass over the GPUs of a node serves them all. */
interface GpuClass {
  readonly gpuMilli: number;
  readonly gpuMemoryMib: number;
  readonly isGpuEligible: Uint8Array;
  readonly cpuMilli: Float64Array;
  readonly gpuCount: Int32Array;
  readonly weight: Float64Array;
}

/** Measures how badly the idle GPUs of a node suit the work to expect. */
export interface Fragmentation {
  /** Sum of the weights of the mix. */
  readonly totalWeight: number;
  /**
   * Idle milli-GPU of the node that a job of the mix cannot use there, times the job's weight, summed over the mix:
   * divided by `totalWeight`, the expected fragmentation. Exact as long as the weights are whole. `cpuFree` stands in for
   * the node's, so that a placement can be tried. `O(GPUs × classes + shapes)`.
   */
  readonly weighted: (node: number, cpuFree: number) => number;
}

/**
 * Prepares the fragmentation measure of FGD for a fleet and a mix of work.
 *
 * A job that does not fit the node for want of CPU or GPUs can use none of its idle GPU; one that fits cannot use the GPUs
 * that are too small for it. A job without a GPU, and a MIG job, can use none.
 *
 * Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent",
 * USENIX ATC 2023, §3. Beyond it: GPUs of several models and memory sizes on one node. As there, main memory is left out.
 */
export function createFragmentation(
  state: FleetState,
  catalogue: Catalogue,
  mix: readonly WorkloadShape[],
): Fragmentation {
  // Summed in an order of their own, so that the order in which the shapes were given cannot change a bit of the sum.
  const shapes = mix
    .map(({ job, weight }) => ({ key: mixKey(job), demand: demandOf(job, catalogue), weight }))
    .sort((x, y) => (x.key < y.key ? -1 : x.key > y.key ? 1 : x.weight - y.weight));
  const totalWeight = shapes.reduce((sum, { weight }) => sum + weight, 0);
  const usesGpu = ({ demand }: { readonly demand: Demand }) => demand.gpuMilli > 0;
  const idleWeight = shapes.filter((shape) => !usesGpu(shape)).reduce((sum, { weight }) => sum + weight, 0);
  const classes = gpuClasses(shapes.filter(usesGpu));

  const { gpuStart, gpuType, gpuFree, gpuMemoryFree, nodeGpuFree } = state;
  const weighted = (node: number, cpuFree: number): number => {
    const start = gpuStart[node]!;
    const end = gpuStart[node + 1]!;
    const idle = nodeGpuFree[node]!;
    if (idle === 0) return 0;
    let sum = idleWeight * idle;
    for (const { gpuMilli, gpuMemoryMib, isGpuEligible, cpuMilli, gpuCount, weight } of classes) {
      let usable = 0;
      let usableMilli = 0;
      for (let g = start; g < end; g++) {
        const free = gpuFree[g]!;
        if (free < gpuMilli || isGpuEligible[gpuType[g]!] === 0) continue;
        if (gpuMemoryMib > 0 && gpuMemoryFree[g]! < gpuMemoryMib) continue;
        usable++;
        usableMilli += free;
      }
      const lost = idle - usableMilli;
      for (let k = 0; k < weight.length; k++) {
        sum += weight[k]! * (cpuMilli[k]! <= cpuFree && gpuCount[k]! <= usable ? lost : idle);
      }
    }
    return sum;
  };
  return { totalWeight, weighted };
}

function gpuClasses(shapes: readonly { readonly demand: Demand; readonly weight: number }[]): readonly GpuClass[] {
  const groups = new Map<string, { demand: Demand; weight: number }[]>();
  for (const shape of shapes) {
    const { gpuMilli, gpuMemoryMib, isGpuEligible } = shape.demand;
    const key = `${gpuMilli}/${gpuMemoryMib}/${isGpuEligible.join('')}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [shape]);
    else group.push(shape);
  }
  return [...groups.values()].map((group) => ({
    gpuMilli: group[0]!.demand.gpuMilli,
    gpuMemoryMib: group[0]!.demand.gpuMemoryMib,
    isGpuEligible: group[0]!.demand.isGpuEligible,
    cpuMilli: Float64Array.from(group, ({ demand }) => demand.cpuMilli),
    gpuCount: Int32Array.from(group, ({ demand }) => demand.gpuCount),
    weight: Float64Array.from(group, ({ weight }) => weight),
  }));
}
