import { InvalidInputError } from '@spillway/core';
import type { ForecastModel, PredictFrom } from '../types.ts';
import { modelOf, predictFromOrigins } from './model-of.ts';

/**
 * Creates the model that takes, at each step, the median of what its members say. One member that runs astray moves it
 * little, which is why the median beats the mean where members are unlike.
 *
 * Source: Petropoulos and Svetunkov, "A simple combination of univariate models", International Journal of Forecasting 2020,
 * doi 10.1016/j.ijforecast.2019.01.006.
 *
 * @param models - at least one.
 * @returns a model that needs as much history as the most demanding member.
 * @throws InvalidInputError when the list is empty.
 *
 * @example
 * ```ts
 * blend([seasonalNaive(), seasonalNaive({ season: 2 }), profile({ season: 2 })]).predict([1, 5, 1, 5], 1); // [1]
 * ```
 */
export function blend(models: readonly ForecastModel[]): ForecastModel {
  checkMembers(models);
  const predictFrom: PredictFrom = (history, origins, horizon, seasons) => {
    const members = models.map((model) => predictFromOrigins(model, history, origins, horizon, seasons));
    return origins.map((_, index) => medians(members.map((paths) => paths[index]!)));
  };
  const name = `median(${models.map((model) => model.name).join(', ')})`;
  return modelOf(name, Math.max(...models.map(({ minHistory }) => minHistory)), predictFrom);
}

/** Throws unless there is something to blend or select. */
export function checkMembers(models: readonly ForecastModel[]): void {
  if (Array.isArray(models) && models.length > 0) return;
  throw new InvalidInputError('models', 'must list at least one model', models, {
    hint: 'For example [seasonalNaive()].',
  });
}

function medians(paths: readonly (readonly number[])[]): number[] {
  const count = paths.length;
  const half = count >> 1;
  const column = new Float64Array(count);
  return paths[0]!.map((_, step) => {
    for (let k = 0; k < count; k++) column[k] = paths[k]![step]!;
    column.sort();
    return count % 2 === 1 ? column[half]! : (column[half - 1]! + column[half]!) / 2;
  });
}
