import { GPU_MILLI } from '../units.ts';
import type { Workbench, HeldShape, OpenNode } from './workbench.ts';

/** How a node is filled. */
export interface FillRule {
  /** Cost of a job that takes different parts of the GPUs and of the CPUs left, per part. */
  readonly balance: number;
  /** By shape: preference for jobs that are dear to place. */
  readonly preference?: Float64Array;
}

/** Jobs of several GPUs and of MIG go before all others: later there may be no room for them. */
const HARD_FIRST = 5;
/** A share that fits a GPU in use is preferred by this much, less the part of the GPU that it leaves unused. */
const SHARED_GPU = 0.3;

/**
 * Fills a node greedily with jobs that are left: the next is the one that takes the largest parts of the GPUs and of the CPUs
 * the node has left, less `balance` times their difference, so that both run out together. Returns what was put there.
 * `O(jobs put × shapes × GPUs of the node)`.
 */
export function fillNode(bench: Workbench, opened: OpenNode, { balance, preference }: FillRule): readonly HeldShape[] {
  const { problem, left } = bench;
  const { shapes, pools, fleet } = problem;
  const { state } = fleet;
  const { node } = opened;
  const put: HeldShape[] = [];
  let candidates = pools[opened.pool]!.shapes.filter((shape) => left[shape]! > 0);
  for (;;) {
    const gpuLeft = Math.max(state.nodeGpuFree[node]!, 1);
    const cpuLeft = Math.max(state.cpuFree[node]!, 1);
    let best: HeldShape | undefined;
    let top = -Infinity;
    const still: number[] = [];
    for (const shape of candidates) {
      if (left[shape] === 0) continue;
      const holding = bench.fit(node, shape);
      if (holding === undefined) continue;
      still.push(shape);
      const { gpuMilli, demand } = shapes[shape]!;
      const gpuPart = gpuMilli / gpuLeft;
      const cpuPart = demand.cpuMilli / cpuLeft;
      let score = gpuPart + cpuPart - balance * Math.abs(gpuPart - cpuPart);
      if (preference !== undefined) score += preference[shape]!;
      if (demand.gpuCount > 1 || demand.isMig) score += HARD_FIRST + demand.migSlices;
      if (demand.isShare) {
        const free = state.gpuFree[holding.gpus[0]!]!;
        if (free < GPU_MILLI) score += SHARED_GPU - (free - demand.gpuMilli) / GPU_MILLI;
      }
      if (score <= top) continue;
      top = score;
      best = { shape, holding };
    }
    if (best === undefined) return put;
    bench.put(opened, best);
    put.push(best);
    candidates = still;
  }
}
