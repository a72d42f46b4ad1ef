import { SECOND_MS } from '@spillway/core';
import { simulatedCapacity, simulatedEndpoint, simulatedRuntime, virtualClock } from '@spillway/adapters/simulated';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLoopState, createRunner, decide, memoryStore, type Policy, type Snapshot } from '../src/index.ts';
import { job, node } from './builders.ts';

const POLICY: Policy = {
  endpoints: [
    {
      id: 'chat',
      demandHalfLifeMs: 20 * SECOND_MS,
      autoscale: {
        minReplicas: 1,
        maxReplicas: 8,
        targets: [{ signal: 'rate', perReplica: 1 }],
        window: { upMs: 0, downMs: 30 * SECOND_MS },
      },
    },
  ],
};

/** Lets a loop run over a flaky provider and gives back all that can be checked. */
async function runFlaky(seed: number, failureRatio: number, ambiguousRatio: number, loads: readonly number[]) {
  const clock = virtualClock({ startAtMs: 0 });
  const capacity = simulatedCapacity({
    clock,
    seed,
    tiers: [
      { id: 'own', kind: 'fixed', capacity: 3, priceUsdPerHour: 0 },
      {
        id: 'spot',
        kind: 'spot',
        capacity: 6,
        priceUsdPerHour: 1,
        startupMs: 15 * SECOND_MS,
        noticeMs: 10 * SECOND_MS,
        interruption: { meanTimeToInterruptMs: 120 * SECOND_MS },
      },
    ],
    // A call whose answer is lost may take effect up to three ticks later.
    faults: { failureRatio, ambiguousRatio, maxEffectDelayMs: 30 * SECOND_MS, seed },
  });
  const metrics = simulatedEndpoint({
    clock,
    endpointId: 'chat',
    arrivals: { startAtMs: 0, stepMs: 10 * SECOND_MS, unit: '1/s', values: loads },
    replicaRatePerSecond: 1,
    replicas: () => capacity.usage(),
  });
  const store = memoryStore();
  const runner = createRunner({ clock, store, capacity, metrics, policy: POLICY });
  while (clock.nowMs() < loads.length * 10 * SECOND_MS) {
    await clock.advanceTo(clock.nowMs() + 10 * SECOND_MS);
    await runner.tick();
  }
  return { capacity, store, plans: store.plans() };
}

