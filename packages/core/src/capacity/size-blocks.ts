import { blockValue, type BlockWorth } from './block-value.ts';
import { hoursWithin, type ScenarioTable } from './scenario-table.ts';
import type { Spending } from './spending.ts';
import type { BlockOffer, CapacityConfig, CapacityObservation, CapacityPlan, CapacityReason } from './types.ts';

/** A gain below this part of the price is a rounding error. */
const ROUNDING_RATIO = 1e-12;
/** No block is larger. */
const MOST_GPUS = 1_000_000;

/** What buying the blocks on offer comes to. */
export interface SizedBlocks {
  readonly expectedCost: CapacityPlan['expectedCost'];
  readonly impliedQuantile: number | null;
  /** GPUs held while the first block runs, and what the last of them is worth; `undefined` without a block to size. */
  readonly first: { readonly gpus: number; readonly valueUsdPerGpuHour: number } | undefined;
}

/** What idle time is worth, and the work that it can take: GPU-hours and steps that are left, of each piece. */
export interface MarketWorth extends Omit<BlockWorth, 'flexHours'> {
  readonly queue: readonly { readonly gpuHours: number; readonly steps: number }[];
}

/**
 * Sizes the blocks on offer, earliest first, and orders them. Each block is sized on its own: they do not overlap, and Flex
 * is divided among them by the hours that each has before the deadline, whatever their sizes, so that a larger block never
 * makes another one smaller.
 */
export function sizeBlocks(
  config: CapacityConfig,
  observation: CapacityObservation,
  table: ScenarioTable,
  held: Float64Array,
  worth: MarketWorth,
  spending: Spending,
  reasons: CapacityReason[],
): SizedBlocks {
  const grid = { ...observation, stepCount: table.stepCount };
  const blocks = buyableBlocks(config, observation, table, reasons).map((offer) => {
    const hours = hoursWithin(grid, offer.startAtMs, offer.endAtMs);
    return { offer, hours, blockHours: hours.reduce((sum, value) => sum + value, 0) };
  });
  const flexHours = divideFlex(
    worth.queue,
    blocks.map(({ hours }) => hours),
  );
  let [blocksUsd, shortfallUsd, recoveredUsd, coveredHours, allHours] = [0, 0, 0, 0, 0];
  let first: SizedBlocks['first'];
  blocks.forEach(({ offer, hours, blockHours }, b) => {
    const blockWorth = { ...worth, flexHours: flexHours[b]! };
    const most = mostGpus(config, offer, table, hours, held, blockWorth);
    const value = blockValue(table, hours, held, blockWorth, most);
    const size =
      config.sizing?.kind === 'safety-factor'
        ? factorSize(config.sizing, offer, table, hours, held, most)
        : newsvendorSize(value.worthUsd, offer, offer.priceUsdPerGpuHour * blockHours);
    const gpus = spending.place({
      side: 'buy',
      tier: 'fast',
      gpus: size,
      startAtMs: offer.startAtMs,
      endAtMs: offer.endAtMs,
      limitUsdPerGpuHour: offer.priceUsdPerGpuHour,
      expiresAtMs: offer.startAtMs,
      granularityGpus: offer.granularityGpus ?? 1,
      name: `block-${offer.id}`,
    });
    const outcome = useBlock(table, hours, held, gpus, worth.unmetUsdPerGpuHour);
    for (let u = 0; u < gpus; u++) recoveredUsd += value.recoveredUsd[u]!;
    blocksUsd += gpus * blockHours * offer.priceUsdPerGpuHour;
    shortfallUsd += outcome.shortfallUsd;
    coveredHours += outcome.coveredRatio * blockHours;
    allHours += blockHours;
    const last = (value.worthUsd[Math.max(0, gpus - 1)] ?? 0) / blockHours;
    first ??= { gpus: gpus + outcome.heldGpus, valueUsdPerGpuHour: last };
    reasons.push({
      kind: 'block-sized',
      offerId: offer.id,
      gpus,
      priceUsdPerGpuHour: offer.priceUsdPerGpuHour,
      valueUsdPerGpuHour: last,
      impliedQuantile: outcome.coveredRatio,
    });
  });
  const totalUsd = blocksUsd + shortfallUsd - recoveredUsd;
  return {
    expectedCost: { blocksUsd, shortfallUsd, recoveredUsd, totalUsd },
    impliedQuantile: allHours > 0 ? Math.min(1, coveredHours / allHours) : null,
    first,
  };
}

/** The blocks that may be bought, earliest first: within the limit price, and over before the scenarios are. */
function buyableBlocks(
  config: CapacityConfig,
  { offers, nowMs, stepMs }: CapacityObservation,
  { stepCount }: ScenarioTable,
  reasons: CapacityReason[],
): readonly BlockOffer[] {
  const knownUntilMs = nowMs + stepCount * stepMs;
  const limitUsdPerGpuHour = config.limits?.maxFastUsdPerGpuHour ?? Infinity;
  return [...offers]
    .sort((x, y) => x.startAtMs - y.startAtMs)
    .filter(({ id: offerId, endAtMs, priceUsdPerGpuHour }) => {
      if (endAtMs > knownUntilMs) reasons.push({ kind: 'block-beyond-scenarios', offerId, knownUntilMs });
      else if (priceUsdPerGpuHour <= limitUsdPerGpuHour) return true;
      else reasons.push({ kind: 'block-too-dear', offerId, priceUsdPerGpuHour, limitUsdPerGpuHour });
      return false;
    });
}

