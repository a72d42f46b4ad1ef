import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backtest, fast, naive, seasonalNaive, select, type ForecastModel } from '../src/index.ts';

const histories = fc.array(fc.oneof({ arbitrary: fc.integer({ min: 0, max: 60 }), weight: 12 }, fc.constant(null)), {
  minLength: 1,
  maxLength: 80,
});
const always = (value: number): ForecastModel => ({
  name: `always-${value}`,
  minHistory: 1,
  predict: (_, horizon) => new Array<number>(horizon).fill(value),
});

describe('backtest', () => {
  test('scores by hand what a model would have said', () => {
    // Two origins, at 8 and 10, two steps each: 3 is said, 1, 5, 4 and 2 come.
    const history = [1, 2, 3, 4, 1, 2, 3, 4, 1, 5, 4, 2];

    const result = backtest(history, { horizon: 2, model: always(3), levels: [], origins: 2 });

    expect(result.method).toBe('always-3');
    expect(result.originCount).toBe(2);
    // Errors 2, 2, 1, 1.
    expect(result.absoluteErrors).toEqual([1.5, 1.5]);
    expect(result.wapeRatio).toBe(6 / 12);
    // Steps of the history before 8: 1, 1, 1, 3, 1, 1, 1, mean 9 / 7. Before 10: and 3, 4, mean 16 / 9.
    expect(result.mase).toBeCloseTo((2 / (9 / 7) + 2 / (9 / 7) + 1 / (16 / 9) + 1 / (16 / 9)) / 4, 12);
    // Repeating 4 errs by 3 and 1, repeating 5 by 1 and 3: 8 in all.
    expect(result.skillRatio).toBe(1 - 6 / 8);
    expect(result.reasons).toEqual([]);
  });

  test('counts what bands hold and what their quantiles cost', () => {
    // The errors of repeating the last value are 1 and -1 in turn, so the central half lies from -1 to 1 around it.
    const history = Array.from({ length: 41 }, (_, k) => k % 2);

    const result = backtest(history, { horizon: 1, model: naive(), levels: [0.5, 0.99], origins: 10 });

    expect(result.coverageRatio).toEqual({ '0.5': 1 });
    // Said 0: band -1 to 1, came 1. Said 1: band 0 to 2, came 0. Each end is 2 or 0 away, in turn.
    expect(result.pinball).toEqual({ '0.25': 0.25, '0.75': 0.25 });
    expect(result.reasons).toEqual([{ kind: 'no-band', level: 0.99, originCount: 10 }]);
  });

  test('says why there is nothing to say', () => {
    expect(backtest([], { horizon: 2 })).toMatchObject({
      method: 'none',
      originCount: 0,
      absoluteErrors: [null, null],
      mase: null,
      wapeRatio: null,
      skillRatio: null,
      reasons: [{ kind: 'history-too-short', historyCount: 0, neededCount: 10 }],
    });
    expect(backtest(new Array<number>(20).fill(7), { horizon: 2, levels: [] })).toMatchObject({
      mase: null,
      skillRatio: null,
      wapeRatio: 0,
      reasons: [{ kind: 'no-scale' }],
    });
  });

  test('shows a forecast nothing at or after its origin, and no more than its window', () => {
    fc.assert(
      fc.property(
        histories,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 3, max: 30 }),
        (history, horizon, window) => {
          const seen: (readonly number[])[] = [];
          const spy: ForecastModel = {
            ...naive(),
            predict: (past, steps) => {
              seen.push(past);
              return new Array<number>(steps).fill(past.at(-1)!);
            },
          };
          const filled = history.map(
            (value, at) => value ?? history.slice(0, at).findLast((past) => past !== null) ?? null,
          );

          backtest(history, { horizon, model: spy, levels: [], origins: 4, window });

          for (const past of seen) {
            expect(past.length).toBeLessThanOrEqual(Math.min(window, history.length - horizon));
            const isPart = filled.some((_, from) => past.every((value, k) => filled[from + k] === value));
            expect(isPart).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('changes no score before a change', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 5 }), fc.integer(), (history, horizon, value) => {
        const options = { horizon, levels: [0.5], origins: 1, stride: 1 };
        // The last origin of the shorter history sees and is compared with nothing of what is appended.
        const longer = backtest([...history, value], { ...options, origins: 2 });
        const alone = backtest(history, options);
        fc.pre(longer.originCount === 2 && alone.originCount === 1);

        const errors = longer.absoluteErrors.map((error, step) => ({ error, of: alone.absoluteErrors[step] }));

        // The mean over two origins is at least half of the first one's error.
        for (const { error, of } of errors)
          if (error !== null && of != null) expect(error).toBeGreaterThanOrEqual(of / 2 - 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  test('measures shares that do not depend on the unit', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom(2, 1_024), (history, unit) => {
        const options = { horizon: 3, levels: [0.5], origins: 5 };

        const scaled = backtest(
          history.map((value) => (value === null ? null : unit * value)),
          options,
        );

        const { mase, wapeRatio, skillRatio, coverageRatio, reasons } = backtest(history, options);
        expect(scaled).toMatchObject({ mase, wapeRatio, skillRatio, coverageRatio, reasons });
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['origins', { origins: 0 }],
    ['stride', { stride: 0.5 }],
    ['window', { window: 0 }],
    ['horizon', { horizon: 0 }],
  ])('refuses by the %s', (field, options) => {
    expect(() => backtest([1, 2], { horizon: 1, ...options })).toThrow(expect.objectContaining({ field }) as Error);
  });
});

describe('select', () => {
  const season = Array.from({ length: 60 }, (_, k) => [1, 5, 9][k % 3]!);

  test('takes the model that erred least, and of equals the first', () => {
    const models = [naive(), seasonalNaive({ season: 3 }), seasonalNaive({ season: 6 })];

    const result = select(season, { models, horizon: 3, seasons: [3] });

    expect(result.model).toBe(models[1]);
    expect(result.scores.map(({ method }) => method)).toEqual(['naive', 'seasonal-naive(3)', 'seasonal-naive(6)']);
    expect(result.scores.map(({ absoluteError }) => absoluteError)).toEqual([4, 0, 0]);
    expect(result.reasons).toEqual([]);
  });

  test('takes the first and says why when nothing can be compared', () => {
    expect(select([1, 2, null], { models: [fast(), naive()], horizon: 3 })).toMatchObject({
      model: { name: 'fast' },
      scores: [
        { method: 'fast', absoluteError: null },
        { method: 'naive', absoluteError: null },
      ],
      originCount: 0,
      reasons: [{ kind: 'history-too-short', historyCount: 3, neededCount: 4 }],
    });
  });

  test('agrees with the backtest of each model', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 4 }), (history, horizon) => {
        const models = [naive(), always(30), always(10)];
        const { scores } = select(history, { models, horizon, origins: 1 });
        models.forEach((model, k) => {
          const { absoluteErrors, originCount } = backtest(history, { horizon, model, levels: [], origins: 1 });
          const known = absoluteErrors.filter((error) => error !== null);
          if (originCount === 0 || known.length === 0) return;
          const mean = known.reduce((sum, error) => sum + error, 0) / known.length;
          expect(scores[k]!.absoluteError).toBeCloseTo(mean, 9);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('refuses an empty list of models', () => {
    expect(() => select([1], { models: [], horizon: 1 })).toThrow(
      expect.objectContaining({ field: 'models' }) as Error,
    );
  });
});
