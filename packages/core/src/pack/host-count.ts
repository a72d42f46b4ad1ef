import { GPU_MILLI } from '../units.ts';
import type { Demand } from './demand.ts';
import type { FleetState } from './fleet-state.ts';

/** Jobs of each of some demands that one node could start now, when only they were placed, on GPUs nobody cut. */
export interface HostCount {
  /** Writes them to `counts`, by demand. `O(classes × GPUs + demands)` */
  readonly count: (node: number, counts: Int32Array) => void;
}

/** Demands that ask the same of a single GPU. */
interface GpuClass {
  readonly gpuMilli: number;
  readonly gpuMemoryMib: number;
  readonly isGpuEligible: Uint8Array;
}

/** Prepares to count the hosts of demands for whole GPUs or a share of one. */
export function createHostCount(state: FleetState, demands: readonly Demand[]): HostCount {
  const { gpuStart, gpuType, gpuFree, gpuMemoryFree, nodeGpuFree, cpuFree, memoryFree } = state;
  const classes = new Map<string, { readonly number: number } & GpuClass>();
  const classOf = Int32Array.from(demands, ({ gpuMilli, gpuMemoryMib, isGpuEligible }) => {
    const key = `${gpuMilli}/${gpuMemoryMib}/${isGpuEligible.join('')}`;
    const known = classes.get(key) ?? { number: classes.size, gpuMilli, gpuMemoryMib, isGpuEligible };
    classes.set(key, known);
    return known.number;
  });
  const gpuClasses: readonly GpuClass[] = [...classes.values()];
  const cpuNeed = Float64Array.from(demands, ({ cpuMilli }) => cpuMilli);
  const memoryNeed = Float64Array.from(demands, ({ memoryMib }) => memoryMib);
  const countNeed = Int32Array.from(demands, ({ gpuCount }) => gpuCount);
  // By class: GPUs, or shares of them, that are free.
  const free = new Int32Array(gpuClasses.length);

  const unitsOf = ({ gpuMilli, gpuMemoryMib, isGpuEligible }: GpuClass, node: number): number => {
    let units = 0;
    for (let g = gpuStart[node]!, end = gpuStart[node + 1]!; g < end; g++) {
      const milli = gpuFree[g]!;
      if (milli < gpuMilli || isGpuEligible[gpuType[g]!] === 0) continue;
      if (gpuMilli === GPU_MILLI) units++;
      else {
        const byMemory = gpuMemoryMib > 0 ? Math.floor(gpuMemoryFree[g]! / gpuMemoryMib) : Infinity;
        units += Math.min(Math.floor(milli / gpuMilli), byMemory);
      }
    }
    return units;
  };
  const count: HostCount['count'] = (node, counts) => {
    if (nodeGpuFree[node] === 0) {
      counts.fill(0);
      return;
    }
    for (let k = 0; k < gpuClasses.length; k++) free[k] = unitsOf(gpuClasses[k]!, node);
    const cpu = cpuFree[node]!;
    const memory = memoryFree[node]!;
    for (let q = 0; q < counts.length; q++) {
      const units = free[classOf[q]!]!;
      // Most demands are too large for most nodes, and a division costs more than to see that.
      if (units < countNeed[q]! || cpu < cpuNeed[q]! || memory < memoryNeed[q]!) {
        counts[q] = 0;
        continue;
      }
      let most = Math.floor(units / countNeed[q]!);
      if (most > 1 && cpuNeed[q]! > 0) most = Math.min(most, Math.floor(cpu / cpuNeed[q]!));
      if (most > 1 && memoryNeed[q]! > 0) most = Math.min(most, Math.floor(memory / memoryNeed[q]!));
      counts[q] = most;
    }
  };
  return { count };
}
