import { checkNumber } from '@spillway/core';
import type { ForecastModel } from '../types.ts';

/**
 * Creates the model that repeats the last cycle: each value is the one a whole number of seasons before.
 *
 * Source: Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed., §5.2.
 *
 * @param options.season - length of the cycle in steps, whole, >= 1. With 1 it repeats the last value. @defaultValue 1
 * @returns a model that needs one full cycle of history. A prediction is `O(horizon)`.
 * @throws InvalidInputError when the season is not a whole number >= 1.
 *
 * @example
 * ```ts
 * seasonalNaive({ season: 2 }).predict([1, 5, 2, 6], 3); // [2, 6, 2]
 * ```
 */
export function seasonalNaive(options: { readonly season?: number } = {}): ForecastModel {
  const season = options.season ?? 1;
  checkNumber('season', season, { min: 1, isWhole: true, hint: 'It is the length of a cycle in steps.' });
  return {
    name: season === 1 ? 'naive' : `seasonal-naive(${season})`,
    minHistory: season,
    predict: (history, horizon) =>
      Array.from({ length: horizon }, (_, step) => history[history.length - season + (step % season)]!),
  };
}
