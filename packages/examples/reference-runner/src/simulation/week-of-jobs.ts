import {
  createRandom,
  DAY_MS,
  HOUR_MS,
  InvalidInputError,
  seriesEndAtMs,
  type CarbonSeries,
  type GpuNode,
} from '@spillway/core';
import type { DeferPolicy, FlexibleTerms, SubmittedJob } from '../loop/snapshot.ts';

/** Monday 3 May 2021, 00:00 UTC: an ordinary week with 122 days of history before it. */
export const WEEK_START_MS = Date.UTC(2021, 4, 3);
const JOB_COUNT = 120;
/** Thermal design power of an A100 SXM, taken as its draw while a job runs; an assumption of the replay. */
export const WATTS_PER_GPU = 400;
const HORIZON_SLOTS = 96;
const NODES_PER_ZONE = 12;
const HISTORY_DAYS = 28;

/**
 * Zones with the list price of one A100 80 GB (an eighth of an ND96amsr_A100_v4 in spaincentral, norwayeast and westus,
 * on demand, 2026-06-18) and the mean PUE of the cloud that lists it.
 */
export const DEFER: DeferPolicy = {
  zones: [
    { id: 'ES', priceUsdPerGpuHour: 40.962 / 8, pueRatio: 1.185 },
    { id: 'NO', priceUsdPerGpuHour: 46.861 / 8, pueRatio: 1.185 },
    { id: 'US-CAL-CISO', priceUsdPerGpuHour: 42.601 / 8, pueRatio: 1.185 },
  ],
  objective: { kind: 'carbon' },
  horizonSlots: HORIZON_SLOTS,
  seasons: [24, 168],
};

/** A job of the week, as it is handed in. */
export type Submission = Pick<SubmittedJob, 'job' | 'submittedAtMs'> & { readonly flexible: FlexibleTerms };

/** Throws unless every zone of the replay has data for the week, the days after it and the history before. */
export function checkCarbon(carbon: Readonly<Record<string, CarbonSeries>>): void {
  const fromMs = WEEK_START_MS - HISTORY_DAYS * DAY_MS;
  const toMs = WEEK_START_MS + 12 * DAY_MS;
  for (const { id } of DEFER.zones) {
    const series = carbon[id];
    if (series !== undefined && series.startAtMs <= fromMs && seriesEndAtMs(series) >= toMs) continue;
    const range = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
    throw new InvalidInputError(`carbon data of zone '${id}'`, `must cover ${range}`, series && 'another range', {
      hint: `Give a CSV with the columns time, ${DEFER.zones.map((zone) => zone.id).join(', ')}, hourly, in UTC.`,
    });
  }
}

/** Jobs of a machine-learning team: handed in on workdays from 9 to 17 h, some free to move, all with time to spare. */
export function createSubmissions(seed: number): readonly Submission[] {
  const random = createRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  return Array.from({ length: JOB_COUNT }, (_, index): Submission => {
    const submittedAtMs = WEEK_START_MS + random.integer(5) * DAY_MS + (9 + random.integer(8)) * HOUR_MS;
    const runtimeMs = (1 + random.integer(24)) * HOUR_MS;
    const slackMs = (12 + random.integer(60)) * HOUR_MS;
    const gpuCount = pick([1, 1, 2, 4, 8]);
    const home = pick(['ES', 'US-CAL-CISO']);
    const others = DEFER.zones.map(({ id }) => id).filter((id) => id !== home);
    const isMovable = random.next() < 0.4;
    return {
      job: {
        id: `job-${String(index).padStart(3, '0')}`,
        gpuCount,
        cpuMilli: gpuCount * 12_000,
        memoryMib: gpuCount * 200_000,
        runtimeMs,
      },
      submittedAtMs,
      flexible: {
        deadlineAtMs: submittedAtMs + runtimeMs + slackMs,
        mode: pick(['contiguous', 'interruptible']),
        powerWatts: gpuCount * WATTS_PER_GPU,
        zones: isMovable ? [home, ...others] : [home],
      },
    };
  });
}

/** The machines of each zone, more than the jobs need. */
export function createNodes(): readonly GpuNode[] {
  return DEFER.zones.flatMap(({ id: zone }) =>
    Array.from({ length: NODES_PER_ZONE }, (_, index): GpuNode => {
      const gpus = Array.from({ length: 8 }, () => ({ model: 'A100-SXM4-80GB', memoryMib: 81_920 }));
      return { id: `${zone}-${String(index).padStart(2, '0')}`, zone, gpus, cpuMilli: 96_000, memoryMib: 1_900_000 };
    }),
  );
}
