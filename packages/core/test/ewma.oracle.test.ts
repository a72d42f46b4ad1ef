import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ewma } from '../src/forecast/index.ts';
import { sampleLists } from './autoscale-arbitraries.ts';
import { weightedIntegral } from './oracles/ewma-weighted-integral.ts';

test('equals the weighted integral of the whole history in closed form', () => {
  fc.assert(
    fc.property(sampleLists, fc.integer({ min: 1, max: 10_000 }), (samples, halfLifeMs) => {
      const { init, update, predict } = ewma({ halfLifeMs });

      const { mean } = predict(samples.reduce(update, init()));

      const scale = Math.max(...samples.map(({ value }) => Math.abs(value)));
      expect(Math.abs(mean! - weightedIntegral(samples, halfLifeMs))).toBeLessThanOrEqual(1e-12 * scale);
    }),
    { numRuns: 500 },
  );
});
