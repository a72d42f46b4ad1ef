import type { ForecastModel } from '../types.ts';
import { seasonalNaive } from './seasonal-naive.ts';

/**
 * Creates the model that repeats the last value.
 *
 * @returns `seasonalNaive({ season: 1 })`, under the name `naive`.
 *
 * @example
 * ```ts
 * naive().predict([3, 5], 2); // [5, 5]
 * ```
 */
export function naive(): ForecastModel {
  return seasonalNaive();
}
