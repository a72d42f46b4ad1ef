import type { GpuNode, Job } from '../fleet/index.ts';
import type { RunningJob } from '../pack/types.ts';
import type { EvictionUnit } from './eviction-units.ts';
import { planPreemption } from './plan-preemption.ts';

/** Steps for one member: some milliseconds. */
const MAX_STEPS = 2_000;

/**
 * Units that go when room is made for one member after the other, the largest first, on the nodes given; `undefined`: one finds no room.
 * A start for the search, not an answer. `O(members × jobs of the nodes)`
 *
 * @param units - those that may go.
 */
export function oneByOne(
  nodes: readonly GpuNode[],
  running: readonly RunningJob[],
  jobs: readonly Job[],
  units: readonly EvictionUnit<RunningJob>[],
  nowMs: number | undefined,
): readonly number[] | undefined {
  const unitOf = new Map(units.flatMap(({ members }, unit) => members.map(({ job }) => [job.id, unit] as const)));
  const isHere = new Set(nodes.map(({ id }) => id));
  // Who may go was decided for the whole gang.
  let held = running.flatMap(({ job, ...rest }): RunningJob[] =>
    isHere.has(rest.placement.nodeId)
      ? [{ ...rest, job: { ...job, isPreemptible: unitOf.has(job.id), minRuntimeMs: 0 } }]
      : [],
  );
  const largestFirst = [...jobs].sort(
    (x, y) =>
      y.gpuCount * (y.gpuMilli ?? 1_000) - x.gpuCount * (x.gpuMilli ?? 1_000) ||
      y.cpuMilli - x.cpuMilli ||
      (x.id < y.id ? -1 : 1),
  );
  const evicted = new Set<number>();
  for (const job of largestFirst) {
    const clock = nowMs === undefined ? {} : { nowMs };
    const plan = planPreemption({ nodes, running: held, job, ...clock }, { maxSteps: MAX_STEPS });
    if ('unplaced' in plan) return undefined;
    for (const { jobId } of plan.victims) evicted.add(unitOf.get(jobId)!);
    held = held.filter((entry) => !evicted.has(unitOf.get(entry.job.id) ?? -1));
    held.push({ job: { ...job, isPreemptible: false }, placement: plan.placement });
  }
  return [...evicted];
}
