import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { createRandom } from '../src/random.ts';

const MASK = 0xffff_ffffn;
const rotateLeft = (word: bigint, by: bigint) => ((word << by) | (word >> (32n - by))) & MASK;

/** xoshiro128** 1.1 as published, in whole numbers of any size: https://prng.di.unimi.it/xoshiro128starstar.c */
function* reference(state: readonly bigint[]): Generator<number> {
  const s = [...state] as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number((rotateLeft((s[1] * 5n) & MASK, 7n) * 9n) & MASK);
    const t = (s[1] << 9n) & MASK;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11n);
  }
}

/** Four words of state from a seed: a counter in steps of the golden ratio, through a 32-bit mixer. */
function stateOf(seed: number): bigint[] {
  const golden = 0x9e37_79b9n;
  const start = BigInt.asUintN(32, BigInt(seed)) ^ golden;
  return [1n, 2n, 3n, 4n].map((k) => {
    let word = (start + k * golden) & MASK;
    word = ((word ^ (word >> 16n)) * 0x21f0_aaadn) & MASK;
    word = ((word ^ (word >> 15n)) * 0x735a_2d97n) & MASK;
    return word ^ (word >> 15n);
  });
}

const take = (count: number, draw: () => number) => Array.from({ length: count }, draw);

describe('the reference in this test', () => {
  it('gives the published first numbers of the state 1, 2, 3, 4', () => {
    const numbers = reference([1n, 2n, 3n, 4n]);

    expect(take(6, () => numbers.next().value as number)).toEqual([
      11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492,
    ]);
  });
});

describe('createRandom', () => {
  it.each([0, 1, 7, -1, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER])('follows xoshiro128** from seed %d', (seed) => {
    const expected = reference(stateOf(seed));

    const { next } = createRandom(seed);

    expect(take(100, () => next() * 2 ** 32)).toEqual(take(100, () => expected.next().value as number));
  });

  it('uses the lowest 32 bits of the seed', () => {
    expect(take(5, createRandom(2 ** 32 + 5).next)).toEqual(take(5, createRandom(5).next));
    expect(take(5, createRandom(4).next)).not.toEqual(take(5, createRandom(5).next));
  });

  it('refuses seeds that are not whole numbers', () => {
    for (const seed of [0.5, NaN, Infinity, 2 ** 53]) expect(() => createRandom(seed)).toThrow(InvalidInputError);
  });

  it('draws normal numbers of mean 0 and standard deviation 1', () => {
    const draws = take(50_000, createRandom(42).normal);

    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    // Five standard errors: 5 / sqrt(n), and 5 * sqrt(2 / n).
    expect(Math.abs(mean)).toBeLessThan(0.023);
    expect(Math.abs(variance - 1)).toBeLessThan(0.032);
    // 2.275 % lie beyond two standard deviations on each side.
    const tail = draws.filter((x) => x > 2).length / draws.length;
    expect(Math.abs(tail - 0.02275)).toBeLessThan(0.0034);
  });

  it('draws exponential numbers of the mean asked for', () => {
    const { exponential } = createRandom(42);

    const draws = take(50_000, () => exponential(300));

    expect(Math.min(...draws.slice(0, 10_000))).toBeGreaterThanOrEqual(0);
    expect(Math.abs(draws.reduce((sum, x) => sum + x, 0) / draws.length - 300)).toBeLessThan(6.8);
    // One in e lies beyond the mean.
    expect(Math.abs(draws.filter((x) => x > 300).length / draws.length - 0.3679)).toBeLessThan(0.011);
  });

  it('draws every whole number below the bound about equally often', () => {
    const { integer } = createRandom(9);
    const counts = [0, 0, 0, 0, 0, 0];

    for (let k = 0; k < 60_000; k++) counts[integer(6)]!++;

    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(460);
  });
});
