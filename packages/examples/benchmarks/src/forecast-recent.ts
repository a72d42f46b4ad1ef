import { ewma, fitHalfLife, SECOND_MS } from '@spillway/core';
import { loadAzureConversation } from '@spillway/traces';
import { readRequests } from './forecast-data.ts';
import { formatTable } from './table.ts';

/** One method on the next minute. */
export interface ForecastRecentRow {
  readonly method: string;
  /** Sum of absolute errors over the sum of requests, per cent. */
  readonly wapePercent: number;
}

const STEP_MS = 10 * SECOND_MS;

/** Bins ahead: one minute. */
const HORIZON = 6;

/** Bins before the first forecast: five minutes. */
const LEAST_HISTORY = 30;

/**
 * Forecasts the requests of the next minute in bins of ten seconds, after each bin, from what came before: by the last value, by averages of
 * fixed half-lives, and by one whose half-life is fitted anew to the past at each bin.
 *
 * @param dataDirectory - folder with `azure-llm-2023-conv.json`; without it the trace of the repository is used.
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function forecastRecentBenchmark(dataDirectory?: string): readonly ForecastRecentRow[] {
  const values = dataDirectory === undefined ? loadAzureConversation().values : readRequests(dataDirectory);
  const samples = values.map((value, bin) => ({ atMs: (bin + 1) * STEP_MS, value }));
  const average = (halfLifeMs: number, count: number): number => {
    const { init, update, predict } = ewma({ halfLifeMs });
    return predict(samples.slice(0, count).reduce(update, init())).mean!;
  };
  const fitted = (count: number): number => {
    const { halfLifeMs } = fitHalfLife(samples.slice(0, count), { horizonMs: HORIZON * STEP_MS });
    return average(halfLifeMs ?? STEP_MS, count);
  };
  return [
    { method: 'last value', wapePercent: wape(values, (count) => values[count - 1]!) },
    ...[10, 30, 60, 120, 300].map((seconds) => ({
      method: `ewma, half-life ${seconds} s`,
      wapePercent: wape(values, (count) => average(seconds * SECOND_MS, count)),
    })),
    { method: 'ewma, fitted half-life', wapePercent: wape(values, fitted) },
  ];
}

function wape(values: readonly number[], predict: (count: number) => number): number {
  let [error, total] = [0, 0];
  for (let count = LEAST_HISTORY; count + HORIZON <= values.length; count++) {
    const predicted = predict(count);
    for (const actual of values.slice(count, count + HORIZON)) {
      error += Math.abs(actual - predicted);
      total += actual;
    }
  }
  return (100 * error) / total;
}

/** The rows as text. */
export function formatForecastRecent(rows: readonly ForecastRecentRow[]): string {
  return formatTable(
    ['method', 'WAPE'],
    rows.map(({ method, wapePercent }) => [method, `${wapePercent.toFixed(2)} %`]),
  );
}
