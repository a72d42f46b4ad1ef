import type { GpuNode } from '../fleet/index.ts';
import type { ConsolidateInput, MoveBudget } from './consolidate-types.ts';
import { demandOf } from './demand.ts';
import { fewestProblem } from './fewest-problem.ts';
import { move } from './fleet-state.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { patternBound } from './pattern-bound.ts';
import { isGuaranteed } from './guarantee.ts';
import { holdingOf } from './running.ts';
import { shortfall } from './shortfall.ts';
import type { RunningJob } from './types.ts';

/** A node in use, with what runs on it. */
export interface UsedNode {
  readonly node: GpuNode;
  readonly weight: number;
  readonly running: readonly RunningJob[];
}

/** True for a job that may be moved once its guaranteed time has ended. */
export function isMovable({ job }: RunningJob): boolean {
  return job.isPreemptible === true && job.gang === undefined;
}

/** Moves that a budget counts when all jobs of a node move. */
export function countedMoves({ tenant }: MoveBudget, running: readonly RunningJob[]): number {
  return tenant === undefined ? running.length : running.filter(({ job }) => job.tenant === tenant).length;
}

/**
 * The weight that moving jobs between nodes in use could free at most, in whatever order and however often they move.
 *
 * A node can be emptied only when all its jobs may move and none is in its guaranteed time, no budget is too small for them alone, and
 * each fits some other node in use that admits it and is not cordoned, with only the jobs there that cannot move. Of these nodes, the least of two bounds: their weight less what
 * must stay on to hold the jobs that may move (the bound of `fewestNodes` on the nodes in use; cordoned ones may take in jobs, which
 * only weakens it); and for each budget the weight freed when nodes are emptied by descending weight a move, the last in part.
 * `O(jobs × nodes)` and the time of `fewestNodes`' bound.
 */
export function savedBound(inUse: readonly UsedNode[], { budgets = [], ...input }: ConsolidateInput): number {
  // In an order of their own, so that sums round alike whatever the order of the input. Without a present, ends play no part.
  const used = [...inUse].sort((x, y) => (x.node.id < y.node.id ? -1 : 1));
  const nowMs = input.nowMs ?? -Infinity;
  const open = used.map(({ node }) => ({ ...node, isCordoned: false }));
  const fleet = createFleet(open);
  const entries = used.flatMap(({ running }) => running);
  const mayMove = (entry: RunningJob) => isMovable(entry) && !isGuaranteed(entry, nowMs);
  for (const entry of entries.filter((each) => !mayMove(each))) {
    const { node, holding } = holdingOf(fleet, entry.job, entry.placement, 'running');
    move(fleet.state, node, holding, -1);
  }
  const isCordoned = new Set(used.flatMap(({ node }) => (node.isCordoned === true ? [node.id] : [])));
  const candidates = used.filter(
    ({ node, running }) =>
      running.every(mayMove) &&
      budgets.every((budget) => countedMoves(budget, running) <= budget.maxMoves) &&
      running.every((entry) => fitsElsewhere(fleet, entry, node.id, isCordoned, nowMs)),
  );
  const weights = new Map(candidates.map(({ node, weight }) => [node.id, weight]));
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const byBudget = budgets.map((budget) => budgetBound(candidates, budget));

  // What a node would not admit anew (its model, memory, end or rules changed) is left out: that needs no more nodes.
  const movable = entries.filter((entry) => mayMove(entry) && holds(fleet, entry, entry.placement.nodeId, nowMs));
  const problem = fewestProblem(
    fleet,
    movable.map(({ job }) => job),
    (node) => weights.get(fleet.nodes[node]!.id) ?? 0,
    nowMs,
  );
  return Math.max(0, Math.min(total - patternBound(problem).total, ...byBudget));
}

/** True when some other node in use has room, were all jobs gone that may move. */
function fitsElsewhere(
  fleet: Fleet,
  entry: RunningJob,
  home: string,
  isCordoned: ReadonlySet<string>,
  nowMs: number,
): boolean {
  return fleet.nodes.some(({ id }) => id !== home && !isCordoned.has(id) && holds(fleet, entry, id, nowMs));
}

function holds(fleet: Fleet, { job }: RunningJob, nodeId: string, nowMs: number): boolean {
  const node = fleet.indexOf.get(nodeId)!;
  const neededUntilMs = job.runtimeMs === undefined ? -Infinity : nowMs + job.runtimeMs;
  if (fleet.expiresAtMs[node]! < neededUntilMs) return false;
  const demand = demandOf(job, fleet.catalogue);
  return demand.isAdmitted[fleet.catalogue.ruleSetOf[node]!] === 1 && shortfall(fleet.state, node, demand) === 0;
}

/** Fractional knapsack: no choice of nodes within the budget weighs more. Whole when all weights are 1. */
function budgetBound(candidates: readonly UsedNode[], budget: MoveBudget): number {
  const items = candidates
    .filter(({ weight }) => weight > 0)
    .map(({ weight, running }) => ({ weight, moves: countedMoves(budget, running) }));
  items.sort((x, y) => y.weight * x.moves - x.weight * y.moves);
  let left = budget.maxMoves;
  let saved = 0;
  for (const { weight, moves } of items) {
    const part = moves <= left ? 1 : left / moves;
    saved += part * weight;
    left -= part * moves;
  }
  return items.every(({ weight }) => Number.isSafeInteger(weight)) ? Math.floor(saved + 1e-9) : saved;
}
