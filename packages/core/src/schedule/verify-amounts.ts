import type { Series } from '../time-series.ts';
import { hoursFromMs, kilowattHoursFromWattHours } from '../units.ts';
import type { Assignment, ScheduleAmounts, ScheduleJob, ScheduleLocation, ScheduleProblem, SlotGrid } from './types.ts';

/** Amounts of stretches from the problem's series, stretch by stretch. Those at no job, location or slot count nothing. */
export function meteredAmounts(
  problem: ScheduleProblem,
  assignments: readonly Assignment[],
  jobById: ReadonlyMap<string, ScheduleJob>,
): ScheduleAmounts {
  const meters = new Map(problem.locations.map((location) => [location.id, createMeter(location, problem.slots)]));
  let energyWattHours = 0;
  let carbonGrams = 0;
  let costUsd = 0;
  for (const { jobId, locationId, slot, durationMs, replicaCount = 1 } of assignments) {
    const job = jobById.get(jobId);
    const meter = meters.get(locationId);
    const grams = meter?.gramsPerKwh[slot];
    if (job === undefined || meter === undefined || grams === undefined || !Number.isFinite(durationMs)) continue;
    const hours = hoursFromMs(durationMs);
    const wattHours = job.powerWatts * replicaCount * meter.pueRatio[slot]! * hours;
    const kilowattHours = kilowattHoursFromWattHours(wattHours);
    energyWattHours += wattHours;
    carbonGrams += kilowattHours * grams;
    costUsd +=
      kilowattHours * (meter.usdPerKwh?.[slot] ?? 0) + (job.gpuCount ?? 1) * replicaCount * meter.usdPerGpuHour * hours;
  }
  return { energyWattHours, carbonGrams, costUsd };
}

/** What a location charges, by slot. */
interface Meter {
  readonly gramsPerKwh: readonly number[];
  readonly usdPerKwh: readonly number[] | undefined;
  readonly pueRatio: readonly number[];
  readonly usdPerGpuHour: number;
}

function createMeter(location: ScheduleLocation, slots: SlotGrid): Meter {
  return {
    gramsPerKwh: slotMeans(location.carbon, slots),
    usdPerKwh: location.energyPrice === undefined ? undefined : slotMeans(location.energyPrice, slots),
    pueRatio: pueBySlot(location, slots),
    usdPerGpuHour: location.priceUsdPerGpuHour ?? 0,
  };
}

/** PUE of a location, slot by slot. */
export function pueBySlot({ pueRatio = 1 }: ScheduleLocation, slots: SlotGrid): readonly number[] {
  return typeof pueRatio === 'number' ? new Array<number>(slots.count).fill(pueRatio) : slotMeans(pueRatio, slots);
}

/** Mean of a series over each slot: every piece of the series is dealt out to the slots it overlaps. */
export function slotMeans(series: Series, slots: SlotGrid): readonly number[] {
  const integrals = new Array<number>(slots.count).fill(0);
  series.values.forEach((value, piece) => {
    const fromMs = series.startAtMs - slots.startAtMs + series.stepMs * piece;
    const toMs = fromMs + series.stepMs;
    const last = Math.min(slots.count - 1, Math.ceil(toMs / slots.stepMs) - 1);
    for (let slot = Math.max(0, Math.floor(fromMs / slots.stepMs)); slot <= last; slot++) {
      const overlapMs = Math.min(toMs, slots.stepMs * (slot + 1)) - Math.max(fromMs, slots.stepMs * slot);
      integrals[slot]! += value * overlapMs;
    }
  });
  return integrals.map((integral) => integral / slots.stepMs);
}