/** GPU-hours of Flex for each block, by the hours it has before the deadline of each piece of work. */
function divideFlex(queue: MarketWorth['queue'], blocks: readonly Float64Array[]): readonly number[] {
  const shares = blocks.map(() => 0);
  for (const { gpuHours, steps } of queue) {
    const inTime = blocks.map((hours) => hours.subarray(0, steps).reduce((sum, value) => sum + value, 0));
    const all = inTime.reduce((sum, value) => sum + value, 0);
    if (all > 0) for (let b = 0; b < shares.length; b++) shares[b]! += (gpuHours * inTime[b]!) / all;
  }
  return shares;
}

/** More than this is never of use, or not to be had: the largest demand of any scenario, and what Flex could take. */
function mostGpus(
  config: CapacityConfig,
  offer: BlockOffer,
  { scenarioCount, stepCount, demand }: ScenarioTable,
  hours: Float64Array,
  held: Float64Array,
  worth: BlockWorth,
): number {
  let [over, heldMost, blockHours] = [0, 0, 0];
  for (let k = 0; k < stepCount; k++) {
    if (hours[k] === 0) continue;
    if (k < worth.flexSteps) blockHours += hours[k]!;
    heldMost = Math.max(heldMost, held[k]!);
    for (let s = 0; s < scenarioCount; s++) over = Math.max(over, demand[s * stepCount + k]! - held[k]!);
  }
  const flex = blockHours > 0 ? worth.flexHours / blockHours : 0;
  const factor = config.sizing?.kind === 'safety-factor' ? Math.max(1, config.sizing.factor ?? 1.5) : 1;
  const most = Math.min(
    MOST_GPUS,
    Math.ceil(factor * (over + heldMost) - heldMost) + Math.ceil(flex),
    offer.maxGpus ?? Infinity,
    Math.floor((config.maxGpus ?? Infinity) - heldMost),
  );
  return Math.max(0, most);
}

/** The multiple of the granularity with the largest expected gain, the smallest of equals. `O(gpus)`. */
function newsvendorSize(worthUsd: Float64Array, offer: BlockOffer, priceUsd: number): number {
  const granularity = offer.granularityGpus ?? 1;
  let [gain, best, size] = [0, 0, 0];
  for (let u = 0; u < worthUsd.length; u++) {
    gain += worthUsd[u]! - priceUsd;
    if ((u + 1) % granularity !== 0 || gain <= best + ROUNDING_RATIO * (u + 1) * priceUsd) continue;
    best = gain;
    size = u + 1;
  }
  return size;
}

function factorSize(
  { factor = 1.5, of = 'mean' }: { readonly factor?: number; readonly of?: 'mean' | 'peak' },
  offer: BlockOffer,
  { scenarioCount, stepCount, weight, demand }: ScenarioTable,
  hours: Float64Array,
  held: Float64Array,
  most: number,
): number {
  let [sum, heldSum, all, peak] = [0, 0, 0, 0];
  for (let k = 0; k < stepCount; k++) {
    if (hours[k] === 0) continue;
    let expected = 0;
    for (let s = 0; s < scenarioCount; s++) expected += weight[s]! * demand[s * stepCount + k]!;
    sum += hours[k]! * expected;
    heldSum += hours[k]! * held[k]!;
    all += hours[k]!;
    peak = Math.max(peak, expected);
  }
  const granularity = offer.granularityGpus ?? 1;
  const wanted = Math.max(0, Math.round((factor * (of === 'peak' ? peak : sum / all) - heldSum / all) / granularity));
  return Math.min(wanted, Math.floor(most / granularity)) * granularity;
}

/** What the block leaves: demand above it, and how much of the time it covers demand. */
function useBlock(
  { scenarioCount, stepCount, weight, demand, price }: ScenarioTable,
  hours: Float64Array,
  held: Float64Array,
  gpus: number,
  unmetUsdPerGpuHour: number,
): { readonly shortfallUsd: number; readonly coveredRatio: number; readonly heldGpus: number } {
  const first = hours.findIndex((value) => value > 0);
  let [shortfallUsd, covered, all] = [0, 0, 0];
  for (let k = first; k < stepCount; k++) {
    const h = hours[k]!;
    if (h === 0) continue;
    all += h;
    for (let s = 0; s < scenarioCount; s++) {
      const at = s * stepCount + k;
      const over = demand[at]! - held[k]! - gpus;
      if (over > 0) shortfallUsd += weight[s]! * h * over * Math.min(price[at]!, unmetUsdPerGpuHour);
      else covered += weight[s]! * h;
    }
  }
  return { shortfallUsd, coveredRatio: Math.min(1, covered / all), heldGpus: Math.floor(held[first]!) };
}
