import { amountsOf, objectiveValue } from './amounts.ts';
import { cheapestPiece, cheapestSlots, runFrom } from './search.ts';
import type { Run } from './search.ts';
import type { Site } from './site.ts';
import type { ScheduleAmounts, ScheduleJob, ScheduleObjective, SlotGrid } from './types.ts';
import type { Window } from './window.ts';

/** One way to run a job at one location, with what it comes to. */
export interface Candidate {
  readonly site: Site;
  readonly run: Run;
  readonly amounts: ScheduleAmounts;
  readonly objective: number;
}

/**
 * The best plan of a job that has no competitors and is not elastic: every allowed location is searched exactly. Ties go
 * to the earliest start, then to the smallest location id by code units.
 */
export function bestAlone(
  job: ScheduleJob,
  allowed: readonly Site[],
  window: Window,
  slots: SlotGrid,
  objective: ScheduleObjective,
): Candidate {
  const candidates = allowed.map((site): Candidate => {
    const run = cheapestRun(job, site, window, slots);
    const amounts = amountsOf(job, site, run);
    return { site, run, amounts, objective: objectiveValue(objective, amounts) };
  });
  return candidates.reduce((best, other) => (isBetter(other, best) ? other : best));
}

function cheapestRun(job: ScheduleJob, site: Site, window: Window, slots: SlotGrid): Run {
  // Without power every slot costs the same, and ties go to the earliest.
  if (job.powerWatts === 0) return runFrom(window.firstSlot, job.runtimeMs, slots.stepMs);
  const search = job.mode === 'contiguous' ? cheapestPiece : cheapestSlots;
  return search(site, window, job.runtimeMs, slots);
}

/** The total order of candidates: objective, start, location id. */
function isBetter(x: Candidate, y: Candidate): boolean {
  if (x.objective !== y.objective) return x.objective < y.objective;
  const startDifference = x.run.slots[0]! - y.run.slots[0]!;
  return startDifference === 0 ? x.site.location.id < y.site.location.id : startDifference < 0;
}
