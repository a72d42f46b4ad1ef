import { schedule, verifySchedule } from '@spillway/core';
import type { CarbonSeries, ScheduleJob, ScheduleProblem } from '@spillway/core';
import { HALF_HOUR_MS, readCarbonSeries, readMachineLearningJobs } from './lets-wait-awhile-data.ts';
import type { MachineLearningJob } from './lets-wait-awhile-data.ts';
import { latestFinishAtMs } from './lets-wait-awhile-deadlines.ts';
import type { WaitConstraint } from './lets-wait-awhile-deadlines.ts';
import { noisyForecasts } from './lets-wait-awhile-noise.ts';

/** Where the data are, and which noise to draw. */
export interface LetsWaitAwhileOptions {
  /** Folder with `DE_2020_30min.csv`, `GB_2020_30min.csv` and `FR_2020_30min.csv`. */
  readonly dataDirectory: string;
  /** File of the job set: `id,startSlot,slots`. */
  readonly jobsFile: string;
  /** Seed of the forecast noise, a whole number. @defaultValue 1 */
  readonly seed?: number;
}

/** The mean saving of one way to wait in one region, against running at once. */
export interface LetsWaitAwhileCell {
  readonly region: string;
  readonly constraint: WaitConstraint;
  readonly mode: ScheduleJob['mode'];
  /** The published saving, per cent. */
  readonly publishedPercent: number;
  /** Ours, per cent. */
  readonly oursPercent: number;
  /** Ours minus published, percentage points. */
  readonly differencePoints: number;
}

/** Cells in the order next workday contiguous, interruptible, semi-weekly contiguous, interruptible. */
const PUBLISHED_PERCENT = {
  DE: [5.91, 7.93, 14.11, 18.11],
  GB: [6.56, 9.03, 14.73, 19.66],
  FR: [4.77, 5.92, 11.11, 13.33],
} as const;
const WAYS = [
  { constraint: 'next-workday', mode: 'contiguous' },
  { constraint: 'next-workday', mode: 'interruptible' },
  { constraint: 'semi-weekly', mode: 'contiguous' },
  { constraint: 'semi-weekly', mode: 'interruptible' },
] as const;

/**
 * Repeats scenario II (machine-learning jobs) of "Let's Wait Awhile": plans each job on a forecast with 5 % Gaussian
 * error, charges the plan at what came, and compares the saving with the published one.
 *
 * The forecast is the series plus normal noise of 5 % of its mean, never below 0; each figure is the mean over ten noise
 * series. Every plan is made by `schedule` and charged and checked by `verifySchedule`.
 *
 * Source: Wiesner et al., "Let's Wait Awhile: How Temporal Workload Shifting Can Reduce Carbon Emissions in the Cloud",
 * Middleware 2021, doi 10.1145/3464298.3493399; the figures are read from its figures for Germany, Great Britain, France.
 *
 * @returns twelve cells: three regions, two constraints, two modes.
 * @throws InvalidInputError when a file is missing or malformed, or a job does not fit the series.
 */
export function letsWaitAwhileBenchmark(options: LetsWaitAwhileOptions): readonly LetsWaitAwhileCell[] {
  const { dataDirectory, jobsFile, seed = 1 } = options;
  const set = readMachineLearningJobs(jobsFile);
  return (['DE', 'GB', 'FR'] as const).flatMap((region) => {
    const actual = readCarbonSeries(dataDirectory, region);
    const forecasts = noisyForecasts(actual, seed);
    return WAYS.map(({ constraint, mode }, index): LetsWaitAwhileCell => {
      const publishedPercent = PUBLISHED_PERCENT[region][index]!;
      const oursPercent = meanSavingPercent(actual, forecasts, toJobs(set, actual, constraint, mode));
      return {
        region,
        constraint,
        mode,
        publishedPercent,
        oursPercent,
        differencePoints: oursPercent - publishedPercent,
      };
    });
  });
}

/** The cells as a table of text, with the largest difference in its last line. */
export function formatLetsWaitAwhile(cells: readonly LetsWaitAwhileCell[]): string {
  const rows = cells.map((cell) =>
    [
      cell.region.padEnd(6),
      cell.constraint.padEnd(12),
      cell.mode.padEnd(13),
      cell.publishedPercent.toFixed(2).padStart(11),
      cell.oursPercent.toFixed(2).padStart(7),
      signed(cell.differencePoints).padStart(10),
    ].join('  '),
  );
  const worst = Math.max(0, ...cells.map((cell) => Math.abs(cell.differencePoints)));
  return [
    "Let's Wait Awhile, scenario II: carbon saved by waiting, % of running at once",
    'region  constraint    mode           published %   ours %  difference',
    ...rows,
    `largest difference: ${worst.toFixed(2)} points`,
  ].join('\n');
}

/** The set as jobs of 1 kW; all draw the same power, so the saving does not depend on it. */
function toJobs(
  set: readonly MachineLearningJob[],
  series: CarbonSeries,
  constraint: WaitConstraint,
  mode: ScheduleJob['mode'],
): readonly ScheduleJob[] {
  return set.map(({ id, startSlot, slotCount }) => {
    const earliestStartAtMs = series.startAtMs + startSlot * HALF_HOUR_MS;
    const runtimeMs = slotCount * HALF_HOUR_MS;
    const deadlineAtMs = latestFinishAtMs(earliestStartAtMs + runtimeMs, constraint);
    return { id, runtimeMs, powerWatts: 1_000, earliestStartAtMs, deadlineAtMs, mode };
  });
}

function meanSavingPercent(
  actual: CarbonSeries,
  forecasts: readonly CarbonSeries[],
  jobs: readonly ScheduleJob[],
): number {
  const problemWith = (carbon: CarbonSeries): ScheduleProblem => ({
    slots: { startAtMs: actual.startAtMs, stepMs: actual.stepMs, count: actual.values.length },
    locations: [{ id: 'region', carbon }],
    jobs,
  });
  const problemWithActuals = problemWith(actual);
  const runNowGrams = schedule(problemWithActuals).baselines.runNow.carbonGrams;
  const shares = forecasts.map((forecast) => {
    const check = verifySchedule(problemWithActuals, schedule(problemWith(forecast)));
    if (!check.isValid) throw new Error(`The plan breaks a rule: ${JSON.stringify(check.violations[0])}`);
    return check.totals.carbonGrams / runNowGrams;
  });
  return 100 * (1 - shares.reduce((sum, share) => sum + share, 0) / shares.length);
}

/** Two decimals and a sign; what rounds to nothing has none. */
function signed(points: number): string {
  const text = Math.abs(points).toFixed(2);
  if (text === '0.00') return text;
  return points < 0 ? `-${text}` : `+${text}`;
}
