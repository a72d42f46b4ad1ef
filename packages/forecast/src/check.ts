import { checkNumber, InvalidInputError } from '@spillway/core';
import type { ForecastModel, ForecastOptions } from './types.ts';

/** Throws unless history and options are such that a forecast can be made. */
export function checkForecast(history: readonly number[], options: ForecastOptions): void {
  if (!Array.isArray(history) || history.length === 0) {
    throw new InvalidInputError('history', 'must list at least one value', history, {
      hint: 'Nothing can be foretold from nothing; start with one observed value.',
    });
  }
  history.forEach((value, index) => {
    if (Number.isFinite(value)) return;
    throw new InvalidInputError(`history[${index}]`, 'must be a finite number', value, {
      hint: 'Fill gaps before forecasting.',
    });
  });
  checkNumber('horizon', options.horizon, { min: 1, isWhole: true, hint: 'It is the number of steps ahead.' });
  options.seasons?.forEach((season, index) => {
    checkNumber(`seasons[${index}]`, season, { min: 1, isWhole: true, hint: 'It is the length of a cycle in steps.' });
  });
  options.levels?.forEach((level, index) => {
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
