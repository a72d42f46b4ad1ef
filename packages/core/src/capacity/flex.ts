import { hoursFromMs } from '../units.ts';
import type { PriceModel } from './price-model.ts';
import type { ScenarioTable } from './scenario-table.ts';
import type { CapacityObservation, CapacityReason, FlexWork } from './types.ts';

/** Flex work that is still in time, earliest deadline first. */
export interface DueFlex {
  readonly id: string;
  readonly gpuHours: number;
  /** Steps in which it can be bought, this one included, >= 1. */
  readonly steps: number;
}

/** What is still in time, earliest deadline first and then by id; what is late is said. `O(n log n)`. */
export function dueFlex({ flexQueue, nowMs, stepMs }: CapacityObservation, reasons: CapacityReason[]): DueFlex[] {
  const open = flexQueue.filter(({ gpuHours }) => gpuHours > 0).sort(byDeadline);
  return open.flatMap(({ id, gpuHours, deadlineAtMs }) => {
    if (deadlineAtMs > nowMs) {
      return [{ id, gpuHours, steps: Math.max(1, Math.floor((deadlineAtMs - nowMs) / stepMs)) }];
    }
    reasons.push({ kind: 'flex-late', flexId: id, gpuHours });
    return [];
  });
}

function byDeadline(x: FlexWork, y: FlexWork): number {
  return x.deadlineAtMs - y.deadlineAtMs || (x.id < y.id ? -1 : 1);
}

/** Gives idle GPU-hours of this step to the work, first come first served. What is left of the work is `rest`. `O(n)`. */
export function backfillIdle(
  queue: readonly DueFlex[],
  idleHours: number,
): { readonly backfill: { flexId: string; gpuHours: number }[]; readonly rest: DueFlex[]; readonly idleHours: number } {
  const backfill: { flexId: string; gpuHours: number }[] = [];
  const rest: DueFlex[] = [];
  let left = idleHours;
  for (const work of queue) {
    const gpuHours = Math.min(left, work.gpuHours);
    left -= gpuHours;
    if (gpuHours > 0) backfill.push({ flexId: work.id, gpuHours });
    if (work.gpuHours > gpuHours) rest.push({ ...work, gpuHours: work.gpuHours - gpuHours });
  }
  return { backfill, rest, idleHours: left };
}

/** Flex to buy in this step, GPU-hours. */
export interface FlexPurchase {
  /** No step is left after this one. */
  readonly dueHours: number;
  /** The price is at most the expected cost of waiting. */
  readonly cheapHours: number;
}

/**
 * Which Flex to buy in this step. Work that idle time of what is held will take before its deadline waits for it; the
 * rest is bought when it is due, or when the price is at most the expected cost of waiting. `O(work + steps)`.
 *
 * @param idleAhead - expected idle GPU-hours of each step of the scenarios, of what is already held.
 */
export function buyFlex(
  queue: readonly DueFlex[],
  price: number,
  model: PriceModel,
  idleAhead: Float64Array,
  reasons: CapacityReason[],
): FlexPurchase {
  const priceClass = model.classOf(price);
  let idle = 0;
  let idleUntil = 1;
  let asked = 0;
  let assigned = 0;
  let [dueHours, cheapHours, waitingHours, forIdleHours, dearest] = [0, 0, 0, 0, 0];
  for (const { gpuHours, steps } of queue) {
    for (; idleUntil < Math.min(steps, idleAhead.length); idleUntil++) idle += idleAhead[idleUntil]!;
    asked += gpuHours;
    const uncovered = Math.min(gpuHours, Math.max(0, asked - idle - assigned));
    assigned += uncovered;
    forIdleHours += gpuHours - uncovered;
    const waiting = steps > 1 ? model.waiting(steps - 1, priceClass) : Infinity;
    if (steps === 1) dueHours += uncovered;
    else if (price <= waiting) cheapHours += uncovered;
    else {
      waitingHours += uncovered;
      dearest = Math.max(dearest, waiting);
    }
  }
  if (waitingHours > 0) {
    reasons.push({
      kind: 'flex-waits',
      gpuHours: waitingHours,
      priceUsdPerGpuHour: price,
      waitingUsdPerGpuHour: dearest,
    });
  }
  if (forIdleHours > 0) reasons.push({ kind: 'flex-waits-for-idle', gpuHours: forIdleHours });
  return { dueHours, cheapHours };
}

/** Expected idle GPU-hours of each step, of what is held. `O(scenarios × steps)`. */
export function expectedIdle(table: ScenarioTable, held: Float64Array, stepMs: number): Float64Array {
  const { scenarioCount, stepCount, weight, demand } = table;
  const idle = new Float64Array(stepCount);
  for (let s = 0; s < scenarioCount; s++) {
    for (let k = 0; k < stepCount; k++) {
      idle[k]! += weight[s]! * Math.max(0, held[k]! - demand[s * stepCount + k]!) * hoursFromMs(stepMs);
    }
  }
  return idle;
}

/**
 * Mean price in each scenario at which the rule of {@link buyFlex} would buy the queue. Idle time that takes Flex saves
 * it. `O(scenarios × deadlines × steps)`.
 */
export function flexPrices(queue: readonly DueFlex[], table: ScenarioTable, model: PriceModel): Float64Array {
  const { scenarioCount, stepCount, price } = table;
  const hoursBySteps = new Map<number, number>();
  let total = 0;
  for (const { steps, gpuHours } of queue) {
    const known = Math.min(steps, stepCount);
    hoursBySteps.set(known, (hoursBySteps.get(known) ?? 0) + gpuHours);
    total += gpuHours;
  }
  const prices = new Float64Array(scenarioCount);
  for (let s = 0; s < scenarioCount; s++) {
    for (const [steps, gpuHours] of hoursBySteps) {
      let k = 0;
      while (k < steps - 1) {
        const now = price[s * stepCount + k]!;
        if (now <= model.waiting(steps - 1 - k, model.classOf(now))) break;
        k++;
      }
      prices[s]! += (gpuHours / total) * price[s * stepCount + k]!;
    }
  }
  return prices;
}
