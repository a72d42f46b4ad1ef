import { checkNumber } from '@spillway/core';
import { checkSeasons } from '../check.ts';
import { autoregress } from '../numeric/autoregression.ts';
import type { ForecastModel, PredictFrom } from '../types.ts';
import { modelOf } from './model-of.ts';

/** Cycles of the shortest season within the longest that changes are explained by: from the second on, those of a week of days. */
const MAX_CYCLES_BETWEEN = 5;

/** What an autoregression looks at. */
export interface AutoregressionOptions {
  /**
   * Lengths of seasons, in steps, whole, >= 1.
   * @defaultValue those of the forecast
   */
  readonly seasons?: readonly number[];
  /** Steps back, whole, >= 1. @defaultValue by the seasons, see the model */
  readonly lags?: readonly number[];
  /** Penalty on coefficients, in observations of unit variance, >= 0. @defaultValue 1 */
  readonly ridge?: number;
  /** Fits and sums up the changes from step to step instead of the values. @defaultValue false */
  readonly isDifferenced?: boolean;
}

/** What a Fourier autoregression looks at. */
export interface FourierAutoregressionOptions extends AutoregressionOptions {
  /** Waves in the longest season, whole, >= 1; at most as many as it can carry are used. @defaultValue 40 */
  readonly waves?: number;
}

/**
 * Creates the model that explains each value by the latest ones and by those around one and two seasons before, and runs this
 * forward step by step: lags 1, 2, 3, s - 1, s, s + 1, 2s for the shortest season, and around s and 2s for the longest. Changes are explained
 * by 3s to 6s of the shortest season as well, and by 2s alone of the longest.
 *
 * The coefficients are found by least squares with a penalty (ridge). Lags that reach further back than half the history are
 * left out. Forecasts follow a change of unit and of zero; they stay within eight standard deviations of the past.
 *
 * Source: Hoerl and Kennard, "Ridge Regression", Technometrics 1970, doi 10.1080/00401706.1970.10488634; the lags are those
 * of a seasonal ARIMA written as an autoregression (Box and Jenkins, "Time Series Analysis", 1970, §9).
 *
 * @returns a model for any history. A fit is `O(history × lags²)`, a further origin `O(stride × lags² + lags³)`.
 * @throws InvalidInputError on a season or lag that is not whole and >= 1, or a negative penalty.
 *
 * @example
 * ```ts
 * ridgeAutoregression({ lags: [1], ridge: 0 }).predict([1, 2, 3, 4, 5], 2); // close to [6, 7]
 * ```
 */
export function ridgeAutoregression(options: AutoregressionOptions = {}): ForecastModel {
  check(options);
  const name = options.isDifferenced === true ? 'ridge-autoregression-of-changes' : 'ridge-autoregression';
  return modelOf(name, 1, (history, origins, horizon, seasons = []) => {
    const own = options.seasons ?? seasons;
    const lags = options.lags ?? seasonalLags(own, options.isDifferenced === true);
    const terms = { lags: ascending(lags), period: 1, harmonics: [], first: 0, ridge: options.ridge ?? 1 };
    return predict(history, origins, horizon, terms, options.isDifferenced === true);
  });
}

/**
 * Creates the model that explains each value by the sines and cosines of the longest season and by a few lags: 1, 2, 3 and
 * those around the shortest season. Smooth shapes of any length of season take few coefficients.
 *
 * Source: Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed., §7.4 and §12.1 (dynamic harmonic
 * regression), with lags in place of an ARIMA error.
 *
 * @returns a model for any history; without two full cycles of the season it has no waves. A fit is
 * `O(history × lags² + season × waves × lags + waves³)`.
 * @throws InvalidInputError on a season, lag or number of waves that is not whole and >= 1, or a negative penalty.
 *
 * @example
 * ```ts
 * const history = Array.from({ length: 96 }, (_, hour) => Math.sin((2 * Math.PI * hour) / 24));
 * fourierAutoregression({ seasons: [24], waves: 2, ridge: 0 }).predict(history, 1); // close to [0]
 * ```
 */
export function fourierAutoregression(options: FourierAutoregressionOptions = {}): ForecastModel {
  check(options);
  if (options.waves !== undefined) checkNumber('waves', options.waves, { min: 1, isWhole: true });
  return modelOf('fourier-autoregression', 1, (history, origins, horizon, seasons = []) => {
    const own = ascending(options.seasons ?? seasons);
    const [short = 1] = own;
    const period = own.at(-1) ?? 1;
    const lags = ascending(options.lags ?? [1, 2, 3, short - 1, short, short + 1]);
    const waveCount = Math.min(options.waves ?? 40, Math.ceil(period / 2) - 1);
    const harmonics = Array.from({ length: waveCount }, (_, k) => k + 1);
    const terms = { lags, period, harmonics, first: 0, ridge: options.ridge ?? 1 };
    return predict(history, origins, horizon, terms, options.isDifferenced === true);
  });
}

/** Runs the regression on the values, or on their changes and sums these up again. */
function predict(
  history: readonly number[],
  origins: readonly number[],
  horizon: number,
  terms: Parameters<typeof autoregress>[3],
  isDifferenced: boolean,
): ReturnType<PredictFrom> {
  if (!isDifferenced) return autoregress(new Float64Array(history), origins, horizon, terms);
  // The change into the first value is not known; its place is kept, so that steps keep their phase.
  const changes = new Float64Array(history.length);
  for (let at = 1; at < history.length; at++) changes[at] = history[at]! - history[at - 1]!;
  return autoregress(changes, origins, horizon, { ...terms, first: 1 }).map((path, index) => {
    let last = history[origins[index]! - 1]!;
    return path.map((change) => (last += change));
  });
}

function seasonalLags(seasons: readonly number[], isDifferenced: boolean): readonly number[] {
  const own = ascending(seasons);
  const [short = 1] = own;
  const long = own.at(-1) ?? short;
  const around = (season: number) => [season - 1, season, season + 1];
  const near = [1, 2, 3, ...around(short), 2 * short, ...around(long)];
  if (!isDifferenced) return [...near, ...around(2 * long)];
  const between = Array.from({ length: MAX_CYCLES_BETWEEN }, (_, k) => (k + 2) * short);
  return [...near, ...between.filter((lag) => lag < long - 1), 2 * long];
}

function ascending(lengths: readonly number[]): readonly number[] {
  return [...new Set(lengths)].filter((length) => length > 0).sort((x, y) => x - y);
}

function check({ seasons, lags, ridge }: AutoregressionOptions): void {
  checkSeasons(seasons);
  lags?.forEach((lag, index) => {
    checkNumber(`lags[${index}]`, lag, { min: 1, isWhole: true, hint: 'It is a number of steps back.' });
  });
  if (ridge !== undefined) checkNumber('ridge', ridge, { min: 0 });
}
