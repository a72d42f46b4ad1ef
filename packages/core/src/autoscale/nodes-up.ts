import type { Job } from '../fleet/index.ts';
import {
  comingGpus,
  compareIds,
  countOf,
  packerOf,
  placed,
  roomOf,
  usedGpus,
  want,
  type Scene,
} from './nodes-scene.ts';
import type { AutoscaleNodesObservation, NodeTier } from './nodes-types.ts';

type Pending = AutoscaleNodesObservation['pending'][number];

/**
 * Finds a place for everything that waits: on what is there or coming, on nodes that were to go (returned: those that stay after
 * all), on new nodes. Only what has waited for long enough gets a new node.
 */
export function placePending(scene: Scene, pending: readonly Pending[]): readonly string[] {
  const { nowMs, config, reasons } = scene;
  const sinceMs = nowMs - (config.pendingMs ?? 120_000);
  const turns = turnsOf(pending);
  const old = turns.filter((turn) => turn.some((entry) => entry.pendingSinceMs <= sinceMs));
  const young = turns.filter((turn) => !old.includes(turn));
  const uncordoned: string[] = [];
  let [jobs, withRoom] = [0, 0];
  const place = reasons.length;
  for (const turn of old) {
    const members = turn.map(({ job }) => job);
    jobs += members.length;
    const nodeIds = placed(scene.packer, members);
    if (nodeIds !== undefined) {
      // A job beside another on a node that is launched only now has no room yet.
      if (nodeIds.every((id) => scene.jobsOf.has(id))) withRoom += members.length;
      want(scene, nodeIds, members);
    } else if (!tryLeaving(scene, members, uncordoned)) launchFor(scene, members);
  }
  if (jobs > 0) reasons.splice(place, 0, { kind: 'pending', jobs, withRoom });
  for (const turn of young) {
    const members = turn.map(({ job }) => job);
    const nodeIds = placed(scene.packer, members);
    if (nodeIds !== undefined) want(scene, nodeIds, members);
  }
  return uncordoned;
}

/** GPU jobs by priority, then by how long they wait, then by id; the members of a gang at the turn of the first. */
function turnsOf(pending: readonly Pending[]): readonly (readonly Pending[])[] {
  const sorted = pending
    .filter(({ job }) => job.gpuCount > 0)
    .sort(
      (x, y) =>
        (y.job.priority ?? 0) - (x.job.priority ?? 0) ||
        x.pendingSinceMs - y.pendingSinceMs ||
        compareIds(x.job.id, y.job.id),
    );
  const gangs = new Map<string, Pending[]>();
  const turns: Pending[][] = [];
  for (const entry of sorted) {
    const { gang } = entry.job;
    const members = gang === undefined ? undefined : gangs.get(gang);
    if (members !== undefined) {
      members.push(entry);
      continue;
    }
    const turn = [entry];
    if (gang !== undefined) gangs.set(gang, turn);
    turns.push(turn);
  }
  return turns;
}

/** Takes back a node that was to go, if the job fits there: a node that runs is sooner there than a new one. */
function tryLeaving(scene: Scene, members: readonly Job[], uncordoned: string[]): boolean {
  for (const nodeId of [...scene.leaving].sort(compareIds)) {
    scene.packer.cordon(nodeId, false);
    const nodeIds = placed(scene.packer, members);
    if (nodeIds === undefined) {
      scene.packer.cordon(nodeId);
      continue;
    }
    scene.leaving.delete(nodeId);
    uncordoned.push(nodeId);
    want(scene, nodeIds, members);
    scene.reasons.push({ kind: 'stays-after-all', nodeId, because: 'wanted-by-pending' });
    return true;
  }
  return false;
}

