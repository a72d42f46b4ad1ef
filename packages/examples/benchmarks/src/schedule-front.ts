import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkNumber, HOUR_MS, InvalidInputError, paretoFront, resample, verifySchedule } from '@spillway/core';
import type { ScheduleLocation } from '@spillway/core';
import { readCarbonSeries } from './lets-wait-awhile-data.ts';
import { drawInstance } from './schedule-instance.ts';
import { formatTable } from './table.ts';

/** Where the series are, and what to plan. */
export interface ScheduleFrontOptions {
  /** Folder with `DE_2020_30min.csv`, `FR_2020_30min.csv` and `DE_` and `FR_dayahead_2019-2020_60min.csv`. */
  readonly dataDirectory: string;
  readonly jobs: number;
  readonly seed: number;
  /** First hour of the week, ms since the Unix epoch, in 2020. */
  readonly startAtMs: number;
  readonly maxPoints: number;
}

/** One plan of the front. */
export interface ScheduleFrontRow {
  readonly carbonPricePerTonne: string;
  readonly carbonGrams: number;
  readonly cost: number;
  readonly gapRatio: number;
  readonly leftOut: number;
}

const SLOTS = 168;

/** Carbon against the price of electricity for jobs in Germany and France over one week of 2020, day-ahead prices. */
export function scheduleFrontBenchmark(options: ScheduleFrontOptions): readonly ScheduleFrontRow[] {
  const { dataDirectory, jobs, seed, startAtMs, maxPoints } = options;
  checkNumber('--jobs', jobs, { min: 1, isWhole: true, hint: 'For example --jobs 200.' });
  checkNumber('--seed', seed, { min: 0, isWhole: true, hint: 'For example --seed 1.' });
  checkNumber('--from', startAtMs, { isWhole: true, hint: 'A day, for example --from 2020-01-13.' });
  const slots = { startAtMs, stepMs: HOUR_MS, count: SLOTS };
  const shape = { jobs, slots: SLOTS, locations: 2, loadRatio: 0.65, seed };
  const drawn = drawInstance(shape, [new Array<number>(SLOTS + 1).fill(1)]);
  const shiftMs = startAtMs - drawn.slots.startAtMs;
  const regions = ['DE', 'FR'] as const;
  const idOf = new Map(drawn.locations.map(({ id }, index) => [id, regions[index]!]));
  const problem = {
    slots,
    locations: drawn.locations.map((location, index): ScheduleLocation => {
      const region = regions[index]!;
      return {
        ...location,
        id: region,
        carbon: resample(readCarbonSeries(dataDirectory, region), slots),
        energyPrice: resample(readPrices(dataDirectory, region), slots),
      };
    }),
    jobs: drawn.jobs.map((job) => ({
      ...job,
      earliestStartAtMs: job.earliestStartAtMs! + shiftMs,
      deadlineAtMs: job.deadlineAtMs! + shiftMs,
      locationIds: job.locationIds!.map((id) => idOf.get(id)!),
    })),
  };
  return paretoFront(problem, { maxPoints }).map(({ objective, carbonGrams, costUsd, result }) => {
    if (!verifySchedule({ ...problem, objective }, result).isValid) throw new Error('The plan breaks a rule.');
    const price = objective.kind === 'weighted' ? objective.carbonPriceUsdPerTonne.toFixed(1) : objective.kind;
    const { gapRatio, unplaceable } = result;
    return { carbonPricePerTonne: price, carbonGrams, cost: costUsd, gapRatio, leftOut: unplaceable.length };
  });
}

/** Day-ahead prices: a header, then `time,eur_per_mwh`, hours in UTC. Kept in euros: a currency is only a name here. */
function readPrices(dataDirectory: string, region: string) {
  const path = join(dataDirectory, `${region}_dayahead_2019-2020_60min.csv`);
  const rows = readFileSync(path, 'utf8').trim().split(/\r?\n/).slice(1);
  const cells = rows.map((row) => row.split(','));
  const startAtMs = Date.parse(cells[0]![0]!);
  const values = cells.map(([time, price], index) => {
    const value = Number(price) / 1_000;
    if (Date.parse(time!) === startAtMs + index * HOUR_MS && Number.isFinite(value)) return value;
    throw new InvalidInputError(`row ${index + 2} of ${path}`, 'must be the next hour and a price', rows[index]);
  });
  return { startAtMs, stepMs: HOUR_MS, unit: 'USD/kWh', values } as const;
}

/** The rows as a table of text. */
export function formatScheduleFront(rows: readonly ScheduleFrontRow[]): string {
  const body = rows.map((row) => [
    row.carbonPricePerTonne,
    (row.carbonGrams / 1_000).toFixed(1),
    row.cost.toFixed(2),
    (100 * row.gapRatio).toFixed(3),
    String(row.leftOut),
  ]);
  return [
    'schedule: carbon against the price of electricity, Germany and France, one week of 2020, day-ahead prices',
    formatTable(['EUR a tonne', 'carbon kg', 'cost EUR', 'gap %', 'left out'], body),
  ].join('\n');
}
