import { checkNumber, checkOptionalNumber } from '@spillway/core';
import { checkCovariates, checkForecast } from './check.ts';
import { forecast } from './forecast.ts';
import { fill } from './fill.ts';
import { seasonalNaive } from './models/seasonal-naive.ts';
import { keyOf } from './probability-key.ts';
import { rollingOrigins } from './rolling-origins.ts';
import { absoluteScale, pinballLoss, ratioOrNull } from './scores.ts';
import type { ForecastOptions, ForecastResult } from './types.ts';
import { sliceCovariates } from './with-covariates.ts';

/** What to test, as for {@link forecast}, and from where. */
export interface BacktestOptions extends ForecastOptions {
  /** Origins at most, the latest ones, whole, >= 1. @defaultValue 20 */
  readonly origins?: number;
  /** Steps between origins, whole, >= 1. @defaultValue the horizon */
  readonly stride?: number;
  /** Latest values that a forecast sees, whole, >= 1. @defaultValue all before its origin */
  readonly window?: number;
}

/** Why a score is missing. */
export type BacktestReason =
  /** No origin has two of the shortest season and eight values before it, and a horizon after it. */
  | { readonly kind: 'history-too-short'; readonly historyCount: number; readonly neededCount: number }
  /** Every value equals the one a season before, so there is no error to measure by. */
  | { readonly kind: 'no-scale' }
  /** At some origins no band of this level could be backed; its scores are over the others. */
  | { readonly kind: 'no-band'; readonly level: number; readonly originCount: number };

/** How well a model would have done. `null` where nothing could be measured; `reasons` says why. */
export interface BacktestResult {
  readonly method: string;
  readonly originCount: number;
  /** Mean absolute error of each step ahead, in the unit of the series. */
  readonly absoluteErrors: readonly (number | null)[];
  /** Mean absolute error over the in-sample one of repeating the season before (MASE): below 1 is better than that. */
  readonly mase: number | null;
  /** Sum of absolute errors over the sum of absolute values (WAPE), 0 is perfect. */
  readonly wapeRatio: number | null;
  /** Share of the mean absolute error of the seasonal naive method, on the same steps, that is saved. */
  readonly skillRatio: number | null;
  /** Mean pinball loss of each quantile, by its probability, in the unit of the series. */
  readonly pinball: Readonly<Record<string, number>>;
  /** Share of the values inside the central band, by its level. */
  readonly coverageRatio: Readonly<Record<string, number>>;
  readonly reasons: readonly BacktestReason[];
}

/** Values before the first origin at least. */
const LEAST_HISTORY = 8;

/**
 * Measures a model on the history itself: forecasts from rolling origins, each seeing only what lies before it, and compares with
 * what came. Missing values are not compared.
 *
 * The season of MASE and of the method to beat is the shortest of `seasons`, or 1.
 *
 * Source: Tashman, "Out-of-sample tests of forecasting accuracy", International Journal of Forecasting 2000, doi
 * 10.1016/S0169-2070(00)00065-0; Hyndman and Koehler, "Another look at measures of forecast accuracy", 2006, doi
 * 10.1016/j.ijforecast.2006.03.001 (MASE).
 *
 * @param history - as for {@link forecast}. Covariates may end with the history.
 * @returns scores over all origins and steps; `O(origins)` forecasts.
 * @throws InvalidInputError as {@link forecast}, and when origins, stride or window are not whole and >= 1.
 *
 * @example
 * ```ts
 * backtest(history, { horizon: 24, seasons: [24, 168], model: fast() }).skillRatio; // 0.2: a fifth less error
 * ```
 */
