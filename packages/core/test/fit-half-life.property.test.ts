import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom, ewma, fitHalfLife, type EwmaSample } from '../src/index.ts';
import { sampleLists } from './autoscale-arbitraries.ts';

/** The mean error of a half-life straight from its definition: an average from the start, for each sample. */
function errorByDefinition(samples: readonly EwmaSample[], halfLifeMs: number, horizonMs: number): number {
  const { init, update, predict } = ewma({ halfLifeMs });
  const errors = samples.flatMap((sample, at) => {
    const mean = predict(samples.slice(0, at + 1).reduce(update, init())).mean!;
    const ahead = samples.filter((other, k) => k > at && other.atMs <= sample.atMs + horizonMs);
    return ahead.map(({ value }) => Math.abs(value - mean));
  });
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

describe('fitHalfLife', () => {
  test('takes the candidate that erred least, and of equals the longest', () => {
    fc.assert(
      fc.property(sampleLists, fc.integer({ min: 1, max: 20_000 }), (samples, horizonMs) => {
        fc.pre(samples.length >= 3);
        const candidatesMs = [10, 100, 1_000, 10_000];

        const { halfLifeMs, absoluteError } = fitHalfLife(samples, { horizonMs, candidatesMs });

        fc.pre(halfLifeMs !== null);
        const errors = candidatesMs.map((candidate) => errorByDefinition(samples, candidate, horizonMs));
        const scale = Math.max(1, ...samples.map(({ value }) => Math.abs(value)));
        expect(absoluteError).toBeCloseTo(Math.min(...errors), 6);
        expect(Math.abs(errorByDefinition(samples, halfLifeMs, horizonMs) - Math.min(...errors))).toBeLessThan(
          1e-9 * scale,
        );
        const constant = samples.map(({ atMs }) => ({ atMs, value: 3 }));
        expect(fitHalfLife(constant, { horizonMs, candidatesMs }).halfLifeMs).toBe(10_000);
      }),
    );
  });

  test('finds a short half-life for a walk and a long one for noise around a level', () => {
    const random = createRandom(4);
    let level = 0;
    const walk = Array.from({ length: 400 }, (_, k) => ({ atMs: k * 1_000, value: (level += random.normal()) }));
    const noise = Array.from({ length: 400 }, (_, k) => ({ atMs: k * 1_000, value: random.normal() }));

    expect(fitHalfLife(walk, { horizonMs: 1_000 }).halfLifeMs).toBeLessThanOrEqual(1_000);
    expect(fitHalfLife(noise, { horizonMs: 1_000 }).halfLifeMs).toBeGreaterThan(20_000);
  });

  test('does not depend on unit and zero of the values', () => {
    fc.assert(
      fc.property(sampleLists, fc.constantFrom(0.25, 8), (samples, unit) => {
        const options = { horizonMs: 5_000, candidatesMs: [100, 5_000] };

        const moved = fitHalfLife(
          samples.map(({ atMs, value }) => ({ atMs, value: unit * value })),
          options,
        );

        const { halfLifeMs, absoluteError } = fitHalfLife(samples, options);
        expect(moved.halfLifeMs).toBe(halfLifeMs);
        expect(moved.absoluteError).toBe(absoluteError === null ? null : unit * absoluteError);
      }),
    );
  });

  test.each([
    ['no sample', [], { kind: 'too-few-samples', sampleCount: 0, neededCount: 3 }],
    ['two samples', [0, 1], { kind: 'too-few-samples', sampleCount: 2, neededCount: 3 }],
    ['far apart', [0, 90_000, 180_000], { kind: 'none-within-horizon', sampleCount: 3, horizonMs: 1_000 }],
    ['of one instant', [5, 5, 5], { kind: 'none-within-horizon', sampleCount: 3, horizonMs: 1_000 }],
  ])('has a reason when there is nothing to compare: %s', (_, times, reason) => {
    const samples = times.map((atMs) => ({ atMs, value: atMs }));

    expect(fitHalfLife(samples, { horizonMs: 1_000 })).toEqual({
      halfLifeMs: null,
      absoluteError: null,
      errorCount: 0,
      reasons: [reason],
    });
  });

  test.each([
    ['horizonMs', { horizonMs: 0 }],
    ['candidatesMs[1]', { horizonMs: 1, candidatesMs: [1, 0] }],
    ['candidatesMs', { horizonMs: 1, candidatesMs: [] }],
  ])('refuses by %s', (field, options) => {
    expect(() => fitHalfLife([], options)).toThrow(expect.objectContaining({ field }) as Error);
  });
});
