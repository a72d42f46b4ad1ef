/** The in-sample mean distance of values a season apart: the unit of MASE and MSIS, as the M4 rules have it. */
export function seasonalScale(history: readonly number[], season: number): number {
  let sum = 0;
  for (let at = season; at < history.length; at++) sum += Math.abs(history[at]! - history[at - season]!);
  return sum / (history.length - season);
}

/** Symmetric mean absolute percentage error, per cent, 0 to 200. */
export function smape(actual: readonly number[], predicted: readonly number[]): number {
  return mean(
    actual.map((value, k) => {
      const sum = Math.abs(value) + Math.abs(predicted[k]!);
      return sum === 0 ? 0 : (200 * Math.abs(value - predicted[k]!)) / sum;
    }),
  );
}

/** Mean absolute error, in the unit of the values. */
export function meanAbsoluteError(actual: readonly number[], predicted: readonly number[]): number {
  return mean(actual.map((value, k) => Math.abs(value - predicted[k]!)));
}

/** Mean absolute percentage error, per cent; steps whose truth is zero are left out. */
export function mape(actual: readonly number[], predicted: readonly number[]): number {
  return mean(actual.flatMap((value, k) => (value === 0 ? [] : [100 * Math.abs((value - predicted[k]!) / value)])));
}

/**
 * Mean interval score of a central band, in the unit of the values: its width, and `2 / (1 - level)` times how far the truth
 * lies outside.
 *
 * Source: Gneiting and Raftery, "Strictly Proper Scoring Rules", JASA 2007, §6.2.
 */
export function intervalScore(actual: readonly number[], band: Band, level: number): number {
  return mean(
    actual.map((value, k) => {
      const [low, high] = [band.low[k]!, band.high[k]!];
      return high - low + (2 / (1 - level)) * (Math.max(0, low - value) + Math.max(0, value - high));
    }),
  );
}

/** Share of the truths inside a band, 0 to 1. */
export function coverage(actual: readonly number[], { low, high }: Band): number {
  return mean(actual.map((value, k) => (value >= low[k]! && value <= high[k]! ? 1 : 0)));
}

/** A central band, one number a step. */
export interface Band {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** The mean of a list, NaN when it is empty. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
