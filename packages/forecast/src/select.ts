import { checkNumber } from '@spillway/core';
import { checkCovariates, checkHistory, checkPrediction, checkSeasons } from './check.ts';
import { fill } from './fill.ts';
import { checkMembers } from './models/blend.ts';
import { predictFromOrigins } from './models/model-of.ts';
import { rollingOrigins } from './rolling-origins.ts';
import type { Covariates, ForecastModel } from './types.ts';
import { sliceCovariates, withCovariates } from './with-covariates.ts';

/** What to choose from, and for what. */
export interface SelectOptions {
  /** Candidates, cheapest first: of equals the first is taken. At least one. */
  readonly models: readonly ForecastModel[];
  /** Steps ahead, whole, >= 1. */
  readonly horizon: number;
  /** As for a forecast. @defaultValue [] */
  readonly seasons?: readonly number[];
  /** As for a forecast, for every candidate; may end with the history. @defaultValue none */
  readonly covariates?: Covariates;
  /** Origins at most, the latest ones, whole, >= 1. @defaultValue 20 */
  readonly origins?: number;
  /** Steps between origins, whole, >= 1. @defaultValue the horizon */
  readonly stride?: number;
}

/** The choice and what it rests on. */
export interface SelectResult {
  readonly model: ForecastModel;
  /** Of each candidate, in their order: mean absolute error in the unit of the series, `null` when nothing could be measured. */
  readonly scores: readonly { readonly method: string; readonly absoluteError: number | null }[];
  readonly originCount: number;
  /** Why there is nothing to choose by; then `model` is the first candidate. */
  readonly reasons: readonly {
    readonly kind: 'history-too-short';
    readonly historyCount: number;
    readonly neededCount: number;
  }[];
}

/**
 * Chooses the model with the least mean absolute error over rolling origins, each seeing only what lies before it. All candidates
 * are compared on the same steps.
 *
 * A choice among many by few origins is partly luck: the error of the chosen one is better than it will be. A blend is often the
 * safer choice.
 *
 * @param history - as for a forecast.
 * @returns the choice, with the score of each candidate. `O(candidates × origins)` forecasts.
 * @throws InvalidInputError on a bad history, horizon, season or covariate, an empty list of models, or a model that does not answer with
 * finite numbers.
 *
 * @example
 * ```ts
 * const { model } = select(history, { models: [seasonalNaive({ season: 24 }), fast()], horizon: 24, seasons: [24] });
 * ```
 */
export function select(history: readonly (number | null)[], options: SelectOptions): SelectResult {
  const { models, horizon, seasons = [], origins = 20, stride = horizon } = options;
  checkHistory(history);
  checkMembers(models);
  checkSeasons(seasons);
  checkNumber('horizon', horizon, { min: 1, isWhole: true, hint: 'It is the number of steps ahead.' });
  checkNumber('origins', origins, { min: 1, isWhole: true, hint: 'It is how often to forecast.' });
  checkNumber('stride', stride, { min: 1, isWhole: true, hint: 'It is the number of steps between origins.' });
  checkCovariates(options.covariates, [history.length, history.length + horizon]);
  const { values, known } = fill(history, seasons);
  const covariates = sliceCovariates(options.covariates ?? {}, history.length - values.length);
  const leastHistory = Math.max(...models.map(({ minHistory }) => minHistory), ...seasons.map((season) => 2 * season));
  const starts = rollingOrigins(values.length, horizon, { origins, stride, leastHistory });
  const scores = models.map((model) => ({
    method: model.name,
    absoluteError:
      starts.length === 0
        ? null
        : absoluteError(withCovariates(model, known, covariates), { values, known }, starts, horizon, seasons),
  }));
  let best = 0;
  scores.forEach(({ absoluteError: error }, index) => {
    if (error !== null && error < (scores[best]!.absoluteError ?? Infinity)) best = index;
  });
  const isMeasured = scores[best]!.absoluteError !== null;
  return {
    model: models[best]!,
    scores,
    originCount: starts.length,
    reasons: isMeasured
      ? []
      : [{ kind: 'history-too-short', historyCount: values.length, neededCount: leastHistory + horizon }],
  };
}

/** Mean absolute error over the known values after each origin; `null` when all are missing. */
function absoluteError(
  model: ForecastModel,
  history: { readonly values: readonly number[]; readonly known: readonly (number | null)[] },
  origins: readonly number[],
  horizon: number,
  seasons: readonly number[],
): number | null {
  const paths = predictFromOrigins(model, history.values, origins, horizon, seasons);
  let [sum, count] = [0, 0];
  paths.forEach((path, index) => {
    checkPrediction(model, path, horizon);
    path.forEach((value, step) => {
      const actual = history.known[origins[index]! + step] ?? null;
      if (actual === null) return;
      sum += Math.abs(actual - value);
      count++;
    });
  });
  return count === 0 ? null : sum / count;
}
