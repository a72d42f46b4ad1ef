import { nelderMead } from '../numeric/nelder-mead.ts';
import type { ForecastModel } from '../types.ts';

/** Weight of the newest value in the level, in the trend, and what is left of the trend a step later. */
const BOX = { start: [0.5, 0.05, 0.95], low: [1e-3, 1e-4, 0.8], high: [0.999, 0.9, 0.995], maxSteps: 150 };

/**
 * Creates exponential smoothing with a trend that dies out: what lies far ahead levels off. The three weights are those with
 * the least squared one-step errors that a short search finds.
 *
 * Source: Gardner and McKenzie, "Forecasting Trends in Time Series", Management Science 1985, doi 10.1287/mnsc.31.10.1237.
 *
 * @returns a model for any history. Forecasts follow a change of zero and, up to the search, of unit. `O(150 × history)`.
 *
 * @example
 * ```ts
 * damped().predict([5, 5, 5], 2); // [5, 5]
 * ```
 */
export function damped(): ForecastModel {
  return {
    name: 'damped',
    minHistory: 1,
    predict: (history, horizon) => {
      const values = new Float64Array(history);
      const weights = values.length < 3 ? BOX.start : nelderMead((at) => run(values, at).cost, BOX);
      const { level, trend } = run(values, weights);
      let share = 1;
      let reach = 0;
      return Array.from({ length: horizon }, () => {
        share *= weights[2]!;
        reach += share;
        return level + reach * trend;
      });
    },
  };
}

function run(values: Float64Array, weights: readonly number[]) {
  const [alpha, beta, phi] = weights as readonly [number, number, number];
  let level = values[0]!;
  let trend = 0;
  let cost = 0;
  for (let at = 1; at < values.length; at++) {
    const predicted = level + phi * trend;
    const error = values[at]! - predicted;
    cost += error * error;
    level = predicted + alpha * error;
    trend = phi * trend + alpha * beta * error;
  }
  return { cost, level, trend };
}
