import type { FewestProblem } from './fewest-problem.ts';
import { move, type Holding } from './fleet-state.ts';
import { severalGpus, tightestGpu } from './gpu-choice.ts';
import { findInstance } from './instance-choice.ts';
import { shortfall, wholeGpusFree } from './shortfall.ts';

/** A job of a shape, and what it holds. Rows are those of the node. */
export interface HeldShape {
  readonly shape: number;
  readonly holding: Holding;
}

/** A node that is switched on, and what was put there. */
export interface OpenNode {
  readonly pool: number;
  readonly node: number;
  readonly held: HeldShape[];
}

/** A fleet in the making: what is placed where, and what is left to place. All moves can be undone exactly. */
export interface Workbench {
  readonly problem: FewestProblem;
  /** Jobs of each shape without a place. */
  readonly left: Int32Array;
  readonly openNodes: ReadonlySet<OpenNode>;
  /** Nodes of each pool that are off. */
  readonly offCount: (pool: number) => number;
  /** Switches on a node of the pool. It must have one that is off. */
  readonly open: (pool: number) => OpenNode;
  /** Switches a node off that holds nothing. */
  readonly close: (open: OpenNode) => void;
  /** Undoes a close: switches on that very node, with nothing on it. */
  readonly reopen: (open: OpenNode) => void;
  /** True when a node of the pool may hold the shape: it had room at the start, and stays long enough. */
  readonly allows: (pool: number, shape: number) => boolean;
  /** The most suitable devices of a node for a shape; `undefined`: it does not fit. `O(GPUs of the node)`. */
  readonly fit: (node: number, shape: number) => Holding | undefined;
  readonly put: (open: OpenNode, held: HeldShape) => void;
  /** Takes off a node what was put there last, down to `kept` jobs, and returns it. */
  readonly clear: (open: OpenNode, kept?: number) => readonly HeldShape[];
}

/** Starts with every node that runs jobs open, and nothing else. `O(nodes)`. */
export function createWorkbench(problem: FewestProblem): Workbench {
  const { fleet, shapes, pools } = problem;
  const { state } = fleet;
  const left = Int32Array.from(shapes, ({ jobs }) => jobs.length);
  const off = pools.map(({ nodes }) => [...nodes].reverse());
  const allowed = pools.map((pool) => {
    const flags = new Uint8Array(shapes.length);
    for (const shape of pool.shapes) flags[shape] = 1;
    return flags;
  });
  const openNodes = new Set<OpenNode>();
  const open = (pool: number): OpenNode => {
    const opened: OpenNode = { pool, node: off[pool]!.pop()!, held: [] };
    openNodes.add(opened);
    return opened;
  };
  pools.forEach(({ isOn }, pool) => {
    if (isOn) open(pool);
  });
  return {
    problem,
    left,
    openNodes,
    offCount: (pool) => off[pool]!.length,
    open,
    close: (opened) => {
      openNodes.delete(opened);
      off[opened.pool]!.push(opened.node);
    },
    reopen: (opened) => {
      off[opened.pool]!.splice(off[opened.pool]!.lastIndexOf(opened.node), 1);
      openNodes.add(opened);
    },
    allows: (pool, shape) => allowed[pool]![shape] === 1,
    fit: (node, shape) => {
      const { demand } = shapes[shape]!;
      const { cpuMilli, memoryMib, gpuMilli, gpuMemoryMib, gpuCount, isMig, isShare, isSpread } = demand;
      if (state.cpuFree[node]! < cpuMilli || state.memoryFree[node]! < memoryMib) return undefined;
      let gpus: readonly number[] = [];
      let instance = -1;
      if (isMig) {
        instance = findInstance(state, node, demand);
        if (instance < 0) return undefined;
      } else if (isShare) {
        const gpu = tightestGpu(fleet, node, demand);
        if (gpu < 0) return undefined;
        gpus = [gpu];
      } else if (gpuCount > 0) {
        const isShort = isSpread ? shortfall(state, node, demand) > 0 : wholeGpusFree(state, node, demand) < gpuCount;
        if (isShort) return undefined;
        gpus = severalGpus(fleet, node, demand);
      }
      return { cpuMilli, memoryMib, gpus, gpuMilli, gpuMemoryMib, instance };
    },
    put: (opened, held) => {
      move(state, opened.node, held.holding, -1);
      left[held.shape]!--;
      opened.held.push(held);
    },
    clear: (opened, kept = 0) => {
      const taken = opened.held.splice(kept);
      for (const { shape, holding } of taken) {
        move(state, opened.node, holding, 1);
        left[shape]!++;
      }
      return taken;
    },
  };
}

/** The same devices on another node of the pool. */
export function onNode({ fleet }: FewestProblem, holding: Holding, from: number, to: number): Holding {
  const { gpuStart, instanceStart } = fleet.state;
  const gpuShift = gpuStart[to]! - gpuStart[from]!;
  const instanceShift = instanceStart[gpuStart[to]!]! - instanceStart[gpuStart[from]!]!;
  return {
    ...holding,
    gpus: holding.gpus.map((row) => row + gpuShift),
    instance: holding.instance < 0 ? -1 : holding.instance + instanceShift,
  };
}
