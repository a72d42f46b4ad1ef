import { checkForecast, checkModel, checkPrediction } from './check.ts';
import { backtestErrors, conformalOffsets, errorsNeeded } from './conformal.ts';
import { seasonalNaive } from './seasonal-naive.ts';
import type { ForecastModel, ForecastOptions, ForecastReason, ForecastResult } from './types.ts';

/**
 * Forecasts the next values of a series, with bands that rest on the errors the model made on the series itself.
 *
 * A band is given for the whole horizon or not at all: when the history yields too few errors for a level at the
 * last step, the level is left out and `diagnostics.reasons` says how many are needed. Bands are never infinite and never
 * assume a distribution. The truth falls into a band as often as its level says, as far as the future errs
 * like the past.
 *
 * Laws: quantiles of a wider level enclose those of a narrower; a pure season is forecast exactly, with bands of no width;
 * adding a constant to the history or multiplying it by a positive one does the same to the forecast.
 *
 * @param history - one finite number a step, uniform in time, oldest first, at least one.
 * @param options - the horizon and, where the defaults are not right, seasons, levels and the model.
 * @returns `mean` and each list of `quantiles` with `horizon` numbers, and what they rest on. See the model and the bands
 * for their cost; with the default model `O(min(history, 1000) × (history + horizon))`.
 * @throws InvalidInputError on an empty history, a value that is not finite, a horizon or season that is not
 * whole and >= 1, a level not between 0 and 1, a history too short for a given model, or a model that does not answer
 * with finite numbers.
 *
 * @example
 * ```ts
 * const history = [10, 20, 30, 11, 21, 31, 10, 20, 30];
 * forecast(history, { horizon: 4, seasons: [3] }).mean; // [10, 20, 30, 10]
 * ```
 */
export function forecast(history: readonly number[], options: ForecastOptions): ForecastResult {
  checkForecast(history, options);
  const { horizon, levels = [0.8, 0.95], nonNegative = false } = options;
  const reasons: ForecastReason[] = [];
  const model = options.model ?? defaultModel(history.length, options.seasons ?? [], reasons);
  checkModel(model, history.length);
  const prediction = model.predict(history, horizon);
  checkPrediction(model, prediction, horizon);
  const errors = backtestErrors(model, history, horizon);
  const errorCount = errors.at(-1)!.length;

  const finish = (value: number): number => (nonNegative ? Math.max(0, value) : value);
  const bands: { readonly probability: number; readonly values: number[] }[] = [];
  for (const level of new Set(levels)) {
    const offsets = errors.map((list) => conformalOffsets(list, level));
    if (offsets.some((offset) => offset === undefined)) {
      reasons.push({ kind: 'too-few-errors', level, errorCount, neededCount: errorsNeeded(level) });
      continue;
    }
    const values = (side: 'low' | 'high') => prediction.map((value, step) => finish(value + offsets[step]![side]));
    bands.push({ probability: (1 - level) / 2, values: values('low') });
    bands.push({ probability: (1 + level) / 2, values: values('high') });
  }
  bands.sort((x, y) => x.probability - y.probability);
  return {
    mean: prediction.map(finish),
    quantiles: Object.fromEntries(bands.map(({ probability, values }) => [keyOf(probability), values])),
    method: model.name,
    diagnostics: { historyCount: history.length, errorCount, reasons },
  };
}

/** Seasonal naive on the longest season with two full cycles: one to repeat, one to learn its errors from. */
function defaultModel(historyCount: number, seasons: readonly number[], reasons: ForecastReason[]): ForecastModel {
  let longest = 1;
  for (const season of new Set(seasons)) {
    const neededCount = 2 * season;
    if (neededCount <= historyCount) longest = Math.max(longest, season);
    else reasons.push({ kind: 'season-too-long', season, historyCount, neededCount });
  }
  return seasonalNaive({ season: longest });
}

/** The shortest text of a probability: 0.025 and not 0.025000000000000022. */
function keyOf(probability: number): string {
  return String(Math.round(probability * 1e10) / 1e10);
}
