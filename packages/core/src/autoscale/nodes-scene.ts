import type { GpuNode, Job } from '../fleet/index.ts';
import { createPacker, type Packer, type RunningJob } from '../pack/index.ts';
import type {
  AutoscaleNodesConfig,
  AutoscaleNodesObservation,
  AutoscaleNodesReason,
  AutoscaleNodesState,
  NodeSight,
  NodeTier,
} from './nodes-types.ts';
import { GPU_MILLI } from '../units.ts';

/** The fleet while a decision is made. */
export interface Scene {
  readonly config: AutoscaleNodesConfig;
  readonly nowMs: number;
  readonly nodes: readonly NodeSight[];
  /** Tiers in the order of launching. */
  readonly tiers: readonly NodeTier[];
  readonly jobsOf: ReadonlyMap<string, readonly RunningJob[]>;
  /** Nodes that this policy cordoned and that are cordoned. */
  readonly leaving: Set<string>;
  /** Nodes asked for in vain. */
  readonly late: ReadonlySet<string>;
  /** Nodes that waiting jobs would go to. */
  readonly wanted: Set<string>;
  /** Nodes that jobs of nodes that go would move to. */
  readonly takesIn: Set<string>;
  readonly launches: Map<string, number>;
  /** GPUs that waiting jobs with a place will use. */
  pendingGpus: number;
  readonly reasons: AutoscaleNodesReason[];
  packer: Packer;
}

export function createScene(
  config: AutoscaleNodesConfig,
  state: AutoscaleNodesState,
  { nowMs, nodes, running }: AutoscaleNodesObservation,
): Scene {
  const sorted = [...nodes].sort((x, y) => compareIds(x.node.id, y.node.id));
  const { startTimeoutMs = 900_000 } = config;
  const isLate = ({ isReady, launchedAtMs }: NodeSight) => isReady === false && nowMs - launchedAtMs >= startTimeoutMs;
  const late = new Set(sorted.filter(isLate).map(({ node }) => node.id));
  const leaving = sorted.filter(({ node }) => node.isCordoned === true && state.leaving.includes(node.id));
  const jobsOf = new Map<string, RunningJob[]>(sorted.map(({ node }) => [node.id, []]));
  const byJob = [...running].sort((x, y) => compareIds(x.job.id, y.job.id));
  for (const entry of byJob) jobsOf.get(entry.placement.nodeId)?.push(entry);
  const usable = sorted.map(({ node }) => (late.has(node.id) ? { ...node, isCordoned: true } : node));
  return {
    config,
    nowMs,
    nodes: sorted,
    tiers: [...config.tiers].sort(compareTiers),
    jobsOf,
    leaving: new Set(leaving.map(({ node }) => node.id)),
    late,
    wanted: new Set(),
    takesIn: new Set(),
    launches: new Map(),
    pendingGpus: 0,
    reasons: [],
    packer: packerOf(usable, byJob, nowMs),
  };
}

/** Best fit: it leaves whole nodes free, and does not depend on a mix of work that changes from call to call. */
export function packerOf(nodes: readonly GpuNode[], running: readonly RunningJob[], nowMs: number): Packer {
  return createPacker({ nodes, running, nowMs }, { scorer: 'best-fit' });
}

/** Places a job, or the members of a gang together; the nodes taken, or nothing. */
export function placed(packer: Packer, turn: readonly Job[]): readonly string[] | undefined {
  const results = turn[0]!.gang === undefined ? [packer.place(turn[0]!)] : packer.placeGang(turn);
  const nodeIds = results.flatMap((result) => ('placement' in result ? [result.placement.nodeId] : []));
  return nodeIds.length === turn.length ? nodeIds : undefined;
}

/** GPUs of jobs, shares as shares. */
export function gpusOf(jobs: readonly Job[]): number {
  return jobs.reduce((sum, { gpuCount, gpuMilli = GPU_MILLI }) => sum + (gpuCount * gpuMilli) / GPU_MILLI, 0);
}

/** Remembers where waiting jobs would go. */
export function want(scene: Scene, nodeIds: readonly string[], jobs: readonly Job[]): void {
  nodeIds.forEach((id) => scene.wanted.add(id));
  scene.pendingGpus += gpusOf(jobs);
}

/** GPUs of nodes that start, in time still, or are launched now. */
export function comingGpus({ nodes, late, tiers, launches }: Scene): number {
  const starting = nodes
    .filter(({ node, isReady }) => isReady === false && !late.has(node.id) && node.isCordoned !== true)
    .reduce((sum, { node }) => sum + node.gpus.length, 0);
  return tiers.reduce((sum, { id, node }) => sum + (launches.get(id) ?? 0) * node.gpus.length, starting);
}

/** Nodes of a tier that are there, coming or being launched, without those that go. */
export function countOf({ nodes, leaving, late, launches }: Scene, tierId: string): number {
  const there = nodes.filter(({ node, tierId: id }) => id === tierId && !leaving.has(node.id) && !late.has(node.id));
  return there.length + (launches.get(tierId) ?? 0);
}

/** Nodes that the tier can give still; what goes or never came holds its place until it is gone. */
export function roomOf({ nodes, launches }: Scene, { id, capacity }: NodeTier): number {
  const held = nodes.filter(({ tierId }) => tierId === id).length + (launches.get(id) ?? 0);
  return Math.max(0, (capacity ?? Infinity) - held);
}

/** GPUs of the ready nodes that take work, and their use, with that of jobs that will move to them; a node not measured counts as full. */
export function usedGpus({ nodes, leaving, jobsOf }: Scene): { readonly used: number; readonly all: number } {
  let [used, all] = [0, 0];
  for (const { node, isReady, utilizationRatio = null } of nodes) {
    const isLeaving = leaving.has(node.id);
    if (isReady === false || (node.isCordoned === true && !isLeaving)) continue;
    if (!isLeaving) all += node.gpus.length;
    if (!isLeaving || jobsOf.get(node.id)!.length > 0) used += node.gpus.length * (utilizationRatio ?? 1);
  }
  return { used, all };
}

export function compareIds(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

function compareTiers(x: NodeTier, y: NodeTier): number {
  const keys = ({ priority = Infinity, priceUsdPerHour, startupMs = 0 }: NodeTier) => [
    priority,
    priceUsdPerHour,
    startupMs,
  ];
  const [a, b] = [keys(x), keys(y)];
  const first = a.findIndex((value, index) => value !== b[index]);
  return first === -1 ? compareIds(x.id, y.id) : a[first]! < b[first]! ? -1 : 1;
}
