import { GPU_MILLI } from '../units.ts';
import { isCut } from './catalogue.ts';
import type { FewestProblem, NodePool, Shape } from './fewest-problem.ts';
import { sharePatterns, type SharePattern } from './share-patterns.ts';

/** Nodes whose amounts the relaxation pools: off nodes of one pool, or nodes that are on. */
export interface NodeGroup {
  /** Nodes that can be switched on; 0: they are on, and `capacity` is what all of them have left. */
  readonly offCount: number;
  readonly weight: number;
  /**
   * Amounts of one node (of all nodes that are on), all > 0: CPU, memory, by type the GPUs nobody uses, by type the GPUs' worth
   * of milli-GPU left on those in part use, MIG instances that stay by profile; of GPUs that are cut as jobs come, by type, memory slices,
   * compute slices and the most instances of each profile.
   */
  readonly capacity: readonly number[];
  /** Shapes some node of the group holds, ascending. */
  readonly shapes: readonly number[];
  /** By shape: every way to place one job, at least one. A job may be cut and placed in several ways. */
  readonly ways: ReadonlyMap<number, readonly Way[]>;
  /** Positions in `capacity` of the GPUs that patterns of shares fill, ascending. */
  readonly patternRows: readonly number[];
}

/** One way to place a job in a group. */
export interface Way {
  /** What it takes of each capacity, as a part of it. Shares that a pattern holds take no GPU here. */
  readonly uses: readonly number[];
  /** Position in `capacity` of the GPUs of which patterns hold the shares, -1: none does. */
  readonly patternRow: number;
}

/** The relaxation behind the bounds: see `patternBound` and `placementBound`. */
export interface PatternProblem {
  readonly shapes: readonly Shape[];
  readonly counts: Float64Array;
  readonly groups: readonly NodeGroup[];
  /** By shape: what leaving out one job costs, >= 0; Infinity: every job must be held. */
  readonly leaveOutCost: Float64Array;
  /** By shape: index of the size of its shares, -1 for what takes none. A job takes `gpuCount` of them, on any GPUs of the group. */
  readonly sizeOf: Int32Array;
  readonly sizeCount: number;
  readonly bestPattern: (values: Float64Array) => SharePattern;
}

/** Builds the relaxation in which every job must be held. `O(nodes × GPUs + pools × shapes)`. */
export function patternProblem(problem: FewestProblem): PatternProblem {
  const merged = new Map<string, NodePool[]>();
  problem.pools.forEach((pool, index) => {
    const key = pool.isOn ? `on/${pool.kind}` : `off/${index}`;
    const group = merged.get(key);
    if (group === undefined) merged.set(key, [pool]);
    else group.push(pool);
  });
  const groups = [...merged.values()].map((members) => {
    const { isOn, nodes, weight } = members[0]!;
    const shapes = [...new Set(members.flatMap((pool) => pool.shapes))].sort((x, y) => x - y);
    if (!isOn) return groupOf(problem, [nodes[0]!], shapes, nodes.length, weight);
    return groupOf(
      problem,
      members.flatMap((pool) => pool.nodes),
      shapes,
      0,
      0,
    );
  });
  return relaxation(problem.shapes, groups, () => Infinity);
}

/** The relaxation of given groups. `O(shapes × sizes)` */
export function relaxation(
  shapes: readonly Shape[],
  groups: readonly NodeGroup[],
  leaveOutCost: (shape: Shape) => number,
): PatternProblem {
  const sizes = [...new Set(shapes.filter(takesShares).map(({ demand }) => demand.gpuMilli))];
  sizes.sort((x, y) => x - y);
  return {
    shapes,
    counts: Float64Array.from(shapes, ({ jobs }) => jobs.length),
    groups,
    leaveOutCost: Float64Array.from(shapes, leaveOutCost),
    sizeOf: Int32Array.from(shapes, (shape) => (takesShares(shape) ? sizes.indexOf(shape.demand.gpuMilli) : -1)),
    sizeCount: sizes.length,
    bestPattern: sharePatterns(sizes),
  };
}

/** True for a job of shares, of one GPU or of several. */
function takesShares({ demand }: Shape): boolean {
  return demand.isShare || demand.isSpread;
}

/**
 * Pools what the nodes given have left.
 *
 * @param fitting - shapes that some of the nodes hold as they are.
 * @param offCount - as {@link NodeGroup.offCount}; the amounts are then those of the one node given.
 */
