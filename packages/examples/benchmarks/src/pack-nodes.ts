import { fewestNodes, pack, type GpuNode, type NodeWeight, type Placement } from '@spillway/core';
import { loadOpenB, openbArrivals, openbShuffledNodes, openbWorkload } from '@spillway/traces';
import { formatTable } from './table.ts';

/** GPUs asked for, as shares of all GPUs. */
const LOADS = [0.5, 0.8, 0.9];
const WEIGHTS: readonly NodeWeight[] = ['count', 'price', 'watts'];
const POLICIES = ['spillway fewestNodes', 'pack fgd', 'pack first-fit', 'pack best-fit'] as const;

/**
 * What one GPU costs and draws when idle. The trace states neither: these are ASSUMPTIONS of the size of public list prices
 * and data sheets (the trace hides the models G2 and G3), there to give nodes of different weight.
 */
const GPU_ASSUMPTIONS: Readonly<Record<string, { readonly usdPerHour: number; readonly idleWatts: number }>> = {
  P100: { usdPerHour: 0.8, idleWatts: 30 },
  T4: { usdPerHour: 0.35, idleWatts: 10 },
  V100M16: { usdPerHour: 1.5, idleWatts: 40 },
  V100M32: { usdPerHour: 1.9, idleWatts: 40 },
  A10: { usdPerHour: 0.75, idleWatts: 20 },
  G2: { usdPerHour: 0.9, idleWatts: 25 },
  G3: { usdPerHour: 2.5, idleWatts: 55 },
};
/** Assumed price of one core, USD per hour, and idle power of a machine without its GPUs: a base and a part per core, W. */
const CORE_USD_PER_HOUR = 0.02;
const MACHINE_IDLE_WATTS = 80;
const CORE_IDLE_WATTS = 1;

/** One policy at one load by one weight, means over the seeds. */
export interface PackNodesRow {
  readonly loadPercent: number;
  readonly weight: NodeWeight;
  readonly policy: (typeof POLICIES)[number];
  /** Nodes, USD per hour or W of the nodes that hold a job. */
  readonly weightTotal: number;
  readonly lowerBound: number;
  readonly ratio: number;
  /** Jobs without a place. The bound is for all jobs, so anything but 0 does not compare. */
  readonly unplaced: number;
}

/** What the benchmark runs over. */
export interface PackNodesOptions {
  /** @defaultValue 42 to 44 */
  readonly seeds?: readonly number[];
  /** @defaultValue 0.5, 0.8 and 0.9 */
  readonly loads?: readonly number[];
  /** @defaultValue count, price and watts */
  readonly weights?: readonly NodeWeight[];
}

/**
 * How much fleet holds the OpenB tasks that ask for a part of its GPUs: `fewestNodes`, which knows all of them, beside `pack`,
 * which takes them as they come, with each scorer; and the proven bound.
 */
export function packNodesBenchmark(options: PackNodesOptions = {}): readonly PackNodesRow[] {
  const { seeds = [42, 43, 44], loads = LOADS, weights = WEIGHTS } = options;
  const trace = loadOpenB();
  const workload = openbWorkload(trace.tasks);
  const rows = new Map<string, PackNodesRow[]>();
  const add = (row: PackNodesRow) => {
    const key = `${row.loadPercent}/${row.weight}/${row.policy}`;
    rows.set(key, [...(rows.get(key) ?? []), row]);
  };
  for (const load of loads) {
    for (const seed of seeds) {
      const nodes = openbShuffledNodes(trace.nodes, { seed }).map(withAssumptions);
      const jobs = openbArrivals(trace.tasks, trace.nodes, { ratio: load, seed });
      const packed = (['fgd', 'first-fit', 'best-fit'] as const).map((scorer) => ({
        policy: `pack ${scorer}` as const,
        result: pack({ nodes, jobs, workload }, { scorer }),
      }));
      for (const weight of weights) {
        const fewest = fewestNodes({ nodes, jobs }, { weight });
        const { lowerBound } = fewest;
        const row = (policy: PackNodesRow['policy'], placements: readonly Placement[], unplaced: number) => {
          const weightTotal = weigh(nodes, placements, weight);
          const ratio = weightTotal / lowerBound;
          add({ loadPercent: 100 * load, weight, policy, weightTotal, lowerBound, ratio, unplaced });
        };
        row('spillway fewestNodes', fewest.placements, fewest.unplaced.length);
        for (const { policy, result } of packed) row(policy, result.placements, result.unplaced.length);
      }
    }
  }
  return loads.flatMap((load) =>
    weights.flatMap((weight) => POLICIES.map((policy) => meanOf(rows.get(`${100 * load}/${weight}/${policy}`)!))),
  );
}

/** The rows as a table of plain text. */
export function formatPackNodes(rows: readonly PackNodesRow[]): string {
  const head = ['load %', 'weight', 'policy', 'total', 'bound', 'ratio', 'unplaced'];
  const body = rows.map((row) => [
    row.loadPercent.toFixed(0),
    row.weight,
    row.policy,
    row.weightTotal.toFixed(1),
    row.lowerBound.toFixed(1),
    row.ratio.toFixed(3),
    row.unplaced.toFixed(1),
  ]);
  return [
    'OpenB, 1,213 nodes: nodes, USD per hour and idle W of the nodes that hold all tasks, mean over the seeds.',
    'Bound: no set of nodes that holds them weighs less. Prices and powers are assumptions, stated in the source.',
    '',
    formatTable(head, body, [1, 2]),
  ].join('\n');
}

function withAssumptions(node: GpuNode): GpuNode {
  const cores = node.cpuMilli / 1_000;
  const gpus = node.gpus.map(({ model }) => GPU_ASSUMPTIONS[model]!);
  return {
    ...node,
    priceUsdPerHour: gpus.reduce((sum, { usdPerHour }) => sum + usdPerHour, CORE_USD_PER_HOUR * cores),
    idleWatts: gpus.reduce((sum, { idleWatts }) => sum + idleWatts, MACHINE_IDLE_WATTS + CORE_IDLE_WATTS * cores),
  };
}

/** Counted from the placements, not taken from the answer. */
function weigh(nodes: readonly GpuNode[], placements: readonly Placement[], weight: NodeWeight): number {
  const used = new Set(placements.map(({ nodeId }) => nodeId));
  const amounts = {
    count: () => 1,
    price: (node: GpuNode) => node.priceUsdPerHour!,
    watts: (node: GpuNode) => node.idleWatts!,
  };
  return nodes.reduce((sum, node) => (used.has(node.id) ? sum + amounts[weight](node) : sum), 0);
}

function meanOf(rows: readonly PackNodesRow[]): PackNodesRow {
  const mean = (value: (row: PackNodesRow) => number) => rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  return {
    ...rows[0]!,
    weightTotal: mean(({ weightTotal }) => weightTotal),
    lowerBound: mean(({ lowerBound }) => lowerBound),
    ratio: mean(({ ratio }) => ratio),
    unplaced: mean(({ unplaced }) => unplaced),
  };
}
