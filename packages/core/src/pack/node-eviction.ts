import { GPU_MILLI } from '../units.ts';
import type { EvictionProblem } from './cheapest-eviction.ts';
import { createCover, leastToCover, type Cover } from './cover.ts';
import type { Demand } from './demand.ts';
import { move, type Holding } from './fleet-state.ts';
import type { Fleet } from './fleet.ts';
import { findInstance, shortfall } from './shortfall.ts';

/** A unit as one node sees it. */
export interface NodeUnit {
  /** What its members hold on the node. */
  readonly holdings: readonly Holding[];
  /** Of all its members, wherever they are. */
  readonly loss: number;
  /** Of all its members, wherever they are. */
  readonly jobs: number;
}

/** One eligible GPU of the node that a demand may need. */
interface CoverGpu {
  readonly row: number;
  readonly milli: Cover;
  readonly memory: Cover;
}

/**
 * Which jobs of one node to evict for a demand. The bound is the largest of what CPU, main memory and GPUs cost apart, each when
 * units could be evicted in part; a unit on several GPUs counts on each for its part. `O(units × GPUs)` a bound.
 */
export function nodeEviction(
  { state }: Fleet,
  node: number,
  demand: Demand,
  units: readonly NodeUnit[],
): EvictionProblem {
  const loss = units.map((unit) => unit.loss);
  const jobs = units.map((unit) => unit.jobs);
  const weights = [loss, jobs] as const;
  const total = (gain: (holding: Holding) => number) =>
    createCover(
      units.map(({ holdings }) => holdings.reduce((sum, holding) => sum + gain(holding), 0)),
      weights,
    );
  const cpu = total((holding) => holding.cpuMilli);
  const memory = total((holding) => holding.memoryMib);

  const rows: number[] = [];
  for (let g = state.gpuStart[node]!; g < state.gpuStart[node + 1]!; g++) {
    if (demand.isGpuEligible[state.gpuType[g]!] === 1) rows.push(g);
  }
  const isOn = (row: number) => (holding: Holding) => holding.gpus.includes(row);
  const gpus: readonly CoverGpu[] = demand.isMig
    ? []
    : rows.map((row) => ({
        row,
        milli: total((holding) => (isOn(row)(holding) ? holding.gpuMilli : 0)),
        memory: total((holding) => (isOn(row)(holding) ? holding.gpuMemoryMib : 0)),
      }));
  const rowsHeld = units.map(({ holdings }) => new Set(holdings.flatMap((holding) => holding.gpus)).size);
  const holdsInstance = units.map(({ holdings }) =>
    holdings.some(({ instance }) => instance >= 0 && demand.isInstanceEligible[state.instanceType[instance]!] === 1),
  );

  /** The least weight of a wholly free GPU, as the parts of the open units on it; Infinity: it cannot be freed. */
  const wholeGpu = ({ row, milli }: CoverGpu, which: 0 | 1, isOpen: Uint8Array): number => {
    let left = GPU_MILLI - state.gpuFree[row]!;
    let sum = 0;
    milli.units.forEach((unit, k) => {
      if (isOpen[unit] === 0) return;
      left -= milli.gains[k]!;
      sum += weights[which][unit]! / rowsHeld[unit]!;
    });
    return left > 0 ? Infinity : sum;
  };
  const gpuPart = (which: 0 | 1, isOpen: Uint8Array): number => {
    const weight = weights[which];
    if (demand.gpuCount === 0) return 0;
    if (demand.isMig) {
      if (findInstance(state, node, demand) >= 0) return 0;
      return units.reduce(
        (least, _, unit) => (holdsInstance[unit] && isOpen[unit] === 1 ? Math.min(least, weight[unit]!) : least),
        Infinity,
      );
    }
    if (demand.gpuCount === 1) {
      return gpus.reduce((least, { row, milli, memory: ofGpu }) => {
        const short = leastToCover(milli, demand.gpuMilli - state.gpuFree[row]!, which, weight, isOpen);
        const lack = demand.gpuMemoryMib - state.gpuMemoryFree[row]!;
        // The memory of a GPU may be unknown, and then nobody asks for it.
        const counts = demand.isShare && demand.gpuMemoryMib > 0;
        const shortMemory = counts ? leastToCover(ofGpu, lack, which, weight, isOpen) : 0;
        return Math.min(least, Math.max(short, shortMemory));
      }, Infinity);
    }
    // Of whole GPUs only: a demand for shares of several is bounded by CPU and memory alone.
    if (demand.gpuMilli !== GPU_MILLI) return 0;
    const costs = gpus.map((gpu) => wholeGpu(gpu, which, isOpen)).sort((x, y) => x - y);
    if (costs.length < demand.gpuCount) return Infinity;
    return costs.slice(0, demand.gpuCount).reduce((sum, cost) => sum + cost, 0);
  };
  return {
    weights,
    evict: (unit) => {
      for (const holding of units[unit]!.holdings) move(state, node, holding, 1);
    },
    restore: (unit) => {
      for (const holding of units[unit]!.holdings) move(state, node, holding, -1);
    },
    fits: () => shortfall(state, node, demand) === 0,
    leastMore: (which, isOpen) =>
      Math.max(
        leastToCover(cpu, demand.cpuMilli - state.cpuFree[node]!, which, weights[which], isOpen),
        leastToCover(memory, demand.memoryMib - state.memoryFree[node]!, which, weights[which], isOpen),
        gpuPart(which, isOpen),
      ),
  };
}
