import { forecast } from '@spillway/forecast';
import { ewma, type CarbonSeries, type EwmaState } from '@spillway/core';
import type { LoopState } from './plan.ts';
import type { Policy, Snapshot } from './snapshot.ts';

/** What is expected, as far as the decisions need it. */
export interface Outlook {
  /** Expected requests per second by endpoint; `null` when nothing was ever measured. */
  readonly demandPerSecond: Readonly<Record<string, number | null>>;
  /** Carbon intensity by zone from the present slot on. A zone without enough history is absent. */
  readonly carbon: Readonly<Record<string, CarbonSeries>>;
}

/**
 * Forecasts what a decision needs from what has been observed: demand by an average over irregular time, carbon by its
 * seasons. Pure.
 */
export function foresee(
  snapshot: Snapshot,
  policy: Policy,
  state: LoopState,
): { readonly outlook: Outlook; readonly demand: LoopState['demand'] } {
  const demand: Record<string, EwmaState> = {};
  const demandPerSecond: Record<string, number | null> = {};
  for (const { id, demandHalfLifeMs } of policy.endpoints ?? []) {
    const average = ewma({ halfLifeMs: demandHalfLifeMs });
    const metrics = snapshot.endpoints.find((view) => view.id === id)?.metrics;
    const before = state.demand[id] ?? average.init();
    const rate = metrics?.ratePerSecond ?? null;
    demand[id] = rate === null ? before : average.update(before, { atMs: snapshot.atMs, value: rate });
    demandPerSecond[id] = average.predict(demand[id]).mean;
  }
  return { outlook: { demandPerSecond, carbon: foreseeCarbon(snapshot, policy) }, demand };
}

/** Only when a job waits to be planned: forecasting is the dearest part of a tick. */
function foreseeCarbon(snapshot: Snapshot, policy: Policy): Readonly<Record<string, CarbonSeries>> {
  const { defer } = policy;
  if (defer === undefined || !snapshot.waiting.some(({ flexible }) => flexible !== undefined)) return {};
  const entries = defer.zones.flatMap(({ id }) => {
    const history = snapshot.carbon[id];
    if (history === undefined || history.values.length === 0) return [];
    const { mean } = forecast(history.values, { horizon: defer.horizonSlots, seasons: defer.seasons, levels: [] });
    const startAtMs = history.startAtMs + history.stepMs * history.values.length;
    const future: CarbonSeries = { ...history, startAtMs, values: mean.map((value) => Math.max(0, value)) };
    return [[id, future] as const];
  });
  return Object.fromEntries(entries);
}
