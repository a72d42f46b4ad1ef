import type { ForecastModel, PredictFrom } from '../types.ts';
import { modelOf, predictFromOrigins } from './model-of.ts';

/** Above this the exponential of a number is not finite. */
const MAX_LOG = 709;

/**
 * Wraps a model so that it works on logarithms where all of the past is positive: seasons and noise that grow with the level
 * become steady ones. Elsewhere the model works on the values.
 *
 * @returns a model with the name `log NAME`.
 *
 * @example
 * ```ts
 * inLogs(ridgeAutoregression()).name; // 'log ridge-autoregression'
 * ```
 */
export function inLogs(model: ForecastModel): ForecastModel {
  const predictFrom: PredictFrom = (history, origins, horizon, seasons) => {
    const firstBad = history.findIndex((value) => value <= 0);
    const goodCount = firstBad < 0 ? history.length : firstBad;
    const inLog = origins.filter((origin) => origin <= goodCount);
    const plain = origins.slice(inLog.length);
    const logs = inLog.length === 0 ? [] : history.slice(0, inLog.at(-1)).map(Math.log);
    return [
      ...(inLog.length === 0 ? [] : predictFromOrigins(model, logs, inLog, horizon, seasons)).map((path) =>
        path.map((value) => Math.exp(Math.min(value, MAX_LOG))),
      ),
      ...(plain.length === 0 ? [] : predictFromOrigins(model, history, plain, horizon, seasons)),
    ];
  };
  return modelOf(`log ${model.name}`, model.minHistory, predictFrom);
}
