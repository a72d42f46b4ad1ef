import { createRandom } from '@spillway/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forecast, seasonalNaive } from '../src/index.ts';
import type { ForecastModel, ForecastResult } from '../src/index.ts';
import { histories, optionSets } from './arbitraries.ts';

const mapNumbers = ({ mean, quantiles }: ForecastResult, change: (value: number) => number) => ({
  mean: mean.map(change),
  quantiles: Object.fromEntries(Object.entries(quantiles).map(([key, values]) => [key, values.map(change)])),
});

describe('forecast', () => {
  test('gives one number a step, and quantiles that ascend with their probability', () => {
    fc.assert(
      fc.property(histories, optionSets, (history, options) => {
        const { mean, quantiles, diagnostics } = forecast(history, options);

        expect(mean.length).toBe(options.horizon);
        const keys = Object.keys(quantiles);
        expect(keys).toEqual([...keys].sort((x, y) => Number(x) - Number(y)));
        const lists = Object.values(quantiles);
        for (let step = 0; step < options.horizon; step++) {
          const column = lists.map((values) => values[step]!);
          expect(column).toEqual([...column].sort((x, y) => x - y));
          expect(column.every(Number.isFinite)).toBe(true);
        }
        const omitted = diagnostics.reasons.filter(({ kind }) => kind === 'too-few-errors').length;
        expect(keys.length).toBe(2 * (options.levels.length - omitted));
      }),
    );
  });

  test('forecasts a pure season exactly, with bands of no width', () => {
    const cycles = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(cycles, fc.integer({ min: 2, max: 6 }), fc.nat(20), fc.integer({ min: 1, max: 30 }), (...args) => {
        const [cycle, cycleCount, extra, horizon] = args;
        const season = cycle.length;
        const historyCount = cycleCount * season + (extra % season);
        const at = (index: number) => cycle[index % season]!;

        const result = forecast(
          Array.from({ length: historyCount }, (_, index) => at(index)),
          { horizon, seasons: [season] },
        );

        const truth = Array.from({ length: horizon }, (_, step) => at(historyCount + step));
        for (const values of [result.mean, ...Object.values(result.quantiles)]) {
          values.forEach((value, step) => {
            expect(value - truth[step]!).toBe(0);
          });
        }
      }),
    );
  });

  test('follows a change of zero and of unit', () => {
    fc.assert(
      fc.property(histories, optionSets, fc.integer({ min: 1, max: 9 }), fc.integer(), (history, options, k, shift) => {
        const change = (value: number) => k * value + shift;

        const moved = forecast(history.map(change), options);

        expect({ mean: moved.mean, quantiles: moved.quantiles }).toEqual(
          mapNumbers(forecast(history, options), change),
        );
      }),
    );
  });

  test('never shows a model what lies at or after the origin it predicts from', () => {
    fc.assert(
      fc.property(histories, optionSets, fc.integer({ min: 1, max: 5 }), (history, options, minHistory) => {
        fc.pre(history.length >= minHistory);
        const seen: (readonly number[])[] = [];
        // Predicts wrongly by one everywhere, if and only if it is asked about the values right after what it sees.
        const model: ForecastModel = {
          name: 'oracle',
          minHistory,
          predict: (past, horizon) => {
            seen.push(past);
            return Array.from({ length: horizon }, (_, step) => (history[past.length + step] ?? 0) - 1);
          },
        };

        const result = forecast(history, { ...options, model });

        for (const past of seen) {
          expect(past.length).toBeGreaterThanOrEqual(minHistory);
          expect(past).toEqual(history.slice(0, past.length));
        }
        expect(seen.filter((past) => past.length < history.length).length).toBe(history.length - minHistory);
        for (const values of Object.values(result.quantiles)) {
          expect(values).toEqual(result.mean.map((value) => value + 1));
        }
      }),
    );
  });

  test('cuts off at zero when asked to, and nowhere else', () => {
    fc.assert(
      fc.property(histories, optionSets, (history, options) => {
        const cut = forecast(history, { ...options, nonNegative: true });

        const expected = mapNumbers(forecast(history, options), (value) => Math.max(0, value));
        expect({ mean: cut.mean, quantiles: cut.quantiles }).toEqual(expected);
      }),
    );
  });

  test('gives the same answer again and changes no argument', () => {
    fc.assert(
      fc.property(histories, optionSets, (history, options) => {
        const frozen = Object.freeze([...history]);
        const frozenOptions = Object.freeze({ ...options, levels: Object.freeze([...options.levels]) });

        expect(forecast(frozen, frozenOptions)).toEqual(forecast(history, options));
        const shuffled = { ...options, levels: options.levels.toReversed(), seasons: options.seasons.toReversed() };
        expect(forecast(history, shuffled).quantiles).toEqual(forecast(history, options).quantiles);
      }),
    );
  });
});

/** The share of truths inside the band, over simulated series: a daily season plus noise. */
function coverage(level: number, historyCount: number, noise: (random: ReturnType<typeof createRandom>) => number) {
  const random = createRandom(20);
  const [season, horizon, seriesCount] = [24, 30, 150];
  const tail = (1 - level) / 2;
  let insideCount = 0;
  for (let series = 0; series < seriesCount; series++) {
    const values = Array.from({ length: historyCount + horizon }, (_, t) => 10 * Math.sin((2 * Math.PI * t) / season));
    const noisy = values.map((value) => value + noise(random));
    const { quantiles } = forecast(noisy.slice(0, historyCount), { horizon, seasons: [season], levels: [level] });
    const [low, high] = [
      quantiles[tail.toFixed(3).replace(/0+$/, '')]!,
      quantiles[(1 - tail).toFixed(3).replace(/0+$/, '')]!,
    ];
    for (let step = 0; step < horizon; step++) {
      const truth = noisy[historyCount + step]!;
      if (low[step]! <= truth && truth <= high[step]!) insideCount++;
    }
  }
  return insideCount / (seriesCount * horizon);
}

describe('bands on simulated noise', () => {
  test.each([0.5, 0.8, 0.95])('hold the truth about as often as the level %d says', (level) => {
    expect(Math.abs(coverage(level, 336, (random) => random.normal()) - level)).toBeLessThan(0.03);
    expect(Math.abs(coverage(level, 336, (random) => random.exponential(2)) - level)).toBeLessThan(0.03);
  });

  test('do not fall short when errors are as few as a level allows', () => {
    // 30 steps ahead of season 24: 92 - 24 - 30 + 1 = 39 errors, the fewest for 0.95.
    expect(coverage(0.95, 92, (random) => random.normal())).toBeGreaterThan(0.92);
  });

  test('are made for every step ahead: a random walk strays further with time', () => {
    const random = createRandom(3);
    let level = 0;
    const walk = Array.from({ length: 500 }, () => (level += random.normal()));

    const { quantiles } = forecast(walk, { horizon: 16, levels: [0.8], model: seasonalNaive() });

    const width = (step: number) => quantiles['0.9']![step]! - quantiles['0.1']![step]!;
    // In theory 4 times as wide at 16 steps as at 1.
    expect(width(15) / width(0)).toBeGreaterThan(2.5);
    expect(width(15) / width(0)).toBeLessThan(6);
  });
});
