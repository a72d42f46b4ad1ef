import { createRandom } from '@spillway/core';
import type { CarbonSeries } from '@spillway/core';

const NOISE_SERIES_COUNT = 10;
/** Standard deviation of the forecast error over the mean of the series. */
const NOISE_RATIO = 0.05;

/** Ten forecasts of a series: what came plus normal noise of 5 % of its mean, never below 0. */
export function noisyForecasts(actual: CarbonSeries, seed: number): readonly CarbonSeries[] {
  // One generator draws the ten series one after the other, so no two seeds share any.
  const { normal } = createRandom(seed);
  const mean = actual.values.reduce((sum, value) => sum + value, 0) / actual.values.length;
  return Array.from({ length: NOISE_SERIES_COUNT }, () => ({
    ...actual,
    values: actual.values.map((value) => Math.max(0, value + normal() * NOISE_RATIO * mean)),
  }));
}
