import { fast, forecast, full, seasonalNaive, type ForecastModel } from '@spillway/forecast';
import { readDomainSeries, type DomainSeries } from './forecast-data.ts';
import { coverage, mean, meanAbsoluteError, seasonalScale } from './forecast-measures.ts';
import { savedBand } from './forecast-saved-band.ts';
import { formatTable } from './table.ts';

/** One method on one series. */
export interface ForecastDomainRow {
  readonly series: string;
  readonly method: string;
  readonly originCount: number;
  readonly mase: number;
  /** Share of the MASE of the seasonal naive method that is saved, per cent. */
  readonly savedPercent: number;
  /** Where 95 % of the savings of resampled origins lie: how sure the figure is. */
  readonly savedBandPercent: { readonly low: number; readonly high: number };
  /** Share inside the band of level 0.8; absent when there was none. */
  readonly coverageRatio: number | undefined;
}

/** How to roll. */
export interface ForecastDomainOptions {
  readonly dataDirectory: string;
  /** Origins over the last 40 % of a series, about, >= 1. @defaultValue 240 */
  readonly origins?: number;
  /** Hours before an origin that a forecaster sees. @defaultValue 1008 */
  readonly historyCount?: number;
}

const LEVEL = 0.8;
const METHODS: readonly (readonly [string, ForecastModel])[] = [
  ['sNaive', seasonalNaive({ season: 24 })],
  ['fast', fast()],
  ['full', full()],
];

/**
 * Forecasts carbon intensity, taxi rides and requests from rolling origins over the last 40 % of each series. Missing values are
 * taken from the hour before.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function forecastDomainBenchmark(options: ForecastDomainOptions): readonly ForecastDomainRow[] {
  const { dataDirectory, origins = 240, historyCount = 1008 } = options;
  return readDomainSeries(dataDirectory).flatMap((series) => {
    const cases = casesOf(series, origins, historyCount);
    const rows = METHODS.map(([method, model]) => ({ method, ...measure(cases, model) }));
    const reference = rows[0]!.mases;
    return rows.map(({ method, mases, coverageRatio }) => ({
      series: series.id,
      originCount: cases.length,
      method,
      mase: mean(mases),
      savedPercent: 100 * (1 - mean(mases) / mean(reference)),
      savedBandPercent: savedBand(mases, reference),
      coverageRatio,
    }));
  });
}

interface Case {
  readonly history: readonly number[];
  readonly actual: readonly number[];
  readonly seasons: readonly number[];
}

function casesOf(series: DomainSeries, originCount: number, historyCount: number): readonly Case[] {
  const { horizon } = series;
  const values: number[] = [];
  for (const value of series.values) values.push(value ?? values.at(-1) ?? 0);
  const last = values.length - horizon;
  const first = Math.floor(0.6 * values.length);
  // An odd step visits all hours of the day.
  const step = Math.max(1, Math.floor((last - first) / originCount) | 1);
  const cases: Case[] = [];
  for (let origin = first; origin <= last; origin += step) {
    const history = values.slice(Math.max(0, origin - historyCount), origin);
    const seasons = series.seasons.filter((season) => history.length >= 2 * season + horizon);
    cases.push({ history, actual: values.slice(origin, origin + horizon), seasons });
  }
  return cases;
}

function measure(cases: readonly Case[], model: ForecastModel) {
  const scored = cases.map(({ history, actual, seasons }) => {
    const nonNegative = history.every((value) => value >= 0);
    const result = forecast(history, { horizon: actual.length, seasons, levels: [LEVEL], model, nonNegative });
    const [low, high] = [result.quantiles['0.1'], result.quantiles['0.9']];
    return {
      mase: meanAbsoluteError(actual, result.mean) / seasonalScale(history, seasons[0] ?? 24),
      covered: low === undefined || high === undefined ? undefined : coverage(actual, { low, high }),
    };
  });
  const covered = scored.flatMap((one) => (one.covered === undefined ? [] : [one.covered]));
  return {
    mases: scored.map(({ mase }) => mase),
    coverageRatio: covered.length === 0 ? undefined : mean(covered),
  };
}

/** The rows as text. */
export function formatForecastDomain(rows: readonly ForecastDomainRow[]): string {
  return formatTable(
    ['series', 'method', 'origins', 'MASE', 'saved', '95 % of resampled', 'cover 0.8'],
    rows.map((row) => [
      row.series,
      row.method,
      String(row.originCount),
      row.mase.toFixed(3),
      `${row.savedPercent.toFixed(1)} %`,
      `${row.savedBandPercent.low.toFixed(1)} to ${row.savedBandPercent.high.toFixed(1)}`,
      row.coverageRatio?.toFixed(3) ?? '',
    ]),
    [0, 1],
  );
}
