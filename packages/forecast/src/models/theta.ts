import type { ForecastModel } from '../types.ts';
import { smooth } from './ses.ts';

/**
 * Creates the Theta method: the mean of the straight line through the history and of exponential smoothing of the history with its
 * distance to this line doubled. Half the trend goes on, which wins on short and yearly series. It knows no season: wrap
 * it in {@link seasonallyAdjusted}.
 *
 * Source: Assimakopoulos and Nikolopoulos, "The theta model: a decomposition approach to forecasting", International Journal
 * of Forecasting 2000, doi 10.1016/S0169-2070(00)00066-2.
 *
 * @returns a model for any history. Forecasts follow a change of unit and of zero. `O(73 × history)`.
 *
 * @example
 * ```ts
 * theta().predict([1, 2, 3, 4, 5, 6], 2); // between [6, 6] and [7, 8]
 * ```
 */
export function theta(): ForecastModel {
  return {
    name: 'theta',
    minHistory: 1,
    predict: (history, horizon) => {
      const count = history.length;
      const middle = (count - 1) / 2;
      let mean = 0;
      for (const value of history) mean += value / count;
      let [slopes, squares] = [0, 0];
      history.forEach((value, at) => {
        slopes += (at - middle) * (value - mean);
        squares += (at - middle) ** 2;
      });
      const slope = count === 1 ? 0 : slopes / squares;
      const line = (at: number) => mean + slope * (at - middle);
      const doubled = Float64Array.from(history, (value, at) => 2 * value - line(at));
      const { level } = smooth(doubled);
      return Array.from({ length: horizon }, (_, step) => (level + line(count + step)) / 2);
    },
  };
}
