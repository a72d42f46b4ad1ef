import {
  explainUnplaced,
  GPU_MILLI,
  MINUTE_MS,
  pack,
  type GpuNode,
  type Job,
  type ResourceMiss,
  type Scorer,
  type UnplacedJob,
} from '@spillway/core';
import { simulatedCapacity, simulatedRuntime, virtualClock } from '@spillway/adapters/simulated';
import { openbArrivals, openbShuffledNodes, openbWorkload, type OpenB } from '@spillway/traces';
import { createRunner } from '../loop/runner.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { ClusterReport, ClusterRow, StageOptions } from './report.ts';

/** Jobs are sent until they ask for this share of the cluster's GPUs (the published protocol of the trace). */
const REQUESTED_RATIO = 1.3;
const TICKS = 26;
const PEERS: readonly { readonly rule: string; readonly scorer: Scorer }[] = [
  { rule: 'best-fit', scorer: 'best-fit' },
  { rule: 'first-fit', scorer: 'first-fit' },
];

/** Fills a production cluster job by job through the runner's loop, and by other rules for comparison. */
export async function fillCluster(trace: OpenB, options: StageOptions): Promise<ClusterReport> {
  const { seed } = options;
  // Ties are broken by id: the trace's own order must not help any rule.
  const nodes = openbShuffledNodes(trace.nodes, { seed });
  const jobs = openbArrivals(trace.tasks, trace.nodes, { ratio: REQUESTED_RATIO, seed });
  const half = openbArrivals(trace.tasks, trace.nodes, { ratio: 0.5, seed });
  const workload = openbWorkload(trace.tasks);

  const looped = await replay(nodes, jobs, workload, options);
  const gpuMilliTotal = nodes.reduce((sum, { gpus }) => sum + gpus.length, 0) * GPU_MILLI;
  const nodesAtHalf = (scorer: Scorer): number => pack({ nodes, jobs: half, workload }, { scorer }).stats.nodesInUse;
  const row = (rule: string, scorer: Scorer, allocatedMilli: number, unplacedJobs: number): ClusterRow => ({
    rule,
    gpusAllocated: allocatedMilli / GPU_MILLI,
    allocatedRatio: allocatedMilli / gpuMilliTotal,
    idleGpus: (gpuMilliTotal - allocatedMilli) / GPU_MILLI,
    unplacedJobs,
    nodesAtHalfLoad: nodesAtHalf(scorer),
  });

  const ours = pack({ nodes, jobs, workload });
  const rows = [row('spillway', 'fgd', looped.allocatedMilli, looped.unplaced.length)];
  for (const { rule, scorer } of PEERS) {
    const result = pack({ nodes, jobs, workload }, { scorer });
    rows.push(row(rule, scorer, result.stats.gpuMilliAllocated, result.unplaced.length));
    options.onProgress?.({ stage: 'cluster', doneRatio: 1, message: `packed once more by ${rule}` });
  }
  return {
    nodeCount: nodes.length,
    gpuCount: gpuMilliTotal / GPU_MILLI,
    jobCount: jobs.length,
    gpusRequested: requestedMilli(jobs) / GPU_MILLI,
    gpusBound: ours.bound.gpuMilli / GPU_MILLI,
    gapRatio: (ours.bound.gpuMilli - looped.allocatedMilli) / ours.bound.gpuMilli,
    nodesAtHalfLoadBound: fewestByVolume(nodes, requestedMilli(half)),
    rows,
    unplacedByReason: groupReasons(looped.unplaced),
    nodes: nodes.map(({ id, gpus }) => ({
      id,
      model: gpus[0]?.model ?? 'none',
      gpuCount: gpus.length,
      allocatedMilli: looped.allocatedByNode.get(id) ?? 0,
    })),
  };
}

