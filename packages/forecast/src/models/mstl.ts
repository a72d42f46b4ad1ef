import { checkSeasons } from '../check.ts';
import { decompose } from '../numeric/decompose.ts';
import type { ForecastModel } from '../types.ts';
import { damped } from './damped.ts';
import { usableSeasons } from './seasons.ts';

/**
 * Creates the model that takes the seasons out, forecasts what is left by another model, and adds the last cycle of each season.
 * Seasons may change slowly from cycle to cycle.
 *
 * Source: Bandara, Hyndman and Bergmeir, "MSTL", 2021, arXiv 2107.13462.
 *
 * @param options.inner - forecasts the adjusted series. @defaultValue `damped()`
 * @param options.seasons - lengths in steps, whole, >= 1. @defaultValue those of the forecast
 * @returns a model that needs what the inner one needs; seasons without two full cycles are left out.
 * `O(history × longest season)` beside the inner model.
 * @throws InvalidInputError when a season is not whole and >= 1.
 *
 * @example
 * ```ts
 * mstl({ inner: naive(), seasons: [2] }).predict([1, 5, 1, 5, 1, 5], 2); // close to [1, 5]
 * ```
 */
export function mstl(
  options: { readonly inner?: ForecastModel; readonly seasons?: readonly number[] } = {},
): ForecastModel {
  checkSeasons(options.seasons);
  const { inner = damped() } = options;
  return {
    name: `mstl(${inner.name})`,
    minHistory: inner.minHistory,
    predict: (history, horizon, seasons = []) => {
      const count = history.length;
      const periods = usableSeasons(options.seasons ?? seasons, count);
      if (periods.length === 0) return inner.predict(history, horizon);
      const { seasonal, adjusted } = decompose(new Float64Array(history), periods);
      const rest = inner.predict(Array.from(adjusted), horizon);
      return rest.map((value, step) =>
        periods.reduce((sum, period, k) => sum + seasonal[k]![count - period + (step % period)]!, value),
      );
    },
  };
}
