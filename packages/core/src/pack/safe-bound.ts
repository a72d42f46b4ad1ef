import type { NodeGroup, PatternProblem } from './pattern-problem.ts';

/** Prices of a group's capacities (of one node; of all nodes that are on), each >= 0, in units of weight. */
export type GroupPrices = readonly Float64Array[];

/** A proven lower bound, and the worth of one job of each shape that proves it. */
export interface SafeBound {
  readonly total: number;
  /** By shape, >= 0, in units of weight. */
  readonly worth: Float64Array;
}

/** Of the amounts added up, what rounding could have added to a bound. */
const ROUNDING = 1e-10;

/**
 * The weak dual bound for any prices: they are repaired until no node is worth more than it weighs, so the bound holds
 * whatever the prices are and however they were computed.
 *
 * For each group the worth of a share above its CPU and memory is charged to its size; the price of the GPUs it may be on is
 * raised to the best pattern of such shares. A job is worth at most what leaving it out costs, and what it costs in every way on
 * every group that may hold it. What a node charges beyond its weight is subtracted for each node there is. Rounding is covered by
 * 1e-10 of the amounts added up. `O(groups × (shapes + patterns))`.
 */
export function safeBound(problem: PatternProblem, prices: GroupPrices, wanted: Float64Array): SafeBound {
  const { counts, groups, leaveOutCost } = problem;
  const worth = Float64Array.from(wanted, (value, shape) => Math.min(leaveOutCost[shape]!, Math.max(0, value)));
  const cap = worth.slice();
  let subtracted = 0;
  groups.forEach((group, g) => {
    const price = Float64Array.from(prices[g]!, (value) => Math.max(0, value));
    const perSize = new Map(group.patternRows.map((row) => [row, sharePrices(problem, group, row, price, cap)]));
    for (const [row, values] of perSize) {
      price[row] = Math.max(price[row]!, problem.bestPattern(values).value * group.capacity[row]!);
    }
    for (const shape of group.shapes) {
      for (const { uses, patternRow } of group.ways.get(shape)!) {
        const share = patternRow < 0 ? 0 : perSize.get(patternRow)![problem.sizeOf[shape]!]!;
        const cost = dot(uses, price) + (patternRow < 0 ? 0 : problem.shapes[shape]!.demand.gpuCount * share);
        worth[shape] = Math.min(worth[shape]!, cost);
      }
    }
    const charged = price.reduce((sum, value) => sum + value, 0);
    subtracted += group.offCount === 0 ? charged : group.offCount * Math.max(0, charged - group.weight);
  });
  const gained = worth.reduce((sum, value, shape) => sum + value * counts[shape]!, 0);
  return { total: Math.max(0, gained - subtracted - ROUNDING * (gained + subtracted)), worth };
}

/** By size: the most that a share of it is worth beyond the CPU and memory it takes in the group, on the GPUs of a row. */
export function sharePrices(
  { shapes: all, sizeOf, sizeCount }: PatternProblem,
  { shapes, ways }: NodeGroup,
  row: number,
  price: Float64Array,
  worth: Float64Array,
): Float64Array {
  const perSize = new Float64Array(sizeCount);
  for (const shape of shapes) {
    const size = sizeOf[shape]!;
    if (size < 0) continue;
    for (const { uses, patternRow } of ways.get(shape)!) {
      if (patternRow !== row) continue;
      perSize[size] = Math.max(perSize[size]!, (worth[shape]! - dot(uses, price)) / all[shape]!.demand.gpuCount);
    }
  }
  return perSize;
}

/** Sum of products. */
export function dot(uses: readonly number[], price: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < uses.length; i++) sum += uses[i]! * price[i]!;
  return sum;
}
