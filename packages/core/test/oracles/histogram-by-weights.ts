import type { HistogramSample } from '../../src/index.ts';

/** Samples with what is left of each at the time of the last one, ascending by value. */
function weighedSamples(samples: readonly HistogramSample[], halfLifeMs: number) {
  const nowMs = samples.at(-1)!.atMs;
  return samples
    .map(({ atMs, value }) => ({ value, weight: Math.exp((-Math.LN2 * (nowMs - atMs)) / halfLifeMs) }))
    .sort((x, y) => x.value - y.value);
}

/** The weighted percentile straight from its definition: the least value at or below which the share of all weight lies. */
export function percentileByWeights(
  samples: readonly HistogramSample[],
  halfLifeMs: number,
  probability: number,
): number {
  const sorted = weighedSamples(samples, halfLifeMs);
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum >= probability * total * (1 - 1e-12)) return value;
  }
  return sorted.at(-1)!.value;
}
