import { centredMean, loess } from './smooth.ts';

/** A series as the sum of a season for each period, a trend and what remains. */
export interface Decomposition {
  /** One series a period, in the order of the periods. */
  readonly seasonal: readonly Float64Array[];
  readonly trend: Float64Array;
  /** The series without its seasons. */
  readonly adjusted: Float64Array;
}

const PASS_COUNT = 2;

/**
 * Splits a series by periods, shortest first, in two passes over all of them: each time the others' seasons are taken out, the
 * values of each phase are smoothed over the cycles, and what a mean over the period still holds is left to the trend.
 *
 * Source: Bandara, Hyndman and Bergmeir, "MSTL: A Seasonal-Trend Decomposition Algorithm for Time Series with Multiple
 * Seasonal Patterns", 2021, arXiv 2107.13462. Deviations: the trend within a pass is a centred mean, later smoothed, in place
 * of an inner loop; no robustness weights.
 *
 * @param periods - ascending; two full cycles of each lie in the series.
 * @param spanOf - cycles that the smoothing of the k-th period spans.
 * @returns `O(passes × values × (longest period + spans))`.
 */
export function decompose(
  values: Float64Array,
  periods: readonly number[],
  spanOf: (k: number) => number = (k) => 11 + 4 * k,
): Decomposition {
  const count = values.length;
  const seasonal = periods.map(() => new Float64Array(count));
  const rest = Float64Array.from(values);
  for (let pass = 0; pass < PASS_COUNT; pass++) {
    periods.forEach((period, k) => {
      const season = seasonal[k]!;
      for (let at = 0; at < count; at++) rest[at]! += season[at]!;
      const mean = centredMean(rest, period);
      const trend = pass === 0 && k === 0 ? mean : loess(mean, Math.round(1.5 * period) | 1);
      const raw = smoothPhases(rest, trend, period, spanOf(k));
      const low = centredMean(raw, period);
      for (let at = 0; at < count; at++) {
        season[at] = raw[at]! - low[at]!;
        rest[at]! -= season[at]!;
      }
    });
  }
  return { seasonal, trend: loess(rest, (Math.round(1.5 * (periods.at(-1) ?? 7)) + 2) | 1), adjusted: rest };
}

function smoothPhases(values: Float64Array, trend: Float64Array, period: number, span: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let phase = 0; phase < period; phase++) {
    const cycles = new Float64Array(Math.ceil((values.length - phase) / period));
    for (let k = 0, at = phase; k < cycles.length; k++, at += period) cycles[k] = values[at]! - trend[at]!;
    const smooth = loess(cycles, span);
    for (let k = 0, at = phase; k < cycles.length; k++, at += period) result[at] = smooth[k]!;
  }
  return result;
}