describe('the loop over a provider that fails, and fails to say whether it did', () => {
  it('never pays twice for one order, and every replica belongs to an order', async () => {
    const load = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 10, maxLength: 30 });
    const ratio = fc.double({ min: 0, max: 0.45, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.nat(), ratio, ratio, load, async (seed, failureRatio, ambiguousRatio, loads) => {
        const { capacity, plans } = await runFlaky(seed, failureRatio, ambiguousRatio, loads);

        const ordered = new Set(
          plans.flatMap(({ actions }) => actions.flatMap((a) => (a.kind === 'launch-replica' ? [a.token] : []))),
        );
        const launched = capacity.usage().map(({ token }) => token);
        expect(new Set(launched).size).toBe(launched.length);
        expect(launched.filter((token) => !ordered.has(token))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('never holds more than the policy allows, counting what is on notice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 20, maxLength: 40 }),
        async (seed, loads) => {
          const { capacity } = await runFlaky(seed, 0.2, 0.3, loads);

          const spans = capacity.usage();
          const instants = spans.map(({ startedAtMs }) => startedAtMs);
          for (const at of instants) {
            const held = spans.filter((s) => s.startedAtMs <= at && (s.endedAtMs === null || s.endedAtMs > at));
            // Eight by policy; a replica on notice is replaced while it is still there, so as many more as spot can hold.
            expect(held.length).toBeLessThanOrEqual(9);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('reaches the wanted count once the faults stop', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const clock = virtualClock({ startAtMs: 0 });
        const real = simulatedCapacity({
          clock,
          tiers: [{ id: 'own', kind: 'fixed', capacity: 10, priceUsdPerHour: 0 }],
          faults: { failureRatio: 0.4, ambiguousRatio: 0.4, seed },
        });
        const metrics = simulatedEndpoint({
          clock,
          endpointId: 'chat',
          arrivals: { startAtMs: 0, stepMs: 10 * SECOND_MS, unit: '1/s', values: Array<number>(60).fill(6) },
          replicaRatePerSecond: 1,
          replicas: () => real.usage(),
        });
        const runner = createRunner({ clock, store: memoryStore(), capacity: real, metrics, policy: POLICY });
        for (let tick = 0; tick < 55; tick++) {
          await clock.advanceTo(clock.nowMs() + 10 * SECOND_MS);
          await runner.tick();
        }

        expect(await real.provision.list()).toHaveLength(6);
      }),
      { numRuns: 100 },
    );
  });
});

describe('jobs', () => {
  it('are never lost and never run twice, whatever comes', async () => {
    const sizes = fc.array(
      fc.record({ gpuCount: fc.integer({ min: 0, max: 4 }), hours: fc.integer({ min: 1, max: 5 }) }),
      {
        maxLength: 25,
      },
    );
    await fc.assert(
      fc.asyncProperty(sizes, async (wanted) => {
        const clock = virtualClock({ startAtMs: 0 });
        const nodes = [node('a', 4), node('b', 2)];
        const runtime = simulatedRuntime({ clock, nodes });
        const store = memoryStore();
        const runner = createRunner({
          clock,
          store,
          runtime,
          capacity: simulatedCapacity({ clock, nodes }),
          policy: {},
        });
        for (const [index, { gpuCount, hours }] of wanted.entries()) {
          await runner.submit({ job: job(`job-${index}`, gpuCount, { runtimeMs: hours * 3_600_000 }) });
          if (index % 3 === 0) await runner.tick();
        }
        for (let hour = 0; hour < 150; hour++) {
          await runner.tick();
          await clock.advanceTo(clock.nowMs() + 3_600_000);
        }

        const ran = (await runtime.list()).map(({ jobId }) => jobId).sort();
        expect(ran).toEqual(wanted.map((_, index) => `job-${index}`).sort());
        expect(await store.listWaiting()).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('decide', () => {
  const snapshots = fc
    .record({
      jobs: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }),
      rate: fc.option(fc.double({ min: 0, max: 20, noNaN: true })),
      replicas: fc.integer({ min: 0, max: 6 }),
    })
    .map(({ jobs, rate, replicas }): Snapshot => ({
      atMs: 1_000_000,
      nodes: [node('a', 4), node('b', 2)],
      running: [],
      waiting: jobs.map((gpuCount, index) => ({ job: job(`job-${index}`, gpuCount), submittedAtMs: 0 })),
      endpoints: [
        {
          id: 'chat',
          metrics: {
            endpointId: 'chat',
            atMs: 1_000_000,
            intervalMs: 10_000,
            ratePerSecond: rate,
            utilizationRatio: null,
            queueDepth: 0,
          },
        },
      ],
      tiers: [{ id: 'own', kind: 'fixed', capacity: 10, priceUsdPerHour: 0 }],
      replicas: Array.from({ length: replicas }, (_, index) => ({
        id: `r${index}`,
        tierId: 'own',
        token: `t${index}`,
        startedAtMs: 0,
        readyAtMs: 0,
        isReady: true,
        endpointId: 'chat',
      })),
      notices: [],
      pendingLaunches: [],
      carbon: {},
    }));

  it('is a pure function: same snapshot, same plan; its arguments stay as they are; all of it is JSON', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const before = JSON.stringify(snapshot);
        const state = createLoopState();

        const first = decide(snapshot, POLICY, state);
        const replayed = decide(
          JSON.parse(before) as Snapshot,
          POLICY,
          JSON.parse(JSON.stringify(state)) as typeof state,
        );

        expect(JSON.stringify(snapshot)).toBe(before);
        expect(replayed).toEqual(first);
        expect(JSON.parse(JSON.stringify(first))).toEqual(first);
      }),
      { numRuns: 200 },
    );
  });

  it('gives every action a token of its own', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const { plan, state } = decide(snapshot, POLICY, { ...createLoopState(), orderCount: 41 });
        const tokens = plan.actions.map(({ token }) => token);

        expect(new Set(tokens).size).toBe(tokens.length);
        expect(state.orderCount).toBe(41 + tokens.length);
      }),
      { numRuns: 100 },
    );
  });
});
