import { HOUR_MS, schedule, verifySchedule } from '@spillway/core';
import type { CarbonSeries, ScheduleJob, ScheduleProblem } from '@spillway/core';
import { HALF_HOUR_MS, readCarbonSeries } from './lets-wait-awhile-data.ts';
import { noisyForecasts } from './lets-wait-awhile-noise.ts';

/** Where the data are, and which noise to draw. */
export interface NightlyOptions {
  /** Folder with `DE_2020_30min.csv`, `GB_2020_30min.csv` and `FR_2020_30min.csv`. */
  readonly dataDirectory: string;
  /** Seed of the forecast noise, a whole number. @defaultValue 1 */
  readonly seed?: number;
}

/** The mean saving of nightly jobs in one region, against running them at 01:00. */
export interface NightlyCell {
  readonly region: string;
  /** The published saving, per cent. */
  readonly publishedPercent: number;
  /** Ours, with the sum as it was published: the first night is in what is compared with, and not in what was emitted. */
  readonly oursPercent: number;
  /** Ours minus published, percentage points. */
  readonly differencePoints: number;
  /** Ours over all nights, the first in what is left of its window. */
  readonly allNightsPercent: number;
  /** The same, planned on what came. */
  readonly perfectPercent: number;
}

const PUBLISHED_PERCENT = { DE: 11.74, GB: 7.95, FR: 5.58 } as const;
const NIGHT_COUNT = 365;
const [STARTS_MS, REACH_MS, DAY_SLOTS] = [HOUR_MS, 8 * HOUR_MS, 48];

/**
 * Repeats scenario I (nightly jobs) of "Let's Wait Awhile": half an hour of work each night of 2020 at 01:00, which may run up to eight
 * hours earlier or later, planned on a forecast with 5 % Gaussian error and charged at what came.
 *
 * Each figure is the mean over ten noise series. Every plan is made by `schedule` and charged and checked by `verifySchedule`.
 * The published experiment drops the first night, whose window begins in 2019, from the plans and still divides by all nights, which looks
 * like a saving of a 365th; `oursPercent` does as it did, `allNightsPercent` does not.
 *
 * Source: Wiesner et al., "Let's Wait Awhile: How Temporal Workload Shifting Can Reduce Carbon Emissions in the Cloud",
 * Middleware 2021, doi 10.1145/3464298.3493399; the figures are read from its figures for Germany, Great Britain, France.
 *
 * @returns three cells, one a region.
 * @throws InvalidInputError when a file is missing or malformed.
 */
export function nightlyBenchmark({ dataDirectory, seed = 1 }: NightlyOptions): readonly NightlyCell[] {
  return (['DE', 'GB', 'FR'] as const).map((region): NightlyCell => {
    const actual = readCarbonSeries(dataDirectory, region);
    const nightCount = Math.min(NIGHT_COUNT, Math.floor(actual.values.length / DAY_SLOTS) - 1);
    const atOnce = gramsOf(actual, [actual], nightsOf(actual, nightCount, 0));
    const forecasts = noisyForecasts(actual, seed);
    const jobs = nightsOf(actual, nightCount, REACH_MS);
    const savedPercent = (grams: number) => 100 * (1 - grams / atOnce);
    const oursPercent = savedPercent(gramsOf(actual, forecasts, jobs.slice(1)));
    const publishedPercent = PUBLISHED_PERCENT[region];
    return {
      region,
      publishedPercent,
      oursPercent,
      differencePoints: oursPercent - publishedPercent,
      allNightsPercent: savedPercent(gramsOf(actual, forecasts, jobs)),
      perfectPercent: savedPercent(gramsOf(actual, [actual], jobs)),
    };
  });
}

/** The cells as a table of text, with the largest difference in its last line. */
export function formatNightly(cells: readonly NightlyCell[]): string {
  const rows = cells.map((cell) =>
    [
      cell.region.padEnd(6),
      cell.publishedPercent.toFixed(2).padStart(11),
      cell.oursPercent.toFixed(2).padStart(7),
      cell.differencePoints.toFixed(2).padStart(10),
      cell.allNightsPercent.toFixed(2).padStart(10),
      cell.perfectPercent.toFixed(2).padStart(16),
    ].join('  '),
  );
  const worst = Math.max(0, ...cells.map((cell) => Math.abs(cell.differencePoints)));
  return [
    "Let's Wait Awhile, scenario I: carbon saved by nightly jobs that may move by eight hours, % of running at 01:00",
    'region  published %   ours %  difference  all nights  perfect forecast',
    ...rows,
    `largest difference: ${worst.toFixed(2)} points`,
  ].join('\n');
}

/** One job a night of 1 kW; all draw the same power, so the saving does not depend on it. */
function nightsOf(series: CarbonSeries, count: number, reachMs: number): readonly ScheduleJob[] {
  return Array.from({ length: count }, (_, night) => {
    const startAtMs = series.startAtMs + night * DAY_SLOTS * HALF_HOUR_MS + STARTS_MS;
    return {
      id: `night-${night}`,
      runtimeMs: HALF_HOUR_MS,
      powerWatts: 1_000,
      earliestStartAtMs: Math.max(series.startAtMs, startAtMs - reachMs),
      deadlineAtMs: startAtMs + reachMs + HALF_HOUR_MS,
      mode: 'contiguous',
    };
  });
}

/** What plans on each forecast emit at what came, g, on average. */
function gramsOf(actual: CarbonSeries, forecasts: readonly CarbonSeries[], jobs: readonly ScheduleJob[]): number {
  const problemWith = (carbon: CarbonSeries): ScheduleProblem => ({
    slots: { startAtMs: actual.startAtMs, stepMs: actual.stepMs, count: actual.values.length },
    locations: [{ id: 'region', carbon }],
    jobs,
  });
  const problemWithActuals = problemWith(actual);
  const grams = forecasts.map((forecast) => {
    const check = verifySchedule(problemWithActuals, schedule(problemWith(forecast)));
    if (!check.isValid) throw new Error(`The plan breaks a rule: ${JSON.stringify(check.violations[0])}`);
    return check.totals.carbonGrams;
  });
  return grams.reduce((sum, value) => sum + value, 0) / grams.length;
}
