import { emissions } from '../carbon/emissions.ts';
import { hoursFromMs, kilowattHoursFromWattHours, tonnesFromGrams } from '../units.ts';
import type { Run } from './search.ts';
import type { Site } from './site.ts';
import { amountsOfStretches } from './stretches.ts';
import type { ScheduleAmounts, ScheduleJob, ScheduleObjective } from './types.ts';

/** Energy at the meter, carbon and cost of a run of a job at a site. `O(slots of the run)`. */
export function amountsOf(job: ScheduleJob, site: Site, run: Run): ScheduleAmounts {
  const { powerWatts, runtimeMs, gpuCount = 1 } = job;
  const { pueRatio = 1, priceUsdPerGpuHour = 0 } = site.location;
  if (typeof pueRatio !== 'number') {
    // Amounts do not depend on when in its slot a stretch starts.
    const at = (slot: number, k: number) => ({
      site,
      slot,
      startAtMs: 0,
      durationMs: run.durationsMs[k]!,
      replicaCount: 1,
    });
    return amountsOfStretches(job, run.slots.map(at));
  }
  const { energyWattHours, carbonGrams } = emissions({
    powerWatts,
    durationMs: runtimeMs,
    carbonGramsPerKwh: meanOverRun(site.carbonGramsPerKwh, run, runtimeMs),
    pueRatio,
  });
  const energyUsd =
    kilowattHoursFromWattHours(energyWattHours) * meanOverRun(site.energyPriceUsdPerKwh, run, runtimeMs);
  return { energyWattHours, carbonGrams, costUsd: energyUsd + gpuCount * hoursFromMs(runtimeMs) * priceUsdPerGpuHour };
}

function meanOverRun(values: Float64Array, { slots, durationsMs }: Run, runtimeMs: number): number {
  let weighted = 0;
  for (let k = 0; k < slots.length; k++) weighted += values[slots[k]!]! * durationsMs[k]!;
  return weighted / runtimeMs;
}

/** What amounts are worth: grams CO2e for `carbon`, USD otherwise. */
export function objectiveValue(objective: ScheduleObjective, { carbonGrams, costUsd }: ScheduleAmounts): number {
  switch (objective.kind) {
    case 'carbon':
      return carbonGrams;
    case 'cost':
      return costUsd;
    case 'weighted':
      return costUsd + tonnesFromGrams(carbonGrams) * objective.carbonPriceUsdPerTonne;
  }
}

/** The sums of amounts, added in the order given. */
export function sumAmounts(items: readonly ScheduleAmounts[]): ScheduleAmounts {
  let energyWattHours = 0;
  let carbonGrams = 0;
  let costUsd = 0;
  for (const item of items) {
    energyWattHours += item.energyWattHours;
    carbonGrams += item.carbonGrams;
    costUsd += item.costUsd;
  }
  return { energyWattHours, carbonGrams, costUsd };
}