/** The loop over the arrivals: a batch of jobs is handed in, the runner turns once, and so on. */
async function replay(
  nodes: readonly GpuNode[],
  jobs: readonly Job[],
  workload: ReturnType<typeof openbWorkload>,
  { onProgress, pace }: StageOptions,
): Promise<{
  readonly allocatedMilli: number;
  readonly allocatedByNode: ReadonlyMap<string, number>;
  readonly unplaced: readonly UnplacedJob[];
}> {
  const clock = virtualClock({ startAtMs: 0 });
  const runtime = simulatedRuntime({ clock, nodes });
  const store = memoryStore();
  const runner = createRunner({
    clock,
    store,
    runtime,
    capacity: simulatedCapacity({ clock, nodes }),
    policy: { workload },
  });
  const size = Math.ceil(jobs.length / TICKS);
  for (let tick = 0; tick < TICKS; tick++) {
    for (const job of jobs.slice(tick * size, (tick + 1) * size)) await runner.submit({ job });
    const { unplaced } = await runner.tick();
    await clock.advanceTo(clock.nowMs() + MINUTE_MS);
    await pace?.(MINUTE_MS);
    const sent = Math.min(jobs.length, (tick + 1) * size);
    onProgress?.({
      stage: 'cluster',
      doneRatio: (tick + 1) / (TICKS + 1),
      message: `${sent} jobs sent, ${sent - unplaced} running, ${unplaced} without a place`,
    });
  }
  const allocatedByNode = new Map<string, number>();
  for (const { placement } of await runtime.list()) {
    const milli = placement.gpus.reduce((sum, gpu) => sum + gpu.milli, 0);
    allocatedByNode.set(placement.nodeId, (allocatedByNode.get(placement.nodeId) ?? 0) + milli);
  }
  return {
    allocatedMilli: [...allocatedByNode.values()].reduce((sum, milli) => sum + milli, 0),
    allocatedByNode,
    unplaced: store.plans().at(-1)?.unplaced ?? [],
  };
}

function requestedMilli(jobs: readonly Job[]): number {
  return jobs.reduce((sum, { gpuCount, gpuMilli = GPU_MILLI }) => sum + gpuCount * gpuMilli, 0);
}

/** The smallest number of nodes, largest first, whose GPUs add up to the demand. */
function fewestByVolume(nodes: readonly GpuNode[], milli: number): number {
  const sizes = nodes.map(({ gpus }) => gpus.length * GPU_MILLI).sort((x, y) => y - x);
  let held = 0;
  return sizes.findIndex((size) => (held += size) >= milli) + 1;
}

/** The kind of reason, and for a full cluster which resources the nearest node lacked. */
function labelOf(reason: UnplacedJob['reason']): string {
  if (reason.kind !== 'no-room') return reason.kind;
  const names = new Set(reason.nearest.misses.map(({ resource }) => RESOURCE_NAMES[resource]));
  return `no-room: ${[...names].sort().join(' and ')}`;
}

const RESOURCE_NAMES: Readonly<Record<ResourceMiss['resource'], string>> = {
  'cpu-milli': 'CPU',
  'gpu-count': 'whole GPUs',
  'gpu-memory-mib': 'GPU memory',
  'gpu-milli': 'share of a GPU',
  'memory-mib': 'memory',
  'mig-instance': 'MIG instance',
  'mig-slices': 'MIG instance',
};

/** Counts what the nearest node lacked; one example each, in words. */
function groupReasons(unplaced: readonly UnplacedJob[]): ClusterReport['unplacedByReason'] {
  const groups = new Map<string, { jobs: number; example: string }>();
  for (const { jobId, reason } of unplaced) {
    const label = labelOf(reason);
    const group = groups.get(label);
    if (group === undefined) groups.set(label, { jobs: 1, example: `${jobId}: ${explainUnplaced(reason)}` });
    else group.jobs++;
  }
  return [...groups]
    .map(([reason, group]) => ({ reason, ...group }))
    .sort((x, y) => y.jobs - x.jobs || (x.reason < y.reason ? -1 : 1));
}
