import { amountsOf } from './amounts.ts';
import { runFrom } from './search.ts';
import type { Site } from './site.ts';
import { amountsOfStretches } from './stretches.ts';
import type { RunNow, ScheduleJob, SlotGrid } from './types.ts';
import type { Window } from './window.ts';

/** A job at once, at home, in one piece; an elastic one as wide as it can be. */
export function runNowAt(home: Site, job: ScheduleJob, window: Window, slots: SlotGrid): RunNow {
  const speed = fullSpeed(job);
  const run = runFrom(window.firstSlot, job.runtimeMs / speed, slots.stepMs);
  const startOf = (slot: number) => slots.startAtMs + slot * slots.stepMs;
  const startAtMs = startOf(run.slots[0]!);
  const finishAtMs = startOf(run.slots.at(-1)!) + run.durationsMs.at(-1)!;
  const replicaCount = job.marginalThroughput?.length ?? 1;
  const amounts =
    replicaCount === 1
      ? amountsOf(job, home, run)
      : amountsOfStretches(
          job,
          run.slots.map((slot, index) => ({
            site: home,
            slot,
            startAtMs: startOf(slot),
            durationMs: run.durationsMs[index]!,
            replicaCount,
          })),
        );
  return { locationId: home.location.id, startAtMs, finishAtMs, ...amounts };
}

/** How many times as fast as one replica a job runs with all of them. */
export function fullSpeed({ marginalThroughput = [1] }: ScheduleJob): number {
  return marginalThroughput.reduce((sum, speed) => sum + speed, 0);
}
