import type { Catalogue } from './catalogue.ts';
import { demandOf, mixKey, type Demand } from './demand.ts';
import type { FleetState } from './fleet-state.ts';
import type { WorkloadShape } from './types.ts';

/** Shapes of the mix that ask the same of a single GPU, so that one look at a GPU serves them all. */
interface GpuClass {
  readonly gpuMilli: number;
  readonly gpuMemoryMib: number;
  readonly isGpuEligible: Uint8Array;
  readonly shapes: readonly { readonly demand: Demand; readonly weight: number }[];
}

/** Measures how badly the idle GPUs of a node suit the work to expect. */
export interface Fragmentation {
  /** Sum of the weights of the mix. */
  readonly totalWeight: number;
  /**
   * Idle milli-GPU of the node that a job of the mix cannot use there, times the job's weight, summed over the mix:
   * divided by `totalWeight`, the expected fragmentation. Exact as long as the weights are whole. `cpuFree` stands in for
   * the node's, so that a placement can be tried. `O(GPUs in use in part × classes)`.
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
  const classes = gpuClasses(shapes.filter(({ demand }) => demand.gpuMilli > 0));
  const classCount = classes.length;
  const { gpuStart, gpuType, gpuFree, gpuMemoryFree, nodeGpuFree } = state;
  const mostGpus = gpuStart.reduce(
    (most, end, node) => (node === 0 ? 0 : Math.max(most, end - gpuStart[node - 1]!)),
    0,
  );
  const cpuLevels = Float64Array.from(new Set(shapes.map(({ demand }) => demand.cpuMilli))).sort();
  /** Weight of the shapes of a class that want no more than so much CPU and so many GPUs, by CPU level, class and GPUs. */
  const served = servedWeights(classes, cpuLevels, mostGpus);
  const rowLength = mostGpus + 1;
  const smallest = Int32Array.from(classes, ({ gpuMilli }) => gpuMilli);
  const usable = new Int32Array(classCount);
  const usableMilli = new Float64Array(classCount);

  const weighted = (node: number, cpuFree: number): number => {
    const idle = nodeGpuFree[node]!;
    if (idle === 0) return 0;
    usable.fill(0);
    usableMilli.fill(0);
    for (let g = gpuStart[node]!, end = gpuStart[node + 1]!; g < end; g++) {
      const free = gpuFree[g]!;
      if (free <= 0) continue;
      const type = gpuType[g]!;
      // From the smallest share up.
      for (let k = 0; k < classCount && smallest[k]! <= free; k++) {
        const { isGpuEligible, gpuMemoryMib } = classes[k]!;
        if (isGpuEligible[type] === 0 || (gpuMemoryMib > 0 && gpuMemoryFree[g]! < gpuMemoryMib)) continue;
        usable[k]!++;
        usableMilli[k]! += free;
      }
    }
    let level = 0;
    for (let high = cpuLevels.length; level < high;) {
      const middle = (level + high) >> 1;
      if (cpuLevels[middle]! <= cpuFree) level = middle + 1;
      else high = middle;
    }
    let sum = totalWeight * idle;
    for (let k = 0, at = level * classCount * rowLength; k < classCount; k++, at += rowLength) {
      sum -= served[at + usable[k]!]! * usableMilli[k]!;
    }
    return sum;
  };
  return { totalWeight, weighted };
}

/** See {@link createFragmentation}: a row for each number of CPU levels that are not above what is free. */
function servedWeights(classes: readonly GpuClass[], cpuLevels: Float64Array, mostGpus: number): Float64Array {
  const rowLength = mostGpus + 1;
  const served = new Float64Array((cpuLevels.length + 1) * classes.length * rowLength);
  for (let level = 0; level <= cpuLevels.length; level++) {
    const cpuFree = level === 0 ? -Infinity : cpuLevels[level - 1]!;
    classes.forEach(({ shapes }, k) => {
      for (const { demand, weight } of shapes) {
        if (demand.cpuMilli > cpuFree) continue;
        const row = (level * classes.length + k) * rowLength;
        for (let gpus = demand.gpuCount; gpus <= mostGpus; gpus++) served[row + gpus]! += weight;
      }
    });
  }
  return served;
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
  return [...groups.values()]
    .map((group) => {
      const { gpuMilli, gpuMemoryMib, isGpuEligible } = group[0]!.demand;
      return { gpuMilli, gpuMemoryMib, isGpuEligible, shapes: group };
    })
    .sort((x, y) => x.gpuMilli - y.gpuMilli);
}
