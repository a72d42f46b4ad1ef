import type { EvictionUnit } from './eviction-units.ts';
import type { EvictionCost, EvictionPlan, Victim } from './preemption-types.ts';
import type { RunningJob } from '../pack/types.ts';

/** The answer as plain data. @param loss - of a unit; `undefined`: not known, milli-GPU was kept low instead. */
export function evictionPlan(
  units: readonly EvictionUnit<RunningJob>[],
  loss: ((unit: EvictionUnit) => number) | undefined,
  bound: number,
  isProven: boolean,
): EvictionPlan {
  const victims: Victim[] = units.flatMap(({ members }) =>
    members.map(({ job, placement: { nodeId } }) => ({
      jobId: job.id,
      nodeId,
      ...(job.gang === undefined ? {} : { gang: job.gang }),
    })),
  );
  const cost = costOf(units, loss);
  const lost = cost.lostGpuMilliSeconds ?? cost.gpuMilli;
  return {
    victims: victims.sort((x, y) => (x.jobId < y.jobId ? -1 : 1)),
    cost,
    bound,
    gapRatio: lost === 0 ? 0 : (lost - bound) / lost,
    ...(isProven ? {} : { stoppedBy: 'max-steps' as const }),
  };
}

/** What it costs to evict units. */
export function costOf(
  units: readonly EvictionUnit[],
  loss: ((unit: EvictionUnit) => number) | undefined,
): EvictionCost {
  return {
    ...(units.length === 0 ? {} : { highestPriority: Math.max(...units.map(({ priority }) => priority)) }),
    ...(loss === undefined ? {} : { lostGpuMilliSeconds: units.reduce((sum, unit) => sum + loss(unit), 0) }),
    gpuMilli: units.reduce((sum, unit) => sum + unit.gpuMilli, 0),
    victimCount: units.reduce((sum, { members }) => sum + members.length, 0),
  };
}
