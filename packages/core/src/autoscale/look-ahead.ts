import { SECOND_MS } from '../units.ts';
import type { AutoscaleConfig, AutoscaleObservation } from './types.ts';

const DEFAULT_QUANTILE = 0.9;

/**
 * Forecast rates that matter now: the largest over one interval from the time that an order made now is ready, and the
 * largest from now until then. `undefined` without a forecast of that time. The quantile is the smallest one given that is
 * not below the one asked for, or the largest given. `O(steps of the cold start)`.
 */
export function forecastRates(
  config: AutoscaleConfig,
  { nowMs, forecast }: AutoscaleObservation,
): { readonly atReady: number; readonly untilReady: number } | undefined {
  if (forecast === undefined) return undefined;
  const asked = config.forecastQuantile ?? DEFAULT_QUANTILE;
  let chosen: string | undefined;
  let largest: string | undefined;
  for (const key of Object.keys(forecast.quantiles)) {
    if (largest === undefined || Number(key) > Number(largest)) largest = key;
    if (Number(key) >= asked - 1e-12 && (chosen === undefined || Number(key) < Number(chosen))) chosen = key;
  }
  const key = chosen ?? largest;
  if (key === undefined) return undefined;
  const rates = forecast.quantiles[key]!;
  const readyMs = nowMs + (config.coldStartMs ?? 0);
  const stepAt = (atMs: number): number => Math.floor((atMs - forecast.startAtMs) / forecast.stepMs);
  const [first, ready, last] = [stepAt(nowMs), stepAt(readyMs), stepAt(readyMs + (config.intervalMs ?? 15_000))];
  if (ready < 0 || ready >= rates.length) return undefined;
  let [atReady, untilReady] = [0, 0];
  for (let step = Math.max(0, first); step <= Math.min(last, rates.length - 1); step++) {
    untilReady = Math.max(untilReady, rates[step]!);
    if (step >= ready) atReady = Math.max(atReady, rates[step]!);
  }
  return { atReady, untilReady };
}

/**
 * Work that will wait when an order made now is ready: what waits now, plus what comes, less what the replicas carry, each
 * pending one from its own time. So a backlog that is ordered for already is not ordered for again. `O(pending log)`.
 */
export function backlogAtReady(
  config: AutoscaleConfig,
  observation: AutoscaleObservation,
  perReplica: number,
  ratePerSecond: number,
): number {
  const { nowMs, readyReplicas, pendingReplicas = 0, queueDepth } = observation;
  if (queueDepth === undefined || queueDepth === null) return 0;
  const endMs = nowMs + (config.coldStartMs ?? 0);
  const times = (observation.pendingReadyAtMs ?? new Array<number>(pendingReplicas).fill(endMs)).toSorted(
    (a, b) => a - b,
  );
  let [waiting, replicas, atMs] = [queueDepth, readyReplicas, nowMs];
  for (const readyAtMs of [...times, endMs]) {
    const untilMs = Math.min(endMs, Math.max(atMs, readyAtMs));
    waiting = Math.max(0, waiting + ((ratePerSecond - replicas * perReplica) * (untilMs - atMs)) / SECOND_MS);
    atMs = untilMs;
    replicas++;
  }
  return waiting;
}
