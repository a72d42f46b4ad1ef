import { GPU_MILLI } from '../units.ts';
import { isCut } from './catalogue.ts';
import type { FewestProblem, NodePool, Shape } from './fewest-problem.ts';
import { sharePatterns, type SharePattern } from './share-patterns.ts';

/** Nodes whose amounts the relaxation pools: off nodes of one pool, or all nodes of one kind that run jobs. */
export interface NodeGroup {
  /** Nodes that can be switched on; 0: they are on, and `capacity` is what all of them have left. */
  readonly offCount: number;
  readonly weight: number;
  /** Amounts of one node (of all nodes that are on): CPU, memory, GPUs, then MIG instances by profile. All > 0. */
  readonly capacity: readonly number[];
  /** Shapes some node of the group holds, ascending. */
  readonly shapes: readonly number[];
  /** By shape: what one job takes of each capacity, as a part of it. GPUs of a share are left to patterns: 0. */
  readonly uses: ReadonlyMap<number, readonly number[]>;
  /** Position of the GPUs in `capacity`, -1: the group has none. */
  readonly gpuAt: number;
}

/** The relaxation behind the bound: see `patternBound`. */
export interface PatternProblem {
  readonly shapes: readonly Shape[];
  readonly counts: Float64Array;
  readonly groups: readonly NodeGroup[];
  /** By shape: index of the size of its shares, -1 for what takes none. A job takes `gpuCount` of them, on any GPUs of the group. */
  readonly sizeOf: Int32Array;
  readonly sizeCount: number;
  readonly bestPattern: (values: Float64Array) => SharePattern;
}

/** Builds the relaxation of a problem. `O(nodes × GPUs + pools × shapes)`. */
export function patternProblem(problem: FewestProblem): PatternProblem {
  const { shapes, pools } = problem;
  const isPart = ({ demand }: Shape) => demand.isShare || demand.isSpread;
  const sizes = [...new Set(shapes.filter(isPart).map(({ demand }) => demand.gpuMilli))];
  sizes.sort((x, y) => x - y);
  const merged = new Map<string, NodePool[]>();
  pools.forEach((pool, index) => {
    const key = pool.isOn ? `on/${pool.kind}` : `off/${index}`;
    const group = merged.get(key);
    if (group === undefined) merged.set(key, [pool]);
    else group.push(pool);
  });
  return {
    shapes,
    counts: Float64Array.from(shapes, ({ jobs }) => jobs.length),
    groups: [...merged.values()].map((members) => groupOf(problem, members)),
    sizeOf: Int32Array.from(shapes, (shape) => (isPart(shape) ? sizes.indexOf(shape.demand.gpuMilli) : -1)),
    sizeCount: sizes.length,
    bestPattern: sharePatterns(sizes),
  };
}

function groupOf({ fleet, shapes: all }: FewestProblem, pools: readonly NodePool[]): NodeGroup {
  const { state, nodes, catalogue } = fleet;
  const { isOn, weight } = pools[0]!;
  const amounts = new Map<string, number>([
    ['cpu', 0],
    ['memory', 0],
    ['gpu', 0],
  ]);
  const add = (name: string, amount: number) => amounts.set(name, (amounts.get(name) ?? 0) + amount);
  for (const node of isOn ? pools.flatMap((pool) => pool.nodes) : [pools[0]!.nodes[0]!]) {
    add('cpu', state.cpuFree[node]!);
    add('memory', state.memoryFree[node]!);
    nodes[node]!.gpus.forEach((gpu, index) => {
      const row = state.gpuStart[node]! + index;
      // A GPU that is partly in use counts as a whole one: patterns are those of an empty GPU.
      if (!isCut(gpu) && state.gpuFree[row]! > 0) add('gpu', 1);
      for (let i = state.instanceStart[row]!; i < state.instanceStart[row + 1]!; i++) {
        if (state.isInstanceFree[i] === 1) add(`mig/${catalogue.instanceTypes[state.instanceType[i]!]!.profile}`, 1);
      }
    });
  }
  const names = [...amounts.keys()].filter((name) => amounts.get(name)! > 0);
  const shapes = [...new Set(pools.flatMap((pool) => pool.shapes))].sort((x, y) => x - y);
  const uses = new Map(
    shapes.map((shape) => {
      const { demand, jobs } = all[shape]!;
      const taken: Record<string, number> = { cpu: demand.cpuMilli, memory: demand.memoryMib };
      if (demand.isMig) taken[`mig/${jobs[0]!.migProfile!}`] = 1;
      else if (!demand.isShare && !demand.isSpread) taken['gpu'] = (demand.gpuCount * demand.gpuMilli) / GPU_MILLI;
      return [shape, names.map((name) => (taken[name] ?? 0) / amounts.get(name)!)];
    }),
  );
  return {
    offCount: isOn ? 0 : pools[0]!.nodes.length,
    weight: isOn ? 0 : weight,
    capacity: names.map((name) => amounts.get(name)!),
    shapes,
    uses,
    gpuAt: names.indexOf('gpu'),
  };
}
