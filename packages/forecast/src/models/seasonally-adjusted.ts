import { checkSeasons } from '../check.ts';
import { centredMean } from '../numeric/smooth.ts';
import type { ForecastModel } from '../types.ts';
import { longestSeason } from './seasons.ts';

/** Two-sided 90 % point of the normal distribution, as in the M4 benchmarks. */
const CRITICAL = 1.645;

/**
 * Wraps a model without seasons: divides the history by the mean factor of each phase, forecasts, and multiplies again. It does so
 * only where the season shows: three full cycles, and an autocorrelation at its length that chance gives once in ten. Where
 * values are not all positive, differences take the place of factors.
 *
 * Source: the benchmarks of the M4 competition (Makridakis, Spiliotis and Assimakopoulos, International Journal of
 * Forecasting 2020, doi 10.1016/j.ijforecast.2019.04.014): `seasonallyAdjusted(naive())` is its Naive2. Classical
 * decomposition as in Kendall and Stuart, "The Advanced Theory of Statistics", vol. 3, 1983.
 *
 * @param options.season - length in steps, whole, >= 1. @defaultValue the longest of the forecast with three full cycles
 * @returns a model that needs what the inner one needs. `O(history × season)` beside it.
 * @throws InvalidInputError when the season is not whole and >= 1.
 *
 * @example
 * ```ts
 * const history = Array.from({ length: 24 }, (_, k) => [1, 2, 6][k % 3]!);
 * seasonallyAdjusted(naive(), { season: 3 }).predict(history, 3); // close to [1, 2, 6]
 * ```
 */
export function seasonallyAdjusted(model: ForecastModel, options: { readonly season?: number } = {}): ForecastModel {
  const { season } = options;
  if (season !== undefined) checkSeasons([season]);
  return {
    name: `adjusted ${model.name}`,
    minHistory: model.minHistory,
    predict: (history, horizon, seasons = []) => {
      const count = history.length;
      const period = longestSeason(season === undefined ? seasons : [season], count, 3);
      if (period === 1 || !isSeasonal(history, period)) return model.predict(history, horizon);
      const isRatio = history.every((value) => value > 0);
      const index = phaseIndex(history, period, isRatio);
      const at = (step: number) => index[step % period]!;
      const adjusted = history.map((value, step) => (isRatio ? value / at(step) : value - at(step)));
      return model
        .predict(adjusted, horizon)
        .map((value, step) => (isRatio ? value * at(count + step) : value + at(count + step)));
    },
  };
}

/** Whether the autocorrelation at the length of the season stands out from those before it (Bartlett's formula). */
function isSeasonal(history: readonly number[], period: number): boolean {
  const count = history.length;
  const mean = history.reduce((sum, value) => sum + value, 0) / count;
  const centred = Float64Array.from(history, (value) => value - mean);
  const covariance = (lag: number): number => {
    let sum = 0;
    for (let at = lag; at < count; at++) sum += centred[at]! * centred[at - lag]!;
    return sum;
  };
  const variance = covariance(0);
  if (variance === 0) return false;
  let squares = 1;
  for (let lag = 1; lag < period; lag++) squares += 2 * (covariance(lag) / variance) ** 2;
  return Math.abs(covariance(period) / variance) > CRITICAL * Math.sqrt(squares / count);
}

/** Mean distance, or factor, of each phase to the mean over a period around it; these average to 0, or 1. */
function phaseIndex(history: readonly number[], period: number, isRatio: boolean): Float64Array {
  const trend = centredMean(new Float64Array(history), period);
  const half = period >> 1;
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  for (let at = half; at < history.length - half; at++) {
    sums[at % period]! += isRatio ? history[at]! / trend[at]! : history[at]! - trend[at]!;
    counts[at % period]!++;
  }
  const means = sums.map((sum, phase) => sum / counts[phase]!);
  const overall = means.reduce((sum, value) => sum + value, 0) / period;
  return means.map((value) => (isRatio ? value / overall : value - overall));
}
