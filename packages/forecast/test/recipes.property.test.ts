import { createRandom } from '@spillway/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fast, forecast, full, ridgeAutoregression, seasonalNaive, withConformal } from '../src/index.ts';
import type { ForecastModel, ForecastResult } from '../src/index.ts';

const recipes = [
  ['fast', fast()],
  ['full', full()],
] as const;
const values = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 90 }), weight: 20 },
  { arbitrary: fc.constant(null), weight: 1 },
);
const histories = fc.array(values, { maxLength: 150 });
const optionSets = fc.record({
  horizon: fc.integer({ min: 1, max: 12 }),
  seasons: fc.subarray([6, 24]),
  levels: fc.subarray([0.2, 0.5, 0.8, 0.95], { minLength: 1 }),
  nonNegative: fc.boolean(),
});

const columnsOf = ({ mean, quantiles }: ForecastResult) =>
  mean.map((_, step) => Object.values(quantiles).map((list) => list[step]!));

describe.each(recipes)('%s', (_, model) => {
  test('answers any history: quantiles ascend, lie within bounds, and are finite', () => {
    fc.assert(
      fc.property(histories, optionSets, (history, options) => {
        const bounded = { ...options, model, nonNegative: true, maximum: 60 };

        const result = forecast(history, bounded);

        const isEmpty = history.every((value) => value === null);
        expect(result.mean.length).toBe(isEmpty ? 0 : options.horizon);
        for (const column of [...columnsOf(result), result.mean]) {
          expect(column.every((value) => Number.isFinite(value) && value >= 0 && value <= 60)).toBe(true);
        }
        for (const column of columnsOf(result)) expect(column).toEqual(column.toSorted((x, y) => x - y));
        const omitted = result.diagnostics.reasons.filter(({ kind }) => kind === 'too-few-errors').length;
        if (!isEmpty) expect(Object.keys(result.quantiles).length).toBe(2 * (options.levels.length - omitted));
      }),
    );
  });

  test('says the same again, and the same after a trip through JSON', () => {
    fc.assert(
      fc.property(histories, optionSets, (history, options) => {
        const frozen = Object.freeze([...history]);

        const result = forecast(frozen, { ...options, model });

        expect(forecast(history, { ...options, model })).toEqual(result);
        expect(JSON.parse(JSON.stringify(result))).toEqual(result);
      }),
      { numRuns: 30 },
    );
  });

  test('follows a change of unit', () => {
    fc.assert(
      fc.property(histories, optionSets, fc.constantFrom(0.01, 7, 1_000), (history, options, unit) => {
        const before = forecast(history, { ...options, model });

        const after = forecast(
          history.map((value) => (value === null ? null : unit * value)),
          { ...options, model },
        );

        expect(Object.keys(after.quantiles)).toEqual(Object.keys(before.quantiles));
        const [one, other] = [columnsOf(before).flat(), columnsOf(after).flat()];
        [...one, ...before.mean].forEach((value, k) => {
          expect(Math.abs([...other, ...after.mean][k]! - unit * value)).toBeLessThanOrEqual(1e-5 * 90 * unit);
        });
      }),
      { numRuns: 40 },
    );
  });

  test('repeats a history that repeats itself, with bands of no width', () => {
    const cycles = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(cycles, fc.integer({ min: 36, max: 90 }), (cycle, count) => {
        const history = Array.from({ length: count }, (_value, step) => cycle[step % 6]!);

        const { mean, quantiles } = forecast(history, { horizon: 6, seasons: [6], model });

        const truth = Array.from({ length: 6 }, (_value, step) => cycle[(count + step) % 6]!);
        for (const list of [mean, ...Object.values(quantiles)]) {
          list.forEach((value, step) => {
            expect(value - truth[step]!).toBe(0);
          });
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('pooled bands', () => {
  /** Errs by known amounts: predicts 0 where the truth is the step ahead, up or down in turn. */
  const zero: ForecastModel = { name: 'zero', minHistory: 1, predict: (_, h) => new Array<number>(h).fill(0) };

  test('are as wide as errors of their step reach, times the rank of their size', () => {
    // All errors are 2 in size, so every score is 1 and each band is exactly the reach.
    const history = Array.from({ length: 200 }, (_, k) => (k % 2 === 0 ? 2 : -2));

    const { quantiles } = forecast(history, {
      horizon: 4,
      levels: [0.8],
      model: withConformal(zero, { origins: 10, stride: 4 }),
    });

    expect(quantiles).toEqual({ '0.1': [-2, -2, -2, -2], '0.9': [2, 2, 2, 2] });
  });

  test('grow with the distance of a random walk', () => {
    const random = createRandom(5);
    let level = 0;
    const walk = Array.from({ length: 600 }, () => (level += random.normal()));

    const { mean, quantiles } = forecast(walk, {
      horizon: 16,
      levels: [0.8],
      model: withConformal(seasonalNaive(), { origins: 30, stride: 16 }),
    });

    const reach = (step: number) => quantiles['0.9']![step]! - mean[step]!;
    expect(reach(15)).toBeGreaterThan(1.3 * reach(0));
  });

  test('need a few errors that count as independent, and say how many', () => {
    const history = Array.from({ length: 60 }, (_, k) => (k * 7919) % 31);
    const model = withConformal(zero, { origins: 2, stride: 4 });

    const { quantiles, diagnostics } = forecast(history, { horizon: 8, levels: [0.5, 0.8], model });

    // Two origins test twelve steps: three errors. 0.5 needs one, 0.8 four.
    expect(Object.keys(quantiles)).toEqual(['0.25', '0.75']);
    expect(diagnostics.reasons).toEqual([{ kind: 'too-few-errors', level: 0.8, errorCount: 3, neededCount: 4 }]);
  });

  test('hold the truth about as often as their level says, on simulated noise', () => {
    const random = createRandom(11);
    const [horizon, seriesCount] = [12, 120];
    for (const level of [0.8, 0.95]) {
      let inside = 0;
      for (let k = 0; k < seriesCount; k++) {
        let noise = 0;
        const all = Array.from({ length: 300 + horizon }, (_, t) => {
          noise = 0.6 * noise + random.normal();
          return 10 * Math.sin((2 * Math.PI * t) / 12) + noise;
        });
        const [low, high] = Object.values(
          forecast(all.slice(0, 300), { horizon, seasons: [12], levels: [level], model: fast() }).quantiles,
        );
        for (let step = 0; step < horizon; step++) {
          if (low![step]! <= all[300 + step]! && all[300 + step]! <= high![step]!) inside++;
        }
      }
      // Errors of neighbouring steps are alike, so the rank leans to the wide side.
      expect(inside / (seriesCount * horizon)).toBeGreaterThan(level - 0.02);
      expect(inside / (seriesCount * horizon)).toBeLessThan(level + 0.05);
    }
  });

  test.each([
    ['origins', { origins: 1 }],
    ['stride', { stride: 0 }],
  ])('refuse a wrong number of %s', (field, options) => {
    expect(() => withConformal(ridgeAutoregression(), options)).toThrow(expect.objectContaining({ field }) as Error);
  });
});
