import fc from 'fast-check';
import { expect, it } from 'vitest';

import { simulatedEndpoint, virtualClock } from '@spillway/adapters/simulated';

import { queueStory } from './arbitraries.ts';
import { steppedQueue } from './oracles/stepped-queue.ts';

it('agrees with a walk in tiny steps, at every instant that it is looked at', async () => {
  await fc.assert(
    fc.asyncProperty(queueStory, async ({ stepMs, rates, replicaRate, lateAfterMs, spans: lengths, reads }) => {
      const spans = lengths.map(({ readyAtMs, lengthMs }) => ({
        readyAtMs,
        endedAtMs: lengthMs === null ? null : readyAtMs + lengthMs,
      }));
      const clock = virtualClock({ startAtMs: 0 });
      const endpoint = simulatedEndpoint({
        clock,
        endpointId: 'chat',
        // Rates of thousands a second make counts of the order of one a ms.
        arrivals: { startAtMs: 0, stepMs, unit: '1/s', values: rates.map((rate) => rate * 1_000) },
        replicaRatePerSecond: replicaRate * 1_000,
        replicas: () => spans,
        lateAfterMs,
      });

      for (const untilMs of reads) {
        await clock.advanceTo(untilMs);
        const seen = endpoint.service();
        const input = {
          stepMs,
          rates: rates.map((rate) => rate * 1_000),
          replicaRate: replicaRate * 1_000,
          lateAfterMs,
          spans,
          untilMs,
        };
        const stepped = steppedQueue(input, 32);

        expect(seen.arrived).toBeCloseTo(stepped.arrived, 6);
        expect(seen.readyReplicaMs).toBeCloseTo(stepped.readyReplicaMs, 6);
        // In a step the walk can put off, or serve too early, no more than arrives or is served in it.
        const slack = (Math.max(...rates) + spans.length * replicaRate) / 32;
        expect(Math.abs(seen.served - stepped.served)).toBeLessThanOrEqual(slack);
        expect(Math.abs(seen.waiting - stepped.waiting)).toBeLessThanOrEqual(slack);
        expect(Math.abs((seen.meanWaitMs ?? 0) * seen.arrived - stepped.waitedMs)).toBeLessThanOrEqual(slack * untilMs);
        // A wait that stays within a step of the limit for long can be counted either way: ask the walk both ways.
        const [most, least] = [-2 / 32, 2 / 32].map(
          (shift) => steppedQueue({ ...input, lateAfterMs: lateAfterMs + shift }, 32).late,
        );
        expect(seen.late).toBeLessThanOrEqual(most! + slack * 4);
        expect(seen.late).toBeGreaterThanOrEqual(least! - slack * 4);
      }
    }),
    { numRuns: 150 },
  );
}, 60_000);
