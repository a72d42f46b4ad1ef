import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import type { GpuNode, Job } from '../fleet/index.ts';
import type {
  ConsolidateInput,
  ConsolidateOptions,
  ConsolidateResult,
  KeptReason,
  Move,
  MoveBudget,
  RunningPlacement,
} from './consolidate-types.ts';
import { countedMoves, isMovable, savedBound, type UsedNode } from './consolidate-bound.ts';
import { copyPlacement } from './copy.ts';
import { gpuMilliOf } from './demand.ts';
import { guaranteedUntilMs, isGuaranteed } from './guarantee.ts';
import { nodeWeight, type NodeWeight } from './node-weight.ts';
import { createPacker } from './packer.ts';
import type { Packer, RunningJob } from './types.ts';
import { createJobCounts, typicalShapes } from './workload.ts';

/** In which order nodes are tried, the first being the one to empty first. Ties end with the id. */
const ORDERS: readonly ((used: UsedNode) => number)[] = [
  ({ weight, running }) => -weight / running.length,
  ({ running }) => running.reduce((sum, { job }) => sum + gpuMilliOf(job) * job.gpuCount, 0),
  ({ weight }) => -weight,
];

/**
 * Plans moves that empty nodes, so that they can be switched off or given back.
 *
 * Nodes are tried one after the other, in three orders (most weight a move, least GPU in use, most weight), and the best of
 * the three plans is returned: most saved, then fewest moves. A node is emptied when all its jobs find room on other nodes in
 * use; no empty or cordoned node is filled for it, and a node that has taken in a job is not emptied afterwards. A cordoned
 * node can be emptied: that drains it.
 *
 * The moves can be made one by one in their order: each goes to room that is free at its turn, while the job still holds its
 * old place. Jobs that are not `isPreemptible` and members of a gang never move, others not before they have run their
 * `minRuntimeMs`, and no budget is exceeded.
 *
 * This is a heuristic: another plan may empty more, and `gapRatio` says how much at most. `O(nodes in use × jobs on them)`
 * placements, see {@link createPacker}, and for the bound a linear program as in `fewestNodes`.
 *
 * @throws InvalidInputError when nodes, jobs or placements are malformed or do not fit together, when a budget is not a whole
 * number >= 0, and when a node in use lacks the number that `weight` asks for.
 *
 * @example
 * ```ts
 * const gpus = [{ model: 'H100' }, { model: 'H100' }];
 * const nodes = ['a', 'b'].map((id) => ({ id, gpus, cpuMilli: 8_000, memoryMib: 8_192 }));
 * const jobs = ['x', 'y'].map((id) => ({ id, gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_024, isPreemptible: true }));
 * const placements = [
 *   { jobId: 'x', nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] },
 *   { jobId: 'y', nodeId: 'b', gpus: [{ index: 0, milli: 1_000 }] },
 * ];
 * const { emptied, saved, savedBound } = consolidate({ nodes, jobs, placements });
 * // [{ nodeId: 'a', weight: 1 }], 1, 1
 * ```
 */
export function consolidate(input: ConsolidateInput, options: ConsolidateOptions = {}): ConsolidateResult {
  const running = joinRunning(input);
  checkBudgets(input.budgets ?? []);
  const counts = createJobCounts();
  for (const job of input.jobs) counts.add(job);
  const { nodes, nowMs } = input;
  const workload = typicalShapes('fgd', counts.shapes());
  const time = nowMs === undefined ? {} : { nowMs };
  // The packer checks nodes, jobs and placements; only then is any of it read.
  createPacker({ nodes, running, workload, ...time });
  checkGuarantees(running, nowMs);
  // While a job holds two places the old one goes by another name: rules of nodes are asked about the job's own.
  const alias = freeAlias(input.jobs);
  const held = running.map(({ job, placement }) => ({
    job: { ...job, id: alias(job.id) },
    placement: { ...placement, jobId: alias(job.id) },
  }));
  const start = () => createPacker({ nodes, running: held, workload, ...time });
  const used = usedNodes(nodes, running, options.weight ?? 'count');
  const plans = ORDERS.map((order) => {
    const sorted = [...used].sort((x, y) => order(x) - order(y) || (x.node.id < y.node.id ? -1 : 1));
    return plan(start(), sorted, input);
  });
  const best = plans.reduce((least, other) =>
    other.saved > least.saved || (other.saved === least.saved && other.moves.length < least.moves.length)
      ? other
      : least,
  );
  // The sums of the answer and of the bound may round apart.
  const bound = Math.max(best.saved, savedBound(used, input));
  return { ...best, savedBound: bound, gapRatio: bound === 0 ? 0 : (bound - best.saved) / bound };
}

