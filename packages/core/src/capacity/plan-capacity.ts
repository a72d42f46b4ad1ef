import { hoursFromMs } from '../units.ts';
import { checkConfig, checkObservation, checkState } from './check.ts';
import { backfillIdle, buyFlex, dueFlex, expectedIdle, flexPrices, type DueFlex } from './flex.ts';
import { fitPriceModel, type PriceModel } from './price-model.ts';
import { hoursWithin, scenarioTable, type ScenarioTable } from './scenario-table.ts';
import { sizeBlocks, type SizedBlocks } from './size-blocks.ts';
import { createSpending, type Spending } from './spending.ts';
import type { CapacityConfig, CapacityObservation, CapacityPlan, CapacityReason, CapacityState } from './types.ts';

/** GPU-hours below this part of a GPU are a rounding error, not a reason for one more. */
const ROUNDING = 1e-9;

/**
 * Creates the state of a planner that has bought nothing.
 *
 * @example
 * ```ts
 * createCapacityState(); // { version: 1, lastMs: null, committedMicroUsd: 0 }
 * ```
 */
export function createCapacityState(): CapacityState {
  return { version: 1, lastMs: null, committedMicroUsd: 0 };
}

/**
 * Plans what to buy and sell on a market for GPU time: blocks ahead for demand that must be served at once (Fast), spot
 * time for work that can wait (Flex).
 *
 * In this order:
 * 1. Idle Fast time of this step goes to Flex, earliest deadline first.
 * 2. Fast demand above what is held is bought at spot, up to the penalty.
 * 3. Flex without another step before its deadline is bought.
 * 4. Each block on offer is sized. `newsvendor`: the size of least expected cost over the joint scenarios. A GPU that serves
 *    saves the spot price or the penalty, whichever is less; an idle one takes Flex, or is sold. `safety-factor`: a
 *    factor times the expected demand. `impliedQuantile` says how much of the demand either covers.
 * 5. Flex that idle time of what is held will not take is bought when the price is at most the expected cost of waiting
 *    for its deadline, by a Markov chain of prices learned from the scenarios.
 * 6. What is still idle is offered for sale.
 *
 * The budget is spent in the order of 2 to 5: an order is cut to what is left, at its limit price.
 *
 * Laws: orders keep to the time, granularity, sizes and limit prices; what orders cost never exceeds the budget; nothing
 * is bought for Flex that idle time takes; more demand in every scenario never makes a block of `newsvendor` smaller
 * while the budget does not bind; scaling all money changes nothing else; the same call gives the same plan.
 *
 * Source: Arrow, Harris and Marschak, "Optimal Inventory Policy", Econometrica 1951 (newsvendor); Kleywegt, Shapiro and
 * Homem-de-Mello, "The Sample Average Approximation Method for Stochastic Discrete Optimization", SIAM J. Optim. 2002.
 *
 * @param config - prices, limits and budget; may change between calls.
 * @param state - from {@link createCapacityState}, or from the call before; neither changed nor kept.
 * @param observation - what is known now; `nowMs` at or after that of the call before. Each call orders anew: a plan that
 * was carried out must show in `holdings` and `flexQueue` of the next.
 * @returns orders, the same as settings of a market that buys by itself, and why.
 * `O(scenarios × (steps + gpus) × offers)`.
 * @throws InvalidInputError on NaN, negative prices, blocks on offer that overlap, scenarios of different length, a
 * foreign state, and when time goes back.
 *
 * @example
 * ```ts
 * const plan = planCapacity({ unmetUsdPerGpuHour: 12 }, createCapacityState(), {
 *   nowMs: 0,
 *   stepMs: 3_600_000,
 *   demandGpus: 4,
 *   spotUsdPerGpuHour: null,
 *   scenarios: [
 *     { demandGpus: [4, 4], priceUsdPerGpuHour: [2, 2] },
 *     { demandGpus: [6, 8], priceUsdPerGpuHour: [2, 9] },
 *   ],
 *   offers: [{ id: 'next', startAtMs: 0, endAtMs: 7_200_000, priceUsdPerGpuHour: 3.4 }],
 *   holdings: [],
 *   flexQueue: [],
 * });
 * [plan.orders[0]?.gpus, plan.impliedQuantile]; // [6, 0.75]
 * ```
 */
