import { checkNumber } from '@spillway/core';
import { checkSeasons } from '../check.ts';
import type { ForecastModel } from '../types.ts';
import { longestSeason } from './seasons.ts';

/** Cycles that count; with the default decay what lies further back weighs under 2 %. */
const CYCLE_COUNT = 8;

/**
 * Creates the model that averages the same phase of the last eight cycles, newer ones more: each cycle weighs `decay` times the
 * one after it. Of several seasons it takes the longest that the history holds.
 *
 * @param options.season - length of the cycle in steps, whole, >= 1. @defaultValue the longest season of the forecast
 * @param options.decay - above 0, at most 1. @defaultValue 0.6
 * @returns a model for any history; before a full cycle is known it repeats the last value. `O(horizon)`.
 * @throws InvalidInputError when the season is not whole and >= 1, or the decay out of range.
 *
 * @example
 * ```ts
 * profile({ season: 2, decay: 0.5 }).predict([1, 5, 4, 8], 2); // [3, 7]
 * ```
 */
export function profile(options: { readonly season?: number; readonly decay?: number } = {}): ForecastModel {
  const { season, decay = 0.6 } = options;
  if (season !== undefined) checkSeasons([season]);
  checkNumber('decay', decay, { above: 0, max: 1, hint: 'With 1 all cycles count alike.' });
  return {
    name: season === undefined ? 'profile' : `profile(${season})`,
    minHistory: 1,
    predict: (history, horizon, seasons = []) => {
      const count = history.length;
      const period = longestSeason(season === undefined ? seasons : [season], count, 1);
      return Array.from({ length: horizon }, (_, step) => {
        let weight = 1;
        let [sum, weights] = [0, 0];
        for (let cycle = 1; cycle <= CYCLE_COUNT; cycle++) {
          const at = count - period * cycle + (step % period);
          if (at < 0) break;
          sum += weight * history[at]!;
          weights += weight;
          weight *= decay;
        }
        return sum / weights;
      });
    },
  };
}
