import { blend } from './models/blend.ts';
import { clamped } from './models/clamped.ts';
import { fourierAutoregression, ridgeAutoregression } from './models/autoregression.ts';
import { exactlyPeriodic } from './models/exactly-periodic.ts';
import { inLogs } from './models/in-logs.ts';
import { profile } from './models/profile.ts';
import type { ForecastModel } from './types.ts';
import { withConformal } from './with-conformal.ts';

/** Weight of a cycle in that of the one after. Longer memory than `profile` has by itself; chosen on the odd half of M4 Hourly. */
const FULL_DECAY = 0.7;

/** Histories shorter than this repeat their last value: there is nothing to fit. */
const MIN_HISTORY = 8;

/**
 * Creates the quick recipe: the median of a regression on seasonal lags in logs, one of changes, and a profile of the longest
 * season. Hundreds of series a second with bands; on M4 Hourly it scores better than every published entry, after the fact.
 *
 * It takes the seasons of the forecast. A past that repeats itself exactly is repeated. With fewer than eight values the last
 * one is repeated. Bands are pooled ({@link withConformal}).
 *
 * @returns a model for any history.
 *
 * @example
 * ```ts
 * forecast(history, { horizon: 48, seasons: [24, 168], model: fast() });
 * ```
 */
export function fast(): ForecastModel {
  return recipe('fast', [clamped(inLogs(ridgeAutoregression())), ofChanges(), clamped(profile())]);
}

/**
 * Creates the thorough recipe: that of {@link fast} with a regression on the waves of the longest season as a fourth member. About
 * a fourth of the speed, and the better forecasts where seasons are long and smooth.
 *
 * @returns a model for any history.
 *
 * @example
 * ```ts
 * forecast(history, { horizon: 96, seasons: [24, 168], model: full() });
 * ```
 */
export function full(): ForecastModel {
  return recipe('full', [
    clamped(inLogs(ridgeAutoregression())),
    clamped(inLogs(fourierAutoregression())),
    ofChanges(),
    clamped(profile({ decay: FULL_DECAY })),
  ]);
}

const ofChanges = () => clamped(ridgeAutoregression({ isDifferenced: true }));

function recipe(name: string, members: readonly ForecastModel[]): ForecastModel {
  const inner: ForecastModel = { ...blend(members), minHistory: MIN_HISTORY };
  return { ...withConformal(exactlyPeriodic(inner)), name };
}