export function planCapacity(
  config: CapacityConfig,
  state: CapacityState,
  observation: CapacityObservation,
): CapacityPlan {
  checkConfig(config);
  checkState(state);
  checkObservation(observation, state);
  const reasons: CapacityReason[] = [];
  const table = scenarioTable(observation);
  const held = heldGpus(observation, table.stepCount);
  const committed = Math.max(0, state.committedMicroUsd - (observation.returnedMicroUsd ?? 0));
  const spending = createSpending(observation.nowMs, committed, config.budgetMicroUsd, reasons);

  const queue = dueFlex(observation, reasons);
  const idleHours = Math.max(0, held.now - observation.demandGpus) * hoursFromMs(observation.stepMs);
  const { backfill, rest, idleHours: unsoldHours } = backfillIdle(queue, idleHours);
  const backfilled = idleHours - unsoldHours;
  if (backfilled > 0) reasons.push({ kind: 'backfilled', gpuHours: backfilled });

  const model = rest.length > 0 ? fitPriceModel(table, rest.at(-1)!.steps) : undefined;
  const flexReasons: CapacityReason[] = [];
  const purchase = purchaseFlex(rest, observation, table, held.perStep, model, flexReasons);
  buySpot(config, observation, held.now, spending, reasons);
  orderFlex('due', purchase.dueHours, config, observation, spending, reasons);
  const blocks = planBlocks(config, observation, table, held.perStep, rest, model, spending, reasons);
  orderFlex('cheap', purchase.cheapHours, config, observation, spending, reasons);
  reasons.push(...flexReasons);
  const minSell = sellIdle(config, observation, unsoldHours, spending, reasons);
  return {
    state: { version: 1, lastMs: observation.nowMs, committedMicroUsd: spending.committedMicroUsd() },
    orders: spending.orders,
    procurement: {
      targetGpus: blocks.first?.gpus ?? Math.ceil(observation.demandGpus),
      maxBuyUsdPerGpuHour: Math.min(
        blocks.first?.valueUsdPerGpuHour ?? config.unmetUsdPerGpuHour,
        config.limits?.maxFastUsdPerGpuHour ?? Infinity,
      ),
      minSellUsdPerGpuHour: minSell,
      windowMs: table.stepCount * observation.stepMs,
    },
    backfill,
    expectedCost: blocks.expectedCost,
    impliedQuantile: blocks.impliedQuantile,
    reasons,
  };
}

/** GPUs held in each step, in parts where a holding covers part of the step, and all that are held at this instant. */
function heldGpus({ holdings, nowMs, stepMs }: CapacityObservation, stepCount: number) {
  const perStep = new Float64Array(stepCount);
  let now = 0;
  for (const { gpus, startAtMs, endAtMs } of holdings) {
    const hours = hoursWithin({ nowMs, stepMs, stepCount }, startAtMs, endAtMs);
    for (let k = 0; k < stepCount; k++) perStep[k]! += (gpus * hours[k]!) / hoursFromMs(stepMs);
    if (startAtMs <= nowMs && nowMs < endAtMs) now += gpus;
  }
  return { perStep, now };
}

function purchaseFlex(
  rest: readonly DueFlex[],
  observation: CapacityObservation,
  table: ScenarioTable,
  held: Float64Array,
  model: PriceModel | undefined,
  reasons: CapacityReason[],
) {
  const { spotUsdPerGpuHour: price, stepMs } = observation;
  if (model === undefined || price === null) return { dueHours: 0, cheapHours: 0 };
  return buyFlex(rest, price, model, expectedIdle(table, held, stepMs), reasons);
}

