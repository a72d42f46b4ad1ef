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
    const goodCount = countPositive(history);
    const inLog = origins.filter((origin) => origin <= goodCount);
    const plain = origins.slice(inLog.length);
    const logs = inLog.length === 0 ? [] : logsOf(history, inLog.at(-1)!);
    return [
      ...(inLog.length === 0 ? [] : predictFromOrigins(model, logs, inLog, horizon, seasons)).map((path) =>
        path.map((value) => Math.exp(Math.min(value, MAX_LOG))),
      ),
      ...(plain.length === 0 ? [] : predictFromOrigins(model, history, plain, horizon, seasons)),
    ];
  };
  return modelOf(`log ${model.name}`, model.minHistory, predictFrom);
}

/** How many values from the start on are positive. */
function countPositive(history: readonly number[]): number {
  let count = 0;
  while (count < history.length && history[count]! > 0) count++;
  return count;
}

function logsOf(history: readonly number[], count: number): number[] {
  const logs: number[] = [];
  for (let at = 0; at < count; at++) logs.push(Math.log(history[at]!));
  return logs;
}
