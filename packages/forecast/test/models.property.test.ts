import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  blend,
  clamped,
  damped,
  fast,
  fourierAutoregression,
  full,
  holtWinters,
  inLogs,
  mstl,
  naive,
  profile,
  ridgeAutoregression,
  seasonallyAdjusted,
  seasonalNaive,
  ses,
  theta,
  weightedBlend,
  type ForecastModel,
} from '../src/index.ts';
import { histories } from './arbitraries.ts';

const SEASONS = [4, 12];
const horizons = fc.integer({ min: 1, max: 9 });
/** Long enough for two of the longer season, with noise that no model explains. */
const longHistories = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 30, maxLength: 80 });

const affine: readonly ForecastModel[] = [
  naive(),
  seasonalNaive({ season: 4 }),
  profile(),
  ses({ alpha: 0.3 }),
  theta(),
  ridgeAutoregression(),
  ridgeAutoregression({ isDifferenced: true }),
  fourierAutoregression({ waves: 3 }),
  mstl({ inner: naive() }),
  blend([naive(), profile(), ridgeAutoregression()]),
  weightedBlend([naive(), profile(), ridgeAutoregression()]),
];
const all: readonly ForecastModel[] = [
  ...affine,
  ses(),
  damped(),
  holtWinters(),
  mstl(),
  seasonallyAdjusted(theta()),
  clamped(inLogs(ridgeAutoregression())),
  fast(),
  full(),
];

const scaleOf = (values: readonly number[]) => Math.max(1, ...values.map(Math.abs));
const expectClose = (values: readonly number[], expected: readonly number[], tolerance: number) => {
  expect(values.length).toBe(expected.length);
  values.forEach((value, k) => {
    expect(Math.abs(value - expected[k]!)).toBeLessThanOrEqual(tolerance);
  });
};

describe.each(affine.map((model) => [model.name, model] as const))('%s', (_, model) => {
  test('follows a change of unit and of zero', () => {
    fc.assert(
      fc.property(
        longHistories,
        horizons,
        fc.constantFrom(0.001, 3, 1_000),
        fc.constantFrom(0, -7, 10_000),
        (history, horizon, unit, zero) => {
          const change = (value: number) => unit * value + zero;

          const moved = model.predict(history.map(change), horizon, SEASONS);

          const expected = model.predict(history, horizon, SEASONS).map(change);
          expectClose(moved, expected, 1e-6 * scaleOf([...expected, ...history.map(change)]));
        },
      ),
    );
  });
});

