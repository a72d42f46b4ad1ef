import { checkOptionalNumber } from '@spillway/core';
import { minimize } from '../numeric/golden-section.ts';
import type { ForecastModel } from '../types.ts';

/** Bounds of the weight of the newest value, as in R's forecast::ses. */
const [MIN_ALPHA, MAX_ALPHA] = [1e-4, 0.9999];

/** The level after the last value, and how it was found. */
export interface Smoothed {
  readonly level: number;
  readonly alpha: number;
}

/**
 * Creates simple exponential smoothing: each value moves the level by `alpha` of its distance, and the level is the forecast of
 * every step. The first level is the one with the least squared errors, in closed form; so is `alpha`, by search.
 *
 * For irregular timestamps and streams use `ewma` of core.
 *
 * Source: Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed., §8.1.
 *
 * @param options.alpha - above 0, at most 1. @defaultValue the one with the least squared errors
 * @returns a model for any history. Forecasts follow a change of unit and of zero. `O(history)`, times 73 when `alpha` is fitted.
 * @throws InvalidInputError when alpha is out of range.
 *
 * @example
 * ```ts
 * ses({ alpha: 0.5 }).predict([4, 4, 8], 1); // [6.095], about
 * ```
 */
export function ses(options: { readonly alpha?: number } = {}): ForecastModel {
  checkOptionalNumber('alpha', options.alpha, { above: 0, max: 1 });
  return {
    name: 'ses',
    minHistory: 1,
    predict: (history, horizon) => {
      const { level } = smooth(new Float64Array(history), options.alpha);
      return Array.from({ length: horizon }, () => level);
    },
  };
}

/** Smooths a series of at least one value. */
export function smooth(values: Float64Array, alpha?: number): Smoothed {
  // Measured from the first value, a change of zero changes nothing.
  const origin = values[0]!;
  const shifted = values.map((value) => value - origin);
  const best = alpha ?? minimize((candidate) => run(shifted, candidate).cost, MIN_ALPHA, MAX_ALPHA);
  return { level: origin + run(shifted, best).level, alpha: best };
}

/**
 * With `level` started at zero the error at t is `e(t)`; started at `d` it is `e(t) - d * (1 - alpha)^t`. So the best start is a
 * regression of `e(t)` on these powers.
 */
function run(values: Float64Array, alpha: number): { readonly cost: number; readonly level: number } {
  const keep = 1 - alpha;
  let power = 1;
  let [level, squares, crosses, powers] = [0, 0, 0, 0];
  for (const value of values) {
    const error = value - level;
    squares += error * error;
    crosses += error * power;
    powers += power * power;
    level += alpha * error;
    power *= keep;
  }
  const start = crosses / powers;
  return { cost: squares - start * crosses, level: level + power * start };
}