type Plan = Omit<ConsolidateResult, 'savedBound' | 'gapRatio'>;

/** Empties nodes in the order given, as far as it goes. */
function plan(packer: Packer, used: readonly UsedNode[], input: ConsolidateInput): Plan {
  const inUse = new Set(used.map(({ node }) => node.id));
  for (const { id } of input.nodes) if (!inUse.has(id)) packer.cordon(id);
  const budgets = (input.budgets ?? []).map((budget) => ({ budget, left: budget.maxMoves }));
  const moves: Move[] = [];
  const emptied: { nodeId: string; weight: number }[] = [];
  const kept: { nodeId: string; reason: KeptReason }[] = [];
  const takesIn = new Set<string>();

  for (const { node, weight, running } of used) {
    const obstacle = takesIn.has(node.id)
      ? { kind: 'takes-in-moves' as const }
      : obstacleOf(running, budgets, input.nowMs);
    const outcome = obstacle ?? tryEmpty(packer, node, running);
    if ('kind' in outcome) {
      kept.push({ nodeId: node.id, reason: outcome });
      continue;
    }
    for (const move of outcome) {
      moves.push(move);
      takesIn.add(move.to.nodeId);
    }
    for (const entry of budgets) entry.left -= countedMoves(entry.budget, running);
    emptied.push({ nodeId: node.id, weight });
  }
  // A node that took in a job after it was tried stays for that reason, whatever kept it then.
  const reasons = kept.map(({ nodeId, reason }) =>
    takesIn.has(nodeId) ? { nodeId, reason: { kind: 'takes-in-moves' as const } } : { nodeId, reason },
  );
  return {
    moves,
    emptied,
    saved: emptied.reduce((sum, { weight }) => sum + weight, 0),
    kept: reasons.sort((x, y) => (x.nodeId < y.nodeId ? -1 : 1)),
    weightBefore: used.reduce((sum, { weight }) => sum + weight, 0),
  };
}

/**
 * Finds room for all jobs of a node on the others and takes it, or changes nothing and says which job found none. The node
 * stays cordoned, so what its jobs held there need not be given back.
 */
function tryEmpty(packer: Packer, node: GpuNode, running: readonly RunningJob[]): readonly Move[] | KeptReason {
  packer.cordon(node.id);
  const moves: Move[] = [];
  for (const { job, placement } of running) {
    const result = packer.place(job);
    if ('placement' in result) {
      moves.push({ jobId: job.id, from: copyPlacement(placement), to: result.placement });
      continue;
    }
    for (const move of moves) packer.release(move.jobId);
    packer.cordon(node.id, node.isCordoned ?? false);
    return { kind: 'no-room-elsewhere', jobId: job.id, reason: result.unplaced.reason };
  }
  return moves;
}