describe.each(all.map((model) => [model.name, model] as const))('%s', (_, model) => {
  test('answers any history it takes with finite numbers, the same each time, and leaves it as it was', () => {
    fc.assert(
      fc.property(histories, horizons, (history, horizon) => {
        fc.pre(history.length >= model.minHistory);
        const frozen = Object.freeze([...history]);

        const predicted = model.predict(frozen, horizon, SEASONS);

        expect(predicted.length).toBe(horizon);
        expect(predicted.every(Number.isFinite)).toBe(true);
        expect(model.predict(frozen, horizon, SEASONS)).toEqual(predicted);
      }),
      { numRuns: 40 },
    );
  });

  test('sees nothing at or after an origin, and says from many what it says from each', () => {
    fc.assert(
      fc.property(longHistories, horizons, fc.constantFrom(1e6, -1e6), (history, horizon, spike) => {
        fc.pre(model.predictFrom !== undefined);
        const origins = [9, 12, 24, 25, 29];
        const changed = history.map((value, at) => (at < 29 ? value : spike));

        const together = model.predictFrom(history, origins, horizon, SEASONS);

        expect(model.predictFrom(changed, origins, horizon, SEASONS)).toEqual(together);
        origins.forEach((origin, k) => {
          const alone = model.predict(history.slice(0, origin), horizon, SEASONS);
          expectClose(together[k]!, alone, 1e-6 * scaleOf(history));
        });
      }),
      { numRuns: model.predictFrom === undefined ? 0 : 25 },
    );
  });

  test('repeats a constant history', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000, max: 1_000 }), fc.integer({ min: 1, max: 40 }), (value, count) => {
        fc.pre(count >= model.minHistory);

        const predicted = model.predict(new Array<number>(count).fill(value), 5, SEASONS);

        expectClose(predicted, [value, value, value, value, value], 1e-9 * scaleOf([value]));
      }),
      { numRuns: 40 },
    );
  });

  test('follows a change of unit by a power of two to the last bit', () => {
    fc.assert(
      fc.property(longHistories, horizons, (history, horizon) => {
        const positive = history.map((value) => value + 51);
        // Logarithms turn a factor into a sum, which is rounded.
        const tolerance = /log|fast|full/.test(model.name) ? 1e-6 * scaleOf(positive) * 4 : 0;

        const moved = model.predict(
          positive.map((value) => 4 * value),
          horizon,
          SEASONS,
        );

        const expected = model.predict(positive, horizon, SEASONS).map((value) => 4 * value);
        expectClose(moved, expected, tolerance);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a pure season', () => {
  const cycles = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 4, maxLength: 4 });
  test.each([
    ['to the last bit', [seasonalNaive({ season: 4 }), fast(), full()], 0],
    // Means of equal numbers and sums of differences are rounded.
    ['up to rounding', [profile(), mstl({ inner: ses() }), holtWinters()], 1e-6],
  ])('is forecast exactly: %s', (_, models, tolerance) => {
    fc.assert(
      fc.property(cycles, fc.integer({ min: 12, max: 40 }), horizons, (cycle, count, horizon) => {
        const at = (step: number) => cycle[step % 4]!;
        const history = Array.from({ length: count }, (_value, step) => at(step));
        const truth = Array.from({ length: horizon }, (_value, step) => at(count + step));

        for (const model of models) expectClose(model.predict(history, horizon, [4]), truth, tolerance * 100);
      }),
      { numRuns: 60 },
    );
  });

  test('is taken out and put back once it shows beyond chance', () => {
    const history = Array.from({ length: 40 }, (_, step) => [2, 9, 4, 1][step % 4]!);

    expectClose(seasonallyAdjusted(naive()).predict(history, 4, [4]), [2, 9, 4, 1], 1e-9);
    // Values that are not all positive are adjusted by differences.
    const below = history.map((value) => value - 5);
    expectClose(seasonallyAdjusted(naive(), { season: 4 }).predict(below, 4), [-3, 4, -1, -4], 1e-9);
    // Two cycles may be chance: the last value is repeated.
    expect(seasonallyAdjusted(naive()).predict(history.slice(0, 8), 2, [4])).toEqual([1, 1]);
  });

  test('plus a trend is forecast by its changes', () => {
    const history = Array.from({ length: 80 }, (_, step) => 3 * step + [0, 9, 4, 1][step % 4]!);

    const predicted = ridgeAutoregression({ lags: [4], ridge: 0, isDifferenced: true }).predict(history, 3);

    expectClose(predicted, [240, 252, 250], 1e-6);
  });
});

describe('models that share work between origins', () => {
  const sharing = all.filter((model) => model.predictFrom !== undefined);
  test.each(sharing.map((model) => [model.name, model] as const))(
    '%s sees nothing at or after an origin',
    (_, model) => {
      fc.assert(
        fc.property(longHistories, longHistories, horizons, fc.constantFrom(0, 51), (values, other, horizon, shift) => {
          // Shifted, all of the past is positive, and what comes after is not.
          const history = values.map((value) => value + shift);
          const origins = [9, 15, 29];
          const changed = [...history.slice(0, 29), ...other];

          const before = model.predictFrom!(history, origins, horizon, SEASONS);

          expect(model.predictFrom!(changed, origins, horizon, SEASONS)).toEqual(before);
          origins.forEach((origin, k) => {
            const alone = model.predict(history.slice(0, origin), horizon, SEASONS);
            expectClose(before[k]!, alone, 1e-6 * scaleOf(history));
          });
        }),
        { numRuns: 40 },
      );
    },
  );
});

test('blend takes the middle of its members, so one that runs astray does not count', () => {
  const astray: ForecastModel = { name: 'astray', minHistory: 1, predict: (_, h) => new Array<number>(h).fill(1e9) };

  expect(blend([naive(), astray, seasonalNaive({ season: 2 })]).predict([1, 5], 2)).toEqual([5, 5]);
  expect(blend([naive(), seasonalNaive({ season: 2 })]).predict([1, 5], 2)).toEqual([3, 5]);
});

test('a weighted blend leaves all to a member that never erred, and knows of no error before there is one', () => {
  const history = [1, 5, 1, 5, 1, 5, 1, 5, 1, 5];
  const members = [naive(), seasonalNaive({ season: 2 })];

  expectClose(weightedBlend(members).predict(history, 2), [1, 5], 1e-6);
  expect(weightedBlend(members).predict([1, 5], 2)).toEqual([3, 5]);
});
