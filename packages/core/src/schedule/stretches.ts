import { hoursFromMs, kilowattHoursFromWattHours, wattHoursFromWatts } from '../units.ts';
import type { PlanColumns } from './game.ts';
import { ELASTIC, EPSILON } from './problem-table.ts';
import type { Competitor, ProblemTable } from './problem-table.ts';
import type { Run } from './search.ts';
import type { Site } from './site.ts';
import type { ScheduleAmounts, ScheduleJob, SlotGrid } from './types.ts';

/** One stretch of a job, at a site. */
export interface Stretch {
  readonly site: Site;
  readonly slot: number;
  readonly startAtMs: number;
  readonly durationMs: number;
  readonly replicaCount: number;
}

/** The stretches of a run in whole slots and parts from their start. */
export function stretchesOfRun(run: Run, site: Site, slots: SlotGrid): readonly Stretch[] {
  return run.slots.map((slot, index) => ({
    site,
    slot,
    startAtMs: slots.startAtMs + slot * slots.stepMs,
    durationMs: run.durationsMs[index]!,
    replicaCount: 1,
  }));
}

/** The stretches of job `j` of a plan, in the order of time. The lengths add up to the run time, rounding and all. */
export function stretchesOfPlan(
  table: ProblemTable,
  from: Int32Array,
  plan: PlanColumns,
  j: number,
  { job, window }: Competitor,
  sites: readonly Site[],
  slots: SlotGrid,
): readonly Stretch[] {
  const used = Array.from({ length: plan.count[j]! }, (_, x) => {
    const cell = plan.cells[from[j]! + x]!;
    const slot = cell % table.slotCount;
    const site = sites[Math.floor(cell / table.slotCount)]!;
    const startAtMs = slots.startAtMs + slot * slots.stepMs;
    const mostMs = Math.min(slots.stepMs, window.endAtMs - startAtMs);
    return { site, slot, startAtMs, mostMs, replicaMs: (plan.amounts[from[j]! + x]! / table.width[j]!) * slots.stepMs };
  }).sort((x, y) => x.slot - y.slot);
  if (table.mode[j] === ELASTIC) return used.flatMap(levels);
  const isPart = (part: (typeof used)[number]) => part.replicaMs < part.mostMs - EPSILON * slots.stepMs;
  const fullMs = used.reduce((sum, part) => sum + (isPart(part) ? 0 : part.mostMs), 0);
  const pauses = used.filter(({ slot }, x) => x > 0 && slot > used[x - 1]!.slot + 1).length;
  const totalMs = job.runtimeMs + pauses * (job.resumeMs ?? 0);
  return used.map((part) => ({
    site: part.site,
    slot: part.slot,
    startAtMs: part.startAtMs,
    durationMs: isPart(part) ? totalMs - fullMs : part.mostMs,
    replicaCount: 1,
  }));
}

/** Replica-time in one slot as one stretch of whole replicas, or two: one replica more comes first and leaves. */
function levels(part: {
  readonly site: Site;
  readonly slot: number;
  readonly startAtMs: number;
  readonly mostMs: number;
  readonly replicaMs: number;
}): readonly Stretch[] {
  const { site, slot, startAtMs, mostMs, replicaMs } = part;
  const whole = Math.floor(replicaMs / mostMs + EPSILON);
  const restMs = replicaMs - whole * mostMs;
  if (restMs <= EPSILON * mostMs) return [{ site, slot, startAtMs, durationMs: mostMs, replicaCount: whole }];
  const wide = { site, slot, startAtMs, durationMs: restMs, replicaCount: whole + 1 };
  if (whole === 0) return [wide];
  return [wide, { site, slot, startAtMs: startAtMs + restMs, durationMs: mostMs - restMs, replicaCount: whole }];
}

/** Energy at the meter, carbon and cost of stretches of a job. */
export function amountsOfStretches(job: ScheduleJob, stretches: readonly Stretch[]): ScheduleAmounts {
  let energyWattHours = 0;
  let carbonGrams = 0;
  let costUsd = 0;
  for (const { site, slot, durationMs, replicaCount } of stretches) {
    const { priceUsdPerGpuHour = 0 } = site.location;
    const wattHours = wattHoursFromWatts(job.powerWatts, durationMs) * replicaCount * site.pueRatio[slot]!;
    const kilowattHours = kilowattHoursFromWattHours(wattHours);
    energyWattHours += wattHours;
    carbonGrams += kilowattHours * site.carbonGramsPerKwh[slot]!;
    costUsd += kilowattHours * site.energyPriceUsdPerKwh[slot]!;
    costUsd += (job.gpuCount ?? 1) * replicaCount * hoursFromMs(durationMs) * priceUsdPerGpuHour;
  }
  return { energyWattHours, carbonGrams, costUsd };
}
