import fc from 'fast-check';
import { expect, it } from 'vitest';

import { simulatedEndpoint, virtualClock } from '@spillway/adapters/simulated';

import { queueStory } from './arbitraries.ts';

type Story = typeof queueStory extends fc.Arbitrary<infer T> ? T : never;

function start({ stepMs, rates, replicaRate, lateAfterMs, spans }: Story, startAtMs = 0) {
  const clock = virtualClock({ startAtMs });
  const endpoint = simulatedEndpoint({
    clock,
    endpointId: 'chat',
    arrivals: { startAtMs, stepMs, unit: '1/s', values: rates.map((rate) => rate * 1_000) },
    replicaRatePerSecond: replicaRate * 1_000,
    replicas: () =>
      spans.map(({ readyAtMs, lengthMs }) => ({
        readyAtMs: startAtMs + readyAtMs,
        endedAtMs: lengthMs === null ? null : startAtMs + readyAtMs + lengthMs,
      })),
    lateAfterMs,
  });
  return { clock, endpoint };
}

it('loses no request: what arrived was served or waits, at every instant', async () => {
  await fc.assert(
    fc.asyncProperty(queueStory, async (story) => {
      const { clock, endpoint } = start(story);
      let lateBefore = 0;
      for (const atMs of story.reads) {
        await clock.advanceTo(atMs);
        const { arrived, served, waiting, late, lateRatio } = endpoint.service();
        const { utilizationRatio, queueDepth } = await endpoint.readEndpoint('chat');

        expect(served + waiting).toBeCloseTo(arrived, 6);
        expect(queueDepth).toBe(waiting);
        expect(waiting).toBeGreaterThanOrEqual(0);
        expect(late).toBeGreaterThanOrEqual(lateBefore - 1e-6);
        expect(late).toBeLessThanOrEqual(arrived + 1e-6);
        if (lateRatio !== null) expect(lateRatio >= 0 && lateRatio <= 1).toBe(true);
        if (utilizationRatio !== null) expect(utilizationRatio >= 0 && utilizationRatio <= 1).toBe(true);
        lateBefore = late;
      }
    }),
    { numRuns: 300 },
  );
});

it('comes to the same end whoever looks in between', async () => {
  await fc.assert(
    fc.asyncProperty(queueStory, async (story) => {
      const curious = start(story);
      const plain = start(story);
      for (const atMs of story.reads) {
        await curious.clock.advanceTo(atMs);
        curious.endpoint.service();
        await curious.endpoint.readEndpoint('chat');
      }
      await plain.clock.advanceTo(story.reads.at(-1)!);

      const [seen, expected] = [curious.endpoint.service(), plain.endpoint.service()];

      for (const key of ['arrived', 'served', 'waiting', 'late', 'readyReplicaMs'] as const) {
        expect(seen[key]).toBeCloseTo(expected[key], 5);
      }
      expect(seen.meanWaitMs ?? -1).toBeCloseTo(expected.meanWaitMs ?? -1, 5);
    }),
    { numRuns: 200 },
  );
});

it('tells the same story today as at the start of the epoch', async () => {
  await fc.assert(
    fc.asyncProperty(queueStory, async (story) => {
      const tell = async (startAtMs: number) => {
        const { clock, endpoint } = start(story, startAtMs);
        const told: unknown[] = [];
        for (const atMs of story.reads) {
          await clock.advanceTo(startAtMs + atMs);
          told.push({ ...(await endpoint.readEndpoint('chat')), atMs }, endpoint.service());
        }
        return told;
      };

      expect(await tell(1_790_000_000_000)).toEqual(await tell(0));
    }),
    { numRuns: 100 },
  );
});
