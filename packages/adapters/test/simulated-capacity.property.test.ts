import fc from 'fast-check';
import { expect, it } from 'vitest';

import { ProviderError } from '@spillway/adapters';
import {
  simulatedCapacity,
  virtualClock,
  type SimulatedFaults,
  type SimulatedTier,
  type SimulatedUsage,
} from '@spillway/adapters/simulated';

import { capacitySteps, capacityTiers, type CapacityStep } from './arbitraries.ts';

/** Capacity of a tier at an instant, read from its definition. */
function limitOf(tier: SimulatedTier, atMs: number): number {
  if (tier.capacitySeries === undefined) return tier.capacity ?? Infinity;
  const { startAtMs, stepMs, values } = tier.capacitySeries;
  const slot = Math.floor((atMs - startAtMs) / stepMs);
  return slot < 0 || slot >= values.length ? 0 : values[slot]!;
}

function livesAt({ startedAtMs, endedAtMs }: SimulatedUsage, atMs: number): boolean {
  return startedAtMs <= atMs && (endedAtMs === null || endedAtMs > atMs);
}

/** Plays a story, checks the laws after every step, and returns what happened as text. */
async function play(
  tiers: readonly SimulatedTier[],
  steps: readonly CapacityStep[],
  faults: SimulatedFaults,
  seed: number,
) {
  const clock = virtualClock({ startAtMs: 0 });
  const capacity = simulatedCapacity({ clock, tiers, faults, seed });
  const { list, launch, terminate } = capacity.provision;
  const seen = new Map<string, string>();
  const story: string[] = [];

  for (const step of steps) {
    try {
      if (step.kind === 'launch') {
        const token = `t${step.token}`;
        const replica = await launch({ token, tierId: tiers[step.tier]!.id });
        // One replica a token, for ever.
        expect(seen.get(token) ?? replica.id).toBe(replica.id);
        seen.set(token, replica.id);
      } else if (step.kind === 'terminate') {
        await terminate(capacity.usage()[step.launched]?.replicaId ?? 'unknown');
      } else {
        await clock.advanceTo(clock.nowMs() + step.byMs);
      }
    } catch (error) {
      if (!ProviderError.is(error)) throw error;
      story.push(error.providerCode);
    }
    const nowMs = clock.nowMs();
    const usage = capacity.usage();

    const listed = (await list()).map(({ id }) => id);
    expect(listed).toEqual(usage.filter((replica) => livesAt(replica, nowMs)).map(({ replicaId }) => replicaId));
    expect(new Set(usage.map(({ token }) => token)).size).toBe(usage.length);
    for (const { replicaId, goneAtMs } of await capacity.preemption.listNotices()) {
      expect(listed).toContain(replicaId);
      expect(goneAtMs).toBeGreaterThan(nowMs);
    }
    for (const { startedAtMs, endedAtMs, endedBy } of usage) {
      expect(endedAtMs === null).toBe(endedBy === null);
      expect(startedAtMs <= (endedAtMs ?? nowMs) && (endedAtMs ?? nowMs) <= nowMs).toBe(true);
    }
    story.push(JSON.stringify(usage));
  }
  return { usage: capacity.usage(), story, nowMs: clock.nowMs() };
}

const faultRatios = fc.record({
  failureRatio: fc.constantFrom(0, 0.3),
  ambiguousRatio: fc.constantFrom(0, 0.5),
  maxEffectDelayMs: fc.constantFrom(0, 2_500),
  seed: fc.nat(1_000),
});

it('keeps every tier within its capacity at every instant, one replica a token, and lists what is not gone', async () => {
  await fc.assert(
    fc.asyncProperty(capacityTiers, capacitySteps, faultRatios, fc.nat(), async (tiers, steps, faults, seed) => {
      const { usage, nowMs } = await play(tiers, steps, faults, seed);

      for (const tier of tiers) {
        const own = usage.filter(({ tierId }) => tierId === tier.id);
        // Counts change only where a replica starts or ends and limits only where a slot begins.
        const slots = Array.from({ length: 60 }, (_, slot) => (tier.capacitySeries?.startAtMs ?? 0) + slot * 1_000);
        for (const atMs of [...own.map(({ startedAtMs }) => startedAtMs), ...slots.filter((slot) => slot <= nowMs)]) {
          expect(own.filter((replica) => livesAt(replica, atMs)).length).toBeLessThanOrEqual(limitOf(tier, atMs));
        }
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

it('conserves time: replica time seen by looking every ms is the replica time in the books', async () => {
  await fc.assert(
    fc.asyncProperty(capacityTiers, capacitySteps, async (tiers, steps) => {
      const clock = virtualClock({ startAtMs: 0 });
      const capacity = simulatedCapacity({ clock, tiers });
      let seenMs = 0;
      for (const step of steps) {
        if (step.kind === 'launch') {
          await capacity.provision.launch({ token: `t${step.token}`, tierId: tiers[step.tier]!.id }).catch(() => null);
        } else if (step.kind === 'terminate') {
          await capacity.provision.terminate(capacity.usage()[step.launched]?.replicaId ?? 'unknown');
        } else {
          // Short steps keep the looking affordable.
          for (let ms = 0; ms < step.byMs % 50; ms++) {
            seenMs += (await capacity.provision.list()).length;
            await clock.advanceTo(clock.nowMs() + 1);
          }
        }
      }

      const nowMs = clock.nowMs();
      const bookedMs = capacity
        .usage()
        .reduce((sum, { startedAtMs, endedAtMs }) => sum + (endedAtMs ?? nowMs) - startedAtMs, 0);
      expect(bookedMs).toBe(seenMs);
    }),
    { numRuns: 100 },
  );
}, 60_000);

it('tells the same story from the same seeds', async () => {
  await fc.assert(
    fc.asyncProperty(capacityTiers, capacitySteps, faultRatios, fc.nat(), async (tiers, steps, faults, seed) => {
      const first = await play(tiers, steps, faults, seed);

      expect((await play(tiers, steps, faults, seed)).story).toEqual(first.story);
    }),
    { numRuns: 100 },
  );
}, 60_000);

it('does not change the story when somebody looks more often', async () => {
  await fc.assert(
    fc.asyncProperty(capacityTiers, capacitySteps, fc.nat(), async (tiers, steps, seed) => {
      const tell = async (isCurious: boolean) => {
        const clock = virtualClock({ startAtMs: 0 });
        const capacity = simulatedCapacity({ clock, tiers, seed });
        for (const step of steps) {
          if (step.kind === 'launch') {
            await capacity.provision
              .launch({ token: `t${step.token}`, tierId: tiers[step.tier]!.id })
              .catch(() => null);
          } else if (step.kind === 'advance') {
            const untilMs = clock.nowMs() + step.byMs;
            for (let atMs = clock.nowMs() + 311; isCurious && atMs < untilMs; atMs += 311) {
              await clock.advanceTo(atMs);
              capacity.usage();
              await capacity.preemption.listNotices();
            }
            await clock.advanceTo(untilMs);
          }
        }
        return capacity.usage();
      };

      expect(await tell(true)).toEqual(await tell(false));
    }),
    { numRuns: 100 },
  );
}, 60_000);
