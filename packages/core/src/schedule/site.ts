import { resample } from '../time-series.ts';
import { tonnesFromGrams } from '../units.ts';
import type { ScheduleLocation, ScheduleObjective, SlotGrid } from './types.ts';

/** A location in the form the search reads: one value a slot, and what is asked of many jobs computed once. */
export interface Site {
  readonly location: ScheduleLocation;
  readonly carbonGramsPerKwh: Float64Array;
  readonly energyPriceUsdPerKwh: Float64Array;
  /** PUE by slot. */
  readonly pueRatio: Float64Array;
  /**
   * What energy adds to the objective, by slot; all of a job's cost that depends on the slot is proportional to it. A kWh
   * at the meter where PUE is one number, a kWh of the machines where it is a series.
   */
  readonly signal: Float64Array;
  /** Sums of the signal before each slot, as unevaluated pairs of numbers, high and low part. */
  readonly prefixHigh: Float64Array;
  readonly prefixLow: Float64Array;
  /** Place of each slot in the order by signal, then by time; and the slot at each place. */
  readonly rankOfSlot: Int32Array;
  readonly slotOfRank: Int32Array;
  /** 1 for slots in which nothing runs; undefined where there are none. */
  readonly closed: Uint8Array | undefined;
}

/** Brings a location's series onto the grid and prepares the sums and the order. `O(slots log slots)`. */
export function createSite(
  location: ScheduleLocation,
  slots: SlotGrid,
  objective: ScheduleObjective,
  closed?: Uint8Array,
): Site {
  const carbonGramsPerKwh = Float64Array.from(resample(location.carbon, slots).values);
  const energyPriceUsdPerKwh =
    location.energyPrice === undefined
      ? new Float64Array(slots.count)
      : Float64Array.from(resample(location.energyPrice, slots).values);
  const { pueRatio: pue = 1 } = location;
  const pueRatio =
    typeof pue === 'number' ? new Float64Array(slots.count).fill(pue) : Float64Array.from(resample(pue, slots).values);
  const signal = carbonGramsPerKwh.map((grams, slot) => {
    const perKwh = signalValue(objective, grams, energyPriceUsdPerKwh[slot]!);
    return typeof pue === 'number' ? perKwh : perKwh * pueRatio[slot]!;
  });
  const slotOfRank = Int32Array.from(signal.keys()).sort((x, y) => signal[x]! - signal[y]! || x - y);
  const rankOfSlot = new Int32Array(slots.count);
  slotOfRank.forEach((slot, rank) => {
    rankOfSlot[slot] = rank;
  });
  return {
    location,
    carbonGramsPerKwh,
    energyPriceUsdPerKwh,
    pueRatio,
    signal,
    ...prefixSums(signal),
    rankOfSlot,
    slotOfRank,
    closed,
  };
}

function signalValue(objective: ScheduleObjective, carbonGramsPerKwh: number, priceUsdPerKwh: number): number {
  switch (objective.kind) {
    case 'carbon':
      return carbonGramsPerKwh;
    case 'cost':
      return priceUsdPerKwh;
    case 'weighted':
      return priceUsdPerKwh + tonnesFromGrams(carbonGramsPerKwh) * objective.carbonPriceUsdPerTonne;
  }
}

/**
 * Prefix sums that keep the rounding error of every addition in a second number. With plain sums, windows of equal cost
 * would differ in their last bits and ties would go to any of them instead of to the earliest.
 *
 * Source: Knuth, "The Art of Computer Programming" vol. 2, 4.2.2, theorem B (TwoSum).
 */
function prefixSums(values: Float64Array): { prefixHigh: Float64Array; prefixLow: Float64Array } {
  const prefixHigh = new Float64Array(values.length + 1);
  const prefixLow = new Float64Array(values.length + 1);
  let high = 0;
  let low = 0;
  values.forEach((value, index) => {
    const sum = high + value;
    low += roundingError(high, value, sum);
    high = sum;
    prefixHigh[index + 1] = high;
    prefixLow[index + 1] = low;
  });
  return { prefixHigh, prefixLow };
}

/** `(x + y) - sum`, exactly, where `sum` is the rounded `x + y`. */
function roundingError(x: number, y: number, sum: number): number {
  const partOfY = sum - x;
  return x - (sum - partOfY) + (y - partOfY);
}

/** Sum of the signal over `count` slots from `first`. `O(1)`. */
export function signalSum({ prefixHigh, prefixLow }: Site, first: number, count: number): number {
  const to = prefixHigh[first + count]!;
  const from = -prefixHigh[first]!;
  const difference = to + from;
  return difference + (roundingError(to, from, difference) + (prefixLow[first + count]! - prefixLow[first]!));
}