export function backtest(history: readonly (number | null)[], options: BacktestOptions): BacktestResult {
  const { covariates, ...rest } = options;
  checkForecast(history, rest);
  const { horizon, seasons = [], levels = [0.8, 0.95], origins = 20, stride = horizon, window } = options;
  checkNumber('origins', origins, { min: 1, isWhole: true, hint: 'It is how often to forecast.' });
  checkNumber('stride', stride, { min: 1, isWhole: true, hint: 'It is the number of steps between origins.' });
  checkOptionalNumber('window', window, { min: 1, isWhole: true });
  // The last horizon that is tested ends with the history, so nothing beyond is needed.
  checkCovariates(covariates, [history.length, history.length + horizon]);
  const { known, values } = fill(history, seasons);
  const season = Math.min(...seasons, ...(seasons.length === 0 ? [1] : []));
  const leastHistory = Math.max(2 * season, LEAST_HISTORY, options.model?.minHistory ?? 1);
  const starts = rollingOrigins(known.length, horizon, { origins, stride, leastHistory });

  const cases = starts.flatMap((origin): Case[] => {
    const from = Math.max(0, origin - (window ?? origin));
    const past = known.slice(from, origin);
    const skipped = history.length - known.length;
    const result = forecast(past, {
      ...rest,
      ...(covariates !== undefined && {
        covariates: sliceCovariates(covariates, skipped + from, skipped + origin + horizon),
      }),
    });
    if (result.mean.length === 0) return [];
    return [
      {
        actual: known.slice(origin, origin + horizon),
        result,
        naive: seasonalNaive({ season }).predict(values.slice(0, origin), horizon),
        scale: absoluteScale(past, season),
      },
    ];
  });
  const tooShort: readonly BacktestReason[] =
    starts.length > 0
      ? []
      : [{ kind: 'history-too-short', historyCount: known.length, neededCount: leastHistory + horizon }];
  return score(cases, horizon, levels, tooShort);
}

/** One origin: what came, what was said, and what to measure by. */
interface Case {
  readonly actual: readonly (number | null)[];
  readonly result: ForecastResult;
  readonly naive: readonly number[];
  readonly scale: number | null;
}

function score(
  cases: readonly Case[],
  horizon: number,
  levels: readonly number[],
  tooShort: readonly BacktestReason[],
): BacktestResult {
  const points = cases.flatMap(({ actual, result, naive, scale }) =>
    actual.flatMap((value, step) => {
      if (value === null) return [];
      const error = Math.abs(value - result.mean[step]!);
      return [
        {
          step,
          value,
          error,
          naiveError: Math.abs(value - naive[step]!),
          scaled: scale === null ? null : error / scale,
        },
      ];
    }),
  );
  const scaled = points.flatMap((point) => (point.scaled === null ? [] : [point.scaled]));
  const error = sum(points.map((point) => point.error));
  const naiveRatio = ratioOrNull(error, sum(points.map((point) => point.naiveError)));
  const bands = [...new Set(levels)].map((level) => ({ level, ...bandScores(cases, level) }));
  return {
    method: cases.at(-1)?.result.method ?? 'none',
    originCount: cases.length,
    absoluteErrors: Array.from({ length: horizon }, (_, step) => {
      const errors = points.filter((point) => point.step === step).map((point) => point.error);
      return ratioOrNull(sum(errors), errors.length);
    }),
    mase: ratioOrNull(sum(scaled), scaled.length),
    wapeRatio: ratioOrNull(error, sum(points.map(({ value }) => Math.abs(value)))),
    skillRatio: naiveRatio === null ? null : 1 - naiveRatio,
    pinball: Object.fromEntries(bands.flatMap(({ losses }) => losses)),
    coverageRatio: Object.fromEntries(
      bands.flatMap(({ level, inside }) => (inside === null ? [] : [[String(level), inside] as const])),
    ),
    reasons: [
      ...tooShort,
      ...(points.length > 0 && scaled.length === 0 ? [{ kind: 'no-scale' as const }] : []),
      ...bands.flatMap(({ level, missing: originCount }): BacktestReason[] =>
        originCount === 0 ? [] : [{ kind: 'no-band', level, originCount }],
      ),
    ],
  };
}

/** Pinball losses of the two ends of a band, and how often it held what came, over the origins that have it. */
function bandScores(cases: readonly Case[], level: number) {
  const keys = [keyOf((1 - level) / 2), keyOf((1 + level) / 2)] as const;
  const points = cases.flatMap(({ actual, result: { quantiles } }) => {
    const [low, high] = [quantiles[keys[0]], quantiles[keys[1]]];
    if (low === undefined || high === undefined) return [];
    return actual.flatMap((value, step) => (value === null ? [] : [{ value, low: low[step]!, high: high[step]! }]));
  });
  const missing = cases.filter(({ result }) => result.quantiles[keys[0]] === undefined).length;
  if (points.length === 0) return { losses: [], inside: null, missing };
  const loss = (end: 'low' | 'high', key: string) =>
    sum(points.map((point) => pinballLoss(point.value, point[end], Number(key)))) / points.length;
  return {
    losses: [[keys[0], loss('low', keys[0])] as const, [keys[1], loss('high', keys[1])] as const],
    inside: points.filter(({ value, low, high }) => low <= value && value <= high).length / points.length,
    missing,
  };
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
