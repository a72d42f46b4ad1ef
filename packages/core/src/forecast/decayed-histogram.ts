import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';

/** What the histogram remembers: plain JSON. */
export interface DecayedHistogramState {
  readonly version: 1;
  /** Time at which a new sample weighs 1, ms since the Unix epoch; `null` before the first one. */
  readonly referenceAtMs: number | null;
  /** Time of the last sample, ms since the Unix epoch. */
  readonly atMs: number | null;
  /** Weight by bucket, from the first on; no zeros at the end. */
  readonly weights: readonly number[];
}

/** One sample. */
export interface HistogramSample {
  readonly atMs: number;
  /** >= 0, in the unit of the histogram. */
  readonly value: number;
}

/** What the histogram holds. */
export interface DecayedHistogramOptions {
  /** Time after which a sample counts half, ms, > 0. */
  readonly halfLifeMs: number;
  /** Upper end of the first bucket, in the unit of the samples, > 0: what is smaller is not told apart. */
  readonly smallest: number;
  /** Each bucket is so many times as wide as the one before, > 1. @defaultValue 1.05 */
  readonly growthRatio?: number;
}

/** A histogram that forgets. */
export interface DecayedHistogram {
  readonly init: () => DecayedHistogramState;
  readonly update: (state: DecayedHistogramState, sample: HistogramSample) => DecayedHistogramState;
  /**
   * The upper end of the bucket in which the share `probability` of all weight, from 0 to 1, is reached: never below the
   * percentile, and above it by no more than a bucket. `null` before the first sample.
   */
  readonly percentile: (state: DecayedHistogramState, probability: number) => number | null;
  /** The upper end of the highest bucket with a sample that is not forgotten: ten half-lives. `null` before the first sample. */
  readonly peak: (state: DecayedHistogramState) => number | null;
}

/** Weights are scaled down when a new sample would weigh more than 2^MAX_EXPONENT. */
const MAX_EXPONENT = 100;

/** Half-lives after which a single sample is forgotten by the peak. */
const PEAK_HALF_LIVES = 10;

/** Buckets at most: a value far above `smallest` is an error, not a full memory. */
const MAX_BUCKETS = 10_000;

/**
 * Creates a histogram in which samples lose half their weight every half-life, over buckets that grow with the value: a size
 * for a job that is as large as what was seen, but not for ever.
 *
 * Source: Rzadca et al., "Autopilot: workload autoscaling at Google", EuroSys 2020, §3.2.1, doi 10.1145/3342195.3387524; the
 * buckets and the shifting reference are those of the Kubernetes vertical pod autoscaler.
 *
 * @returns four pure functions over a JSON state. `update` and the readings are `O(buckets)`.
 * @throws InvalidInputError on an option out of range; `update` throws it on a value that is not >= 0 and finite, a time that
 * goes back, or a foreign state.
 *
 * @example
 * ```ts
 * const memory = decayedHistogram({ halfLifeMs: 86_400_000, smallest: 10 });
 * const state = memory.update(memory.init(), { atMs: 0, value: 100 });
 * memory.percentile(state, 0.95); // at least 100, less than 107
 * ```
 */
export function decayedHistogram(options: DecayedHistogramOptions): DecayedHistogram {
  const { halfLifeMs, smallest, growthRatio = 1.05 } = options;
  checkNumber('halfLifeMs', halfLifeMs, { above: 0, hint: 'One day is 86_400_000.' });
  checkNumber('smallest', smallest, { above: 0, hint: 'It is the finest difference that matters.' });
  checkNumber('growthRatio', growthRatio, { above: 1, hint: 'With 1.05 percentiles are at most 5 % high.' });

  const ends = bucketEnds(smallest, growthRatio);
  const readable = (state: DecayedHistogramState): DecayedHistogramState => checkState(state, ends.length);
  return {
    init: () => ({ version: 1, referenceAtMs: null, atMs: null, weights: [] }),
    update: (state, { atMs, value }) => {
      readable(state);
      checkNumber(() => 'atMs', atMs);
      checkNumber(() => 'value', value, { min: 0, max: ends.at(-1)!, hint: 'Choose a larger smallest value.' });
      if (state.atMs !== null && atMs < state.atMs) {
        throw new InvalidInputError('atMs', `must not be before the last sample at ${state.atMs}`, atMs, {
          hint: 'Feed samples in the order of their time.',
        });
      }
      let referenceAtMs = state.referenceAtMs ?? atMs;
      let weights = state.weights;
      let exponent = (atMs - referenceAtMs) / halfLifeMs;
      if (exponent > MAX_EXPONENT) {
        weights = trimmed(weights.map((weight) => weight * 2 ** -exponent));
        referenceAtMs = atMs;
        exponent = 0;
      }
      const bucket = firstAtLeast(ends, value);
      const next = Array.from({ length: Math.max(weights.length, bucket + 1) }, (_, k) => weights[k] ?? 0);
      next[bucket]! += 2 ** exponent;
      return { version: 1, referenceAtMs, atMs, weights: next };
    },
    percentile: (state, probability) => {
      checkNumber('probability', probability, { min: 0, max: 1, hint: '95 % is 0.95.' });
      const { weights } = readable(state);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      if (total === 0) return null;
      let sum = 0;
      for (let bucket = 0; bucket < weights.length; bucket++) {
        sum += weights[bucket]!;
        if (sum >= probability * total && weights[bucket]! > 0) return ends[bucket]!;
      }
      return ends[weights.length - 1]!;
    },
    peak: (state) => {
      const { weights, atMs, referenceAtMs } = readable(state);
      if (atMs === null || referenceAtMs === null) return null;
      const least = 2 ** ((atMs - referenceAtMs) / halfLifeMs - PEAK_HALF_LIVES);
      const bucket = weights.findLastIndex((weight) => weight >= least);
      return ends[bucket] ?? null;
    },
  };
}

/** Upper ends of the buckets, ascending. */
function bucketEnds(smallest: number, growthRatio: number): readonly number[] {
  const ends: number[] = [];
  let width = smallest;
  for (let end = smallest; ends.length < MAX_BUCKETS && Number.isFinite(end); end += width) {
    ends.push(end);
    width *= growthRatio;
  }
  return ends;
}

/** Index of the first bucket that reaches a value. */
function firstAtLeast(ends: readonly number[], value: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function trimmed(weights: readonly number[]): readonly number[] {
  return weights.slice(0, weights.findLastIndex((weight) => weight > 0) + 1);
}

function checkState(state: DecayedHistogramState, bucketCount: number): DecayedHistogramState {
  const { version, weights } = state as { readonly version: unknown; readonly weights: unknown };
  if (version === 1 && Array.isArray(weights) && weights.length <= bucketCount) return state;
  throw new InvalidInputError('state', 'must come from init or update', state, { hint: 'Start again with init().' });
}
