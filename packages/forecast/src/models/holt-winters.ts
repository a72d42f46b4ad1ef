import { checkSeasons } from '../check.ts';
import { decompose } from '../numeric/decompose.ts';
import { nelderMead } from '../numeric/nelder-mead.ts';
import type { ForecastModel } from '../types.ts';
import { damped } from './damped.ts';
import { usableSeasons } from './seasons.ts';

const MAX_STEPS = 220;

/** Cycles that the first seasons are smoothed over: all of them. */
const ALL_CYCLES = 999;

/**
 * Creates exponential smoothing with additive seasons, one or several, and an error that partly carries over to the next step.
 * Seasons start as their mean over the history; the weights are those with the least squared one-step errors that a short
 * search finds.
 *
 * Source: Winters, "Forecasting Sales by Exponentially Weighted Moving Averages", Management Science 1960; Taylor,
 * "Short-term electricity demand forecasting using double seasonal exponential smoothing", JORS 2003, doi
 * 10.1057/palgrave.jors.2601589. Deviation: no trend, which at many steps ahead does harm.
 *
 * @param options.seasons - lengths in steps, whole, >= 1. @defaultValue those of the forecast
 * @returns a model for any history; without two full cycles of a season it is {@link damped}. `O(220 × history × seasons)`.
 * @throws InvalidInputError when a season is not whole and >= 1.
 *
 * @example
 * ```ts
 * holtWinters({ seasons: [2] }).predict([1, 5, 1, 5, 1, 5], 2); // close to [1, 5]
 * ```
 */
export function holtWinters(options: { readonly seasons?: readonly number[] } = {}): ForecastModel {
  checkSeasons(options.seasons);
  return {
    name: 'holt-winters',
    minHistory: 1,
    predict: (history, horizon, seasons = []) => {
      const periods = usableSeasons(options.seasons ?? seasons, history.length);
      if (periods.length === 0) return damped().predict(history, horizon);
      return predict(new Float64Array(history), periods, horizon);
    },
  };
}

function predict(values: Float64Array, periods: readonly number[], horizon: number): readonly number[] {
  const { seasonal, trend } = decompose(values, periods, () => ALL_CYCLES);
  const start = { level: trend[0]!, seasons: periods.map((period, k) => phaseMeans(seasonal[k]!, period)) };
  // Weights of the level, of each season, and of the last error in the next step.
  const weightCount = periods.length + 2;
  const weights = nelderMead((at) => run(values, periods, start, at).cost, {
    start: [0.05, ...periods.map(() => 0.1), 0.7],
    low: [...Array.from({ length: weightCount - 1 }, () => 1e-4), 0],
    high: [0.99, ...periods.map(() => 0.9), 0.99],
    maxSteps: MAX_STEPS,
  });
  const { level, seasons, error } = run(values, periods, start, weights);
  let carried = error;
  return Array.from({ length: horizon }, (_, step) => {
    carried *= weights[weightCount - 1]!;
    return periods.reduce((sum, period, k) => sum + seasons[k]![(values.length + step) % period]!, level + carried);
  });
}

interface Start {
  readonly level: number;
  readonly seasons: readonly Float64Array[];
}

function run(values: Float64Array, periods: readonly number[], start: Start, weights: readonly number[]) {
  const seasons = start.seasons.map((season) => Float64Array.from(season));
  const carry = weights[periods.length + 1]!;
  const warmUp = periods.at(-1)!;
  let level = start.level;
  let error = 0;
  let cost = 0;
  for (let at = 0; at < values.length; at++) {
    let predicted = level;
    for (let k = 0; k < periods.length; k++) predicted += seasons[k]![at % periods[k]!]!;
    const raw = values[at]! - predicted;
    if (at >= warmUp) cost += (raw - carry * error) ** 2;
    level += weights[0]! * raw;
    for (let k = 0; k < periods.length; k++) seasons[k]![at % periods[k]!]! += weights[k + 1]! * raw;
    error = raw;
  }
  return { cost, level, seasons, error };
}

function phaseMeans(values: Float64Array, period: number): Float64Array {
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  values.forEach((value, at) => {
    sums[at % period]! += value;
    counts[at % period]!++;
  });
  return sums.map((sum, phase) => sum / counts[phase]!);
}
