import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forecast, seasonalNaive } from '../src/index.ts';
import { histories } from './arbitraries.ts';
import { naiveBand } from './oracles/naive-bands.ts';

test('gives the bands of the definition, and none where the definition has none', () => {
  const levels = fc.constantFrom<readonly [number, string, string]>(
    [20, '0.4', '0.6'],
    [80, '0.1', '0.9'],
    [90, '0.05', '0.95'],
    [95, '0.025', '0.975'],
  );
  fc.assert(
    fc.property(histories, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 8 }), levels, (...args) => {
      const [history, season, horizon, [percent, lowKey, highKey]] = args;
      fc.pre(history.length >= season);

      const result = forecast(history, {
        horizon,
        levels: [percent / 100],
        model: seasonalNaive({ season }),
      });

      const bands = Array.from({ length: horizon }, (_, k) => naiveBand(history, season, k + 1, percent));
      const isComplete = bands.every((band) => band !== null);
      expect(result.quantiles).toEqual(
        isComplete ? { [lowKey]: bands.map((band) => band.low), [highKey]: bands.map((band) => band.high) } : {},
      );
    }),
    { numRuns: 1_000 },
  );
});
