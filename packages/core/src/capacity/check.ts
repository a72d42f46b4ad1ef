import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkIds, checkList, checkObject } from '../internal/check.ts';
import type { BlockOffer, CapacityConfig, CapacityObservation, CapacityScenario, CapacityState } from './types.ts';

const PRICE = 'It is USD per GPU-hour.';
/** Beyond these a sum could leave the numbers that are exact enough to compare plans. */
const [MOST_GPUS, MOST_USD, MOST_HOURS] = [1_000_000, 1_000_000, 1_000_000_000];
const PRICES = { min: 0, max: MOST_USD, hint: PRICE } as const;

/** Throws unless the configuration is one that `planCapacity` can follow. */
export function checkConfig(config: CapacityConfig): void {
  checkObject(() => 'config', config);
  checkNumber('unmetUsdPerGpuHour', config.unmetUsdPerGpuHour, {
    above: 0,
    max: MOST_USD,
    hint: 'What unserved demand costs you.',
  });
  checkSizing(config);
  checkOptionalNumber('resale.spreadRatio', config.resale?.spreadRatio, { min: 0, max: 1, hint: '0.1 is 10 %.' });
  checkOptionalNumber('resale.fillRatio', config.resale?.fillRatio, { min: 0, max: 1, hint: '0.8 is 80 %.' });
  const { limits } = config;
  checkOptionalNumber('limits.maxFastUsdPerGpuHour', limits?.maxFastUsdPerGpuHour, PRICES);
  checkOptionalNumber('limits.maxFlexUsdPerGpuHour', limits?.maxFlexUsdPerGpuHour, PRICES);
  checkOptionalNumber('limits.minSellUsdPerGpuHour', limits?.minSellUsdPerGpuHour, PRICES);
  const hint = 'One USD is 1_000_000.';
  checkOptionalNumber('budgetMicroUsd', config.budgetMicroUsd, { min: 0, isWhole: true, hint });
  checkOptionalNumber('maxGpus', config.maxGpus, { min: 0, isWhole: true });
}

function checkSizing({ sizing }: CapacityConfig): void {
  if (sizing === undefined) return;
  checkObject(() => 'sizing', sizing);
  const { kind } = sizing as { readonly kind: unknown };
  if (kind !== 'newsvendor' && kind !== 'safety-factor') {
    throw new InvalidInputError('sizing.kind', "must be 'newsvendor' or 'safety-factor'", kind, {
      hint: "Leave sizing out for 'newsvendor'.",
    });
  }
  if (sizing.kind === 'newsvendor') return;
  checkOptionalNumber('sizing.factor', sizing.factor, {
    min: 0,
    max: 1_000,
    hint: '1.5 buys half again the expected demand.',
  });
  const of = sizing.of as unknown;
  if (of === undefined || of === 'mean' || of === 'peak') return;
  throw new InvalidInputError('sizing.of', "must be 'mean' or 'peak'", of, { hint: "Leave it out for 'mean'." });
}

/** Throws unless the state is one of ours. */
export function checkState(state: CapacityState): void {
  const hint = 'Store the state as it is returned; start again with createCapacityState().';
  if (typeof state !== 'object' || (state as unknown) === null || (state as { version: unknown }).version !== 1) {
    throw new InvalidInputError('state', 'must come from createCapacityState or an earlier call', state, { hint });
  }
  if (state.lastMs !== null) checkNumber('state.lastMs', state.lastMs, { hint });
  checkNumber('state.committedMicroUsd', state.committedMicroUsd, { min: 0, isWhole: true, hint });
}

