import { createRandom, InvalidInputError } from '@spillway/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  backtest,
  fast,
  forecast,
  naive,
  ridgeAutoregression,
  scenarios,
  seasonalNaive,
  select,
  type ForecastModel,
} from '../src/index.ts';
import { withCovariates } from '../src/with-covariates.ts';

const values = (count: number) => fc.array(fc.integer({ min: -50, max: 50 }), { minLength: count, maxLength: count });
const COUNT = 60;
const HORIZON = 6;
/** The default seasonal naive, and models that look at more. */
const models: readonly (readonly [string, ForecastModel | undefined])[] = [
  ['the default', undefined],
  ['naive', naive()],
  ['ridge', ridgeAutoregression()],
  ['fast', fast()],
];
const expectClose = (actual: readonly number[], expected: readonly number[], tolerance = 1e-6) => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, step) => {
    expect(Math.abs(value - expected[step]!)).toBeLessThanOrEqual(tolerance);
  });
};
/** Normal noise with a standard deviation of 10. */
const noise = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => 10 * random.normal());
};

describe.each(models)('with covariates, %s', (_, model) => {
  const options = { horizon: HORIZON, ...(model !== undefined && { model }) };

  test('forecasts a linear function of them exactly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: -9, max: 9 }),
        fc.constantFrom(0, 0.5, -3),
        fc.constantFrom<readonly number[]>([], [4], [4, 12]),
        (seed, level, slope, seasons) => {
          const [wind, sun] = [noise(COUNT + HORIZON, seed), noise(COUNT + HORIZON, seed + 1)];
          const truth = wind.map((value, step) => level + 2 * value + slope * sun[step]!);

          const result = forecast(truth.slice(0, COUNT), { ...options, seasons, covariates: { wind, sun } });

          expectClose(result.mean, truth.slice(COUNT));
          for (const band of Object.values(result.quantiles)) expectClose(band, truth.slice(COUNT));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('sees nothing of the series after an origin', () => {
    fc.assert(
      fc.property(values(COUNT), values(HORIZON), values(COUNT + HORIZON), (history, future, wind) => {
        const covariates = { wind };
        const before = forecast(history, { ...options, levels: [], covariates });

        // A backtest whose last origin is the end of the history has the future before its eyes.
        const tested = backtest([...history, ...future], { ...options, levels: [], covariates, origins: 1 });

        tested.absoluteErrors.forEach((error, step) => {
          expect(error).toBe(Math.abs(future[step]! - before.mean[step]!));
        });
      }),
      { numRuns: 40 },
    );
  });

  test('follows a change of unit and of zero of a covariate', () => {
    fc.assert(
      fc.property(values(COUNT), values(COUNT + HORIZON), fc.constantFrom(0.001, -4, 1_000), (history, wind, unit) => {
        const moved = wind.map((value) => unit * value + 7);

        const result = forecast(history, { ...options, levels: [], covariates: { wind: moved } });

        const expected = forecast(history, { ...options, levels: [], covariates: { wind } });
        expectClose(result.mean, expected.mean, 1e-5);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a covariate', () => {
  test('without any bearing on the series changes little', () => {
    const truth = noise(400, 1).map((value, step) => value + [0, 40, 90, 20][step % 4]!);
    const options = { horizon: 8, seasons: [4], levels: [] };

    let squares = 0;
    for (let seed = 2; seed < 32; seed++) {
      const plain = forecast(truth, options).mean;
      const { mean, diagnostics } = forecast(truth, { ...options, covariates: { other: noise(408, seed) } });

      expect(Math.abs(diagnostics.covariateEffects!['other']!)).toBeLessThan(0.2);
      squares += mean.reduce((sum, value, step) => sum + (value - plain[step]!) ** 2, 0) / (30 * mean.length);
    }
    // A tenth of the size of the noise.
    expect(Math.sqrt(squares)).toBeLessThan(1);
  });

  test('that explains half is worth its effect', () => {
    const wind = noise(408, 3);
    const truth = noise(408, 1).map((value, step) => 100 + value - 2 * wind[step]!);
    const history = truth.slice(0, 400);

    const { diagnostics } = forecast(history, { horizon: 8, covariates: { wind } });
    const score = (covariates?: Record<string, readonly number[]>) =>
      backtest(truth, { horizon: 8, model: ridgeAutoregression(), ...(covariates && { covariates }) }).wapeRatio!;

    expect(diagnostics.covariateEffects!['wind']).toBeCloseTo(-2, 0);
    expect(score({ wind })).toBeLessThan(0.6 * score());
  });

  test('keeps its step where the history starts late or has holes', () => {
    const wind = noise(56, 5);
    const truth = wind.map((value) => 10 + 3 * value);
    const history = truth.slice(0, 50).map((value, step) => (step < 7 || step % 9 === 0 ? null : value));
    const options = { horizon: 6, seasons: [4], model: naive() };

    expectClose(forecast(history, { ...options, covariates: { wind } }).mean, truth.slice(50));
    expect(backtest(history, { ...options, covariates: { wind } }).wapeRatio).toBeLessThan(1e-9);
    expect(backtest(history, { ...options, covariates: { wind }, window: 20 }).wapeRatio).toBeLessThan(1e-9);
    const chosen = select(history, { ...options, models: [naive(), seasonalNaive()], covariates: { wind } });
    expect(chosen.scores[0]!.absoluteError).toBeLessThan(1e-9);
    const next = { wind: wind.slice(0, 51) };
    const load = { history, model: naive(), covariates: next };
    const futures = scenarios({ load }, { horizon: 1, count: 20 }).scenarios;
    expect(futures.length).toBeGreaterThan(5);
    for (const { load: path } of futures) expectClose(path, [truth[50]!]);
  });

  test('that never changes, repeats another or is one of too many has no effect', () => {
    const wind = [1, 5, 2, 8, 3, 9, 4, 4, 6, 1];
    const history = wind.slice(0, 8).map((value) => 2 * value);

    const effects = (covariates: Record<string, readonly number[]>) =>
      forecast(history, { horizon: 2, covariates }).diagnostics.covariateEffects!;

    const { flat, ...others } = effects({ flat: wind.map(() => 3), wind, twice: wind.map((value) => 2 * value) });
    expect(flat).toBe(0);
    expect(others['wind']).toBeCloseTo(2, 9);
    expect(others['twice']).toBe(0);
    const many = Object.fromEntries(Array.from({ length: 7 }, (_, k) => [`c${k}`, noise(10, k)]));
    expect(Object.values(effects(many))).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test('is left out by an empty list of them', () => {
    expect(forecast([1, 2, 3], { horizon: 2, covariates: {} }).method).toBe('naive');
    expect(forecast([], { horizon: 2, covariates: { wind: [1, 2] } }).mean).toEqual([]);
  });

  test.each([
    ['one too few', { wind: [1, 2, 3, 4] }, 'covariates.wind must have 5 values, got 4'],
    ['one too many', { wind: [1, 2, 3, 4, 5, 6] }, 'covariates.wind'],
    ['no number', { wind: [1, 2, NaN, 4, 5] }, 'covariates.wind[2]'],
    ['a missing value', { wind: [1, 2, 3, 4, null] }, 'covariates.wind[4]'],
    ['no list', { wind: 7 }, 'covariates.wind'],
    ['a list of lists', [[1, 2, 3, 4, 5]], 'covariates must be lists by name'],
    ['null', null, 'covariates'],
  ])('is refused with %s', (_, covariates, message) => {
    const ask = () => forecast([1, 2, 3], { horizon: 2, covariates: covariates as never });

    expect(ask).toThrow(InvalidInputError);
    expect(ask).toThrow(message);
  });

  test('may end with the history where nothing beyond is tested', () => {
    const history = noise(40, 1);
    const options = { horizon: 4, covariates: { wind: noise(41, 2) } };

    expect(() => backtest(history, options)).toThrow('covariates.wind must have 40 or 44 values, got 41');
    expect(() => select(history, { ...options, models: [naive()] })).toThrow(InvalidInputError);
    expect(() => scenarios({ load: { history, ...options } }, { horizon: 4 })).toThrow(InvalidInputError);
    expect(backtest(history, { ...options, covariates: { wind: noise(40, 2) } }).originCount).toBeGreaterThan(2);
  });
});

describe('the effect of a covariate', () => {
  test('is that of the changes, less what chance explains', () => {
    // Changes 1, 1, -1, -1 and 3, 1, -1, -3: 8 / 4 = 2. Explained are 16 of 20, left is 4 / 3, and 1 - 4 / 3 / 16 = 11 / 12.
    const { diagnostics, mean } = forecast([10, 13, 14, 13, 10], {
      horizon: 1,
      model: naive(),
      covariates: { x: [0, 1, 2, 1, 0, 3] },
    });

    expect(diagnostics.covariateEffects!['x']).toBeCloseTo(11 / 6, 12);
    expect(mean[0]).toBeCloseTo(10 + 3 * (11 / 6), 12);
  });

  test('at an origin is that of what lies before it', () => {
    fc.assert(
      fc.property(values(40), values(20), values(46), (history, other, x) => {
        const at = (known: readonly number[]) => withCovariates(naive(), known, { x }).predict(history.slice(0, 30), 6);

        expect(at([...history.slice(0, 30), ...other])).toEqual(at(history));
      }),
    );
  });

  test('takes of the covariate its horizon and nothing beyond', () => {
    fc.assert(
      fc.property(values(40), values(46), values(10), (history, x, other) => {
        const at = (column: readonly number[]) =>
          withCovariates(naive(), history, { x: column }).predict(history.slice(0, 30), 6);

        expect(at([...x.slice(0, 36), ...other])).toEqual(at(x));
      }),
    );
  });
});