/** What forbids emptying a node before any room is looked for. */
function obstacleOf(
  running: readonly RunningJob[],
  budgets: readonly { readonly budget: MoveBudget; readonly left: number }[],
  nowMs: number | undefined,
): KeptReason | undefined {
  const fixed = running.find((entry) => !isMovable(entry));
  if (fixed !== undefined) return { kind: 'holds-fixed-job', jobId: fixed.job.id };
  const guaranteed = running.find((entry) => isGuaranteed(entry, nowMs));
  if (guaranteed !== undefined) {
    const untilMs = guaranteedUntilMs(guaranteed);
    return {
      kind: 'holds-guaranteed-job',
      jobId: guaranteed.job.id,
      ...(untilMs === Infinity ? {} : { untilMs }),
    };
  }
  const over = budgets.find(({ budget, left }) => countedMoves(budget, running) > left);
  if (over === undefined) return undefined;
  return { kind: 'over-budget', budget: over.budget, moves: countedMoves(over.budget, running), left: over.left };
}

function checkGuarantees(running: readonly RunningJob[], nowMs: number | undefined): void {
  if (nowMs !== undefined) return;
  const timed = running.find((entry) => isMovable(entry) && Number.isFinite(guaranteedUntilMs(entry)));
  if (timed === undefined) return;
  throw new InvalidInputError('nowMs', `must be given when job '${timed.job.id}' has minRuntimeMs`, nowMs, {
    hint: 'Pass the present in milliseconds since the Unix epoch.',
  });
}

function usedNodes(nodes: readonly GpuNode[], running: readonly RunningJob[], weight: NodeWeight): readonly UsedNode[] {
  const byNode = new Map<string, RunningJob[]>();
  for (const entry of running) {
    const list = byNode.get(entry.placement.nodeId);
    if (list === undefined) byNode.set(entry.placement.nodeId, [entry]);
    else list.push(entry);
  }
  return nodes.flatMap((node) => {
    const list = byNode.get(node.id);
    return list === undefined ? [] : [{ node, weight: nodeWeight(node, weight), running: list.sort(compareSize) }];
  });
}

/** Larger jobs first: GPU, then CPU, then memory, then id. */
function compareSize({ job: x }: RunningJob, { job: y }: RunningJob): number {
  return (
    gpuMilliOf(y) * y.gpuCount - gpuMilliOf(x) * x.gpuCount ||
    y.cpuMilli - x.cpuMilli ||
    y.memoryMib - x.memoryMib ||
    (x.id < y.id ? -1 : 1)
  );
}

/** Another name for each job, which no job has. */
function freeAlias(jobs: readonly Job[]): (jobId: string) => string {
  const ids = new Set(jobs.map(({ id }) => id));
  let mark = '>';
  while (jobs.some(({ id }) => ids.has(mark + id))) mark += '>';
  return (jobId) => mark + jobId;
}

/** Each job with its placement. */
function joinRunning({ jobs, placements }: ConsolidateInput): readonly RunningJob[] {
  const byJob = new Map<string, RunningPlacement>(placements.map((placement) => [placement.jobId, placement]));
  const twice = placements.find((placement) => byJob.get(placement.jobId) !== placement);
  if (twice !== undefined) {
    throw new InvalidInputError('placements', 'must hold a job once', twice.jobId, {
      hint: 'A job runs in one place; remove the other.',
    });
  }
  const known = new Set(jobs.map(({ id }) => id));
  const stranger = placements.find(({ jobId }) => !known.has(jobId));
  if (stranger !== undefined) {
    throw new InvalidInputError('placements', 'must be of jobs that are given', stranger.jobId, {
      hint: 'Pass the job too, or leave its placement out.',
    });
  }
  return jobs.map((job) => {
    const placement = byJob.get(job.id);
    if (placement !== undefined) {
      const { startedAtMs } = placement;
      return { job, placement, ...(startedAtMs === undefined ? {} : { startedAtMs }) };
    }
    throw new InvalidInputError('jobs', 'must each have a placement', job.id, {
      hint: 'Leave out jobs that do not run.',
    });
  });
}

function checkBudgets(budgets: readonly MoveBudget[]): void {
  budgets.forEach(({ maxMoves }, index) => {
    checkNumber(() => `budgets[${index}].maxMoves`, maxMoves, { min: 0, isWhole: true });
  });
}
