import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';

/** What the bands remember: plain JSON. */
export interface AdaptiveBandsState {
  readonly version: 1;
  /** Half the width of the band, in the unit of the series; below 0 the band is empty. `null` before the first error. */
  readonly radius: number | null;
  /** The largest absolute error so far, in the unit of the series. */
  readonly largest: number;
  /** Errors seen. */
  readonly errorCount: number;
}

/** How sure the bands are to be. */
export interface AdaptiveBandsOptions {
  /** Share of the values that the band is to hold, above 0 and below 1. */
  readonly level: number;
  /** How far one miss widens the band, as a share of the largest error so far, above 0, at most 1. @defaultValue 0.05 */
  readonly rateRatio?: number;
  /** Cuts the band off at zero. @defaultValue false */
  readonly nonNegative?: boolean;
}

/** A band around a forecast, or why there is none. */
export interface AdaptiveBand {
  readonly band: { readonly low: number; readonly high: number } | null;
  readonly reasons: readonly {
    readonly kind: 'too-few-errors';
    readonly errorCount: number;
    readonly neededCount: number;
  }[];
}

/** Bands that learn from each forecast whether they were too narrow. */
export interface AdaptiveBands {
  readonly init: () => AdaptiveBandsState;
  /** Takes in what was forecast and what came. */
  readonly update: (
    state: AdaptiveBandsState,
    outcome: { readonly predicted: number; readonly actual: number },
  ) => AdaptiveBandsState;
  readonly band: (state: AdaptiveBandsState, predicted: number) => AdaptiveBand;
}

/**
 * Creates bands for a stream of forecasts of any origin. A miss widens the band by `rateRatio × level` of the largest error so
 * far, a hit narrows it by `rateRatio × (1 - level)`: in the long run it holds the share `level`, whatever the series does.
 *
 * Over n outcomes since the band was first given, the share differs from `level` by no more than
 * `(1 + 2 × rateRatio) / (rateRatio × n)` when the largest error came before; each new largest error starts the count anew at
 * worst. The band is never infinite: after a break it takes about `1 / rateRatio` misses to reach it.
 *
 * Source: Gibbs and Candès, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 2021, arXiv 2106.00170, in the form
 * of the quantile tracker of Angelopoulos, Candès and Tibshirani, "Conformal PID Control for Time Series Prediction", NeurIPS
 * 2023, arXiv 2307.16895, §2.1.
 *
 * @returns three pure functions over a JSON state; each is `O(1)`.
 * @throws InvalidInputError on an option out of range; `update` and `band` throw it on a number that is not finite or a
 * foreign state.
 *
 * @example
 * ```ts
 * const bands = adaptiveBands({ level: 0.8 });
 * let state = bands.init();
 * for (const actual of [4, 6, 5, 7]) state = bands.update(state, { predicted: 5, actual });
 * bands.band(state, 5).band; // { low: 3, high: 7 }
 * ```
 */
export function adaptiveBands(options: AdaptiveBandsOptions): AdaptiveBands {
  const { level, rateRatio = 0.05, nonNegative = false } = options;
  checkNumber('level', level, { above: 0, max: 1, hint: '95 % is 0.95.' });
  if (level === 1) {
    throw new InvalidInputError('level', 'must be below 1', level, {
      hint: 'No band holds every value. 95 % is 0.95.',
    });
  }
  checkNumber('rateRatio', rateRatio, { above: 0, max: 1 });
  // The slack is for levels that are not exact in binary: 0.8 / 0.2 is 4.000000000000001.
  const neededCount = Math.ceil(level / (1 - level) - 1e-9);
  return {
    init: () => ({ version: 1, radius: null, largest: 0, errorCount: 0 }),
    update: (state, { predicted, actual }) => {
      checkState(state);
      checkNumber(() => 'predicted', predicted);
      checkNumber(() => 'actual', actual, { hint: 'Leave out a missing value.' });
      const size = Math.abs(actual - predicted);
      const largest = Math.max(state.largest, size);
      const errorCount = state.errorCount + 1;
      // Until there are errors enough, the largest one is the best guess.
      if (state.radius === null || errorCount <= neededCount)
        return { version: 1, radius: largest, largest, errorCount };
      const isMissed = size > state.radius;
      const radius = state.radius + rateRatio * largest * (isMissed ? level : level - 1);
      return { version: 1, radius, largest, errorCount };
    },
    band: (state, predicted) => {
      checkState(state);
      checkNumber(() => 'predicted', predicted);
      const { radius, errorCount } = state;
      if (radius === null || errorCount < neededCount) {
        return { band: null, reasons: [{ kind: 'too-few-errors', errorCount, neededCount }] };
      }
      const reach = Math.max(0, radius);
      const cut = (value: number): number => (nonNegative ? Math.max(0, value) : value);
      return { band: { low: cut(predicted - reach), high: cut(predicted + reach) }, reasons: [] };
    },
  };
}

function checkState(state: AdaptiveBandsState): void {
  if ((state as { readonly version: unknown }).version === 1) return;
  throw new InvalidInputError('state', 'must come from init or update', state, { hint: 'Start again with init().' });
}
