import { HOUR_MS, InvalidInputError, MINUTE_MS, SECOND_MS, type CarbonSeries } from '@spillway/core';
import { ProviderError, type WorkloadRuntime } from '@spillway/adapters';
import {
  simulatedCapacity,
  simulatedEndpoint,
  simulatedRuntime,
  simulatedSignals,
  virtualClock,
  type SimulatedTier,
} from '@spillway/adapters/simulated';
import { describe, expect, it } from 'vitest';
import { createRunner, memoryStore, type EndpointPolicy } from '../src/index.ts';
import { job, node } from './builders.ts';

const TIER: SimulatedTier = { id: 'spot', kind: 'spot', capacity: 20, priceUsdPerHour: 1 };

const ENDPOINT: EndpointPolicy = {
  id: 'chat',
  demandHalfLifeMs: 20 * SECOND_MS,
  autoscale: {
    minReplicas: 1,
    maxReplicas: 10,
    targets: [{ signal: 'rate', perReplica: 1 }],
    window: { upMs: 0, downMs: 60 * SECOND_MS },
  },
};

function carbonOf(values: readonly number[], startAtMs = 0): CarbonSeries {
  return { startAtMs, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'life-cycle', values };
}

describe('jobs', () => {
  it('starts what fits, keeps the rest waiting with a reason, and starts it when there is room', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const nodes = [node('a', 2)];
    const runtime = simulatedRuntime({ clock, nodes });
    const runner = createRunner({
      clock,
      store: memoryStore(),
      runtime,
      capacity: simulatedCapacity({ clock, nodes }),
      policy: {},
    });
    await runner.submit({ job: job('first', 2, { runtimeMs: HOUR_MS }) });
    await runner.submit({ job: job('second', 1, { runtimeMs: HOUR_MS }) });

    const full = await runner.tick();
    await clock.advanceTo(HOUR_MS);
    const later = await runner.tick();

    expect(full).toMatchObject({ done: 1, unplaced: 1 });
    expect(later).toMatchObject({ done: 1, unplaced: 0 });
    const listed = await runtime.list();
    expect(listed.map(({ jobId, startedAtMs }) => [jobId, startedAtMs])).toEqual([
      ['first', 0],
      ['second', HOUR_MS],
    ]);
  });

  it('accepts a job once', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const runner = createRunner({ clock, store: memoryStore(), capacity: simulatedCapacity({ clock }), policy: {} });

    expect(await runner.submit({ job: job('twice', 1) })).toBe(true);
    expect(await runner.submit({ job: job('twice', 1) })).toBe(false);
  });

  it('puts a job back when its start was refused for certain, in its old place', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const nodes = [node('a', 1)];
    const real = simulatedRuntime({ clock, nodes });
    let refusals = 1;
    const runtime: WorkloadRuntime = {
      ...real,
      start: (request, options) =>
        refusals-- > 0
          ? Promise.reject(new ProviderError('test', 'unavailable', 'not now'))
          : real.start(request, options),
    };
    const store = memoryStore();
    const runner = createRunner({ clock, store, runtime, capacity: simulatedCapacity({ clock, nodes }), policy: {} });
    await runner.submit({ job: job('first', 1) });
    await runner.submit({ job: job('second', 1) });

    const refused = await runner.tick();
    const waiting = await store.listWaiting();
    const again = await runner.tick();

    expect(refused).toMatchObject({ done: 0, failed: 1 });
    expect(waiting.map((submitted) => submitted.job.id)).toEqual(['first', 'second']);
    expect(again).toMatchObject({ done: 1, failed: 0 });
    expect((await real.list()).map(({ jobId }) => jobId)).toEqual(['first']);
  });

  it('counts the GPUs of a job that somebody else started', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const nodes = [node('a', 2)];
    const runtime = simulatedRuntime({ clock, nodes });
    const placement = { jobId: 'foreign', nodeId: 'a', gpus: [{ index: 0, milli: 1000 }] };
    await runtime.start({ token: 'theirs', job: job('foreign', 1), placement });
    const capacity = simulatedCapacity({ clock, nodes });
    const runner = createRunner({ clock, store: memoryStore(), runtime, capacity, policy: {} });
    await runner.submit({ job: job('both', 2) });

    const summary = await runner.tick();

    expect(summary).toMatchObject({ done: 0, failed: 0, unplaced: 1 });
  });

  it('tells a failed turn and stays usable', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const capacity = simulatedCapacity({ clock, nodes: [node('a', 1)] });
    let isDown = true;
    const runner = createRunner({
      clock,
      store: memoryStore(),
      capacity: {
        ...capacity,
        listNodes: () =>
          isDown ? Promise.reject(new ProviderError('test', 'unavailable', 'down')) : capacity.listNodes(),
      },
      policy: {},
    });
    const told: unknown[] = [];
    runner.events.on('tick:failed', (error) => told.push(error));

    await expect(runner.tick()).rejects.toThrow('down');
    isDown = false;

    expect(told).toHaveLength(1);
    await expect(runner.tick()).resolves.toMatchObject({ failed: 0 });
  });

  it('turns at its interval until it is stopped', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const stop = new AbortController();
    const runner = createRunner({ clock, store: memoryStore(), capacity: simulatedCapacity({ clock }), policy: {} });
    const turns: number[] = [];
    runner.events.on('tick:completed', ({ atMs }) => turns.push(atMs));

    const running = runner.run({ intervalMs: 10 * SECOND_MS, signal: stop.signal });
    await clock.advanceTo(25 * SECOND_MS);
    stop.abort();
    await running;

    expect(turns).toEqual([0, 10_000, 20_000]);
  });
});

