import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../src/random.ts';

const seeds = fc.maxSafeInteger();

describe('createRandom', () => {
  it('starts the same sequence again for the same seed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const draw = () => {
          const random = createRandom(seed);
          return [
            random.next(),
            random.integer(100),
            random.normal(),
            random.exponential(5),
            random.shuffle([1, 2, 3]),
          ];
        };

        expect(draw()).toEqual(draw());
      }),
    );
  });

  it('stays in [0, 1), on multiples of 2^-32', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { next } = createRandom(seed);
        for (let k = 0; k < 20; k++) {
          const value = next();
          expect(value >= 0 && value < 1 && Number.isInteger(value * 2 ** 32)).toBe(true);
        }
      }),
    );
  });

  it('stays in [0, bound) for whole numbers', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const { integer } = createRandom(seed);
        for (let k = 0; k < 20; k++) {
          const value = integer(bound);
          expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
        }
      }),
    );
  });

  it('shuffles into a permutation and leaves the items alone', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer()), (seed, items) => {
        const before = [...items];

        const shuffled = createRandom(seed).shuffle(items);

        expect(items).toEqual(before);
        expect(shuffled.toSorted((x, y) => x - y)).toEqual(before.toSorted((x, y) => x - y));
      }),
    );
  });

  it('reaches every order of three items', () => {
    const orders = new Set(
      Array.from({ length: 200 }, (_, seed) => createRandom(seed).shuffle(['a', 'b', 'c']).join('')),
    );

    expect([...orders].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
  });
});
