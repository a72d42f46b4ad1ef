import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ewma } from '../src/forecast/index.ts';
import type { EwmaSample, EwmaState } from '../src/index.ts';
import { deepFreeze, sampleLists } from './autoscale-arbitraries.ts';

const halfLives = fc.integer({ min: 1, max: 10_000 });
const meanOf = (samples: readonly EwmaSample[], halfLifeMs: number): number => {
  const { init, update, predict } = ewma({ halfLifeMs });
  return predict(samples.reduce(update, init())).mean!;
};
const scaleOf = (samples: readonly EwmaSample[]): number => Math.max(...samples.map(({ value }) => Math.abs(value)), 0);

describe('ewma', () => {
  test('does not change when an interval of constant value is split', () => {
    fc.assert(
      fc.property(sampleLists, halfLives, fc.nat(), (samples, halfLifeMs, pick) => {
        const index = pick % samples.length;
        const sample = samples[index]!;
        const before = samples[index - 1] ?? sample;
        const middle = { value: sample.value, atMs: Math.floor((before.atMs + sample.atMs) / 2) };
        const split = [...samples.slice(0, index), middle, ...samples.slice(index)];
        // Two looks at one instant are not a split: there the first value counts.
        fc.pre(middle.atMs > before.atMs || index === 0);

        const difference = Math.abs(meanOf(split, halfLifeMs) - meanOf(samples, halfLifeMs));

        expect(difference).toBeLessThanOrEqual(1e-12 * scaleOf(samples));
      }),
    );
  });

  test('follows a change of unit and of zero', () => {
    fc.assert(
      fc.property(
        sampleLists,
        halfLives,
        fc.integer({ min: -9, max: 9 }),
        fc.nat(1_000),
        (samples, halfLifeMs, k, shift) => {
          const moved = samples.map(({ atMs, value }) => ({ atMs, value: k * value + shift }));

          const difference = Math.abs(meanOf(moved, halfLifeMs) - (k * meanOf(samples, halfLifeMs) + shift));

          expect(difference).toBeLessThanOrEqual(1e-12 * (Math.abs(k) * scaleOf(samples) + shift));
        },
      ),
    );
  });

  test('does not depend on when the clock starts', () => {
    fc.assert(
      fc.property(sampleLists, halfLives, (samples, halfLifeMs) => {
        const startAtMs = samples[0]!.atMs;
        const shifted = samples.map(({ atMs, value }) => ({ atMs: atMs - startAtMs, value }));

        expect(meanOf(shifted, halfLifeMs)).toBe(meanOf(samples, halfLifeMs));
      }),
    );
  });

  test('stays between the smallest and the largest sample, without exception for rounding', () => {
    fc.assert(
      fc.property(sampleLists, halfLives, (samples, halfLifeMs) => {
        const values = samples.map(({ value }) => value);

        const mean = meanOf(samples, halfLifeMs);

        expect(mean).toBeGreaterThanOrEqual(Math.min(...values));
        expect(mean).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });

  test('keeps a constant series exactly', () => {
    fc.assert(
      fc.property(
        sampleLists,
        halfLives,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (samples, halfLifeMs, value) => {
          expect(
            meanOf(
              samples.map(({ atMs }) => ({ atMs, value })),
              halfLifeMs,
            ) - value,
          ).toBe(0);
        },
      ),
    );
  });

  test('goes half the distance to a new level in one half-life', () => {
    fc.assert(
      fc.property(
        halfLives,
        fc.integer({ min: -1_000, max: 1_000 }),
        fc.integer({ min: -1_000, max: 1_000 }),
        (halfLifeMs, from, to) => {
          expect(
            meanOf(
              [
                { atMs: 0, value: from },
                { atMs: halfLifeMs, value: to },
              ],
              halfLifeMs,
            ),
          ).toBe((from + to) / 2);
        },
      ),
    );
  });

  test('takes up after a trip through JSON, and changes no argument', () => {
    fc.assert(
      fc.property(sampleLists, halfLives, fc.nat(), (samples, halfLifeMs, pick) => {
        const { init, update } = ewma({ halfLifeMs });
        const cut = pick % samples.length;
        const early = deepFreeze(deepFreeze(samples).slice(0, cut).reduce(update, init()));

        const stored = JSON.parse(JSON.stringify(early)) as EwmaState;

        expect(samples.slice(cut).reduce(update, stored).mean).toBe(samples.slice(cut).reduce(update, early).mean);
      }),
    );
  });
});