/** Launches as few nodes as hold the job or the gang, of the first tier that can give them. */
function launchFor(scene: Scene, members: readonly Job[]): void {
  const { packer, launches, reasons } = scene;
  const jobId = members[0]!.id;
  for (const tier of scene.tiers) {
    const most = Math.min(members.length, roomOf(scene, tier));
    const before = launches.get(tier.id) ?? 0;
    const fresh: string[] = [];
    let nodeIds: readonly string[] | undefined;
    while (nodeIds === undefined && fresh.length < most) {
      const id = newNodeId(tier, before + fresh.length);
      packer.addNode({ ...tier.node, id });
      fresh.push(id);
      nodeIds = placed(packer, members);
    }
    if (nodeIds === undefined) {
      fresh.forEach((id) => packer.removeNode(id));
      continue;
    }
    launches.set(tier.id, before + fresh.length);
    want(scene, nodeIds, members);
    reasons.push({ kind: 'needs-nodes', jobId, tierId: tier.id, count: fresh.length });
    return;
  }
  const isFull = scene.tiers.some((tier) => roomOf(scene, tier) < members.length && holds(scene, tier, members));
  reasons.push({ kind: 'stays-pending', jobId, because: isFull ? 'tiers-full' : 'no-tier-holds-it' });
}

/** Whether empty nodes of the tier, as many as there are members, hold them. */
function holds({ nowMs }: Scene, tier: NodeTier, members: readonly Job[]): boolean {
  const nodes = members.map((_, index) => ({ ...tier.node, id: newNodeId(tier, index) }));
  return placed(packerOf(nodes, [], nowMs), members) !== undefined;
}

/** Not an id that a fleet has: a space is in no host name. */
function newNodeId({ id }: NodeTier, index: number): string {
  return `${id} new ${index}`;
}

/** Launches for lasting high use; returns since when use has been high. What is launched for waiting jobs will be in use, so it does not count. */
export function launchForUse(scene: Scene, busySinceMs: number | null): number | null {
  const { nowMs, config, nodes, launches } = scene;
  const upRatio = config.upUtilizationRatio ?? 0.8;
  const measured = nodes.filter(
    ({ node, isReady, utilizationRatio = null }) =>
      isReady !== false && node.isCordoned !== true && utilizationRatio !== null,
  );
  const gpus = measured.reduce((sum, { node }) => sum + node.gpus.length, 0);
  const used = measured.reduce((sum, { node, utilizationRatio }) => sum + node.gpus.length * utilizationRatio!, 0);
  if (gpus === 0 || used <= upRatio * gpus) return null;
  const sinceMs = busySinceMs ?? nowMs;
  if (nowMs - sinceMs < (config.pendingMs ?? 120_000)) return sinceMs;
  const launched = scene.tiers.reduce((sum, { id, node }) => sum + (launches.get(id) ?? 0) * node.gpus.length, 0);
  const there = usedGpus(scene).all + comingGpus(scene) - launched;
  let missing = used / upRatio - there;
  let count = 0;
  for (const tier of scene.tiers) {
    const size = tier.node.gpus.length;
    if (missing <= SLACK || size === 0) continue;
    const more = Math.min(Math.ceil(missing / size - SLACK), roomOf(scene, tier));
    if (more > 0) launches.set(tier.id, (launches.get(tier.id) ?? 0) + more);
    count += more;
    missing -= more * size;
  }
  if (count > 0) scene.reasons.push({ kind: 'busy', utilizationRatio: used / gpus, sinceMs, count });
  return sinceMs;
}

/** Slack of a number of nodes before it is rounded up. */
const SLACK = 1e-9;

/** Launches what tiers lack of their floors. */
export function launchForFloors(scene: Scene): void {
  for (const tier of scene.tiers) {
    const count = Math.min((tier.minCount ?? 0) - countOf(scene, tier.id), roomOf(scene, tier));
    if (count <= 0) continue;
    scene.launches.set(tier.id, (scene.launches.get(tier.id) ?? 0) + count);
    scene.reasons.push({ kind: 'below-floor', tierId: tier.id, count });
  }
}
