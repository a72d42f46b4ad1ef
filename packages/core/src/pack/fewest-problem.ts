import type { Job } from '../fleet/index.ts';
import { demandKey, demandOf, type Demand } from './demand.ts';
import type { Fleet } from './fleet.ts';
import { shortfall } from './shortfall.ts';

/** Jobs that no node can tell apart. */
export interface Shape {
  readonly demand: Demand;
  /** Milli-GPU of one job, over all its GPUs; 0 for a MIG job. */
  readonly gpuMilli: number;
  /** Ascending by id. */
  readonly jobs: readonly Job[];
}

/** Open nodes that no job can tell apart, and that weigh the same. A node that runs jobs is alone in its pool. */
export interface NodePool {
  /** Kind of the nodes when empty, in the catalogue of the fleet. */
  readonly kind: number;
  /** Positions in the fleet, ascending. */
  readonly nodes: readonly number[];
  /** What switching on one of them adds; 0 for a node that runs jobs. */
  readonly weight: number;
  readonly isOn: boolean;
  /** Shapes that a node of the pool holds as it is now, ascending. */
  readonly shapes: readonly number[];
}

/** Jobs and nodes, each grouped by what tells them apart. The grouping does not depend on the order of either. */
export interface FewestProblem {
  /** The fleet with what runs in place. */
  readonly fleet: Fleet;
  readonly shapes: readonly Shape[];
  readonly pools: readonly NodePool[];
}

/**
 * Groups jobs and nodes. `O(jobs log jobs + nodes + pools × shapes)`.
 *
 * @param fleet - with running jobs in place; its nodes are in ascending order of id.
 * @param weightOf - weight of a node by its position.
 */
export function fewestProblem(
  fleet: Fleet,
  jobs: readonly Job[],
  weightOf: (node: number) => number,
  nowMs: number | undefined,
): FewestProblem {
  const shapes = shapesOf(fleet, jobs, nowMs);
  const { state, catalogue, expiresAtMs, isCordoned } = fleet;
  // Which shapes a rule set admits: labels that no job asks for do not tell nodes apart.
  const admits = catalogue.ruleNodes.map((_, set) => shapes.map(({ demand }) => demand.isAdmitted[set]!).join(''));
  const groups = new Map<string, number[]>();
  for (let node = 0; node < state.nodeCount; node++) {
    if (isCordoned[node] === 1) continue;
    const key =
      state.jobCount[node]! > 0
        ? `on/${node}`
        : `${catalogue.kindOf[node]!}/${expiresAtMs[node]!}/${weightOf(node)}/${admits[catalogue.ruleSetOf[node]!]!}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  const pools = [...groups.values()].map((nodes): NodePool => {
    const node = nodes[0]!;
    const isOn = state.jobCount[node]! > 0;
    const fitting = shapes.flatMap(({ demand }, shape) =>
      expiresAtMs[node]! >= demand.neededUntilMs &&
      demand.isAdmitted[catalogue.ruleSetOf[node]!] === 1 &&
      shortfall(state, node, demand) === 0
        ? [shape]
        : [],
    );
    return { kind: catalogue.kindOf[node]!, nodes, weight: isOn ? 0 : weightOf(node), isOn, shapes: fitting };
  });
  return { fleet, shapes, pools };
}

function shapesOf(
  { catalogue, expiresAtMs }: Fleet,
  jobs: readonly Job[],
  nowMs: number | undefined,
): readonly Shape[] {
  const hasExpiry = expiresAtMs.some((at) => at < Infinity);
  const groups = new Map<string, { readonly demand: Demand; readonly jobs: Job[] }>();
  for (const job of jobs) {
    const neededUntilMs = hasExpiry && job.runtimeMs !== undefined ? nowMs! + job.runtimeMs : -Infinity;
    const key = `${demandKey(job, catalogue)}|${neededUntilMs}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { demand: demandOf(job, catalogue, neededUntilMs), jobs: [job] });
    else group.jobs.push(job);
  }
  return [...groups]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([, { demand, jobs: members }]) => ({
      demand,
      gpuMilli: demand.gpuCount * demand.gpuMilli,
      jobs: members.sort((x, y) => (x.id < y.id ? -1 : 1)),
    }));
}

/** False when some job fits no node as it is now, so that no answer can hold all. `O(pools × shapes)`. */
export function isHoldable({ shapes, pools }: FewestProblem): boolean {
  return new Set(pools.flatMap((pool) => pool.shapes)).size === shapes.length;
}
