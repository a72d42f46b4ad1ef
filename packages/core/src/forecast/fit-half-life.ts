import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { ewma } from './ewma.ts';
import type { EwmaSample } from './types.ts';

/** What the average is to foresee. */
export interface FitHalfLifeOptions {
  /** How far ahead the average is used as the forecast, ms, > 0: samples up to then are compared with it. */
  readonly horizonMs: number;
  /**
   * Half-lives to try, ms, > 0.
   * @defaultValue powers of the square root of 2 times the median interval, from half of it to the length of the history
   */
  readonly candidatesMs?: readonly number[];
}

/** Why there is no half-life. */
export type FitHalfLifeReason =
  | { readonly kind: 'too-few-samples'; readonly sampleCount: number; readonly neededCount: number }
  /** No sample follows another one within the horizon, at a later time than the first. */
  | { readonly kind: 'none-within-horizon'; readonly sampleCount: number; readonly horizonMs: number };

/** The half-life that would have erred least. */
export interface FitHalfLifeResult {
  /** ms; `null` when nothing could be compared. */
  readonly halfLifeMs: number | null;
  /** Mean absolute error over the samples within the horizon, in the unit of the samples; `null` with the half-life. */
  readonly absoluteError: number | null;
  /** Comparisons of a forecast with a sample. */
  readonly errorCount: number;
  readonly reasons: readonly FitHalfLifeReason[];
}

/** Steps between candidates: half-lives closer together can hardly be told apart. */
const CANDIDATE_RATIO = Math.SQRT2;

/** Fewer samples say nothing about a half-life. */
const LEAST_SAMPLES = 3;

/**
 * Chooses the half-life of {@link ewma} by what it would have foreseen: after each sample the average is compared with the samples
 * within the horizon. Ties go to the longer half-life, which moves less.
 *
 * @param samples - in the order of time.
 * @returns the half-life, or `null` and a reason with fewer than three samples or none within the horizon of another.
 * `O(candidates × samples × samples within the horizon)`.
 * @throws InvalidInputError on samples as {@link ewma}, and on a horizon or candidate that is not > 0.
 *
 * @example
 * ```ts
 * const { halfLifeMs } = fitHalfLife(samples, { horizonMs: 60_000 });
 * const average = ewma({ halfLifeMs: halfLifeMs ?? 60_000 });
 * ```
 */
export function fitHalfLife(samples: readonly EwmaSample[], options: FitHalfLifeOptions): FitHalfLifeResult {
  const { horizonMs, candidatesMs } = options;
  checkNumber('horizonMs', horizonMs, { above: 0, hint: 'One minute is 60_000.' });
  candidatesMs?.forEach((value, index) => {
    checkNumber(() => `candidatesMs[${index}]`, value, { above: 0 });
  });
  if (candidatesMs?.length === 0) {
    throw new InvalidInputError('candidatesMs', 'must list at least one half-life', candidatesMs, {
      hint: 'Leave it out to have them chosen.',
    });
  }
  const candidates = (candidatesMs ?? candidatesOf(samples)).toSorted((x, y) => y - x);
  const sampleCount = samples.length;
  if (sampleCount < LEAST_SAMPLES) return none({ kind: 'too-few-samples', sampleCount, neededCount: LEAST_SAMPLES });
  let best: { readonly halfLifeMs: number; readonly sum: number; readonly count: number } | undefined;
  for (const halfLifeMs of candidates) {
    const { sum, count } = errorOf(samples, halfLifeMs, horizonMs);
    if (count > 0 && (best === undefined || sum < best.sum)) best = { halfLifeMs, sum, count };
  }
  if (best === undefined) return none({ kind: 'none-within-horizon', sampleCount, horizonMs });
  return { halfLifeMs: best.halfLifeMs, absoluteError: best.sum / best.count, errorCount: best.count, reasons: [] };
}

function none(reason: FitHalfLifeReason): FitHalfLifeResult {
  return { halfLifeMs: null, absoluteError: null, errorCount: 0, reasons: [reason] };
}

function errorOf(samples: readonly EwmaSample[], halfLifeMs: number, horizonMs: number) {
  const { init, update } = ewma({ halfLifeMs });
  let state = init();
  let sum = 0;
  let count = 0;
  for (let at = 0; at < samples.length; at++) {
    state = update(state, samples[at]!);
    const untilMs = samples[at]!.atMs + horizonMs;
    for (let next = at + 1; next < samples.length && samples[next]!.atMs <= untilMs; next++) {
      sum += Math.abs(samples[next]!.value - state.mean!);
      count++;
    }
  }
  return { sum, count };
}

function candidatesOf(samples: readonly EwmaSample[]): number[] {
  const gaps = samples.slice(1).map(({ atMs }, at) => atMs - samples[at]!.atMs);
  const positive = gaps.filter((gap) => gap > 0).sort((x, y) => x - y);
  const middle = positive[positive.length >> 1];
  if (middle === undefined) return [];
  const lengthMs = samples.at(-1)!.atMs - samples[0]!.atMs;
  const candidates: number[] = [];
  for (let halfLifeMs = middle / 2; halfLifeMs <= lengthMs; halfLifeMs *= CANDIDATE_RATIO) candidates.push(halfLifeMs);
  return candidates;
}
