import { createRandom } from '@spillway/core';
import { describe, expect, it } from 'vitest';
import { savedBand } from '../src/forecast-saved-band.ts';

describe('savedBand', () => {
  it('is a point when every origin saves the same share', () => {
    const reference = [1, 5, 2, 8, 3];

    const { low, high } = savedBand(
      reference.map((error) => 0.75 * error),
      reference,
    );

    expect(low).toBeCloseTo(25, 9);
    expect(high).toBeCloseTo(25, 9);
  });

  it('spans two standard errors to either side for origins that have nothing in common', () => {
    const random = createRandom(3);
    const errors = Array.from({ length: 400 }, () => 0.8 + 0.2 * random.normal());
    const mean = errors.reduce((sum, value) => sum + value, 0) / 400;

    const { low, high } = savedBand(
      errors,
      errors.map(() => 1),
      { blockLength: 1 },
    );

    // The standard error of the mean is 0.2 / sqrt(400) = 0.01, one per cent of the reference.
    expect(low).toBeCloseTo(100 * (1 - mean) - 1.96, 0);
    expect(high).toBeCloseTo(100 * (1 - mean) + 1.96, 0);
  });

  it('is wider where neighbours are alike, when they are drawn together', () => {
    const random = createRandom(4);
    const errors = Array.from({ length: 30 }, () => 0.8 + 0.2 * random.normal()).flatMap((error) =>
      new Array<number>(10).fill(error),
    );
    const reference = errors.map(() => 1);
    const widthOf = (blockLength: number) => {
      const { low, high } = savedBand(errors, reference, { blockLength });
      return high - low;
    };

    expect(widthOf(20) / widthOf(1)).toBeGreaterThan(2);
    expect(savedBand(errors, reference)).toEqual(savedBand(errors, reference));
  });

  it.each([
    ['no origins', [], []],
    ['origins that differ', [1, 2], [1]],
  ])('refuses %s', (_, errors, reference) => {
    expect(() => savedBand(errors, reference)).toThrow(expect.objectContaining({ field: 'reference' }) as Error);
  });
});
