import fc from 'fast-check';
import { expect, test } from 'vitest';
import { autoscale, createAutoscaleState } from '../src/autoscale/index.ts';
import { configs, traces } from './autoscale-arbitraries.ts';
import { targetByEveryInstant } from './oracles/autoscale-every-instant.ts';

test('decides as brute force over the full history at every step of a trace', () => {
  fc.assert(
    fc.property(configs, traces, (config, trace) => {
      let state = createAutoscaleState();

      trace.forEach((observation, index) => {
        const result = autoscale(config, state, observation);

        // A second look at the same instant replaces the first, so the oracle sees only the last one.
        const history = trace.slice(0, index + 1).filter(({ nowMs }, k, all) => all[k + 1]?.nowMs !== nowMs);
        const complete = { ...config, intervalMs: 15_000 } as Parameters<typeof targetByEveryInstant>[0];
        expect(result.decision.target).toBe(targetByEveryInstant(complete, history));
        state = result.state;
      });
    }),
    { numRuns: 1_000 },
  );
});
