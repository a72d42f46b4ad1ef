import type { EvictionProblem } from './cheapest-eviction.ts';
import { createCover, leastToCover, type Cover } from './cover.ts';
import type { Demand } from '../pack/demand.ts';
import { move, type Holding } from '../pack/fleet-state.ts';
import type { Fleet } from '../pack/fleet.ts';
import { hasInstance } from '../pack/instance-choice.ts';
import { shortfall } from '../pack/shortfall.ts';

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
  const total = (gain: (holding: Holding) => number, by: readonly (readonly number[])[] = weights) =>
    createCover(
      units.map(({ holdings }) => holdings.reduce((sum, holding) => sum + gain(holding), 0)),
      by,
    );
  const cpu = total((holding) => holding.cpuMilli);
  const memory = total((holding) => holding.memoryMib);

  const rows: number[] = [];
  for (let g = state.gpuStart[node]!; g < state.gpuStart[node + 1]!; g++) {
    if (demand.isGpuEligible[state.gpuType[g]!] === 1) rows.push(g);
  }
  const rowsHeld = units.map(({ holdings }) => new Set(holdings.flatMap((holding) => holding.gpus)).size);
  // Where several GPUs are needed, what a unit weighs is split over those it holds.
  const perGpu =
    demand.gpuCount === 1 ? weights : weights.map((weight) => weight.map((value, unit) => value / rowsHeld[unit]!));
  const onGpu = (row: number, gain: (holding: Holding) => number) =>
    total((holding) => (holding.gpus.includes(row) ? gain(holding) : 0), perGpu);
  const gpus: readonly CoverGpu[] = demand.isMig
    ? []
    : rows.map((row) => ({
        row,
        milli: onGpu(row, (holding) => holding.gpuMilli),
        memory: onGpu(row, (holding) => holding.gpuMemoryMib),
      }));
  // One at least has to go that holds an instance the demand can take, or any on a GPU that is cut anew.
  const isInTheWay = (instance: number): boolean => {
    const type = state.gpuType[state.instanceGpu[instance]!]!;
    if (demand.isGpuEligible[type] === 0) return false;
    return state.cards[type] !== undefined || demand.isInstanceEligible[state.instanceType[instance]!] === 1;
  };
  const holdsInstance = units.map(({ holdings }) =>
    holdings.some(({ instance }) => instance >= 0 && isInTheWay(instance)),
  );
  // A whole GPU has its memory when it is free. The memory of a GPU may be unknown, and then nobody asks for it.
  const countsMemory = (demand.isShare || demand.isSpread) && demand.gpuMemoryMib > 0;

  /** The least weight of what the demand takes of one GPU; Infinity: it cannot be freed. */
  const gpuCost = ({ row, milli, memory: ofGpu }: CoverGpu, which: 0 | 1, isOpen: Uint8Array): number => {
    const weight = perGpu[which];
    const short = leastToCover(milli, demand.gpuMilli - state.gpuFree[row]!, which, weight, isOpen);
    if (!countsMemory) return short;
    const lack = demand.gpuMemoryMib - state.gpuMemoryFree[row]!;
    return Math.max(short, leastToCover(ofGpu, lack, which, weight, isOpen));
  };
  const gpuPart = (which: 0 | 1, isOpen: Uint8Array): number => {
    const weight = weights[which];
    if (demand.gpuCount === 0) return 0;
    if (demand.isMig) {
      if (hasInstance(state, node, demand)) return 0;
      return units.reduce(
        (least, _, unit) => (holdsInstance[unit] && isOpen[unit] === 1 ? Math.min(least, weight[unit]!) : least),
        Infinity,
      );
    }
    const costs = gpus.map((gpu) => gpuCost(gpu, which, isOpen)).sort((x, y) => x - y);
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
