import { fillNode, type FillRule } from './fill-node.ts';
import { onNode, type HeldShape, type Workbench } from './workbench.ts';

/** How nodes are opened one after the other. */
export interface OpenRule extends Pick<FillRule, 'balance'> {
  /** A node is filled with each of these preferences, and the filling worth the most is taken. At least one. */
  readonly preferences: readonly Float64Array[];
  /** By shape: what one job is worth where fillings of a node are compared. */
  readonly judge: Float64Array;
  /** Weight of the part of the CPU demand that a filling takes, next to that of the GPU demand. */
  readonly cpuWeight: number;
  /** By shape: what one job is worth. Absent: the part of the demand left that it takes. */
  readonly worth?: Float64Array;
}

/** What one node of a pool takes when it is filled. */
interface Filling {
  readonly held: readonly HeldShape[];
  /** The node it was made on. */
  readonly node: number;
  /** How many jobs of which shape it takes. */
  readonly takes: ReadonlyMap<number, number>;
  readonly gpuMilli: number;
  readonly cpuMilli: number;
}

/**
 * Opens nodes until nothing is left: an empty node of every pool is filled, the pool whose filling takes the largest part of
 * the demand left per weight gets the next node, and the filling is repeated while its jobs last. A filling stays what greedy
 * filling would find as long as its jobs are left, so it is made anew only then.
 *
 * @returns false when something is left that no node that is off takes.
 */
export function openNodes(bench: Workbench, rule: OpenRule): boolean {
  const { problem, left } = bench;
  const { shapes, pools } = problem;
  const fillings: (Filling | undefined)[] = pools.map(() => undefined);
  const lightest = pools.reduce((least, { weight }) => (weight > 0 ? Math.min(least, weight) : least), Infinity);
  for (;;) {
    let gpuLeft = 0;
    let cpuLeft = 0;
    let jobsLeft = 0;
    shapes.forEach(({ gpuMilli, demand }, shape) => {
      gpuLeft += left[shape]! * gpuMilli;
      cpuLeft += left[shape]! * demand.cpuMilli;
      jobsLeft += left[shape]!;
    });
    if (jobsLeft === 0) return true;
    let best = -1;
    let top = 0;
    for (let pool = 0; pool < pools.length; pool++) {
      if (bench.offCount(pool) === 0) continue;
      let filling = fillings[pool];
      if (filling === undefined || !lasts(filling, left)) {
        filling = bestFilling(bench, pool, rule);
        fillings[pool] = filling;
      }
      if (filling.held.length === 0) continue;
      const gain =
        rule.worth === undefined
          ? filling.gpuMilli / (gpuLeft || 1) + (rule.cpuWeight * filling.cpuMilli) / (cpuLeft || 1)
          : worthOf(filling, rule.worth);
      // Jobs that ask for nothing have no part of the demand: any node will do. Nodes that weigh nothing come first.
      const value = (gain + 1e-12) / Math.max(pools[pool]!.weight, lightest < Infinity ? lightest * 1e-6 : 1);
      if (value <= top) continue;
      top = value;
      best = pool;
    }
    if (best < 0) return false;
    const filling = fillings[best]!;
    do repeat(bench, best, filling);
    while (bench.offCount(best) > 0 && lasts(filling, left));
  }
}

function worthOf({ takes }: Filling, worth: Float64Array): number {
  let sum = 0;
  for (const [shape, count] of takes) sum += worth[shape]! * count;
  return sum;
}

function lasts({ takes }: Filling, left: Int32Array): boolean {
  for (const [shape, count] of takes) if (left[shape]! < count) return false;
  return true;
}

/** The best filling of a node of the pool; of equal ones the first. */
function bestFilling(bench: Workbench, pool: number, { balance, preferences, judge }: OpenRule): Filling {
  let best: Filling | undefined;
  let most = -1;
  for (const preference of preferences) {
    const filling = fillingOf(bench, pool, { balance, preference });
    const worth = worthOf(filling, judge);
    if (worth <= most) continue;
    most = worth;
    best = filling;
  }
  return best!;
}

/** Fills a node of the pool and clears it again. */
function fillingOf(bench: Workbench, pool: number, rule: FillRule): Filling {
  const { shapes } = bench.problem;
  const opened = bench.open(pool);
  fillNode(bench, opened, rule);
  const held = bench.clear(opened);
  bench.close(opened);
  const takes = new Map<number, number>();
  let gpuMilli = 0;
  let cpuMilli = 0;
  for (const { shape } of held) {
    takes.set(shape, (takes.get(shape) ?? 0) + 1);
    gpuMilli += shapes[shape]!.gpuMilli;
    cpuMilli += shapes[shape]!.demand.cpuMilli;
  }
  return { held, node: opened.node, takes, gpuMilli, cpuMilli };
}

/** Puts a filling on the next node of the pool: the same devices, on the rows of that node. */
function repeat(bench: Workbench, pool: number, { held, node }: Filling): void {
  const opened = bench.open(pool);
  for (const { shape, holding } of held) {
    bench.put(opened, { shape, holding: onNode(bench.problem, holding, node, opened.node) });
  }
}
