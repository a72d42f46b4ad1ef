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
import { AUGURS_VERSION, augursMstl, type PeerForecast } from './forecast-peer.ts';
import { coverage, intervalScore, mean, meanAbsoluteError, seasonalScale, smape } from './forecast-measures.ts';
import { keyOf, measureSpeeds, type Speed, type SpeedOptions } from './forecast-speed.ts';
import { formatTable } from './table.ts';

/** One method on M4 Hourly. */
export interface ForecastM4Row {
  readonly method: string;
  /** `published` rows are over all 414 series. */
  readonly kind: 'measured' | 'peer' | 'published';
  readonly seriesCount: number;
  readonly smapePercent: number;
  readonly mase: number;
  /** Against the published Naive2, so that it compares with the published table. */
  readonly owa: number;
  readonly msis?: number;
  /** Share inside the band of level 0.95. */
  readonly coverageRatio?: number;
  readonly speed?: { readonly point: Speed; readonly bands?: Speed };
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
  readonly kind: 'measured' | 'peer';
  readonly hasBands: boolean;
  readonly ask: (train: readonly number[], level?: number) => PeerForecast;
}

const PEER = `@bsull/augurs ${AUGURS_VERSION}, MSTL and ETS`;

const METHODS: readonly Method[] = [
  ours('full', full(), true),
  ours('fast', fast(), true),
  {
    name: PEER,
    kind: 'peer',
    hasBands: true,
    ask: (train, level) =>
      augursMstl(train, { horizon: HORIZON, seasons: SEASONS, ...(level !== undefined && { level }) }),
  },
  ours('mstl', mstl(), false),
  ours('sNaive', seasonalNaive({ season: SEASON }), true),
  ours('SES', seasonallyAdjusted(ses(), { season: SEASON }), false),
  ours('Naive2', seasonallyAdjusted(naive(), { season: SEASON }), false),
  ours('Theta', seasonallyAdjusted(theta(), { season: SEASON }), false),
  ours('Naive', naive(), false),
];

/**
 * Forecasts M4 Hourly 48 h ahead, once a series, and scores it by the rules of the competition, published figures beside.
 *
 * Source: Makridakis, Spiliotis and Assimakopoulos, "The M4 Competition", International Journal of Forecasting 2020, doi
 * 10.1016/j.ijforecast.2019.04.014.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function forecastM4Benchmark(
  dataDirectory: string,
  speedOptions: Omit<SpeedOptions, 'reference'> = {},
): readonly ForecastM4Row[] {
  const series = readM4(dataDirectory);
  const scored = METHODS.map((method) => measure(method, series));
  const tasks = METHODS.flatMap(({ name: method, hasBands, ask }) => [
    { kind: 'point' as const, method, run: (train: readonly number[]) => ask(train) },
    ...(hasBands ? [{ kind: 'bands' as const, method, run: (train: readonly number[]) => ask(train, LEVEL) }] : []),
  ]);
  const speeds = measureSpeeds(tasks, series, { ...speedOptions, reference: PEER });
  const measured = scored.map((row): ForecastM4Row => {
    const bands = speeds.get(keyOf({ kind: 'bands', method: row.method }));
    const point = speeds.get(keyOf({ kind: 'point', method: row.method }))!;
    return { ...row, speed: { point, ...(bands !== undefined && { bands }) } };
  });
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

/** A model of this repository, cut off at zero where the past never was below. */
function ours(name: string, model: ForecastModel, hasBands: boolean): Method {
  return {
    name,
    kind: 'measured',
    hasBands,
    ask: (train, level) => {
      const { mean: path, quantiles } = forecast(train, {
        horizon: HORIZON,
        seasons: SEASONS,
        levels: level === undefined ? [] : [level],
        model,
        nonNegative: train.every((value) => value >= 0),
      });
      const [low, high] = [quantiles['0.025'], quantiles['0.975']];
      return { mean: path, ...(low !== undefined && high !== undefined && { band: { low, high } }) };
    },
  };
}

function measure({ name, kind, hasBands, ask }: Method, series: readonly M4Series[]): ForecastM4Row {
  const points = series.map(({ train }) => ask(train).mean);
  const scales = series.map(({ train }) => seasonalScale(train, SEASON));
  const smapePercent = mean(series.map(({ test }, k) => smape(test, points[k]!)));
  const mase = mean(series.map(({ test }, k) => meanAbsoluteError(test, points[k]!) / scales[k]!));
  const owa = (smapePercent / NAIVE2.smapePercent + mase / NAIVE2.mase) / 2;
  const row = { method: name, kind, seriesCount: series.length, smapePercent, mase, owa } as const;
  if (!hasBands) return row;
  const bands = series.map(({ train }) => ask(train, LEVEL).band!);
  return {
    ...row,
    msis: mean(series.map(({ test }, k) => intervalScore(test, bands[k]!, LEVEL) / scales[k]!)),
    coverageRatio: mean(series.map(({ test }, k) => coverage(test, bands[k]!))),
  };
}

/** The rows as text; speed also as a ratio to the peer, point to point and bands to bands: its median, and its range over the rounds. */
export function formatForecastM4(rows: readonly ForecastM4Row[]): string {
  const speed = (of: Speed | undefined): string => {
    if (of === undefined) return '';
    const { median, least, most } = of.ratio;
    return `${of.perSecond.toFixed(0)} (${median.toFixed(1)}x, ${least.toFixed(1)}-${most.toFixed(1)})`;
  };
  return formatTable(
    ['method', 'kind', 'series', 'sMAPE', 'MASE', 'OWA', 'MSIS', 'cover 0.95', 'series/CPU s (x peer)', 'with bands'],
    rows.map((row) => [
      row.method,
      row.kind,
      String(row.seriesCount),
      row.smapePercent.toFixed(3),
      row.mase.toFixed(3),
      row.owa.toFixed(3),
      row.msis?.toFixed(3) ?? '',
      row.coverageRatio?.toFixed(3) ?? '',
      speed(row.speed?.point),
      speed(row.speed?.bands),
    ]),
    [0, 1],
  );
}
