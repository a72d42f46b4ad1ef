import type { Placement } from '../fleet/index.ts';
import { createRandom } from '../random.ts';
import type { FewestProblem } from './fewest-problem.ts';
import { fillNode } from './fill-node.ts';
import { openNodes, type OpenRule } from './open-nodes.ts';
import { placementOf } from './packing.ts';
import { countLeft, refillNodes, scaledWorth } from './refill-nodes.ts';
import { holdingOf } from './running.ts';
import { createWorkbench, onNode, type OpenNode, type Workbench } from './workbench.ts';

/** What guides and limits the search. */
export interface SearchPlan {
  /** By shape, in units of weight; see `PatternBound`. */
  readonly worth: Float64Array;
  /** The search stops at this weight: nothing is lighter. */
  readonly lowerBound: number;
  readonly maxStarts: number;
  readonly maxSteps: number;
  readonly seed: number;
}

/**
 * Starts in the order tried: balance, weight of CPU, preference for worth while a node is filled, and whether nodes are
 * chosen by worth. Chosen on seeds 42 of the OpenB trace at 50, 80 and 90 % load, from a grid of 90: each is the best
 * or near it at one of the loads.
 */
const STARTS: readonly (readonly [balance: number, cpuWeight: number, preference: number, isByWorth: boolean])[] = [
  [1, 0.3, 0, false],
  [2, 1, 2, true],
  [2, 1, 16, true],
  [1.5, 0.3, 1, false],
  [3, 1, 4, false],
  [3, 1, 4, true],
  [2, 0.3, 4, false],
  [2, 0.3, 0, false],
  [1.5, 1, 0, true],
  [3, 1, 0, false],
];
/** Number of starts there are. */
export const MAX_STARTS = STARTS.length;

/**
 * Places all jobs of a problem on nodes of little weight: the best of the greedy starts, then rounds of refilling. A start that
 * leaves jobs out counts as if each took a node more, of the heaviest; the rounds find room for them. `known` is a start too, and the
 * one to go back to when they fail. Leaves the fleet of the problem as it was.
 *
 * @param known - places for all jobs, if there are any.
 * @returns placements ascending by job id, or `undefined` when no place for all jobs was found.
 */
export function searchFewest(
  problem: FewestProblem,
  plan: SearchPlan,
  known?: readonly Placement[],
): readonly Placement[] | undefined {
  const bench = createWorkbench(problem);
  const { pools } = problem;
  const heaviest = pools.reduce((most, { weight }) => Math.max(most, weight), 0) || 1;
  const weigh = () => [...bench.openNodes].reduce((sum, { pool }) => sum + pools[pool]!.weight, 0);
  let begin: (() => void) | undefined;
  let least = Infinity;
  /** True when nothing can be lighter. */
  const consider = (put: () => void): boolean => {
    put();
    const left = countLeft(bench);
    const weight = weigh() + left * heaviest;
    reset(bench);
    if (weight >= least) return false;
    least = weight;
    begin = put;
    return left === 0 && weight <= plan.lowerBound;
  };
  const asKnown =
    known === undefined
      ? undefined
      : () => {
          adopt(bench, known);
        };
  const starts = STARTS.slice(0, plan.maxStarts).map(([balance, cpuWeight, preference, isByWorth]) => {
    const rule: OpenRule = {
      balance,
      cpuWeight,
      preferences: [scaledWorth(bench, plan.worth, preference)],
      judge: plan.worth,
      ...(isByWorth ? { worth: plan.worth } : {}),
    };
    return () => {
      start(bench, rule);
    };
  });
  [...starts, ...(asKnown === undefined ? [] : [asKnown])].some(consider);
  const refillFrom = (put: () => void): boolean => {
    put();
    const { worth, maxSteps, lowerBound } = plan;
    return refillNodes(bench, { worth, maxSteps, enough: lowerBound }, createRandom(plan.seed));
  };
  let isHeld = refillFrom(begin!);
  if (!isHeld && asKnown !== undefined) {
    reset(bench);
    isHeld = refillFrom(asKnown);
  }
  const placements = isHeld ? placementsOf(bench) : undefined;
  reset(bench);
  return placements;
}

/** What runs already is filled first: it costs nothing. */
function start(bench: Workbench, rule: OpenRule): void {
  const fillRule = { balance: rule.balance, preference: rule.preferences[0]! };
  for (const opened of bench.openNodes) fillNode(bench, opened, fillRule);
  openNodes(bench, rule);
}

function reset(bench: Workbench): void {
  for (const opened of [...bench.openNodes].reverse()) {
    bench.clear(opened);
    if (!bench.problem.pools[opened.pool]!.isOn) bench.close(opened);
  }
}

/** Puts jobs where placements say. */
function adopt(bench: Workbench, placements: readonly Placement[]): void {
  const { fleet, shapes, pools } = bench.problem;
  const shapeOf = new Map(shapes.flatMap(({ jobs }, shape) => jobs.map((job) => [job.id, { job, shape }] as const)));
  const poolOf = new Map(pools.flatMap(({ nodes }, pool) => nodes.map((node) => [node, pool] as const)));
  const opened = new Map([...bench.openNodes].map((open) => [open.node, open]));
  for (const placement of placements) {
    const { job, shape } = shapeOf.get(placement.jobId)!;
    const { node, holding } = holdingOf(fleet, job, placement, 'placements');
    let open = opened.get(node);
    if (open === undefined) {
      open = { pool: poolOf.get(node)!, node, held: [] };
      opened.set(node, open);
      bench.reopen(open);
    }
    bench.put(open, { shape, holding });
  }
}

/** Gives the shapes their jobs and the open nodes of each pool the smallest ids: both by ascending id. */
function placementsOf({ problem, openNodes: opens }: Workbench): readonly Placement[] {
  const { fleet, shapes, pools } = problem;
  const used = new Map<number, OpenNode[]>();
  for (const open of opens) {
    if (open.held.length > 0) used.set(open.pool, [...(used.get(open.pool) ?? []), open]);
  }
  const next = new Int32Array(shapes.length);
  const placements: Placement[] = [];
  for (const [pool, opened] of [...used].sort(([x], [y]) => x - y)) {
    opened.sort((x, y) => x.node - y.node);
    opened.forEach(({ node: from, held }, i) => {
      const node = pools[pool]!.nodes[i]!;
      for (const { shape, holding } of held) {
        const job = shapes[shape]!.jobs[next[shape]!++]!;
        placements.push(placementOf(fleet, job, { node, holding: onNode(problem, holding, from, node) }));
      }
    });
  }
  return placements.sort((x, y) => (x.jobId < y.jobId ? -1 : 1));
}