/** Throws unless the observation is in range, its blocks do not overlap, and it is not older than the state. `O(size)`. */
export function checkObservation(observation: CapacityObservation, state: CapacityState): void {
  checkObject(() => 'observation', observation);
  const { nowMs } = observation;
  checkNumber('nowMs', nowMs, { hint: 'Pass ms since the Unix epoch.' });
  if (state.lastMs !== null && nowMs < state.lastMs) {
    throw new InvalidInputError('nowMs', `must not be before the last call at ${state.lastMs}`, nowMs, {
      hint: 'Pass observations in the order of their time.',
    });
  }
  checkNumber('stepMs', observation.stepMs, { above: 0, hint: 'An hour is 3_600_000.' });
  checkNumber('demandGpus', observation.demandGpus, { min: 0, max: MOST_GPUS });
  if (observation.spotUsdPerGpuHour !== null) {
    checkNumber('spotUsdPerGpuHour', observation.spotUsdPerGpuHour, {
      ...PRICES,
      hint: 'Pass null while not known.',
    });
  }
  checkOptionalNumber('returnedMicroUsd', observation.returnedMicroUsd, { min: 0, isWhole: true });
  checkScenarios(observation.scenarios);
  checkOffers(observation.offers, nowMs);
  checkIds('holdings', observation.holdings);
  observation.holdings.forEach(({ gpus, startAtMs, endAtMs }, i) => {
    checkNumber(() => `holdings[${i}].gpus`, gpus, { min: 0, max: MOST_GPUS, isWhole: true });
    checkNumber(() => `holdings[${i}].startAtMs`, startAtMs);
    checkNumber(() => `holdings[${i}].endAtMs`, endAtMs, { above: startAtMs });
  });
  checkIds('flexQueue', observation.flexQueue);
  observation.flexQueue.forEach(({ gpuHours, deadlineAtMs }, i) => {
    checkNumber(() => `flexQueue[${i}].gpuHours`, gpuHours, { min: 0, max: MOST_HOURS });
    checkNumber(() => `flexQueue[${i}].deadlineAtMs`, deadlineAtMs);
  });
}

function checkScenarios(scenarios: readonly CapacityScenario[]): void {
  checkList(() => 'scenarios', scenarios, 'Pass at least one scenario: a point forecast is one.');
  if (scenarios.length === 0) {
    throw new InvalidInputError('scenarios', 'must have at least one', scenarios, {
      hint: 'A point forecast is one scenario.',
    });
  }
  scenarios.forEach((scenario, s) => {
    checkObject(() => `scenarios[${s}]`, scenario);
    checkOptionalNumber(() => `scenarios[${s}].weight`, scenario.weight, { above: 0, max: 1_000_000 });
  });
  checkList(() => 'scenarios[0].demandGpus', scenarios[0]!.demandGpus, 'One value a step.');
  const stepCount = scenarios[0]!.demandGpus.length;
  scenarios.forEach(({ demandGpus, priceUsdPerGpuHour }, s) => {
    checkColumn(() => `scenarios[${s}].demandGpus`, demandGpus, stepCount, MOST_GPUS);
    checkColumn(() => `scenarios[${s}].priceUsdPerGpuHour`, priceUsdPerGpuHour, stepCount, MOST_USD);
  });
}

function checkColumn(field: () => string, values: readonly number[], stepCount: number, max: number): void {
  checkList(field, values, 'One value a step.');
  if (values.length !== stepCount || stepCount === 0) {
    throw new InvalidInputError(`${field()}.length`, 'must be the same in all scenarios, at least 1', values.length, {
      hint: `The first scenario has ${stepCount}.`,
    });
  }
  for (let k = 0; k < stepCount; k++) {
    const value = values[k]!;
    // Written out: one call for each of a hundred thousand values takes longer than the plan.
    if (value >= 0 && value <= max) continue;
    checkNumber(() => `${field()}[${k}]`, value, { min: 0, max });
  }
}

function checkOffers(offers: readonly BlockOffer[], nowMs: number): void {
  checkIds('offers', offers);
  offers.forEach((offer, i) => {
    checkNumber(() => `offers[${i}].startAtMs`, offer.startAtMs, {
      min: nowMs,
      hint: 'Only blocks that have not begun.',
    });
    checkNumber(() => `offers[${i}].endAtMs`, offer.endAtMs, { above: offer.startAtMs });
    checkNumber(() => `offers[${i}].priceUsdPerGpuHour`, offer.priceUsdPerGpuHour, PRICES);
    checkOptionalNumber(() => `offers[${i}].granularityGpus`, offer.granularityGpus, { min: 1, isWhole: true });
    checkOptionalNumber(() => `offers[${i}].maxGpus`, offer.maxGpus, { min: 0, isWhole: true });
  });
  const order = offers.map((_, i) => i).sort((x, y) => offers[x]!.startAtMs - offers[y]!.startAtMs || x - y);
  for (let k = 1; k < order.length; k++) {
    const [before, after] = [offers[order[k - 1]!]!, offers[order[k]!]!];
    if (after.startAtMs >= before.endAtMs) continue;
    throw new InvalidInputError(
      `offers[${order[k]!}].startAtMs`,
      `must not be before block '${before.id}' ends at ${before.endAtMs}`,
      after.startAtMs,
      { hint: 'Offer one block for a time; cut or drop the other.' },
    );
  }
}
