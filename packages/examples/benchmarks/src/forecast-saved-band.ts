import { createRandom, InvalidInputError } from '@spillway/core';

const SAMPLE_COUNT = 2_000;

/** How origins are drawn again. */
export interface SavedBandOptions {
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Origins in a row that are drawn together, whole, >= 1. @defaultValue the square root of their number, up */
  readonly blockLength?: number;
}

/**
 * How sure a saving is: origins are drawn again in blocks of neighbours, 2000 times, and the saving taken each time. Neighbouring origins share
 * weather, so drawn one by one they would seem to know more than they do.
 *
 * Source: Politis and Romano, "A Circular Block-Resampling Procedure for Stationary Data", in "Exploring the Limits of Bootstrap", 1992.
 *
 * @param errors - one an origin, in order of time; at least one.
 * @param reference - of the method compared with, the same origins; not all zero.
 * @returns the percentages between which 95 % of the resampled savings lie.
 * @throws InvalidInputError unless both list as many errors, one at least.
 */
export function savedBand(
  errors: readonly number[],
  reference: readonly number[],
  options: SavedBandOptions = {},
): { readonly low: number; readonly high: number } {
  const count = errors.length;
  if (count === 0 || reference.length !== count) {
    throw new InvalidInputError('reference', 'must list an error for each of the origins', reference.length, {
      hint: 'Measure both methods from the same origins.',
    });
  }
  const blockLength = options.blockLength ?? Math.ceil(Math.sqrt(count));
  const random = createRandom(options.seed ?? 1);
  const savings = Array.from({ length: SAMPLE_COUNT }, () => {
    let [sum, base] = [0, 0];
    for (let drawn = 0; drawn < count; drawn += blockLength) {
      const start = random.integer(count);
      for (let k = 0; k < Math.min(blockLength, count - drawn); k++) {
        sum += errors[(start + k) % count]!;
        base += reference[(start + k) % count]!;
      }
    }
    return 100 * (1 - sum / base);
  }).sort((x, y) => x - y);
  return { low: savings[0.025 * SAMPLE_COUNT]!, high: savings[0.975 * SAMPLE_COUNT - 1]! };
}
