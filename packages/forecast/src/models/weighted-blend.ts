import { checkNumber } from '@spillway/core';
import { rollingOrigins } from '../rolling-origins.ts';
import type { ForecastModel, PredictFrom } from '../types.ts';
import { checkMembers } from './blend.ts';
import { modelOf, predictFromOrigins } from './model-of.ts';

/** Smallest error that counts, as a share of the largest: a member without any error must not divide by zero. */
const LEAST_RATIO = 1e-9;

/**
 * Creates the model that takes the mean of what its members say, each weighed by how little it erred from earlier origins: by the mean
 * absolute error to the power of `-power`. Before there are such origins, all weigh the same.
 *
 * Source: Bates and Granger, "The Combination of Forecasts", Journal of the Operational Research Society 1969, with absolute
 * in place of squared errors.
 *
 * @param models - at least one.
 * @param options.origins - earlier origins, whole, >= 1. @defaultValue 8
 * @param options.stride - steps between them, whole, >= 1. @defaultValue half of the horizon, at least 1
 * @param options.power - >= 0; the larger, the more the best one counts. @defaultValue 2
 * @returns a model that needs as much history as the most demanding member. Its cost is that of `origins` forecasts more.
 * @throws InvalidInputError when the list is empty or an option out of range.
 *
 * @example
 * ```ts
 * weightedBlend([ridgeAutoregression(), profile(), mstl()]);
 * ```
 */
export function weightedBlend(
  models: readonly ForecastModel[],
  options: { readonly origins?: number; readonly stride?: number; readonly power?: number } = {},
): ForecastModel {
  const { origins: count = 8, power = 2 } = options;
  checkMembers(models);
  checkNumber('origins', count, { min: 1, isWhole: true });
  checkNumber('stride', options.stride ?? 1, { min: 1, isWhole: true });
  checkNumber('power', power, { min: 0 });
  const minHistory = Math.max(...models.map((model) => model.minHistory));
  const predictFrom: PredictFrom = (history, origins, horizon, seasons = []) => {
    const stride = options.stride ?? Math.max(1, horizon >> 1);
    const leastHistory = Math.max(minHistory, ...seasons.map((season) => 2 * season));
    const earlier = origins.map((origin) => rollingOrigins(origin, horizon, { origins: count, stride, leastHistory }));
    const all = [...new Set([...origins, ...earlier.flat()])].sort((x, y) => x - y);
    const paths = models.map((model) => {
      const list = predictFromOrigins(model, history, all, horizon, seasons);
      return new Map(all.map((origin, index) => [origin, list[index]!]));
    });
    return origins.map((origin, index) => {
      const errors = paths.map((list) =>
        earlier[index]!.reduce((sum, start) => sum + absoluteSum(history, start, list.get(start)!), 0),
      );
      return weightedMean(
        paths.map((list) => list.get(origin)!),
        weightsOf(errors, power),
      );
    });
  };
  return modelOf(`weighted(${models.map((model) => model.name).join(', ')})`, minHistory, predictFrom);
}

function absoluteSum(history: readonly number[], start: number, path: readonly number[]): number {
  return path.reduce((sum, value, step) => sum + Math.abs(history[start + step]! - value), 0);
}

/** Weights that sum to one. */
function weightsOf(errors: readonly number[], power: number): readonly number[] {
  const largest = Math.max(...errors);
  const raw = errors.map((error) => (largest === 0 ? 1 : Math.max(LEAST_RATIO, error / largest) ** -power));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight / total);
}

function weightedMean(paths: readonly (readonly number[])[], weights: readonly number[]): number[] {
  return paths[0]!.map((_, step) => paths.reduce((sum, path, k) => sum + weights[k]! * path[step]!, 0));
}
