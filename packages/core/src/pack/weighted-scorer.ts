import { InvalidInputError } from '../errors.ts';
import { checkNumber } from '../check-number.ts';
import type { GpuNode } from '../fleet/index.ts';
import { GPU_MILLI } from '../units.ts';
import { isCut } from './catalogue.ts';
import type { ScoreNode } from './types.ts';

/**
 * The rule of kube-scheduler's `MostAllocated`: the mean share in use of CPU, main memory and GPUs with the job in place, in
 * points from 0 to 100. What a node does not have does not count.
 *
 * Source: kubernetes/kubernetes, pkg/scheduler/framework/plugins/noderesources/most_allocated.go, here without the cut to whole points.
 *
 * @example
 * ```ts
 * createPacker({ nodes }, { scorer: mostAllocated });
 * ```
 */
export const mostAllocated: ScoreNode = ({ node, cpuMilliFree, memoryMibFree, gpuMilliFree }, job) => {
  const gpuMilli = GPU_MILLI * node.gpus.filter((gpu) => !isCut(gpu)).length;
  const gpuFree = gpuMilliFree.reduce((sum, milli) => sum + milli, 0);
  const parts = [
    [node.cpuMilli, cpuMilliFree - job.cpuMilli],
    [node.memoryMib, memoryMibFree - job.memoryMib],
    [gpuMilli, gpuFree - job.gpuCount * job.gpuMilli],
  ] as const;
  const present = parts.filter(([total]) => total > 0);
  const used = present.reduce((sum, [total, left]) => sum + (total - left) / total, 0);
  return present.length === 0 ? 0 : (100 * used) / present.length;
};

/** What {@link weightedScorer} weighs; at least one weight must be above 0. */
export interface ScoreWeights {
  /** Full nodes first, as {@link mostAllocated}. @defaultValue 0 */
  readonly allocated?: number;
  /** Cheap nodes first, by `priceUsdPerHour` for each GPU (of a CPU node: for the node). @defaultValue 0 */
  readonly price?: number;
  /** Frugal nodes first, by `idleWatts` for each GPU. @defaultValue 0 */
  readonly power?: number;
  /** Clean nodes first, by the carbon intensity of their zone. @defaultValue 0 */
  readonly carbon?: number;
}

/**
 * A rule that weighs several aims. Each is a number from 0, the worst node of the fleet or one that does not state the value, to 1,
 * the best; the score is their sum, each times its weight.
 *
 * @param nodes - the fleet, for the worst and the best value.
 * @param options.carbonGramsPerKwh - carbon intensity by zone, g/kWh.
 * @throws InvalidInputError when a weight is below 0 or not finite, or all are 0.
 *
 * @example
 * ```ts
 * createPacker({ nodes }, { scorer: weightedScorer(nodes, { allocated: 1, price: 2 }) });
 * ```
 */
export function weightedScorer(
  nodes: readonly GpuNode[],
  weights: ScoreWeights,
  options: { readonly carbonGramsPerKwh?: Readonly<Record<string, number>> } = {},
): ScoreNode {
  const { allocated = 0, price = 0, power = 0, carbon = 0 } = weights;
  for (const [name, weight] of Object.entries({ allocated, price, power, carbon })) {
    checkNumber(`weights.${name}`, weight, { min: 0, hint: 'Leave out what does not matter.' });
  }
  if (allocated + price + power + carbon === 0) {
    throw new InvalidInputError('weights', 'must have one above 0', weights, { hint: 'For example { price: 1 }.' });
  }
  const { carbonGramsPerKwh = {} } = options;
  const perGpu = (node: GpuNode, value: number | undefined) =>
    value === undefined ? undefined : value / Math.max(1, node.gpus.length);
  const aims = [
    [price, cheapness(nodes, (node) => perGpu(node, node.priceUsdPerHour))],
    [power, cheapness(nodes, (node) => perGpu(node, node.idleWatts))],
    [carbon, cheapness(nodes, ({ zone }) => (zone === undefined ? undefined : carbonGramsPerKwh[zone]))],
  ] as const;
  return (view, job) =>
    aims.reduce(
      (sum, [weight, of]) => (weight === 0 ? sum : sum + weight * of(view.node)),
      allocated === 0 ? 0 : (allocated * mostAllocated(view, job)) / 100,
    );
}

/** 1 for the node with the smallest value of the fleet, 0 for the one with the largest or none. */
function cheapness(
  nodes: readonly GpuNode[],
  valueOf: (node: GpuNode) => number | undefined,
): (node: GpuNode) => number {
  const values = nodes.map(valueOf).filter((value) => value !== undefined);
  const least = values.reduce((x, y) => Math.min(x, y), Infinity);
  const most = values.reduce((x, y) => Math.max(x, y), -Infinity);
  return (node) => {
    const value = valueOf(node);
    if (value === undefined) return 0;
    // A node that joined later may lie outside.
    return most === least ? 1 : Math.min(1, Math.max(0, (most - value) / (most - least)));
  };
}
