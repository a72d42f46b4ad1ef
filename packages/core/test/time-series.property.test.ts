import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resample, seriesEndAtMs, valueAt } from '../src/time-series.ts';
import type { Series } from '../src/time-series.ts';

/** Series of 1 to 24 slots of whole milliseconds; any finite values of everyday size. */
const series: fc.Arbitrary<Series<'1'>> = fc.record({
  startAtMs: fc.integer({ min: -1_000_000, max: 2_000_000_000_000 }),
  stepMs: fc.integer({ min: 1, max: 3_600_000 }),
  unit: fc.constant('1' as const),
  values: fc.array(fc.double({ min: -1_000, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 24 }),
});
const integral = ({ stepMs, values }: Series) => values.reduce((sum, value) => sum + value * stepMs, 0);

describe('resample', () => {
  it('gives a series back to the last bit on its own grid', () => {
    fc.assert(
      fc.property(series, (input) => {
        const { startAtMs, stepMs, values } = input;

        expect(resample(input, { startAtMs, stepMs, count: values.length })).toEqual(input);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the integral when the series is cut in two at any instant', () => {
    fc.assert(
      fc.property(series, fc.nat(), (input, pick) => {
        const lengthMs = seriesEndAtMs(input) - input.startAtMs;
        fc.pre(lengthMs > 1);
        const cutMs = 1 + (pick % (lengthMs - 1));

        const before = resample(input, { startAtMs: input.startAtMs, stepMs: cutMs, count: 1 });
        const after = resample(input, { startAtMs: input.startAtMs + cutMs, stepMs: lengthMs - cutMs, count: 1 });

        const tolerance = 1e-12 * Math.max(1, integral(absolute(input)));
        expect(Math.abs(integral(before) + integral(after) - integral(input))).toBeLessThanOrEqual(tolerance);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the integral exactly for whole factors, coarser and finer', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 6 }), (input, factor) => {
        const fine = resample(
          { ...input, stepMs: input.stepMs * factor },
          { startAtMs: input.startAtMs, stepMs: input.stepMs, count: input.values.length * factor },
        );

        const coarse = resample(fine, {
          startAtMs: input.startAtMs,
          stepMs: input.stepMs * factor,
          count: input.values.length,
        });

        expect(Math.abs(integral(coarse) - integral(fine))).toBeLessThanOrEqual(
          1e-9 * Math.max(1, integral(absolute(fine))),
        );
        coarse.values.forEach((value, k) => {
          expect(value).toBeCloseTo(input.values[k]!, 9);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('stays between the smallest and the largest value', () => {
    fc.assert(
      fc.property(series, fc.nat(), fc.nat(), (input, from, length) => {
        const totalMs = input.stepMs * input.values.length;
        const offsetMs = from % totalMs;
        const stepMs = 1 + (length % (totalMs - offsetMs));

        const [mean] = resample(input, { startAtMs: input.startAtMs + offsetMs, stepMs, count: 1 }).values;

        expect(mean!).toBeGreaterThanOrEqual(Math.min(...input.values) - 1e-9);
        expect(mean!).toBeLessThanOrEqual(Math.max(...input.values) + 1e-9);
      }),
      { numRuns: 200 },
    );
  });

  it('agrees with the mean of the values at every millisecond', () => {
    fc.assert(
      fc.property(
        fc.record({
          startAtMs: fc.integer({ min: -50, max: 50 }),
          stepMs: fc.integer({ min: 1, max: 9 }),
          unit: fc.constant('1' as const),
          values: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 9 }),
        }),
        fc.nat(),
        fc.integer({ min: 1, max: 12 }),
        (input, from, stepMs) => {
          const totalMs = input.stepMs * input.values.length;
          const startAtMs = input.startAtMs + (from % totalMs);
          const count = Math.floor((seriesEndAtMs(input) - startAtMs) / stepMs);

          const output = resample(input, { startAtMs, stepMs, count });

          output.values.forEach((value, slot) => {
            let sum = 0;
            for (let atMs = 0; atMs < stepMs; atMs++) sum += valueAt(input, startAtMs + slot * stepMs + atMs)!;
            expect(value).toBeCloseTo(sum / stepMs, 10);
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});

function absolute(input: Series): Series {
  return { ...input, values: input.values.map(Math.abs) };
}
