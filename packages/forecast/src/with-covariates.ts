import { fill } from './fill.ts';
import { usableSeasons } from './models/seasons.ts';
import { covariateCoefficients } from './numeric/covariate-coefficients.ts';
import type { Covariates, ForecastModel } from './types.ts';

/** The values of each covariate from one step to before another. */
export function sliceCovariates(covariates: Covariates, from: number, to?: number): Covariates {
  return Object.fromEntries(Object.entries(covariates).map(([name, values]) => [name, values.slice(from, to)]));
}

/** How much the series moves with one unit of each covariate, by name, in its own unit. */
export function covariateEffects(
  known: readonly (number | null)[],
  seasons: readonly number[],
  covariates: Covariates,
): Record<string, number> {
  const names = Object.keys(covariates);
  const coefficients = coefficientsOf(known, seasons, Object.values(covariates));
  return Object.fromEntries(names.map((name, index) => [name, coefficients[index]!]));
}

/**
 * Wraps a model so that it forecasts what the covariates leave over: their effect is taken out of the past, and put back onto the forecast.
 *
 * From an origin it sees the covariates of the past and of the horizon, and nothing of the series at or after the origin.
 * `O(history × covariates²)` beside the model, for each origin.
 *
 * @param known - the history, `null` where a value is missing. Every past the model is shown is a start of it.
 * @param covariates - for each at least as many values as the past and the horizon have; without any the model itself comes back.
 */
export function withCovariates(
  model: ForecastModel,
  known: readonly (number | null)[],
  covariates: Covariates,
): ForecastModel {
  const columns = Object.values(covariates);
  if (columns.length === 0) return model;
  return {
    name: `${model.name} with ${Object.keys(covariates).join(', ')}`,
    // Errors of origins with hardly more changes than covariates say nothing of the origin that counts.
    minHistory: Math.max(model.minHistory, 2 * columns.length + 2),
    ...(model.conformal !== undefined && { conformal: model.conformal }),
    predict: (history, horizon, seasons = []) => {
      const past = known.slice(0, history.length);
      const coefficients = coefficientsOf(past, seasons, columns);
      // Against their own mean, what is left over stays where the series is: above zero, for models in logs.
      const means = columns.map((values) => meanOf(values, past.length));
      const effectAt = (at: number) =>
        columns.reduce((sum, values, index) => sum + coefficients[index]! * (values[at]! - means[index]!), 0);
      // A hole is filled after the effect is out, so that the effect of another step does not fill it.
      const rest = past.map((value, at) => (value === null ? null : value - effectAt(at)));
      return model
        .predict(fill(rest, seasons).values, horizon, seasons)
        .map((value, step) => value + effectAt(history.length + step));
    },
  };
}

/** By changes over the shortest season of which the history holds two cycles, or from step to step. */
function coefficientsOf(
  known: readonly (number | null)[],
  seasons: readonly number[],
  columns: readonly (readonly number[])[],
): Float64Array {
  return covariateCoefficients(known, columns, usableSeasons(seasons, known.length)[0] ?? 1);
}

function meanOf(values: readonly number[], count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at++) sum += values[at]!;
  return sum / count;
}
