import type { ForecastModel, PredictFrom } from '../types.ts';

/** A model whose one forecast is that from the last origin. */
export function modelOf(name: string, minHistory: number, predictFrom: PredictFrom): ForecastModel {
  return {
    name,
    minHistory,
    predict: (history, horizon, seasons) => predictFrom(history, [history.length], horizon, seasons)[0]!,
    predictFrom,
  };
}

/** Forecasts of any model from several origins; a model that cannot share work is shown each past by itself. */
export function predictFromOrigins(
  model: ForecastModel,
  history: readonly number[],
  origins: readonly number[],
  horizon: number,
  seasons?: readonly number[],
): readonly (readonly number[])[] {
  if (model.predictFrom !== undefined) return model.predictFrom(history, origins, horizon, seasons);
  return origins.map((origin) => model.predict(history.slice(0, origin), horizon, seasons));
}