describe('work that can wait', () => {
  // Two weeks of the same day: dirty from 0 to 11 h, clean from 12 h on.
  const day = [...Array<number>(12).fill(400), ...Array<number>(12).fill(100)];
  const history = Array.from({ length: 21 }, () => day).flat();
  const startAtMs = 14 * 24 * HOUR_MS;
  const policy = {
    defer: {
      zones: [
        { id: 'home', priceUsdPerGpuHour: 1, pueRatio: 1 },
        { id: 'away', priceUsdPerGpuHour: 1, pueRatio: 1 },
      ],
      objective: { kind: 'carbon' as const },
      horizonSlots: 48,
      seasons: [24],
    },
  };

  async function runOne(zones: readonly string[], awayGrams: number, deadlineHours = 24) {
    const clock = virtualClock({ startAtMs });
    const nodes = [node('home-0', 1, { zone: 'home' }), node('away-0', 1, { zone: 'away' })];
    const runtime = simulatedRuntime({ clock, nodes });
    const carbon = { home: carbonOf(history), away: carbonOf(history.map(() => awayGrams)) };
    const runner = createRunner({
      clock,
      store: memoryStore(),
      runtime,
      capacity: simulatedCapacity({ clock, nodes }),
      signals: simulatedSignals({ clock, carbon }),
      policy,
    });
    const deadlineAtMs = startAtMs + deadlineHours * HOUR_MS;
    await runner.submit({
      job: job('nightly', 1, { runtimeMs: 2 * HOUR_MS }),
      flexible: { deadlineAtMs, mode: 'contiguous', powerWatts: 400, zones },
    });
    for (let hour = 0; hour <= 26; hour++) {
      await runner.tick();
      await clock.advanceTo(clock.nowMs() + HOUR_MS);
    }
    return (await runtime.list()).map(({ placement, startedAtMs, endedAtMs }) => ({
      nodeId: placement.nodeId,
      hour: (startedAtMs - startAtMs) / HOUR_MS,
      hours: ((endedAtMs ?? Number.NaN) - startedAtMs) / HOUR_MS,
    }));
  }

  it('waits for the clean half of the day at home', async () => {
    expect(await runOne(['home'], 50)).toEqual([{ nodeId: 'home-0', hour: 12, hours: 2 }]);
  });

  it('moves when another zone is cleaner at once', async () => {
    expect(await runOne(['home', 'away'], 50)).toEqual([{ nodeId: 'away-0', hour: 0, hours: 2 }]);
  });

  it('runs at once when there is no time to wait', async () => {
    expect(await runOne(['home'], 50, 2)).toEqual([{ nodeId: 'home-0', hour: 0, hours: 2 }]);
  });

  it('refuses unknown zones and unknown run times, naming them', async () => {
    const clock = virtualClock({ startAtMs });
    const runner = createRunner({ clock, store: memoryStore(), capacity: simulatedCapacity({ clock }), policy });
    const flexible = { deadlineAtMs: startAtMs, mode: 'contiguous' as const, powerWatts: 1, zones: ['mars'] };

    await expect(runner.submit({ job: job('x', 1, { runtimeMs: 1 }), flexible })).rejects.toThrow(/'mars'/);
    await expect(runner.submit({ job: job('x', 1), flexible })).rejects.toBeInstanceOf(InvalidInputError);
  });
});

