import type { EwmaSample } from '../../src/index.ts';

/**
 * The exponentially weighted mean of the step function that the samples describe, in closed form at the last instant:
 * the first value since ever, then each value over its interval, every interval weighed by the integral of
 * `ln 2 / halfLife * 2^(-age / halfLife)`.
 */
export function weightedIntegral(samples: readonly EwmaSample[], halfLifeMs: number): number {
  const nowMs = samples.at(-1)!.atMs;
  const remaining = (atMs: number): number => Math.exp((-Math.LN2 * (nowMs - atMs)) / halfLifeMs);
  let mean = samples[0]!.value * remaining(samples[0]!.atMs);
  for (let k = 1; k < samples.length; k++) {
    mean += samples[k]!.value * (remaining(samples[k]!.atMs) - remaining(samples[k - 1]!.atMs));
  }
  return mean;
}
