import { HOUR_MS } from '../units.ts';
import type { CapacityObservation } from './types.ts';

/** The scenarios in columns: value of scenario s at step k is at `s * stepCount + k`. */
export interface ScenarioTable {
  readonly scenarioCount: number;
  readonly stepCount: number;
  /** Sums to 1. */
  readonly weight: Float64Array;
  readonly demand: Float64Array;
  readonly price: Float64Array;
}

/** Lays the scenarios out in columns. `O(scenarios × steps)`. */
export function scenarioTable({ scenarios }: CapacityObservation): ScenarioTable {
  const scenarioCount = scenarios.length;
  const stepCount = scenarios[0]!.demandGpus.length;
  const weight = new Float64Array(scenarioCount);
  const demand = new Float64Array(scenarioCount * stepCount);
  const price = new Float64Array(scenarioCount * stepCount);
  let total = 0;
  scenarios.forEach((scenario, s) => {
    weight[s] = scenario.weight ?? 1;
    total += weight[s];
    demand.set(scenario.demandGpus, s * stepCount);
    price.set(scenario.priceUsdPerGpuHour, s * stepCount);
  });
  for (let s = 0; s < scenarioCount; s++) weight[s]! /= total;
  return { scenarioCount, stepCount, weight, demand, price };
}

/** Hours of each step that lie between two instants. */
export function hoursWithin(
  grid: { readonly nowMs: number; readonly stepMs: number; readonly stepCount: number },
  startAtMs: number,
  endAtMs: number,
): Float64Array {
  const hours = new Float64Array(grid.stepCount);
  for (let k = 0; k < grid.stepCount; k++) {
    const from = Math.max(startAtMs, grid.nowMs + k * grid.stepMs);
    const to = Math.min(endAtMs, grid.nowMs + (k + 1) * grid.stepMs);
    hours[k] = Math.max(0, to - from) / HOUR_MS;
  }
  return hours;
}
