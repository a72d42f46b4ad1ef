import { blockValue, type BlockWorth } from './block-value.ts';
import { hoursWithin, type ScenarioTable } from './scenario-table.ts';
import type { Spending } from './spending.ts';
import type { BlockOffer, CapacityConfig, CapacityObservation, CapacityPlan, CapacityReason } from './types.ts';

/** No block is larger. */
const MOST_GPUS = 1_000_000;

/** What buying the blocks on offer comes to. */
export interface SizedBlocks {
  readonly expectedCost: CapacityPlan['expectedCost'];
  readonly impliedQuantile: number | null;
  /** GPUs held while the first block runs, and what the last of them is worth; `undefined` without a block to size. */
  readonly first: { readonly gpus: number; readonly valueUsdPerGpuHour: number } | undefined;
}

/**
 * Sizes the blocks on offer, earliest first, and orders them. Each block is sized on its own: blocks do not overlap, and
 * the only thing that joins them is Flex, which the idle time of earlier blocks takes first.
 */
export function sizeBlocks(
  config: CapacityConfig,
  observation: CapacityObservation,
  table: ScenarioTable,
  held: Float64Array,
  worth: BlockWorth,
  spending: Spending,
  reasons: CapacityReason[],
): SizedBlocks {
  const grid = { ...observation, stepCount: table.stepCount };
  const knownUntilMs = observation.nowMs + table.stepCount * observation.stepMs;
  const flexHours = Float64Array.from(worth.flexHours);
  let [blocksUsd, shortfallUsd, recoveredUsd, coveredHours, allHours] = [0, 0, 0, 0, 0];
  let first: SizedBlocks['first'];
  for (const offer of [...observation.offers].sort((x, y) => x.startAtMs - y.startAtMs)) {
    if (offer.endAtMs > knownUntilMs) {
      reasons.push({ kind: 'block-beyond-scenarios', offerId: offer.id, knownUntilMs });
      continue;
    }
    const hours = hoursWithin(grid, offer.startAtMs, offer.endAtMs);
    const blockHours = hours.reduce((sum, value) => sum + value, 0);
    const most = mostGpus(config, offer, table, hours, held, { ...worth, flexHours });
    const value = blockValue(table, hours, held, { ...worth, flexHours }, most);
    const limit = config.limits?.maxFastUsdPerGpuHour ?? Infinity;
    const isTooDear = offer.priceUsdPerGpuHour > limit;
    if (isTooDear) {
      reasons.push({
        kind: 'block-too-dear',
        offerId: offer.id,
        priceUsdPerGpuHour: offer.priceUsdPerGpuHour,
        limitUsdPerGpuHour: limit,
      });
    }
    const size = isTooDear
      ? 0
      : config.sizing?.kind === 'safety-factor'
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
    const outcome = useBlock(table, hours, held, gpus, worth, flexHours);
    for (let u = 0; u < gpus; u++) recoveredUsd += value.recoveredUsd[u]!;
    blocksUsd += gpus * blockHours * offer.priceUsdPerGpuHour;
    shortfallUsd += outcome.shortfallUsd;
    coveredHours += outcome.covered * blockHours;
    allHours += blockHours;
    const last = (gpus > 0 ? value.worthUsd[gpus - 1]! : (value.worthUsd[0] ?? 0)) / blockHours;
    first ??= { gpus: gpus + Math.floor(outcome.heldGpus), valueUsdPerGpuHour: last };
    reasons.push({
      kind: 'block-sized',
      offerId: offer.id,
      gpus,
      priceUsdPerGpuHour: offer.priceUsdPerGpuHour,
      valueUsdPerGpuHour: last,
      impliedQuantile: outcome.covered,
    });
  }
  const totalUsd = blocksUsd + shortfallUsd - recoveredUsd;
  return {
    expectedCost: { blocksUsd, shortfallUsd, recoveredUsd, totalUsd },
    impliedQuantile: allHours > 0 ? Math.min(1, coveredHours / allHours) : null,
    first,
  };
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
  const flex = blockHours > 0 ? worth.flexHours.reduce((x, y) => Math.max(x, y), 0) / blockHours : 0;
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
    if ((u + 1) % granularity !== 0 || gain <= best) continue;
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

/** What the block leaves: demand above it, and less Flex for later blocks. */
function useBlock(
  { scenarioCount, stepCount, weight, demand, price }: ScenarioTable,
  hours: Float64Array,
  held: Float64Array,
  gpus: number,
  worth: BlockWorth,
  flexHours: Float64Array,
): { readonly shortfallUsd: number; readonly covered: number; readonly heldGpus: number } {
  let [shortfallUsd, covered, all, heldGpus] = [0, 0, 0, 0];
  for (let k = 0; k < stepCount; k++) {
    const h = hours[k]!;
    if (h === 0) continue;
    if (all === 0) heldGpus = held[k]!;
    all += h;
    for (let s = 0; s < scenarioCount; s++) {
      const at = s * stepCount + k;
      const over = demand[at]! - held[k]! - gpus;
      if (over > 0) shortfallUsd += weight[s]! * h * over * Math.min(price[at]!, worth.unmetUsdPerGpuHour);
      else {
        covered += weight[s]! * h;
        if (k < worth.flexSteps) flexHours[s] = Math.max(0, flexHours[s]! + h * over);
      }
    }
  }
  return { shortfallUsd, covered: covered / all, heldGpus };
}
