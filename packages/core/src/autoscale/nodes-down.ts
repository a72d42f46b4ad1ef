import { allowedDisruptions } from '../fleet/disruption-budget.ts';
import type { Move, RunningJob } from '../pack/index.ts';
import { HOUR_MS } from '../units.ts';
import { comingGpus, compareIds, countOf, gpusOf, packerOf, usedGpus, type Scene } from './nodes-scene.ts';
import type { AutoscaleNodesState, NodeAction, NodeKept, NodeSight, NodeTier } from './nodes-types.ts';

/** Nodes with little use and since when; a node that was not measured, or is not ready, starts anew. */
export function quietAfter(
  { nodes, nowMs, config }: Scene,
  before: AutoscaleNodesState['quiet'],
): AutoscaleNodesState['quiet'] {
  const since = new Map(before.map(({ nodeId, sinceMs }) => [nodeId, sinceMs]));
  const downRatio = config.downUtilizationRatio ?? 0.2;
  return nodes
    .filter(
      ({ isReady, utilizationRatio = null }) =>
        isReady !== false && utilizationRatio !== null && utilizationRatio < downRatio,
    )
    .map(({ node }) => ({ nodeId: node.id, sinceMs: since.get(node.id) ?? nowMs }));
}

/** Goes on with nodes that were cordoned before: drains, ends, or lets them stay when their jobs have no other place. */
export function goOn(scene: Scene, quiet: AutoscaleNodesState['quiet']): readonly NodeAction[] {
  const isQuiet = new Set(quiet.map(({ nodeId }) => nodeId));
  const actions: NodeAction[] = [];
  for (const nodeId of [...scene.leaving].sort(compareIds)) {
    const jobs = scene.jobsOf.get(nodeId)!;
    if (jobs.length === 0) {
      // Without a measure, or with use by something that nobody placed, it waits.
      if (isQuiet.has(nodeId)) actions.push({ kind: 'terminate', nodeId });
      else scene.reasons.push({ kind: 'kept', nodeId, because: 'signal-missing' });
      continue;
    }
    const fixed = jobs.find((entry) => !mayMove(entry, scene.nowMs));
    const result = fixed === undefined ? emptied(scene, nodeId) : { stuckJobId: fixed.job.id };
    if ('moves' in result) actions.push({ kind: 'drain', nodeId, moves: result.moves });
    else {
      scene.leaving.delete(nodeId);
      scene.reasons.push({ kind: 'stays-after-all', nodeId, because: 'jobs-have-no-other-place' });
      actions.push({ kind: 'uncordon', nodeId });
    }
  }
  for (const nodeId of scene.late) {
    const { launchedAtMs } = scene.nodes.find(({ node }) => node.id === nodeId)!;
    scene.reasons.push({ kind: 'never-ready', nodeId, launchedAtMs });
    if (scene.jobsOf.get(nodeId)!.length === 0) actions.push({ kind: 'terminate', nodeId });
  }
  return actions;
}

/** Picks the nodes that go, the dearest first, and says of every other quiet one why it stays. */
export function letGo(scene: Scene, quiet: AutoscaleNodesState['quiet']): readonly NodeAction[] {
  const since = new Map(quiet.map(({ nodeId, sinceMs }) => [nodeId, sinceMs]));
  const tierOf = new Map(scene.tiers.map((tier) => [tier.id, tier]));
  const price = ({ tierId }: NodeSight) => tierOf.get(tierId)?.priceUsdPerHour ?? 0;
  const jobCount = ({ node }: NodeSight) => scene.jobsOf.get(node.id)!.length;
  const candidates = scene.nodes
    .filter(({ node, isReady, tierId }) => isReady !== false && node.isCordoned !== true && tierOf.has(tierId))
    .sort((x, y) => price(y) - price(x) || jobCount(x) - jobCount(y) || compareIds(x.node.id, y.node.id));
  const actions: NodeAction[] = [];
  for (const sight of candidates) {
    const nodeId = sight.node.id;
    const tier = tierOf.get(sight.tierId)!;
    if (sight.utilizationRatio === undefined || sight.utilizationRatio === null) {
      scene.reasons.push({ kind: 'kept', nodeId, because: 'signal-missing' });
      continue;
    }
    const sinceMs = since.get(nodeId);
    if (sinceMs === undefined) continue;
    const jobs = scene.jobsOf.get(nodeId)!;
    const because = whyKept(scene, sight, tier, sinceMs);
    if (because !== undefined) {
      scene.reasons.push({ kind: 'kept', nodeId, because });
      continue;
    }
    const fixed = jobs.find((entry) => !mayMove(entry, scene.nowMs));
    const result = fixed === undefined ? emptied(scene, nodeId) : { stuckJobId: fixed.job.id };
    if ('stuckJobId' in result) {
      scene.reasons.push({ kind: 'kept', nodeId, because: 'jobs-have-no-other-place', jobId: result.stuckJobId });
      continue;
    }
    scene.leaving.add(nodeId);
    scene.reasons.push({
      kind: 'leaves',
      nodeId,
      because: jobs.length === 0 ? 'empty' : 'underutilized',
      sinceMs,
      savedUsdPerHour: tier.priceUsdPerHour,
    });
    actions.push({ kind: 'cordon', nodeId });
    if (jobs.length > 0) actions.push({ kind: 'drain', nodeId, moves: result.moves });
  }
  return actions;
}

