import type { ScenarioTable } from './scenario-table.ts';

/** What idle time of a block and unserved demand are worth. */
export interface BlockWorth {
  readonly unmetUsdPerGpuHour: number;
  /** Part of the spot price that a sale of idle time brings on average. */
  readonly resaleRatio: number;
  /** Flex that idle time of the block can take, GPU-hours. */
  readonly flexHours: number;
  /** What a GPU-hour of that Flex costs otherwise in each scenario, USD. */
  readonly flexUsd: Float64Array;
  /** Steps in which idle time is in time for Flex: those before it. */
  readonly flexSteps: number;
}

/** What the GPUs of a block are worth, one by one. */
export interface BlockValue {
  /** Expected worth of the u-th GPU over the block, USD, at `u - 1`. */
  readonly worthUsd: Float64Array;
  /** Worth of the idle time in it: by sale, and by Flex that need not be bought. */
  readonly recoveredUsd: Float64Array;
}

/**
 * Expected worth of each further GPU of a block beside what is held.
 *
 * In a step and a scenario the GPU serves Fast when demand reaches it: it then saves the spot price or the penalty,
 * whichever is less. Otherwise it is idle: it takes Flex while there is any (each scenario has so many GPU-hours, and
 * the first GPUs take them first), or is sold. Idle time is never worth more than serving, so that demand that is
 * higher in every scenario never makes a GPU worth less.
 *
 * `O(scenarios × (steps + gpus))` time, `O(gpus)` space.
 *
 * @param hours - hours of each step in the block.
 * @param held - GPUs already held in each step.
 */
export function blockValue(
  table: ScenarioTable,
  hours: Float64Array,
  held: Float64Array,
  worth: BlockWorth,
  gpuCount: number,
): BlockValue {
  const { scenarioCount, stepCount, weight, demand, price } = table;
  const worthUsd = new Float64Array(gpuCount);
  const recoveredUsd = new Float64Array(gpuCount);
  // Differences along the GPUs, of: worth lost by being idle, sales, gain by Flex over sales, hours that Flex can take.
  const lost = new Float64Array(gpuCount + 2);
  const sold = new Float64Array(gpuCount + 2);
  const gained = new Float64Array(gpuCount + 2);
  const taken = new Float64Array(gpuCount + 2);
  const first = hours.findIndex((value) => value > 0);
  const last = hours.findLastIndex((value) => value > 0);
  if (first === -1) return { worthUsd, recoveredUsd };
  for (let s = 0; s < scenarioCount; s++) {
    lost.fill(0);
    sold.fill(0);
    gained.fill(0);
    taken.fill(0);
    let servedUsd = 0;
    let takenBefore = 0;
    for (let k = first; k <= last; k++) {
      const at = s * stepCount + k;
      const h = hours[k]!;
      const serves = Math.min(price[at]!, worth.unmetUsdPerGpuHour);
      const sale = Math.min(serves, worth.resaleRatio * price[at]!);
      servedUsd += h * serves;
      const over = demand[at]! - held[k]!;
      const whole = Math.min(gpuCount, Math.max(0, Math.floor(over)));
      // The GPU that demand reaches in part is idle for the rest; all later ones are idle.
      const part = whole < gpuCount ? Math.max(0, over - whole) : 0;
      const partIdle = h * (1 - part);
      const rest = h - partIdle;
      lost[whole]! += partIdle * (serves - sale);
      lost[whole + 1]! += rest * (serves - sale);
      sold[whole]! += partIdle * sale;
      sold[whole + 1]! += rest * sale;
      if (k >= worth.flexSteps) continue;
      if (over < 0) takenBefore -= h * over;
      const gain = Math.min(serves, worth.flexUsd[s]!) - sale;
      if (gain <= 0) continue;
      gained[whole]! += partIdle * gain;
      gained[whole + 1]! += rest * gain;
      taken[whole]! += partIdle;
      taken[whole + 1]! += rest;
    }
    let left = Math.max(0, worth.flexHours - takenBefore);
    let lostSum = 0;
    let soldSum = 0;
    let gainedSum = 0;
    let takenSum = 0;
    for (let u = 0; u < gpuCount; u++) {
      lostSum += lost[u]!;
      soldSum += sold[u]!;
      gainedSum += gained[u]!;
      takenSum += taken[u]!;
      const share = takenSum > left ? left / takenSum : 1;
      left = Math.max(0, left - takenSum);
      worthUsd[u]! += weight[s]! * (servedUsd - lostSum + share * gainedSum);
      recoveredUsd[u]! += weight[s]! * (soldSum + share * gainedSum);
    }
  }
  return { worthUsd, recoveredUsd };
}
