import { checkOptionalNumber } from '@spillway/core';
import type { ConformalOptions, ForecastModel } from './types.ts';

/**
 * Says that a model's bands rest on errors pooled over the horizon, from few origins: right for models that are dear to fit
 * and histories that hold few origins. Without it a model is asked from every one of up to 1000 origins.
 *
 * At each origin the model forecasts from what lies before. Errors are divided by how far errors of about that step reach (their
 * mean, smoothed over neighbouring steps and drawn towards the mean of all), pooled, and the quantile of their size taken; the
 * band is this quantile times the reach of each step.
 *
 * Source: Lei et al., "Distribution-Free Predictive Inference for Regression", JASA 2018, §5.2 (locally weighted split
 * conformal), doi 10.1080/01621459.2017.1307116. Deviation: errors of neighbouring steps are not independent, so the rank is
 * that of one error in four steps (see the explanation of forecasting).
 *
 * @returns the same model with `conformal` set.
 * @throws InvalidInputError when `origins` is not whole and >= 2 or `stride` is not whole and >= 1.
 *
 * @example
 * ```ts
 * withConformal(ridgeAutoregression(), { origins: 10, stride: 24 });
 * ```
 */
export function withConformal(model: ForecastModel, options: ConformalOptions = {}): ForecastModel {
  checkOptionalNumber('origins', options.origins, {
    min: 2,
    isWhole: true,
    hint: 'Errors of one forecast say little.',
  });
  checkOptionalNumber('stride', options.stride, { min: 1, isWhole: true });
  return { ...model, conformal: options };
}
