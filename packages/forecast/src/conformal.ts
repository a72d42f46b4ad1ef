import { checkPrediction } from './check.ts';
import type { Filled } from './fill.ts';
import type { ForecastModel } from './types.ts';

/** Origins the errors come from, the latest ones. A thousand back a band of 99.8 % and keep long histories affordable. */
const MAX_ORIGINS = 1_000;

/** Slack for levels that are not exact in binary: `(1 - 0.9) / 2 * 20` is 0.9999999999999998 and means 1. */
const RANK_SLACK = 1e-9;

/**
 * What the model got wrong on the history itself: for every step ahead the errors `actual - predicted`, ascending.
 *
 * A missing value has no error. The model predicts from each of the latest 1000 origins that leave it enough past, and sees only what lies before the
 * origin. Each step ahead has errors of its own: they grow with the distance. `O(origins × (history + horizon))`
 * without the model, and a sort per step.
 */
export function backtestErrors(
  model: ForecastModel,
  { values, known }: Filled,
  horizon: number,
  seasons: readonly number[],
): readonly (readonly number[])[] {
  const errors = Array.from({ length: horizon }, (): number[] => []);
  const firstOrigin = Math.max(model.minHistory, values.length - MAX_ORIGINS);
  for (let origin = firstOrigin; origin < values.length; origin++) {
    const steps = Math.min(horizon, values.length - origin);
    const predicted = model.predict(values.slice(0, origin), steps, seasons);
    checkPrediction(model, predicted, steps);
    for (let step = 0; step < steps; step++) {
      const actual = known[origin + step] ?? null;
      if (actual !== null) errors[step]!.push(actual - predicted[step]!);
    }
  }
  return errors.map((list) => list.sort((x, y) => x - y));
}

/**
 * How far a central band reaches below and above the prediction: the errors of rank `k` from either end, with
 * `k = floor((n + 1) * (1 - level) / 2)` for n errors. If past and future errors are exchangeable, the band holds the
 * truth with a probability of at least `level`.
 *
 * Source: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005 (split conformal prediction, finite
 * sample rank); applied to each step ahead and to signed errors, so that the band can be skewed. Errors of a time series
 * are exchangeable only approximately, so the level is met approximately.
 *
 * @param errors - ascending.
 * @returns `undefined` when there are fewer than {@link errorsNeeded}: the band would have to be infinite.
 */
export function conformalOffsets(
  errors: readonly number[],
  level: number,
): { readonly low: number; readonly high: number } | undefined {
  const rank = Math.floor(((errors.length + 1) * (1 - level)) / 2 + RANK_SLACK);
  if (rank < 1) return undefined;
  return { low: errors[rank - 1]!, high: errors[errors.length - rank]! };
}

/** The fewest errors that back a central band: 39 for 0.95, 9 for 0.8. */
export function errorsNeeded(level: number): number {
  return Math.ceil(2 / (1 - level) - 1 - RANK_SLACK);
}
