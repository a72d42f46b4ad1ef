import { InvalidInputError } from '../errors.ts';
import { checkNumber } from '../check-number.ts';
import type { Ewma, EwmaSample, EwmaState } from './types.ts';

/**
 * Creates an exponentially weighted moving average over irregular time.
 *
 * A sample says that its value held since the sample before, so it weighs `1 - 2^(-dt / halfLifeMs)`: after one half-life
 * at a new level, half the distance is gone. Gaps and uneven sampling need no care, and a missing sample is simply not
 * fed. The first sample sets the mean; another sample at the same instant changes nothing.
 *
 * Laws: splitting an interval of constant value changes the mean by no more than rounding; the mean stays between the
 * smallest and the largest sample; a constant series is its own mean, exactly.
 *
 * Source: Eckner, "Algorithms for Unevenly Spaced Time Series: Moving Averages and Other Rolling Operators", 2019, the
 * EMA with next-point interpolation and `tau = halfLifeMs / ln 2`.
 *
 * @param options.halfLifeMs - time after which an old value counts half, ms, > 0.
 * @returns three pure functions over a JSON state; each is `O(1)`.
 * @throws InvalidInputError on a half-life that is not > 0; `update` throws it on a value or time that is not
 * finite, on a foreign state, and when time goes back.
 *
 * @example
 * ```ts
 * const average = ewma({ halfLifeMs: 60_000 });
 * const first = average.update(average.init(), { atMs: 0, value: 10 });
 * const second = average.update(first, { atMs: 60_000, value: 20 });
 * average.predict(second); // { mean: 15 }
 * ```
 */
export function ewma(options: { readonly halfLifeMs: number }): Ewma {
  const { halfLifeMs } = options;
  checkNumber('halfLifeMs', halfLifeMs, { above: 0, hint: 'One minute is 60_000.' });
  return {
    init: () => ({ version: 1, mean: null, atMs: null }),
    update: (state, sample) => update(state, sample, halfLifeMs),
    predict: ({ mean }) => ({ mean }),
  };
}

function update(state: EwmaState, { atMs, value }: EwmaSample, halfLifeMs: number): EwmaState {
  if ((state as { readonly version: unknown }).version !== 1) {
    throw new InvalidInputError('state', 'must come from init or update', state, { hint: 'Start again with init().' });
  }
  checkNumber(() => 'atMs', atMs);
  checkNumber(() => 'value', value, { hint: 'Do not feed a missing sample; the next one covers its time.' });
  if (state.mean === null || state.atMs === null) return { version: 1, mean: value, atMs };
  if (atMs < state.atMs) {
    throw new InvalidInputError('atMs', `must not be before the last sample at ${state.atMs}`, atMs, {
      hint: 'Feed samples in the order of their time.',
    });
  }
  const weightOfPast = 2 ** (-(atMs - state.atMs) / halfLifeMs);
  const mean = weightOfPast * state.mean + (1 - weightOfPast) * value;
  // Rounding must not carry the mean out of what was seen; this also keeps a constant series exactly constant.
  const low = Math.min(state.mean, value);
  const high = Math.max(state.mean, value);
  return { version: 1, mean: Math.min(high, Math.max(low, mean)), atMs };
}
