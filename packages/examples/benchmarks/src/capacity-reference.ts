import {
  BLOCK_HOURS,
  FILL_RATIO,
  FIRST_HOUR,
  FLEX_GPU_HOURS,
  forwardPrice,
  SPREAD_RATIO,
  type CapacityMarket,
} from './capacity-market.ts';

/**
 * The least cost that any rule can reach on a stretch, knowing all of it: blocks and Flex together, by dynamic programming.
 *
 * The only thing that joins two days is the Flex of the first that is done on the second: its GPU-hours, 0 to 200, are the
 * state. Within a day all work may run in any hour, so `w` GPU-hours of it take the idle hours in order of their sale price
 * as far as these are below the cheapest spot hour, and that hour for the rest. For each block size that is a convex cost of
 * `w`; the least over the sizes is the cost of the day. Everything is whole (GPUs, and GPU-hours in hours), so whole
 * solutions lose nothing. Fast is served before anything is sold, as in the simulation.
 *
 * `O(days × (gpus × 24 log 24 + gpus × gpu-hours of Flex + gpu-hours²))`.
 */
export function leastCapacityCost(market: CapacityMarket): number {
  const { demand } = market;
  const days = Math.floor((demand.length - FIRST_HOUR) / BLOCK_HOURS);
  // Flex left over when the stretch ends is free.
  let later = new Float64Array(FLEX_GPU_HOURS + 1);
  for (let day = days - 1; day >= 0; day--) {
    const cost = dayCosts(market, FIRST_HOUR + day * BLOCK_HOURS);
    const now = new Float64Array(FLEX_GPU_HOURS + 1).fill(Infinity);
    for (let before = 0; before <= FLEX_GPU_HOURS; before++) {
      for (let left = 0; left <= FLEX_GPU_HOURS; left++) {
        now[before] = Math.min(now[before]!, cost[before + FLEX_GPU_HOURS - left]! + later[left]!);
      }
    }
    later = now;
  }
  return later[0]!;
}

/** Least cost of a day in which so many GPU-hours of Flex are done, over all sizes of its block. */
function dayCosts({ demand, price, penalty, largestBlock }: CapacityMarket, start: number): Float64Array {
  const hours = Array.from({ length: BLOCK_HOURS }, (_, k) => start + k).sort((x, y) => price[x]! - price[y]!);
  const cheapest = price[hours[0]!]!;
  const forward = forwardPrice(price, start);
  const resaleRatio = (1 - SPREAD_RATIO) * FILL_RATIO;
  const costs = new Float64Array(2 * FLEX_GPU_HOURS + 1).fill(Infinity);
  for (let block = 0; block <= largestBlock(start); block++) {
    let cost = block * BLOCK_HOURS * forward;
    for (const hour of hours) {
      const short = demand[hour]! - block;
      cost += short * (short > 0 ? Math.min(price[hour]!, penalty) : resaleRatio * price[hour]!);
    }
    let done = 0;
    costs[0] = Math.min(costs[0]!, cost);
    const doOne = (usd: number): void => {
      cost += usd;
      done++;
      costs[done] = Math.min(costs[done]!, cost);
    };
    for (const hour of hours) {
      const sale = resaleRatio * price[hour]!;
      if (sale >= cheapest) break;
      for (let idle = block - demand[hour]!; idle > 0 && done < costs.length - 1; idle--) doOne(sale);
    }
    while (done < costs.length - 1) doOne(cheapest);
  }
  return costs;
}
