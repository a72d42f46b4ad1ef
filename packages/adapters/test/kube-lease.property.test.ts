import { createRandom } from '@spillway/core';
import { virtualClock } from '@spillway/adapters/simulated';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { electLeader, type Election } from '../src/kubernetes/lease.ts';
import { leaseStore, simulatedProcess } from './kube-lease-simulation.ts';

const HOUR_MS = 3_600_000;

/** What one story came to. */
interface Outcome {
  /** Instants at which two took themselves for the leader. */
  readonly doubled: readonly number[];
  readonly pauses: number;
  readonly takeovers: number;
  /** Terms in the order in which leaderships began. */
  readonly terms: readonly number[];
  readonly leadRatio: number;
}

interface Story {
  readonly seed: number;
  readonly processCount: number;
  readonly lossRatio: number;
  readonly maxDelayMs: number;
  /** Whether somebody deletes the lease now and then. */
  readonly isDeleted: boolean;
  readonly durationMs: number;
}

/** Lets processes stand for one lease, holds up whoever leads again and again, and looks 10 times a second who leads. */
async function live(story: Story): Promise<Outcome> {
  const random = createRandom(story.seed);
  const next = () => random.next();
  const world = virtualClock({ startAtMs: HOUR_MS });
  const store = leaseStore();
  const faults = { lossRatio: story.lossRatio, delayMs: () => next() ** 4 * story.maxDelayMs };
  const terms: number[] = [];
  const processes = Array.from({ length: story.processCount }, (_, index) => {
    // Paces 0.9 to 1.1, and clocks that are wrong by up to an hour.
    const own = simulatedProcess(world, store, faults, next, {
      pace: 0.9 + 0.2 * next(),
      wrongMs: (next() - 0.5) * HOUR_MS,
    });
    const stand = () => {
      // All of one name, as after a restart.
      const election = electLeader({ ...own, namespace: 'default', name: 'leader', identity: 'same', random: next });
      const follow = async (): Promise<void> => {
        for (;;) {
          const { term, signal } = await election.leading();
          terms.push(term);
          await new Promise((resolve) => {
            signal.addEventListener('abort', resolve, { once: true });
          });
        }
      };
      follow().catch(() => undefined);
      return election;
    };
    return { ...own, stand, election: stand(), stopped: [] as Election[], index };
  });

  const doubled: number[] = [];
  let [pauses, takeovers, led, looks] = [0, 0, 0, 0];
  let last: number | undefined;
  let nextTroubleAtMs = HOUR_MS + 20_000;
  for (let atMs = HOUR_MS; atMs < HOUR_MS + story.durationMs; atMs += 100) {
    await world.advanceTo(atMs);
    // Also those that are held up: they would act the moment they go on.
    const leaders = processes.filter(({ election, stopped }) => [election, ...stopped].some((one) => one.isLeader()));
    looks++;
    if (leaders.length > 0) led++;
    if (leaders.length > 1) doubled.push(atMs);
    const leader = leaders[0];
    // Whoever waits for an answer may be about to lead when it arrives.
    for (const one of processes) {
      if (one.isWaiting() && !one.isPaused() && next() < 0.02) one.pauseUntil(atMs + 20_000 + next() * 20_000);
    }
    if (leader === undefined) continue;
    if (last !== undefined && last !== leader.index) takeovers++;
    last = leader.index;
    if (atMs < nextTroubleAtMs || leader.isPaused()) continue;
    // Half of the time in the worst moment: while an answer is on its way.
    if (atMs < nextTroubleAtMs + 3_000 && !leader.isWaiting() && nextTroubleAtMs % 2 < 1) continue;
    if (next() < 0.1) {
      leader.stopped.push(leader.election);
      void leader.election.stop();
      leader.election = leader.stand();
    } else {
      leader.pauseUntil(atMs + 1_000 + next() * 40_000);
      pauses++;
    }
    if (next() < 0.3) leader.setBack((next() - 0.7) * HOUR_MS);
    if (story.isDeleted && next() < 0.3) store.remove();
    nextTroubleAtMs = atMs + 2_000 + next() * 20_000;
  }
  await Promise.race([Promise.all(processes.map(({ election }) => election.stop())), world.advanceTo(2 * HOUR_MS)]);
  return { doubled, pauses, takeovers, terms, leadRatio: led / looks };
}

it('never has two leaders, whatever is held up, lost, late, wrong or deleted', async () => {
  let [pauses, takeovers] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(),
        processCount: fc.constantFrom(2, 3),
        lossRatio: fc.constantFrom(0, 0.1, 0.3),
        maxDelayMs: fc.constantFrom(0, 500, 8_000),
        isDeleted: fc.boolean(),
        durationMs: fc.constant(600_000),
      }),
      async (story) => {
        const outcome = await live(story);

        pauses += outcome.pauses;
        takeovers += outcome.takeovers;
        expect(outcome.doubled).toEqual([]);
        if (!story.isDeleted) expect(outcome.terms).toEqual([...new Set(outcome.terms)].sort((x, y) => x - y));
      },
    ),
    { numRuns: 40 },
  );
  expect(pauses).toBeGreaterThan(150);
  expect(takeovers).toBeGreaterThan(30);
});

it('has a leader nearly all the time when nothing goes wrong but short pauses', async () => {
  const calm = { seed: 1, processCount: 3, lossRatio: 0, maxDelayMs: 100, isDeleted: false, durationMs: 600_000 };

  const { leadRatio, takeovers } = await live(calm);

  expect(takeovers).toBeGreaterThan(5);
  expect(leadRatio).toBeGreaterThan(0.5);
});
