import { InvalidInputError } from './errors.ts';

/** A seeded source of numbers. The same seed gives the same numbers on every machine, forever. */
export interface Random {
  /** A number in [0, 1), a multiple of 2^-32. */
  readonly next: () => number;
  /** A whole number in [0, bound). `bound` is a whole number from 1 to 2^32. */
  readonly integer: (bound: number) => number;
  /** A draw from the standard normal distribution. */
  readonly normal: () => number;
  /** A draw from the exponential distribution of the given mean, in the mean's unit. */
  readonly exponential: (mean: number) => number;
  /** A new array with the items in random order. */
  readonly shuffle: <T>(items: readonly T[]) => T[];
}

/**
 * Creates a seeded random generator.
 *
 * Source: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 2021 (xoshiro128**), state
 * filled by a 32-bit mixer in the manner of SplitMix. The algorithm does not change within a major version. Not for
 * cryptography.
 *
 * @param seed - any safe integer; its lowest 32 bits are used.
 * @returns a {@link Random}; each call of `createRandom` starts a new, independent sequence.
 * @throws {@link InvalidInputError} when the seed is not a safe integer.
 *
 * @example
 * ```ts
 * const random = createRandom(7);
 * random.integer(6); // the same number in every run
 * ```
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new InvalidInputError('seed', 'must be a whole number', seed, { hint: 'Pass an integer such as 42.' });
  }
  let mixer = (seed | 0) ^ 0x9e3779b9;
  const mix = (): number => {
    mixer = (mixer + 0x9e3779b9) | 0;
    let t = mixer ^ (mixer >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
  // The four state words keep the names they have in the paper's code.
  let a = mix();
  let b = mix();
  let c = mix();
  let d = mix();

  const uint32 = (): number => {
    const m = Math.imul(b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const next = (): number => uint32() / 4_294_967_296;
  const integer = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    integer,
    // Box-Muller; 1 - next() is in (0, 1], so the logarithm is finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    exponential: (mean) => -mean * Math.log(1 - next()),
    shuffle: (items) => {
      const shuffled = [...items];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
      }
      return shuffled;
    },
  };
}