export function groupOf(
  { fleet, shapes: all }: Pick<FewestProblem, 'fleet' | 'shapes'>,
  members: readonly number[],
  fitting: readonly number[],
  offCount: number,
  weight: number,
): NodeGroup {
  const { state, nodes, catalogue } = fleet;
  const amounts = new Map<string, number>();
  const add = (name: string, amount: number) => amounts.set(name, (amounts.get(name) ?? 0) + amount);
  /** By GPU type: the most that is left on one in part use. */
  const mostLeft = new Map<number, number>();
  for (const node of members) {
    add('cpu', state.cpuFree[node]!);
    add('memory', state.memoryFree[node]!);
    nodes[node]!.gpus.forEach((gpu, index) => {
      const row = state.gpuStart[node]! + index;
      const free = state.gpuFree[row]!;
      const type = state.gpuType[row]!;
      if (!isCut(gpu) && free === GPU_MILLI) add(`gpu/${type}`, 1);
      else if (!isCut(gpu) && free > 0) {
        add(`part/${type}`, free / GPU_MILLI);
        mostLeft.set(type, Math.max(mostLeft.get(type) ?? 0, free));
      }
      const cards = state.cards[type];
      if (cards !== undefined) {
        const { memory, compute, instances } = cards.left(state.cardState[row]!);
        add(`memory/${type}`, memory);
        add(`compute/${type}`, compute);
        instances.forEach((count, profile) => add(`cut/${type}/${profile}`, count));
        return;
      }
      for (let i = state.instanceStart[row]!; i < state.instanceStart[row + 1]!; i++) {
        if (state.isInstanceFree[i] === 1) add(`mig/${catalogue.instanceTypes[state.instanceType[i]!]!.profile}`, 1);
      }
    });
  }
  const names = [...amounts.keys()].filter((name) => amounts.get(name)! > 0);
  const rowOf = (name: string) => names.indexOf(name);
  const types = catalogue.gpuTypes.map((_, type) => type);
  const migWays = ({ demand, jobs }: Shape): readonly Readonly<Record<string, number>>[] => {
    const profile = jobs[0]!.migProfile!;
    const ways = types.flatMap((type) => {
      const { profiles = [] } = demand.isGpuEligible[type] === 1 ? (state.cards[type]?.geometry ?? {}) : {};
      const at = profiles.findIndex(({ name }) => name === profile);
      if (rowOf(`cut/${type}/${at}`) < 0) return [];
      const { memorySlices, computeSlices } = profiles[at]!;
      return [{ [`memory/${type}`]: memorySlices, [`compute/${type}`]: computeSlices, [`cut/${type}/${at}`]: 1 }];
    });
    // What fits has a way: when no GPU is cut for it, there is one that stays.
    return ways.length === 0 || rowOf(`mig/${profile}`) >= 0 ? [{ [`mig/${profile}`]: 1 }, ...ways] : ways;
  };
  const waysOf = (shape: Shape): readonly Way[] => {
    const { demand } = shape;
    const way = (taken: Readonly<Record<string, number>>, patternRow = -1): Way => {
      const all: Readonly<Record<string, number>> = { cpu: demand.cpuMilli, memory: demand.memoryMib, ...taken };
      return { uses: names.map((name) => (all[name] ?? 0) / amounts.get(name)!), patternRow };
    };
    if (demand.isMig) return migWays(shape).map((taken) => way(taken));
    if (demand.gpuCount === 0) return [way({})];
    const gpus = (demand.gpuCount * demand.gpuMilli) / GPU_MILLI;
    return types.flatMap((type) => {
      if (demand.isGpuEligible[type] === 0) return [];
      const row = rowOf(`gpu/${type}`);
      if (!takesShares(shape)) return row < 0 ? [] : [way({ [`gpu/${type}`]: gpus })];
      const inPart = (mostLeft.get(type) ?? 0) >= demand.gpuMilli ? [way({ [`part/${type}`]: gpus })] : [];
      return row < 0 ? inPart : [way({}, row), ...inPart];
    });
  };
  return {
    offCount,
    weight,
    capacity: names.map((name) => amounts.get(name)!),
    shapes: fitting,
    ways: new Map(fitting.map((shape) => [shape, waysOf(all[shape]!)])),
    patternRows: names.flatMap((name, row) => (name.startsWith('gpu/') ? [row] : [])),
  };
}
