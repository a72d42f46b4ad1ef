import type { ForecastModel, PredictFrom } from '../types.ts';
import { modelOf, predictFromOrigins } from './model-of.ts';
import { usableSeasons } from './seasons.ts';

/**
 * Wraps a model so that a past which repeats itself to the last digit is repeated: no regression says it better. The shortest
 * season of which the past holds two full cycles and nothing else counts. Without any usable season the last value of a past
 * of fewer than `minHistory` values is repeated.
 *
 * `O(history × seasons)` beside the model.
 */
export function exactlyPeriodic(model: ForecastModel): ForecastModel {
  const predictFrom: PredictFrom = (history, origins, horizon, seasons = []) => {
    const runs = [1, ...usableSeasons(seasons, history.length)].map((season) => ({
      season,
      end: endOfRepetition(history, season),
    }));
    const periodOf = (origin: number) =>
      origin < model.minHistory
        ? 1
        : runs.find(({ season, end }) => origin <= end && (season === 1 || 2 * season <= origin))?.season;
    const open = origins.filter((origin) => periodOf(origin) === undefined);
    const paths = open.length === 0 ? [] : predictFromOrigins(model, history, open, horizon, seasons);
    let next = 0;
    return origins.map((origin) => {
      const period = periodOf(origin);
      if (period === undefined) return paths[next++]!;
      return Array.from({ length: horizon }, (_, step) => history[origin - period + (step % period)]!);
    });
  };
  return modelOf(model.name, 1, predictFrom);
}

/** How many values from the start on are those of one cycle, over and over. */
function endOfRepetition(history: readonly number[], season: number): number {
  let end = Math.min(season, history.length);
  while (end < history.length && history[end] === history[end - season]) end++;
  return end;
}
