import { HOUR_MS } from '@spillway/core';
import { fast, forecast, full, seasonalNaive, type ForecastModel } from '@spillway/forecast';
import { readCarbonGrids, readDayAheadPrices } from './forecast-data.ts';
import { mape, mean } from './forecast-measures.ts';
import { formatTable } from './table.ts';

/** One method on one grid, without and with the price as a covariate. */
export interface ForecastPriceRow {
  readonly grid: string;
  readonly method: string;
  readonly originCount: number;
  /** Mean MAPE over the 24 hours, per cent. */
  readonly percent: { readonly without: number; readonly with: number };
  /** Share of the MAPE that the covariate saves, per cent. */
  readonly savedPercent: number;
}

const [HORIZON, HISTORY] = [24, 1008];
const SEASONS = [24, 168];
const GRIDS = ['DE', 'FR'];
const METHODS: readonly (readonly [string, ForecastModel])[] = [
  ['sNaive', seasonalNaive({ season: 24 })],
  ['fast', fast()],
  ['full', full()],
];

/**
 * Forecasts the carbon intensity of the next day, at 00:00 UTC of each day from July to December, from 42 days of history: once from
 * these alone, once with the prices of the day-ahead auction beside. The auction of a day is over by noon of the day before.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function forecastPriceBenchmark(dataDirectory: string): readonly ForecastPriceRow[] {
  const grids = readCarbonGrids(dataDirectory).filter(({ id }) => GRIDS.includes(id));
  return grids.flatMap(({ id, startAtMs, values }) => {
    const prices = readDayAheadPrices(dataDirectory, id);
    const ahead = (startAtMs - prices.startAtMs) / HOUR_MS;
    const hourOf = (month: number) => (Date.UTC(new Date(startAtMs).getUTCFullYear(), month) - startAtMs) / HOUR_MS;
    const end = Math.min(values.length, prices.values.length - ahead, hourOf(12));
    const origins: number[] = [];
    for (let origin = hourOf(6); origin + HORIZON <= end; origin += HORIZON) origins.push(origin);
    return METHODS.map(([method, model]): ForecastPriceRow => {
      const options = { horizon: HORIZON, seasons: SEASONS, levels: [], model };
      const pairs = origins.map((origin) => {
        const history = values.slice(origin - HISTORY, origin);
        const actual = values.slice(origin, origin + HORIZON);
        const price = prices.values.slice(ahead + origin - HISTORY, ahead + origin + HORIZON);
        return [
          mape(actual, forecast(history, options).mean),
          mape(actual, forecast(history, { ...options, covariates: { price } }).mean),
        ] as const;
      });
      const percent = { without: mean(pairs.map(([one]) => one)), with: mean(pairs.map(([, other]) => other)) };
      const savedPercent = 100 * (1 - percent.with / percent.without);
      return { grid: id, method, originCount: origins.length, percent, savedPercent };
    });
  });
}

/** The rows as text. */
export function formatForecastPrice(rows: readonly ForecastPriceRow[]): string {
  return formatTable(
    ['grid', 'method', 'origins', 'MAPE %', 'with price', 'saved %'],
    rows.map(({ grid, method, originCount, percent, savedPercent }) => [
      grid,
      method,
      String(originCount),
      percent.without.toFixed(2),
      percent.with.toFixed(2),
      savedPercent.toFixed(1),
    ]),
    [0, 1],
  );
}
