import { createRandom } from '@spillway/core';
import fc from 'fast-check';
import { MultivariateLinearRegression } from 'ml-regression';
import { describe, expect, test } from 'vitest';
import { fourierAutoregression, ridgeAutoregression } from '../src/index.ts';
import { autoregressionByRows } from './oracles/least-squares.ts';

/** A noisy walk around a season, so that lags are not combinations of each other. */
function noisySeries(seed: number, count: number, period: number): number[] {
  const random = createRandom(seed);
  let level = 0;
  return Array.from({ length: count }, (_, at) => {
    level = 0.7 * level + random.normal();
    return 100 + 5 * Math.sin((2 * Math.PI * at) / period) + level;
  });
}

const cases = fc.record({
  seed: fc.integer(),
  count: fc.integer({ min: 60, max: 120 }),
  lags: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
  horizon: fc.integer({ min: 1, max: 10 }),
  shift: fc.constantFrom(0, -1_000, 100_000),
});

const expectClose = (values: readonly number[], expected: readonly number[], tolerance: number) => {
  expect(values.length).toBe(expected.length);
  values.forEach((value, k) => {
    expect(Math.abs(value - expected[k]!)).toBeLessThanOrEqual(tolerance);
  });
};

/** The forecast of a fit of ml-regression to the lags, each step from the ones before. */
function byMlRegression(history: readonly number[], lags: readonly number[], horizon: number): number[] {
  const path = [...history];
  const rowAt = (at: number) => lags.map((lag) => path[at - lag]!);
  const at = history.map((_, index) => index).slice(Math.max(...lags));
  const fit = new MultivariateLinearRegression(
    at.map(rowAt),
    at.map((index) => [history[index]!]),
  );
  for (let step = 0; step < horizon; step++) path.push(fit.predict(rowAt(path.length))[0]!);
  return path.slice(history.length);
}

describe('autoregressions agree with least squares on their rows', () => {
  test('as ml-regression fits them, without a penalty', () => {
    fc.assert(
      fc.property(cases, ({ seed, count, lags, horizon }) => {
        const history = noisySeries(seed, count, 7);

        expectClose(
          ridgeAutoregression({ lags, ridge: 0 }).predict(history, horizon),
          byMlRegression(history, lags, horizon),
          1e-8 * 100,
        );
      }),
    );
  });

  test.each([0, 1, 25])('on lags, with a penalty of %d', (ridge) => {
    fc.assert(
      fc.property(cases, ({ seed, count, lags, horizon }) => {
        const history = noisySeries(seed, count, 7);
        const sorted = lags.toSorted((x, y) => x - y);

        const predicted = ridgeAutoregression({ lags, ridge }).predict(history, horizon);

        expectClose(
          predicted,
          autoregressionByRows(history, horizon, { lags: sorted, period: 1, waves: 0, ridge }),
          1e-8 * 100,
        );
      }),
    );
  });

  test.each([0, 1])('on lags and waves, with a penalty of %d', (ridge) => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 4 }), ({ seed, count, lags, horizon }, waves) => {
        const history = noisySeries(seed, count, 12);
        const sorted = lags.toSorted((x, y) => x - y);

        const model = fourierAutoregression({ seasons: [12], lags, waves, ridge });

        const terms = { lags: sorted, period: 12, waves, ridge };
        expectClose(model.predict(history, horizon), autoregressionByRows(history, horizon, terms), 1e-8 * 100);
      }),
    );
  });

  test('on changes, summed up from the last value', () => {
    fc.assert(
      fc.property(cases, ({ seed, count, lags, horizon }) => {
        const history = noisySeries(seed, count, 7);
        const changes = history.slice(1).map((value, at) => value - history[at]!);
        const sorted = lags.toSorted((x, y) => x - y);

        const predicted = ridgeAutoregression({ lags, ridge: 1, isDifferenced: true }).predict(history, horizon);

        let last = history.at(-1)!;
        const expected = autoregressionByRows(changes, horizon, { lags: sorted, period: 1, waves: 0, ridge: 1 }).map(
          (change) => (last += change),
        );
        expectClose(predicted, expected, 1e-8 * 100);
      }),
    );
  });

  test('and share work between origins without changing an answer, or seeing what comes after', () => {
    const models = [
      ridgeAutoregression(),
      ridgeAutoregression({ isDifferenced: true }),
      fourierAutoregression(),
      fourierAutoregression({ waves: 3, isDifferenced: true }),
    ];
    fc.assert(
      fc.property(cases, fc.integer({ min: 0, max: 3 }), ({ seed, count, horizon, shift }, which) => {
        const model = models[which]!;
        const history = noisySeries(seed, count, 6).map((value) => value + shift);
        // The last ones are less than a season apart, those before more.
        const origins = [5, 20, 21, 50, 51, 55];
        const seasons = [6, 18];

        const together = model.predictFrom!(history, origins, horizon, seasons);
        const changed = model.predictFrom!([...history.slice(0, 55), 1e6, -1e6], origins, horizon, seasons);

        expect(changed).toEqual(together);
        origins.forEach((origin, k) => {
          const alone = model.predict(history.slice(0, origin), horizon, seasons);
          expectClose(together[k]!, alone, 1e-6 * Math.max(...history.map(Math.abs)));
        });
      }),
    );
  });

  test('and give a column that follows from others the coefficient zero, in place of a division by nothing', () => {
    // With period 2 every lag of an even distance is the same column.
    const history = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? 3 : 7));

    const predicted = ridgeAutoregression({ lags: [2, 4, 6], ridge: 0 }).predict(history, 4);

    expectClose(predicted, [3, 7, 3, 7], 1e-9);
  });
});
