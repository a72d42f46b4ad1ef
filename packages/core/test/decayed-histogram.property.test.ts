import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decayedHistogram, type DecayedHistogramState, type HistogramSample } from '../src/index.ts';
import { deepFreeze } from './autoscale-arbitraries.ts';
import { percentileByWeights } from './oracles/histogram-by-weights.ts';

const halfLifeMs = 1_000;
const histogram = decayedHistogram({ halfLifeMs, smallest: 1 });
const feed = (samples: readonly HistogramSample[], state = histogram.init()) => samples.reduce(histogram.update, state);

const samples: fc.Arbitrary<readonly HistogramSample[]> = fc
  .array(fc.record({ gapMs: fc.integer({ min: 0, max: 4_000 }), value: fc.integer({ min: 0, max: 5_000 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((list) => {
    let atMs = 0;
    return list.map(({ gapMs, value }) => ({ atMs: (atMs += gapMs), value }));
  });

describe('decayedHistogram', () => {
  test('knows nothing before the first sample', () => {
    expect(histogram.percentile(histogram.init(), 0.5)).toBeNull();
    expect(histogram.peak(histogram.init())).toBeNull();
  });

  test('gives percentiles that are never too low, and too high by at most a bucket', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(0.1, 0.5, 0.9, 0.95, 1), (list, probability) => {
        const percentile = histogram.percentile(feed(list), probability)!;

        // What rounds away at the very end of the weight may decide between neighbours: ask a hair less and a hair more.
        const low = percentileByWeights(list, halfLifeMs, probability - 1e-9);
        const high = percentileByWeights(list, halfLifeMs, Math.min(1, probability + 1e-9));
        expect(percentile).toBeGreaterThanOrEqual(low);
        // Buckets end at 20 * 1.05^k + constant, so a bucket is at most 5 % and the first one wide.
        expect(percentile).toBeLessThanOrEqual(1.05 * high + 1.05);
      }),
      { numRuns: 300 },
    );
  });

  test('keeps a peak for ten half-lives and no longer', () => {
    const first = { atMs: 0, value: 900 };
    const after = (halfLives: number) => feed([first, { atMs: halfLives * halfLifeMs, value: 10 }]);

    expect(histogram.peak(after(9.9))).toBeGreaterThanOrEqual(900);
    expect(histogram.peak(after(10.1))).toBeLessThan(12);
  });

  test('forgets by half-lives, however long it runs', () => {
    const old = Array.from({ length: 50 }, (_, k) => ({ atMs: k, value: 800 }));
    const late = { atMs: 5_000 * halfLifeMs, value: 3 };

    const state = feed([...old, late]);

    expect(histogram.percentile(state, 1)).toBeLessThan(5);
    expect(state.weights.every(Number.isFinite)).toBe(true);
  });

  test('does not depend on when the clock starts, or on a trip through JSON', () => {
    fc.assert(
      fc.property(samples, fc.nat(), fc.integer({ min: -1_000_000, max: 1_000_000 }), (list, pick, startAtMs) => {
        const cut = pick % list.length;
        const early = deepFreeze(feed(deepFreeze(list).slice(0, cut)));

        const resumed = feed(list.slice(cut), JSON.parse(JSON.stringify(early)) as DecayedHistogramState);

        expect(resumed).toEqual(feed(list));
        const moved = feed(list.map(({ atMs, value }) => ({ atMs: atMs + startAtMs, value })));
        expect(moved.weights).toEqual(resumed.weights);
      }),
    );
  });

  test.each([
    ['halfLifeMs', { halfLifeMs: 0, smallest: 1 }],
    ['smallest', { halfLifeMs, smallest: 0 }],
    ['growthRatio', { halfLifeMs, smallest: 1, growthRatio: 1 }],
  ])('refuses by %s', (field, options) => {
    expect(() => decayedHistogram(options)).toThrow(expect.objectContaining({ field }) as Error);
  });

  test.each([
    ['value', { atMs: 5, value: -1 }],
    ['value', { atMs: 5, value: NaN }],
    ['atMs', { atMs: 4, value: 1 }],
    ['atMs', { atMs: Infinity, value: 1 }],
  ])('refuses a sample by its %s', (field, sample) => {
    const state = feed([{ atMs: 5, value: 1 }]);

    expect(() => histogram.update(state, sample)).toThrow(expect.objectContaining({ field }) as Error);
  });

  test('refuses a foreign state and a probability that is none', () => {
    expect(() => histogram.peak({} as never)).toThrow(expect.objectContaining({ field: 'state' }) as Error);
    expect(() => histogram.percentile(histogram.init(), 95)).toThrow(
      expect.objectContaining({ field: 'probability' }) as Error,
    );
  });
});