function planBlocks(
  config: CapacityConfig,
  observation: CapacityObservation,
  table: ScenarioTable,
  held: Float64Array,
  rest: readonly DueFlex[],
  model: PriceModel | undefined,
  spending: Spending,
  reasons: CapacityReason[],
): SizedBlocks {
  const worth = {
    unmetUsdPerGpuHour: config.unmetUsdPerGpuHour,
    resaleRatio: (1 - (config.resale?.spreadRatio ?? 0.1)) * (config.resale?.fillRatio ?? 0.8),
    queue: rest,
    flexUsd: model === undefined ? new Float64Array(table.scenarioCount) : flexPrices(rest, table, model),
    flexSteps: Math.min(table.stepCount, rest.at(-1)?.steps ?? 0),
  };
  return sizeBlocks(config, observation, table, held, worth, spending, reasons);
}

/** Buys what Fast lacks in this step, unless going without is cheaper. */
function buySpot(
  config: CapacityConfig,
  { demandGpus, spotUsdPerGpuHour: price, nowMs, stepMs }: CapacityObservation,
  held: number,
  spending: Spending,
  reasons: CapacityReason[],
): void {
  const gpus = Math.ceil(demandGpus - held - ROUNDING);
  if (gpus <= 0 || price === null) return;
  const limit = Math.min(config.unmetUsdPerGpuHour, config.limits?.maxFastUsdPerGpuHour ?? Infinity);
  if (price > limit) {
    reasons.push({ kind: 'unmet', gpus, priceUsdPerGpuHour: price, limitUsdPerGpuHour: limit });
    return;
  }
  const allowed = Math.min(gpus, Math.max(0, (config.maxGpus ?? Infinity) - held));
  const bought = spending.place({
    ...inThisStep(nowMs, stepMs),
    side: 'buy',
    tier: 'fast',
    gpus: allowed,
    limitUsdPerGpuHour: price,
    name: 'spot',
  });
  if (bought > 0) reasons.push({ kind: 'spot-bought', gpus: bought, priceUsdPerGpuHour: price });
}

function orderFlex(
  why: 'cheap' | 'due',
  gpuHours: number,
  config: CapacityConfig,
  { spotUsdPerGpuHour: price, nowMs, stepMs }: CapacityObservation,
  spending: Spending,
  reasons: CapacityReason[],
): void {
  const stepHours = hoursFromMs(stepMs);
  const gpus = Math.ceil(gpuHours / stepHours - ROUNDING);
  if (gpus <= 0 || price === null) return;
  const limit = config.limits?.maxFlexUsdPerGpuHour ?? Infinity;
  if (price > limit) {
    reasons.push({ kind: 'flex-too-dear', gpuHours, priceUsdPerGpuHour: price, limitUsdPerGpuHour: limit });
    return;
  }
  const bought = spending.place({
    ...inThisStep(nowMs, stepMs),
    side: 'buy',
    tier: 'flex',
    gpus,
    limitUsdPerGpuHour: price,
    name: `flex-${why}`,
  });
  if (bought > 0) {
    reasons.push({
      kind: 'flex-bought',
      gpuHours: Math.min(gpuHours, bought * stepHours),
      priceUsdPerGpuHour: price,
      why,
    });
  }
}

/** An order for the step that begins now; GPUs come one by one. */
function inThisStep(nowMs: number, stepMs: number) {
  return { startAtMs: nowMs, endAtMs: nowMs + stepMs, expiresAtMs: nowMs + stepMs, granularityGpus: 1 };
}

/** Offers what is idle in this step for sale, and returns the least price to take for idle time. */
function sellIdle(
  config: CapacityConfig,
  { spotUsdPerGpuHour: price, nowMs, stepMs }: CapacityObservation,
  idleHours: number,
  spending: Spending,
  reasons: CapacityReason[],
): number {
  const least = config.limits?.minSellUsdPerGpuHour ?? 0;
  if (price === null) return least;
  const limit = Math.max(least, (1 - (config.resale?.spreadRatio ?? 0.1)) * price);
  const gpus = Math.floor(idleHours / hoursFromMs(stepMs) + ROUNDING);
  const sold = spending.place({
    ...inThisStep(nowMs, stepMs),
    side: 'sell',
    tier: 'fast',
    gpus,
    limitUsdPerGpuHour: limit,
    name: 'idle',
  });
  if (sold > 0) reasons.push({ kind: 'sold-back', gpus: sold, limitUsdPerGpuHour: limit });
  return limit;
}
