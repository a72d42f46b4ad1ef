/** Hours of a block, of the deadline of Flex, and of price that is known before the first decision. */
export const [BLOCK_HOURS, FLEX_HOURS, FIRST_HOUR] = [24, 48, 168];
/** GPU-hours of Flex that arrive with each block. */
export const FLEX_GPU_HOURS = 200;
/** A block costs the mean spot price of the last week and this part more. */
const PREMIUM_RATIO = 0.05;
/** What a sale of an idle hour loses against spot, and how often it finds a buyer. */
export const [SPREAD_RATIO, FILL_RATIO] = [0.1, 0.8];

/** A stretch of the market: whole GPUs of Fast demand and the spot price of every hour. */
export interface CapacityMarket {
  readonly demand: Float64Array;
  /** USD per GPU-hour. */
  readonly price: Float64Array;
  /** What a GPU-hour of Fast costs that is not served, USD. */
  readonly penalty: number;
  /** Largest block that anyone may buy at an hour; the same for every policy and for the reference. */
  readonly largestBlock: (hour: number) => number;
}

/** What a policy sees: the past, and never more. */
export interface CapacityView {
  readonly hour: number;
  /** Before this hour. */
  readonly demand: Float64Array;
  /** Before this hour when a block is bought, up to and with it when Flex is. */
  readonly price: Float64Array;
  readonly penalty: number;
  readonly forward: number;
  readonly block: number;
  readonly blockEnd: number;
  /** Flex that waits, earliest deadline first. */
  readonly queue: readonly { readonly deadline: number; readonly gpuHours: number }[];
}

/** A rule of buying. */
export interface CapacityPolicy {
  readonly name: string;
  /** GPUs of the block that starts now. */
  readonly block: (view: CapacityView) => number;
  /** GPU-hours of Flex to buy in this hour, on top of what is due. */
  readonly flex: (view: CapacityView) => number;
}

/** What a run came to. */
export interface CapacityRun {
  readonly costUsd: number;
  readonly blockGpuHours: number;
  readonly idleGpuHours: number;
  readonly unmetGpuHours: number;
}

/** Price of a GPU-hour of the block that starts at an hour. */
export function forwardPrice(price: Float64Array, hour: number): number {
  return (1 + PREMIUM_RATIO) * mean(price.subarray(Math.max(0, hour - 168), hour));
}

/**
 * Runs a policy: every 24 hours a block of the coming day may be bought and 200 GPU-hours of Flex arrive that must be done
 * within 48 hours; Fast is served by the block, then at spot up to the penalty; idle time takes Flex, then is sold. Flex
 * that is not yet due at the end costs nothing, for any policy and for the reference.
 */
export function runCapacity(market: CapacityMarket, policy: CapacityPolicy): CapacityRun {
  const { demand, price, penalty } = market;
  const queue: { deadline: number; gpuHours: number }[] = [];
  let [costUsd, blockGpuHours, idleGpuHours, unmetGpuHours, block, blockEnd] = [0, 0, 0, 0, 0, 0];
  const take = (gpuHours: number): number => {
    let left = gpuHours;
    while (left > 1e-9 && queue.length > 0) {
      const part = Math.min(left, queue[0]!.gpuHours);
      left -= part;
      queue[0]!.gpuHours -= part;
      if (queue[0]!.gpuHours <= 1e-9) queue.shift();
    }
    return left;
  };
  for (let hour = FIRST_HOUR; hour < demand.length; hour++) {
    const forward = forwardPrice(price, hour);
    const view = (hours: number): CapacityView => ({
      ...{ hour, penalty, forward, block, blockEnd, queue: queue.map((work) => ({ ...work })) },
      ...{ demand: demand.subarray(0, hour), price: price.subarray(0, hours) },
    });
    if (hour % BLOCK_HOURS === 0) {
      // The rules that came with this market did not see the Flex of the coming day; it is no secret.
      const wanted = Math.max(0, Math.round(policy.block(view(hour))));
      block = Math.min(wanted, market.largestBlock(hour));
      blockEnd = hour + BLOCK_HOURS;
      costUsd += block * BLOCK_HOURS * forward;
      blockGpuHours += block * BLOCK_HOURS;
      queue.push({ deadline: hour + FLEX_HOURS, gpuHours: FLEX_GPU_HOURS });
    }
    const now = price[hour]!;
    const short = Math.max(0, demand[hour]! - block);
    costUsd += short * Math.min(now, penalty);
    if (now > penalty) unmetGpuHours += short;
    const idle = take(Math.max(0, block - demand[hour]!));
    if (queue.length > 0) {
      const due = queue.filter(({ deadline }) => deadline - hour <= 1).reduce((sum, work) => sum + work.gpuHours, 0);
      const waiting = queue.reduce((sum, work) => sum + work.gpuHours, 0);
      const bought = Math.min(waiting, Math.max(due, policy.flex(view(hour + 1))));
      costUsd += bought * now;
      take(bought);
    }
    idleGpuHours += idle;
    costUsd -= idle * (1 - SPREAD_RATIO) * FILL_RATIO * now;
  }
  return { costUsd, blockGpuHours, idleGpuHours, unmetGpuHours };
}

/** Mean of some values. */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Quantile by linear interpolation between order statistics. */
export function quantile(values: Float64Array, probability: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * probability;
  const low = Math.floor(at);
  const part = at - low;
  return part === 0 ? sorted[low]! : sorted[low]! * (1 - part) + sorted[low + 1]! * part;
}
