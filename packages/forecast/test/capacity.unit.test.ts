import { createRandom } from '@spillway/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fast,
  forecast,
  full,
  naive,
  newsvendor,
  scenarios,
  seasonalNaive,
  type ForecastModel,
  type ScenarioSeries,
} from '../src/index.ts';

const zero: ForecastModel = {
  name: 'zero',
  minHistory: 1,
  predict: (_, horizon) => new Array<number>(horizon).fill(0),
};

describe('newsvendor', () => {
  // One-step errors of repeating the last value: 1, 2, ..., 19, each as likely.
  const history = Array.from({ length: 20 }, (_, k) => (k * (k + 1)) / 2);

  test('holds the quantile at which a unit short costs as much as units idle', () => {
    const options = { horizon: 1, model: naive(), costUnderUsd: 9, costOverUsd: 1 };

    expect(newsvendor(history, options)).toEqual({ quantity: [190 + 18], probability: 0.9, reasons: [] });
    expect(newsvendor(history, { ...options, costUnderUsd: 1, costOverUsd: 9 }).quantity).toEqual([190 + 2]);
  });

  test('holds what costs least over errors like those of the past, within one of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (under, over) => {
        fc.pre(under !== over);

        const { quantity } = newsvendor(history, { horizon: 1, costUnderUsd: under, costOverUsd: over });

        fc.pre(quantity !== null);
        const costOf = (held: number) => {
          let cost = 0;
          for (let error = 1; error <= 19; error++) {
            const wanted = 190 + error;
            cost += under * Math.max(0, wanted - held) + over * Math.max(0, held - wanted);
          }
          return cost;
        };
        const costs = Array.from({ length: 21 }, (_, k) => costOf(190 + k));
        const best = 190 + costs.indexOf(Math.min(...costs));
        expect(Math.abs(quantity[0]! - best)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('rounds up to whole units, and takes the forecast itself when both costs are alike', () => {
    const options = { horizon: 2, costUnderUsd: 2, costOverUsd: 2 };

    expect(newsvendor([1.2, 1.5], { ...options, isWhole: true })).toMatchObject({ quantity: [2, 2], probability: 0.5 });
  });

  test('says why when the history cannot back the quantile', () => {
    const options = { horizon: 1, costUnderUsd: 99, costOverUsd: 1 };

    expect(newsvendor(history, options)).toMatchObject({ quantity: null, reasons: [{ kind: 'too-few-errors' }] });
    expect(newsvendor([], { ...options, costOverUsd: 99 })).toMatchObject({
      quantity: null,
      reasons: [{ kind: 'no-history' }],
    });
  });

  test.each([fast(), full()])('of $name stays within bounds, in whole units too, whatever the history', (model) => {
    const values = fc.oneof(
      { arbitrary: fc.integer({ min: 0, max: 20 }), weight: 9 },
      { arbitrary: fc.constant(null), weight: 1 },
    );
    fc.assert(
      fc.property(
        fc.array(values, { maxLength: 60 }),
        fc.constantFrom(1, 4, 9),
        fc.boolean(),
        (history, under, isWhole) => {
          const options = { horizon: 5, seasons: [6], model, costUnderUsd: under, costOverUsd: 1, isWhole };

          const { quantity, reasons } = newsvendor(history, { ...options, nonNegative: true, maximum: 9.5 });

          if (quantity === null) expect(reasons.length).toBeGreaterThan(0);
          for (const value of quantity ?? []) {
            expect(value >= 0 && value <= (isWhole ? 9 : 9.5)).toBe(true);
            if (isWhole) expect(Number.isInteger(value)).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    ['missing', new Array<null>(30).fill(null), null, 'no-history'],
    ['of one value', new Array<number>(60).fill(3), [3, 3], 'constant-history'],
    ['of few values', [1, 2, 3], null, 'too-few-errors'],
  ])('says what it makes of a history all %s', (_, past, quantity, kind) => {
    const result = newsvendor(past, { horizon: 2, model: full(), costUnderUsd: 9, costOverUsd: 1 });

    expect(result.quantity).toEqual(quantity);
    expect(result.reasons.map((reason) => reason.kind)).toContain(kind);
  });

  test.each(['costUnderUsd', 'costOverUsd'])('refuses a %s of nothing', (field) => {
    const options = { horizon: 1, costUnderUsd: 1, costOverUsd: 1, [field]: 0 };

    expect(() => newsvendor(history, options)).toThrow(expect.objectContaining({ field }) as Error);
  });
});

describe('scenarios', () => {
  test('add the errors of one past origin to the forecast of every series', () => {
    const demand = [0, 0, 0, 5, 6, 7, 8];
    const price = [9, 1, 1, 1, 2, 2, 2, 3];

    const result = scenarios(
      { demand: { history: demand, model: zero }, price: { history: price, model: naive() } },
      { horizon: 2, stride: 2, count: 2 },
    );

    // Origins four and two steps before the end: demand errs by 5, 6 and by 7, 8, price by 1, 1 and by 0, 1.
    expect(result).toEqual({
      scenarios: [
        { demand: [5, 6], price: [4, 4] },
        { demand: [7, 8], price: [3, 4] },
      ],
      reasons: [],
    });
  });

  test('keep together what was off together', () => {
    const random = createRandom(6);
    const shock = Array.from({ length: 400 }, () => random.normal());
    const demand = { history: shock.map((value) => 100 + 10 * value), model: zero };
    const price = { history: shock.map((value) => 2 + value), model: zero };

    const { scenarios: futures } = scenarios({ demand, price }, { horizon: 4, count: 50 });

    expect(futures.length).toBe(50);
    for (const future of futures) {
      future.demand.forEach((value, step) => {
        expect(value).toBeCloseTo(100 + 10 * (future.price[step]! - 2), 9);
      });
    }
  });

  test('stay within bounds, center on the forecast, and see nothing but the past', () => {
    const histories = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 30, maxLength: 90 });
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 6 }), (history, horizon) => {
        const options = { horizon, seasons: [6] };
        const one = { history, model: fast(), nonNegative: true, maximum: 40 };

        const { scenarios: futures, reasons } = scenarios({ one }, options);

        expect(reasons).toEqual([]);
        expect(scenarios({ one }, options).scenarios).toEqual(futures);
        for (const future of futures) {
          expect(future.one.length).toBe(horizon);
          expect(future.one.every((value) => value >= 0 && value <= 40)).toBe(true);
        }
        const { mean } = forecast(history, { ...options, model: seasonalNaive({ season: 6 }), levels: [] });
        const constant = scenarios({ two: { history: history.map(() => mean[0]!) } }, options).scenarios;
        for (const { two } of constant) expect(two).toEqual(new Array<number>(horizon).fill(mean[0]!));
      }),
      { numRuns: 40 },
    );
  });

  test('leave out an origin after which a value is missing, and say so', () => {
    const history = [1, 2, 3, null, 5, 6, 7, 8];

    const result = scenarios({ one: { history, model: zero } }, { horizon: 2, count: 3 });

    expect(result.scenarios.map(({ one }) => one)).toEqual([
      [5, 6],
      [7, 8],
    ]);
    expect(result.reasons).toEqual([{ kind: 'missing-values', originCount: 1 }]);
  });

  test.each([
    ['an empty history', [], 0],
    ['one without a value', [null, null], 0],
    ['a short one', [1, 2], 2],
  ])('are none for %s, with a reason', (_, history, historyCount) => {
    expect(scenarios({ one: { history }, two: { history: [1, 2, 3, 4] } }, { horizon: 3 })).toEqual({
      scenarios: [],
      reasons: [{ kind: 'history-too-short', series: 'one', historyCount, neededCount: 4 }],
    });
  });

  test.each([
    ['series', {}, { horizon: 1 }],
    ['horizon', { one: { history: [1] } }, { horizon: 0 }],
    ['count', { one: { history: [1] } }, { horizon: 1, count: 0 }],
    ['stride', { one: { history: [1] } }, { horizon: 1, stride: 0 }],
    ['history', { one: { history: [1], model: seasonalNaive({ season: 4 }) } }, { horizon: 1 }],
  ])('refuse by the %s', (field, series, options) => {
    expect(() => scenarios(series as Record<string, ScenarioSeries>, options)).toThrow(
      expect.objectContaining({ field }) as Error,
    );
  });
});