describe('endpoints', () => {
  it('scales to the demand and drains after the window', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const capacity = simulatedCapacity({ clock, tiers: [TIER] });
    const values = [...Array<number>(10).fill(5), ...Array<number>(50).fill(0.9)];
    const metrics = simulatedEndpoint({
      clock,
      endpointId: 'chat',
      arrivals: { startAtMs: 0, stepMs: 10 * SECOND_MS, unit: '1/s', values },
      replicaRatePerSecond: 1,
      replicas: () => capacity.usage(),
    });
    const runner = createRunner({ clock, store: memoryStore(), capacity, metrics, policy: { endpoints: [ENDPOINT] } });
    const targets: number[] = [];
    runner.events.on('plan:computed', ({ notes }) => {
      for (const note of notes) if (note.kind === 'scaled') targets.push(note.target);
    });

    for (let tick = 0; tick < 55; tick++) {
      await clock.advanceTo(clock.nowMs() + 10 * SECOND_MS);
      await runner.tick();
    }

    expect(targets[0]).toBe(5);
    expect(Math.max(...targets)).toBe(5);
    expect(targets.at(-1)).toBe(1);
    expect(await capacity.provision.list()).toHaveLength(1);
  });

  it('repeats a launch of unknown outcome under its token and orders nothing else meanwhile', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const capacity = simulatedCapacity({ clock, tiers: [TIER] });
    const sent: string[] = [];
    const launch: typeof capacity.provision.launch = (request, options) => {
      sent.push(request.token);
      // No answer to the first three calls; the provider may or may not have heard them.
      if (sent.length <= 3) return Promise.reject(new ProviderError('test', 'timeout', 'no answer'));
      return capacity.provision.launch(request, options);
    };
    const runner = createRunner({
      clock,
      store: memoryStore(),
      capacity: { ...capacity, provision: { ...capacity.provision, launch } },
      policy: { endpoints: [ENDPOINT] },
    });

    for (let tick = 0; tick < 6; tick++) {
      await runner.tick();
      await clock.advanceTo(clock.nowMs() + 10 * SECOND_MS);
    }

    expect(sent).toEqual(['order-1', 'order-1', 'order-1', 'order-1']);
    expect(capacity.usage()).toHaveLength(1);
  });

  it('stops a replica that nobody ordered', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const capacity = simulatedCapacity({ clock, tiers: [TIER] });
    await capacity.provision.launch({ token: 'not-ours', tierId: 'spot' });
    const runner = createRunner({ clock, store: memoryStore(), capacity, policy: {} });

    await runner.tick();

    expect(await capacity.provision.list()).toEqual([]);
  });

  it('replaces a replica before it is taken away', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const meanTimeToInterruptMs = 5 * MINUTE_MS;
    const capacity = simulatedCapacity({
      clock,
      seed: 1,
      tiers: [
        { ...TIER, capacity: 1, noticeMs: 2 * MINUTE_MS, interruption: { meanTimeToInterruptMs } },
        { id: 'steady', kind: 'hourly', capacity: 5, priceUsdPerHour: 3 },
      ],
    });
    const runner = createRunner({ clock, store: memoryStore(), capacity, policy: { endpoints: [ENDPOINT] } });
    let atLeast = Infinity;
    for (let tick = 0; tick < 120; tick++) {
      await runner.tick();
      await clock.advanceTo(clock.nowMs() + 30 * SECOND_MS);
      atLeast = Math.min(atLeast, (await capacity.provision.list()).length);
    }

    expect(capacity.usage().some(({ endedBy }) => endedBy === 'interrupted')).toBe(true);
    expect(atLeast).toBe(1);
  });
});
