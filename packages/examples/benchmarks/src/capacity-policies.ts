import {
  createCapacityState,
  HOUR_MS,
  planCapacity,
  type CapacityConfig,
  type CapacityObservation,
  type CapacityPlan,
} from '@spillway/core';
import { capacityScenarios } from './capacity-scenarios.ts';
import {
  mean,
  quantile,
  BLOCK_HOURS,
  FILL_RATIO,
  FLEX_GPU_HOURS,
  FLEX_HOURS,
  SPREAD_RATIO,
  type CapacityMarket,
  type CapacityPolicy,
  type CapacityView,
} from './capacity-market.ts';

/** Everything while the price is at most the median of the last week. */
function belowMedian({ price }: CapacityView): number {
  return price.at(-1)! <= quantile(price.subarray(-168), 0.5) ? Infinity : 0;
}

/** No blocks: everything at spot. */
export const noBlock: CapacityPolicy = { name: 'no block, below median', block: () => 0, flex: belowMedian };

/** The rule of thumb: a factor times the mean demand of the coming day, each hour as on the last seven days. */
export function factorPolicy(factor: number): CapacityPolicy {
  return {
    name: `${factor} x mean forecast`,
    block: ({ demand, hour }) => {
      const hours = Array.from({ length: BLOCK_HOURS }, (_, h) =>
        mean(Float64Array.from({ length: 7 }, (_, day) => demand[hour + h - 24 * (day + 1)]!)),
      );
      return factor * mean(Float64Array.from(hours));
    },
    flex: belowMedian,
  };
}

/** Newsvendor by sample average: the block that would have been cheapest over the last days at today's price of blocks. */
export function sampleAverage(days: number): CapacityPolicy {
  return {
    name: `sample average, ${days} days`,
    block: ({ demand, price, hour, penalty, forward }) => {
      const from = Math.max(0, hour - 24 * days);
      const top = demand.subarray(from, hour).reduce((x, y) => Math.max(x, y), 0);
      let [best, least] = [0, Infinity];
      for (let block = 0; block <= top; block += Math.max(1, Math.round(top / 100))) {
        let cost = 0;
        for (let i = from; i < hour; i++) {
          const short = demand[i]! - block;
          const usd = short > 0 ? Math.min(price[i]!, penalty) : (1 - SPREAD_RATIO) * price[i]! * FILL_RATIO;
          cost += block * forward + short * usd;
        }
        if (cost < least) [best, least] = [block, cost];
      }
      return best;
    },
    flex: belowMedian,
  };
}

/**
 * No rule but a yardstick: the best block for the coming day as it will be, and the same Flex as the others. What it saves
 * is what a perfect forecast of one day is worth.
 */
export function comingDayKnown({ demand, price, penalty, largestBlock }: CapacityMarket): CapacityPolicy {
  return {
    name: '(coming day known)',
    block: ({ hour, forward }) => {
      let [best, least] = [0, Infinity];
      for (let block = 0; block <= largestBlock(hour); block++) {
        let cost = BLOCK_HOURS * block * forward;
        for (let h = hour; h < hour + BLOCK_HOURS; h++) {
          const short = demand[h]! - block;
          cost += short * (short > 0 ? Math.min(price[h]!, penalty) : (1 - SPREAD_RATIO) * FILL_RATIO * price[h]!);
        }
        if (cost < least) [best, least] = [block, cost];
      }
      return best;
    },
    flex: belowMedian,
  };
}

/** `planCapacity` on joint scenarios of the past: blocks once a day, Flex every hour. */
export function plannedPolicy(options: {
  readonly largestBlock: (hour: number) => number;
  readonly blockScenarios: number;
  readonly flexScenarios: number;
}): CapacityPolicy {
  const config = ({ penalty }: CapacityView): CapacityConfig => ({
    unmetUsdPerGpuHour: penalty,
    resale: { spreadRatio: SPREAD_RATIO, fillRatio: FILL_RATIO },
  });
  const plan = (view: CapacityView, count: number, isBlock: boolean): CapacityPlan => {
    const { hour, forward } = view;
    const nowMs = hour * HOUR_MS;
    const block = { id: String(hour), startAtMs: nowMs, endAtMs: nowMs + BLOCK_HOURS * HOUR_MS };
    const flexQueue = view.queue.map(({ deadline, gpuHours }) => ({
      id: String(deadline),
      gpuHours,
      deadlineAtMs: deadline * HOUR_MS,
    }));
    // The Flex of the day comes with its block.
    if (isBlock) flexQueue.push({ id: 'new', gpuHours: FLEX_GPU_HOURS, deadlineAtMs: nowMs + FLEX_HOURS * HOUR_MS });
    const observation: CapacityObservation = {
      ...{ nowMs, stepMs: HOUR_MS, flexQueue },
      // Fast and backfill are the market's here; the planner is asked for blocks and Flex.
      demandGpus: view.block,
      spotUsdPerGpuHour: isBlock ? null : view.price.at(-1)!,
      scenarios: capacityScenarios(view, { count, hours: FLEX_HOURS, isPriceKnown: !isBlock, seed: hour }),
      offers: isBlock ? [{ ...block, priceUsdPerGpuHour: forward, maxGpus: options.largestBlock(hour) }] : [],
      holdings: isBlock ? [] : [{ id: 'block', gpus: view.block, startAtMs: nowMs, endAtMs: view.blockEnd * HOUR_MS }],
    };
    return planCapacity(config(view), createCapacityState(), observation);
  };
  return {
    name: 'planCapacity',
    block: (view) => plan(view, options.blockScenarios, true).orders[0]?.gpus ?? 0,
    flex: (view) =>
      plan(view, options.flexScenarios, false)
        .orders.filter(({ tier }) => tier === 'flex')
        .reduce((sum, { gpus }) => sum + gpus, 0),
  };
}
