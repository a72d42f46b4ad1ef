import { checkNumber } from '@spillway/core';
import type { ForecastModel, PredictFrom } from '../types.ts';
import { modelOf, predictFromOrigins } from './model-of.ts';

/**
 * Wraps a model so that its forecasts stay within what the past has seen, widened on both sides by a share of its range, and
 * not below zero when the past never was. A constant past is repeated exactly; where the model gives no finite number, the last value
 * is repeated.
 *
 * @param widenRatio - share of the range, >= 0. @defaultValue 0.25
 * @returns a model of the same name. An extra `O(history + horizon)`.
 * @throws InvalidInputError when the share is negative.
 *
 * @example
 * ```ts
 * clamped(ridgeAutoregression({ lags: [1], ridge: 0 })).predict([1, 2, 4, 8, 16], 2); // [19.75, 19.75]
 * ```
 */
export function clamped(model: ForecastModel, widenRatio = 0.25): ForecastModel {
  checkNumber('widenRatio', widenRatio, { min: 0 });
  const predictFrom: PredictFrom = (history, origins, horizon, seasons) => {
    const paths = predictFromOrigins(model, history, origins, horizon, seasons);
    let range: Range = { low: Infinity, high: -Infinity };
    return paths.map((path, index) => {
      const origin = origins[index]!;
      range = widened(range, history, index === 0 ? 0 : origins[index - 1]!, origin);
      const { low, high } = range;
      const reach = (high - low) * widenRatio;
      const floor = low >= 0 ? Math.max(0, low - reach) : low - reach;
      const last = history[origin - 1]!;
      return path.map((value) => (Number.isFinite(value) ? Math.min(high + reach, Math.max(floor, value)) : last));
    });
  };
  return modelOf(model.name, model.minHistory, predictFrom);
}

/** The least and the greatest value seen. */
interface Range {
  readonly low: number;
  readonly high: number;
}

function widened({ low, high }: Range, history: readonly number[], from: number, to: number): Range {
  for (let at = from; at < to; at++) {
    const value = history[at]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}
