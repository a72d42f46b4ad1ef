import type { ScenarioTable } from './scenario-table.ts';

/** Classes of price, and how often one follows another. */
export interface PriceModel {
  /** The class of a price. */
  readonly classOf: (price: number) => number;
  /** Expected price of Flex that waits now, at a price of this class, with `stepsLeft >= 1` further steps to buy in. */
  readonly waiting: (stepsLeft: number, priceClass: number) => number;
}

/** More classes than this split the scenarios too finely to learn how they follow one another. */
const CLASS_COUNT = 14;
/** The prior: as many observed steps of every class that follow the overall shares. */
const PRIOR_STEPS = 1;

/**
 * Learns from the scenarios how prices follow one another (a Markov chain over classes of about equal share), and works
 * back from the deadline: waiting costs the expected minimum of the next price and of waiting on.
 *
 * Prices that stay high for days make waiting dear just when it looks cheap to a rule that draws each price anew.
 * `O(scenarios × steps × log classes + steps × classes²)`.
 *
 * Source: Puterman, "Markov Decision Processes", Wiley 1994, §4.5 (backward induction for optimal stopping).
 */
export function fitPriceModel(table: ScenarioTable, stepsAhead: number): PriceModel {
  const { scenarioCount, stepCount, weight, price } = table;
  const length = Math.max(2, Math.min(stepCount, stepsAhead));
  const edges = classEdges(table, Math.min(stepCount, length));
  const classOf = (value: number): number => {
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value > edges[middle]!) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const count = edges.length + 1;
  const share = new Float64Array(count);
  const mean = new Float64Array(count);
  const next = new Float64Array(count * count);
  for (let s = 0; s < scenarioCount; s++) {
    const mass = weight[s]! * scenarioCount;
    let previous = -1;
    for (let k = 0; k < Math.min(stepCount, length); k++) {
      const value = price[s * stepCount + k]!;
      const c = classOf(value);
      share[c]! += mass;
      mean[c]! += mass * value;
      if (previous >= 0) next[previous * count + c]! += mass;
      previous = c;
    }
  }
  const total = share.reduce((sum, value) => sum + value, 0);
  for (let c = 0; c < count; c++) mean[c]! /= share[c]!;
  for (let c = 0; c < count; c++) {
    let row = PRIOR_STEPS;
    for (let d = 0; d < count; d++) row += next[c * count + d]!;
    for (let d = 0; d < count; d++)
      next[c * count + d] = (next[c * count + d]! + (PRIOR_STEPS * share[d]!) / total) / row;
  }
  const values = [backward(next, mean)];
  while (values.length < length) values.push(backward(next, mean, values.at(-1)));
  return {
    classOf,
    waiting: (stepsLeft, priceClass) => values[Math.min(values.length, stepsLeft) - 1]![priceClass]!,
  };
}

/** Upper ends of all classes but the last; every class holds at least one price. */
function classEdges({ scenarioCount, stepCount, price }: ScenarioTable, length: number): readonly number[] {
  const sorted = new Float64Array(scenarioCount * length);
  for (let s = 0; s < scenarioCount; s++) sorted.set(price.subarray(s * stepCount, s * stepCount + length), s * length);
  sorted.sort();
  const edges: number[] = [];
  for (let c = 1; c < CLASS_COUNT; c++) {
    const edge = sorted[Math.floor((c * sorted.length) / CLASS_COUNT)]!;
    if (edge > (edges.at(-1) ?? -Infinity) && edge < sorted.at(-1)!) edges.push(edge);
  }
  return edges;
}

/** Expected cost of one more step of waiting, given that of waiting on after it. */
function backward(next: Float64Array, mean: Float64Array, later?: Float64Array): Float64Array {
  const count = mean.length;
  const value = new Float64Array(count);
  for (let c = 0; c < count; c++) {
    let sum = 0;
    for (let d = 0; d < count; d++)
      sum += next[c * count + d]! * (later === undefined ? mean[d]! : Math.min(mean[d]!, later[d]!));
    value[c] = sum;
  }
  return value;
}
