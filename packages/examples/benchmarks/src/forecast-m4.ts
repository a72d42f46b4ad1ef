import {
  forecast,
  fast,
  full,
  mstl,
  naive,
  seasonallyAdjusted,
  seasonalNaive,
  ses,
  theta,
  type ForecastModel,
} from '@spillway/forecast';
import { readM4, type M4Series } from './forecast-data.ts';
import { coverage, intervalScore, mean, meanAbsoluteError, seasonalScale, smape } from './forecast-measures.ts';
import { formatTable } from './table.ts';

/** One method on M4 Hourly. */
export interface ForecastM4Row {
  readonly method: string;
  /** `published` rows are over all 414 series. */
  readonly kind: 'measured' | 'published';
  readonly seriesCount: number;
  readonly smapePercent: number;
  readonly mase: number;
  /** Against the published Naive2, so that it compares with the published table. */
  readonly owa: number;
  readonly msis?: number;
  /** Share inside the band of level 0.95. */
  readonly coverageRatio?: number;
  readonly seriesPerSecond?: { readonly point: number; readonly bands?: number };
}

const [HORIZON, SEASON, LEVEL] = [48, 24, 0.95];
const SEASONS = [24, 168];

/** Naive2 over all 414 series, published. */
const NAIVE2 = { smapePercent: 18.383, mase: 2.395 };

const SERIES_COUNT = 414;

/** "Evaluation and Ranks.xlsx", Hourly, in github.com/Mcompetitions/M4-methods: sMAPE, MASE, OWA, MSIS. */
const PUBLISHED: readonly (readonly [string, number, number, number, number?])[] = [
  ['Doornik et al., best hourly entry', 8.913, 0.801, 0.41, 6.139],
  ['Smyl ES-RNN, winner over all', 9.328, 0.893, 0.44, 7.928],
  ['Montero-Manso FFORMA', 11.506, 0.819, 0.484, 18.509],
  ['sNaive', 13.912, 1.193, 0.627],
  ['SES', 18.094, 2.385, 0.99],
  ['Naive2', 18.383, 2.395, 1],
  ['Theta', 18.138, 2.455, 1.006],
  ['Naive', 43.003, 11.608, 3.593],
];

interface Method {
  readonly name: string;
  readonly model: ForecastModel;
  readonly hasBands: boolean;
}

const METHODS: readonly Method[] = [
  { name: 'full', model: full(), hasBands: true },
  { name: 'fast', model: fast(), hasBands: true },
  { name: 'mstl', model: mstl(), hasBands: false },
  { name: 'sNaive', model: seasonalNaive({ season: SEASON }), hasBands: true },
  { name: 'SES', model: seasonallyAdjusted(ses(), { season: SEASON }), hasBands: false },
  { name: 'Naive2', model: seasonallyAdjusted(naive(), { season: SEASON }), hasBands: false },
  { name: 'Theta', model: seasonallyAdjusted(theta(), { season: SEASON }), hasBands: false },
  { name: 'Naive', model: naive(), hasBands: false },
];

/**
 * Forecasts M4 Hourly 48 h ahead, once a series, and scores it by the rules of the competition, published figures beside.
 *
 * Source: Makridakis, Spiliotis and Assimakopoulos, "The M4 Competition", International Journal of Forecasting 2020, doi
 * 10.1016/j.ijforecast.2019.04.014.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function forecastM4Benchmark(dataDirectory: string): readonly ForecastM4Row[] {
  const series = readM4(dataDirectory);
  const measured = METHODS.map((method) => measure(method, series));
  const published = PUBLISHED.map(([method, smapePercent, mase, owa, msis]): ForecastM4Row => {
    return {
      method,
      kind: 'published',
      seriesCount: SERIES_COUNT,
      smapePercent,
      mase,
      owa,
      ...(msis !== undefined && { msis }),
    };
  });
  return [...measured, ...published];
}

function measure({ name, model, hasBands }: Method, series: readonly M4Series[]): ForecastM4Row {
  const ask = (train: readonly number[], levels: readonly number[]) =>
    forecast(train, {
      horizon: HORIZON,
      seasons: SEASONS,
      levels,
      model,
      nonNegative: train.every((value) => value >= 0),
    });
  const point = timed(series, ({ train }) => ask(train, []));
  const scales = series.map(({ train }) => seasonalScale(train, SEASON));
  const smapePercent = mean(series.map(({ test }, k) => smape(test, point.results[k]!.mean)));
  const mase = mean(series.map(({ test }, k) => meanAbsoluteError(test, point.results[k]!.mean) / scales[k]!));
  const owa = (smapePercent / NAIVE2.smapePercent + mase / NAIVE2.mase) / 2;
  const row = { method: name, kind: 'measured', seriesCount: series.length, smapePercent, mase, owa } as const;
  if (!hasBands) return { ...row, seriesPerSecond: { point: point.perSecond } };
  const banded = timed(series, ({ train }) => ask(train, [LEVEL]));
  const bands = banded.results.map(({ quantiles }) => ({ low: quantiles['0.025']!, high: quantiles['0.975']! }));
  return {
    ...row,
    msis: mean(series.map(({ test }, k) => intervalScore(test, bands[k]!, LEVEL) / scales[k]!)),
    coverageRatio: mean(series.map(({ test }, k) => coverage(test, bands[k]!))),
    seriesPerSecond: { point: point.perSecond, bands: banded.perSecond },
  };
}

/** Runs over all series, the first of them once before, so that compiling is not timed. */
function timed<T>(series: readonly M4Series[], run: (series: M4Series) => T) {
  for (const one of series.slice(0, 30)) run(one);
  const startMs = performance.now();
  const results = series.map(run);
  return { results, perSecond: (1000 * series.length) / (performance.now() - startMs) };
}

/** The rows as text; speed also as a ratio to our own MSTL with a damped trend. */
export function formatForecastM4(rows: readonly ForecastM4Row[]): string {
  const reference = rows.find(({ method }) => method === 'mstl')?.seriesPerSecond?.point ?? NaN;
  const speed = (perSecond: number | undefined): string =>
    perSecond === undefined ? '' : `${perSecond.toFixed(0)} (${(perSecond / reference).toFixed(1)}x)`;
  return formatTable(
    ['method', 'kind', 'series', 'sMAPE', 'MASE', 'OWA', 'MSIS', 'cover 0.95', 'series/s (x mstl)', 'with bands'],
    rows.map((row) => [
      row.method,
      row.kind,
      String(row.seriesCount),
      row.smapePercent.toFixed(3),
      row.mase.toFixed(3),
      row.owa.toFixed(3),
      row.msis?.toFixed(3) ?? '',
      row.coverageRatio?.toFixed(3) ?? '',
      speed(row.seriesPerSecond?.point),
      speed(row.seriesPerSecond?.bands),
    ]),
    [0, 1],
  );
}