/** The first rule that keeps a quiet node; `undefined` when it may go, if its jobs have another place. */
function whyKept(scene: Scene, sight: NodeSight, tier: NodeTier, sinceMs: number): NodeKept | undefined {
  const { nowMs, config, wanted, takesIn, leaving } = scene;
  const { node, launchedAtMs } = sight;
  const jobs = scene.jobsOf.get(node.id)!;
  if (wanted.has(node.id)) return 'wanted-by-pending';
  if (takesIn.has(node.id)) return 'takes-in-moves';
  // A job that came in between makes a node busy before its use shows; without a start it may have come just now.
  const lastStartMs = jobs.reduce((last, { startedAtMs = nowMs }) => Math.max(last, startedAtMs), sinceMs);
  if (nowMs - lastStartMs < Math.max(config.idleMs ?? 600_000, tier.startupMs ?? 0)) return 'not-quiet-for-long';
  if (launchedAtMs + (tier.commitMs ?? 0) > nowMs) return 'committed';
  if (countOf(scene, tier.id) - 1 < (tier.minCount ?? 0)) return 'floor';
  if (!doesPay(scene, sight, tier, jobs)) return 'does-not-pay';
  if (!carriesRest(scene, sight, jobs.length > 0)) return 'needed-for-load';
  const { allowed } = allowedDisruptions({
    budgets: config.budgets ?? [],
    reason: jobs.length === 0 ? 'empty' : 'underutilized',
    totalCount: scene.nodes.length,
    disruptedCount: leaving.size,
    nowMs,
  });
  return allowed === 0 ? 'budget' : undefined;
}

/** Whether what the node saves in the payback time is more than what its going costs: a start when it is needed again, and moves. */
function doesPay({ config }: Scene, { node }: NodeSight, tier: NodeTier, jobs: readonly RunningJob[]): boolean {
  const { moveCostMs = 600_000, paybackMs = 3_600_000 } = config;
  const usdOf = (durationMs: number): number => (tier.priceUsdPerHour * durationMs) / HOUR_MS;
  const moveMs = (moveCostMs * gpusOf(jobs.map(({ job }) => job))) / Math.max(1, node.gpus.length);
  return usdOf(paybackMs) > usdOf((tier.startupMs ?? 0) + moveMs);
}

/**
 * Whether the nodes that stay, start or are launched carry the load, and that of waiting jobs, without being busy, so that nothing is
 * launched again for it.
 */
function carriesRest(scene: Scene, { node, utilizationRatio }: NodeSight, hasJobs: boolean): boolean {
  const { used, all } = usedGpus(scene);
  const own = hasJobs ? 0 : node.gpus.length * utilizationRatio!;
  const rest = all - node.gpus.length + comingGpus(scene);
  return used - own + scene.pendingGpus <= (scene.config.upUtilizationRatio ?? 0.8) * rest + 1e-9;
}

/** Moves all jobs of a node to others that are ready, in thought; the first job without a place otherwise. */
function emptied(scene: Scene, nodeId: string): { readonly moves: readonly Move[] } | { readonly stuckJobId: string } {
  const { nodes, running } = scene.packer.snapshot();
  const isReady = new Set(scene.nodes.flatMap(({ node, isReady: ready }) => (ready === false ? [] : [node.id])));
  const rest = nodes
    .filter(({ id }) => id !== nodeId)
    .map((node) => (isReady.has(node.id) ? node : { ...node, isCordoned: true }));
  const trial = packerOf(
    rest,
    running.filter(({ placement }) => placement.nodeId !== nodeId),
    scene.nowMs,
  );
  const moves: Move[] = [];
  // The largest first: it has the fewest places.
  const jobs = [...scene.jobsOf.get(nodeId)!].sort(
    (x, y) => gpusOf([y.job]) - gpusOf([x.job]) || compareIds(x.job.id, y.job.id),
  );
  for (const { job, placement } of jobs) {
    const result = trial.place(job);
    if ('unplaced' in result) return { stuckJobId: job.id };
    moves.push({ jobId: job.id, from: placement, to: result.placement });
  }
  scene.packer = trial;
  for (const { to } of moves) scene.takesIn.add(to.nodeId);
  return { moves };
}

function mayMove({ job, startedAtMs }: RunningJob, nowMs: number): boolean {
  if (job.isPreemptible !== true || job.gang !== undefined) return false;
  const { minRuntimeMs = 0 } = job;
  return minRuntimeMs === 0 || (startedAtMs !== undefined && startedAtMs + minRuntimeMs <= nowMs);
}
