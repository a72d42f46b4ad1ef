import { readFileSync } from 'node:fs';
import { createRandom } from '@spillway/core';
import { describe, expect, test } from 'vitest';
import { fast, forecast, full, seasonalNaive } from '../src/index.ts';
import type { ForecastModel } from '../src/index.ts';

describe('forecast', () => {
  test('repeats the last cycle of the longest season with two full cycles', () => {
    const history = [10, 20, 30, 11, 21, 31, 10, 20, 30];

    const result = forecast(history, { horizon: 4, seasons: [5, 3, 2] });

    expect(result.mean).toEqual([10, 20, 30, 10]);
    expect(result.method).toBe('seasonal-naive(3)');
    expect(result.diagnostics.reasons).toContainEqual({
      kind: 'season-too-long',
      season: 5,
      historyCount: 9,
      neededCount: 10,
    });
  });

  test('repeats the last value without a season that fits', () => {
    const result = forecast([4, 9], { horizon: 3, seasons: [24] });

    expect(result.mean).toEqual([9, 9, 9]);
    expect(result.method).toBe('naive');
  });

  test('takes the second smallest and second largest of 19 errors for the central 80 %', () => {
    // One-step errors of the naive model: 1, 2, ..., 19. Rank (19 + 1) x 0.1 = 2 from either end: 2 and 18.
    const history = Array.from({ length: 20 }, (_, k) => (k * (k + 1)) / 2);

    const result = forecast(history, { horizon: 1, levels: [0.8, 0.9] });

    expect(result.mean).toEqual([190]);
    expect(result.quantiles).toEqual({ '0.05': [191], '0.1': [192], '0.9': [208], '0.95': [209] });
    expect(result.diagnostics).toEqual({ historyCount: 20, errorCount: 19, reasons: [] });
  });

  test('leaves out a band that too few errors back, and says how many it takes', () => {
    const history = Array.from({ length: 12 }, (_, k) => k % 2);

    const result = forecast(history, { horizon: 3 });

    // Nine errors at the third step: enough for 0.8, not for 0.95.
    expect(Object.keys(result.quantiles)).toEqual(['0.1', '0.9']);
    expect(result.diagnostics.reasons).toEqual([
      { kind: 'too-few-errors', level: 0.95, errorCount: 9, neededCount: 39 },
    ]);
    expect(forecast(history, { horizon: 4, levels: [0.8] }).diagnostics.reasons).toEqual([
      { kind: 'too-few-errors', level: 0.8, errorCount: 8, neededCount: 9 },
    ]);
  });

  test('forecasts from a single value, without bands', () => {
    expect(forecast([5], { horizon: 2 })).toEqual({
      mean: [5, 5],
      quantiles: {},
      method: 'naive',
      diagnostics: {
        historyCount: 1,
        errorCount: 0,
        reasons: [
          { kind: 'too-few-errors', level: 0.8, errorCount: 0, neededCount: 9 },
          { kind: 'too-few-errors', level: 0.95, errorCount: 0, neededCount: 39 },
        ],
      },
    });
  });

  test.each([
    ['an empty history', [], 0],
    ['a history without any value', [null, null], 2],
  ])('says nothing about the future of %s, and why', (_, history, count) => {
    expect(forecast(history, { horizon: 3, model: full() })).toEqual({
      mean: [],
      quantiles: {},
      method: 'none',
      diagnostics: {
        historyCount: count,
        errorCount: 0,
        reasons: [{ kind: 'no-history', historyCount: count, missingCount: count }],
      },
    });
  });

  test('fills missing values from what lies before them, and never measures an error there', () => {
    const history = [null, 1, 2, 1, 2, 1, null, 1, 2, null, 2];

    const result = forecast(history, { horizon: 2, seasons: [2], levels: [0.5] });

    expect(result).toMatchObject({ mean: [1, 2], quantiles: { '0.25': [1, 2], '0.75': [1, 2] } });
    // Ten values from the first known one; origins at 2 to 8 have a second step, two of which are missing.
    expect(result.diagnostics).toMatchObject({
      errorCount: 5,
      reasons: [{ kind: 'missing-values', historyCount: 11, missingCount: 3 }],
    });
  });

  test('says when bands have no width because nothing ever changed', () => {
    for (const model of [fast(), full(), seasonalNaive()]) {
      const result = forecast(
        Array.from({ length: 200 }, () => 0.1),
        { horizon: 2, seasons: [24], model },
      );

      expect(result).toMatchObject({ mean: [0.1, 0.1], quantiles: { '0.025': [0.1, 0.1], '0.975': [0.1, 0.1] } });
      expect(result.diagnostics.reasons).toEqual([{ kind: 'constant-history', historyCount: 200 }]);
    }
  });

  test('repeats the last value of a history too short to fit, without bands', () => {
    const { mean, quantiles, diagnostics } = forecast([3, 1, 4], { horizon: 2, seasons: [24], model: full() });

    expect({ mean, quantiles }).toEqual({ mean: [4, 4], quantiles: {} });
    expect(diagnostics.reasons.map(({ kind }) => kind)).toEqual([
      'season-too-long',
      'too-few-errors',
      'too-few-errors',
    ]);
  });

  test('takes any model, with bands of its own errors', () => {
    const always7: ForecastModel = {
      name: 'always-7',
      minHistory: 1,
      predict: (_, horizon) => Array.from({ length: horizon }, () => 7),
    };
    const history = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    const result = forecast(history, { horizon: 1, levels: [0.8], model: always7 });

    // Errors of the nine origins: -6 ... 2, rank (9 + 1) x 0.1 = 1.
    expect(result).toMatchObject({ mean: [7], quantiles: { '0.1': [1], '0.9': [9] }, method: 'always-7' });
  });

  test('stays affordable on long histories by using the latest 1000 origins', () => {
    const history = Array.from({ length: 50_000 }, (_, k) => k % 7);

    expect(forecast(history, { horizon: 7, seasons: [7] }).diagnostics.errorCount).toBe(994);
  });

  test.each([
    ['history', null as never, { horizon: 1 }],
    ['history[1]', [1, NaN], { horizon: 1 }],
    ['history[0]', [undefined as never], { horizon: 1 }],
    ['maximum', [1], { horizon: 1, maximum: NaN }],
    ['maximum', [1], { horizon: 1, maximum: -1, nonNegative: true }],
    ['horizon', [1], { horizon: 0 }],
    ['horizon', [1], { horizon: 1.5 }],
    ['seasons[1]', [1], { horizon: 1, seasons: [24, 0] }],
    ['levels[0]', [1], { horizon: 1, levels: [1] }],
    ['levels[0]', [1], { horizon: 1, levels: [95] }],
    ['history', [1], { horizon: 1, model: seasonalNaive({ season: 2 }) }],
    ['model.minHistory', [1], { horizon: 1, model: { ...seasonalNaive(), minHistory: 0 } }],
    ['model.predict', [1], { horizon: 2, model: { ...seasonalNaive(), predict: () => [1] } }],
    ['model.predict', [1], { horizon: 1, model: { ...seasonalNaive(), predict: () => [NaN] } }],
  ])('refuses by the %s', (field, history, options) => {
    expect(() => forecast(history, options)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field, hint: expect.any(String) as string }) as Error,
    );
  });

  test('refuses a season that is no length', () => {
    expect(() => seasonalNaive({ season: 0 })).toThrow(expect.objectContaining({ field: 'season' }) as Error);
  });

  test('prints what the README says', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const [, code, output] = /```ts\n(.*?)```\n.*?```text\n(.*?)```/s.exec(readme)!;
    const printed: string[] = [];
    const body = code!.replace(/^import .*$/gm, '').replaceAll('console.log(', 'print(');

    // The snippet is plain JavaScript, so it can be run as it stands in the file.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const run = new Function('createRandom', 'forecast', 'print', body) as (...args: unknown[]) => void;
    run(createRandom, forecast, (...values: unknown[]) => printed.push(values.map(String).join(' ')));

    expect(`${printed.join('\n')}\n`).toBe(output);
  });
});
