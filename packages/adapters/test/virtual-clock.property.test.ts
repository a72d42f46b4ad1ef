import fc from 'fast-check';
import { expect, it } from 'vitest';

import { virtualClock } from '@spillway/adapters/simulated';

/** Sleepers: each sleeps a chain of durations, one after the other. */
const chains = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 5 }), { maxLength: 12 });
const steps = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 6 });

it('wakes in order of time, each at its own time, whatever the steps in which time passes', async () => {
  await fc.assert(
    fc.asyncProperty(chains, steps, async (durations, advances) => {
      const tell = async (stops: readonly number[]): Promise<string[]> => {
        const clock = virtualClock({ startAtMs: 0 });
        const story: string[] = [];
        durations.forEach((chain, name) => {
          void (async () => {
            let dueMs = 0;
            for (const durationMs of chain) {
              dueMs += durationMs;
              await clock.sleep(durationMs);
              expect(clock.nowMs()).toBe(dueMs);
              story.push(`${dueMs}:${name}`);
            }
          })();
        });
        for (const stopMs of stops) await clock.advanceTo(stopMs);
        return story;
      };
      const endMs = 120;
      let atMs = 0;
      const stops = [...advances.map((step) => (atMs = Math.min(endMs, atMs + step))), endMs];

      const story = await tell(stops);

      const times = story.map((line) => Number(line.split(':')[0]));
      expect(times).toEqual([...times].sort((x, y) => x - y));
      expect(story).toHaveLength(durations.flat().length);
      expect(story).toEqual(await tell([endMs]));
    }),
    { numRuns: 100 },
  );
});

it('wakes single sleepers in the order of a stable sort by time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 40 }), async (durations) => {
      const clock = virtualClock({ startAtMs: 0 });
      const story: number[] = [];
      durations.forEach((durationMs, index) => void clock.sleep(durationMs).then(() => story.push(index)));

      await clock.advanceTo(8);

      const expected = durations.map((_, index) => index).sort((x, y) => durations[x]! - durations[y]!);
      expect(story).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});
