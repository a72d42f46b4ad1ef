import { fast, full, seasonalNaive, type ForecastModel } from '@spillway/forecast';
import { DAY_MS, HOUR_MS } from '@spillway/core';
import { readCarbonGrids, type CarbonGrid } from './forecast-data.ts';
import { mape, mean } from './forecast-measures.ts';
import { formatTable } from './table.ts';

/** One method on one grid, or on the mean of all. */
export interface ForecastCarbonRow {
  readonly grid: string;
  readonly method: string;
  readonly originCount: number;
  /** Mean MAPE of each of the four days ahead, per cent. */
  readonly dayPercents: readonly number[];
  /** Mean MAPE over the 96 hours, per cent. */
  readonly percent: number;
  /** Share of the MAPE of the seasonal naive method that is saved, per cent. */
  readonly savedPercent: number;
}

const [HORIZON, DAY, DAY_COUNT] = [96, 24, 4];
const SEASONS = [24, 168];
const METHODS: readonly (readonly [string, ForecastModel])[] = [
  ['sNaive', seasonalNaive({ season: DAY })],
  ['fast', fast()],
  ['full', full()],
];

/**
 * Forecasts carbon intensity 96 h ahead from history alone, once a day at 00:00 UTC from July to December.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function forecastCarbonBenchmark(options: {
  readonly dataDirectory: string;
  /** Hours before an origin that a forecaster sees. @defaultValue 1008 */
  readonly historyCount?: number;
}): readonly ForecastCarbonRow[] {
  const { dataDirectory, historyCount = 1008 } = options;
  const grids = readCarbonGrids(dataDirectory);
  const table = METHODS.map(([method, model]) => {
    const rows = grids.map((grid) => ({ method, ...measure(grid, model, historyCount) }));
    const all = {
      method,
      grid: 'mean',
      originCount: rows.reduce((sum, { originCount }) => sum + originCount, 0),
      dayPercents: Array.from({ length: DAY_COUNT }, (_, day) => mean(rows.map((row) => row.dayPercents[day]!))),
      percent: mean(rows.map(({ percent }) => percent)),
    };
    return [...rows, all];
  });
  return table.flatMap((rows) =>
    rows.map((row, k) => ({ ...row, savedPercent: 100 * (1 - row.percent / table[0]![k]!.percent) })),
  );
}

function measure({ id, startAtMs, values }: CarbonGrid, model: ForecastModel, historyCount: number) {
  const days = Array.from({ length: DAY_COUNT }, (): number[] => []);
  for (let origin = 0; origin + HORIZON <= values.length; origin++) {
    const at = new Date(startAtMs + origin * HOUR_MS);
    // The last origin is that of 27 December, so that a year of data holds all four days.
    const isLate = at.getTime() >= Date.UTC(at.getUTCFullYear(), 11, 28);
    if ((startAtMs + origin * HOUR_MS) % DAY_MS !== 0 || at.getUTCMonth() < 6 || isLate) continue;
    const predicted = model.predict(values.slice(Math.max(0, origin - historyCount), origin), HORIZON, SEASONS);
    days.forEach((list, day) => {
      const from = day * DAY;
      list.push(mape(values.slice(origin + from, origin + from + DAY), predicted.slice(from, from + DAY)));
    });
  }
  const dayPercents = days.map(mean);
  return { grid: id, originCount: days[0]!.length, dayPercents, percent: mean(dayPercents) };
}

/** The rows as text. */
export function formatForecastCarbon(rows: readonly ForecastCarbonRow[]): string {
  return formatTable(
    ['grid', 'method', 'origins', 'day 1', 'day 2', 'day 3', 'day 4', 'MAPE', 'saved'],
    rows.map((row) => [
      row.grid,
      row.method,
      String(row.originCount),
      ...row.dayPercents.map((percent) => percent.toFixed(2)),
      row.percent.toFixed(2),
      `${row.savedPercent.toFixed(1)} %`,
    ]),
    [0, 1],
  );
}
