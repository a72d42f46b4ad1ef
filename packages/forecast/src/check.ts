import { checkNumber, checkOptionalNumber, InvalidInputError } from '@spillway/core';
import type { Covariates, ForecastModel, ForecastOptions } from './types.ts';

/** Throws unless history and options are such that a forecast can be asked for. */
export function checkForecast(history: readonly (number | null)[], options: ForecastOptions): void {
  checkHistory(history);
  checkNumber('horizon', options.horizon, { min: 1, isWhole: true, hint: 'It is the number of steps ahead.' });
  checkSeasons(options.seasons);
  checkLevels(options.levels);
  checkCovariates(options.covariates, [history.length + options.horizon]);
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

/** Throws unless each covariate lists finite numbers, and as many as one of the counts says. */
export function checkCovariates(covariates: Covariates | undefined, counts: readonly number[]): void {
  if (covariates === undefined) return;
  if (typeof covariates !== 'object' || (covariates as unknown) === null || Array.isArray(covariates)) {
    throw new InvalidInputError('covariates', 'must be lists by name', covariates, { hint: 'For example { wind }.' });
  }
  for (const [name, values] of Object.entries(covariates)) {
    const field = `covariates.${name}`;
    if (!Array.isArray(values)) throw new InvalidInputError(field, 'must be a list', values);
    if (!counts.includes(values.length)) {
      throw new InvalidInputError(field, `must have ${counts.join(' or ')} values`, values.length, {
        hint: 'One for each step of the history, then one for each step of the horizon.',
      });
    }
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index < 0) continue;
    throw new InvalidInputError(`${field}[${index}]`, 'must be a finite number', values[index], {
      hint: 'A covariate has no missing values: fill them with what was expected at the time.',
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
