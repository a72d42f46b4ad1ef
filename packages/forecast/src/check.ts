import { checkNumber, checkOptionalNumber, InvalidInputError } from '@spillway/core';
import type { ForecastModel, ForecastOptions } from './types.ts';

/** Throws unless history and options are such that a forecast can be asked for. */
export function checkForecast(history: readonly (number | null)[], options: ForecastOptions): void {
  checkHistory(history);
  checkNumber('horizon', options.horizon, { min: 1, isWhole: true, hint: 'It is the number of steps ahead.' });
  checkSeasons(options.seasons);
  checkLevels(options.levels);
  checkOptionalNumber('maximum', options.maximum, {
    ...(options.nonNegative === true && { min: 0 }),
    hint: 'Leave it out when there is no limit.',
  });
}

/** Throws unless a history lists finite numbers and `null` for missing ones. */
export function checkHistory(history: readonly (number | null)[]): void {
  if (!Array.isArray(history)) {
    throw new InvalidInputError('history', 'must be a list', history, { hint: 'Pass one value a step, oldest first.' });
  }
  for (let index = 0; index < history.length; index++) {
    const value: unknown = history[index];
    if (value === null || Number.isFinite(value)) continue;
    throw new InvalidInputError(`history[${index}]`, 'must be a finite number or null', value, {
      hint: 'A missing value is null.',
    });
  }
}

/** Throws unless every season is a whole number of steps. */
export function checkSeasons(seasons: readonly number[] | undefined): void {
  seasons?.forEach((season, index) => {
    checkNumber(`seasons[${index}]`, season, { min: 1, isWhole: true, hint: 'It is the length of a cycle in steps.' });
  });
}

/** Throws unless every level is a probability between 0 and 1. */
function checkLevels(levels: readonly number[] | undefined): void {
  levels?.forEach((level, index) => {
    if (Number.isFinite(level) && level > 0 && level < 1) return;
    throw new InvalidInputError(`levels[${index}]`, 'must be above 0 and below 1', level, { hint: '95 % is 0.95.' });
  });
}

/** Throws unless the history is long enough for the model. */
export function checkModel(model: ForecastModel, historyCount: number): void {
  checkNumber('model.minHistory', model.minHistory, {
    min: 1,
    isWhole: true,
    hint: 'It is the fewest values the model can predict from.',
  });
  if (historyCount < model.minHistory) {
    throw new InvalidInputError(
      'history',
      `must have at least ${model.minHistory} values for ${model.name}`,
      historyCount,
      {
        hint: 'Pass a longer history, or leave model out.',
      },
    );
  }
}

/** Throws unless a model predicted one finite number a step. */
export function checkPrediction(model: ForecastModel, prediction: readonly number[], horizon: number): void {
  if (prediction.length === horizon && prediction.every(Number.isFinite)) return;
  throw new InvalidInputError('model.predict', `must return ${horizon} finite numbers`, prediction, {
    hint: `The defect is in the model ${model.name}.`,
  });
}
