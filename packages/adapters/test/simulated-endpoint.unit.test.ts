import type { Series } from '@spillway/core';
import { describe, expect, it } from 'vitest';

import { simulatedEndpoint, virtualClock, type ServingSpan } from '@spillway/adapters/simulated';

import { rejection } from './rejection.ts';

const MINUTE_MS = 60_000;
const always: ServingSpan = { readyAtMs: 0, endedAtMs: null };

function start(values: readonly number[], replicas: readonly ServingSpan[], startAtMs = 0) {
  const clock = virtualClock({ startAtMs });
  const arrivals: Series<'1/s'> = { startAtMs: 0, stepMs: MINUTE_MS, unit: '1/s', values };
  const endpoint = simulatedEndpoint({
    clock,
    endpointId: 'chat',
    arrivals,
    replicaRatePerSecond: 10,
    replicas: () => replicas,
  });
  const readAt = async (atMs: number) => {
    await clock.advanceTo(atMs);
    return endpoint.readEndpoint('chat');
  };
  return { clock, endpoint, readAt };
}

describe('simulatedEndpoint', () => {
  it('serves at once what its replicas can carry', async () => {
    const { endpoint, readAt } = start([6], [always]);

    expect(await readAt(MINUTE_MS)).toEqual({
      endpointId: 'chat',
      atMs: 60_000,
      intervalMs: 60_000,
      ratePerSecond: 6,
      utilizationRatio: 0.6,
      queueDepth: 0,
    });
    expect(endpoint.service()).toEqual({
      arrived: 360,
      served: 360,
      waiting: 0,
      late: 0,
      lateRatio: 0,
      meanWaitMs: 0,
      readyReplicaMs: 60_000,
    });
  });

  it('lets requests wait in line while more come than can be served, and works the line off', async () => {
    // 15/s against 10/s for a minute: 300 wait at its end. Nothing comes after: the last is served 30 s later.
    const { endpoint, readAt } = start([15, 0], [always]);

    expect(await readAt(MINUTE_MS)).toMatchObject({ queueDepth: 300, utilizationRatio: 1 });
    expect(await readAt(75_000)).toMatchObject({ queueDepth: 150, utilizationRatio: 1, ratePerSecond: 0 });
    expect(await readAt(2 * MINUTE_MS)).toMatchObject({ queueDepth: 0, ratePerSecond: 0 });

    // A request that comes t s into the first minute waits t / 2 s: 15 s on average, and above 10 s from t = 20 on.
    const service = endpoint.service();
    expect(service).toMatchObject({ arrived: 900, served: 900, waiting: 0, meanWaitMs: 15_000 });
    expect(service.late).toBeCloseTo(600, 3);
    expect(service.lateRatio).toBeCloseTo(2 / 3, 6);
  });

  it('counts requests that wait too long before they are served', async () => {
    const { clock, endpoint } = start([2], []);
    await clock.advanceTo(30_000);

    expect(endpoint.service()).toMatchObject({ arrived: 60, served: 0, waiting: 60, readyReplicaMs: 0 });
    // Those of the first 20 s have waited longer than 10 s; on average the wait so far is 15 s.
    expect(endpoint.service().late).toBeCloseTo(40, 4);
    expect(endpoint.service().meanWaitMs).toBeCloseTo(15_000, 9);
  });

  it('does not call a wait of exactly the limit late', async () => {
    // 100 wait before the replica is ready; from then on as many come as go, and each waits 10 s.
    const { clock, endpoint } = start([10, 10], [{ readyAtMs: 10_000, endedAtMs: null }]);
    await clock.advanceTo(2 * MINUTE_MS);

    expect(endpoint.service()).toMatchObject({ waiting: 100 });
    expect(endpoint.service().late).toBeCloseTo(0, 4);
  });

  it('has the replicas serve from ready to ended, and not before or after', async () => {
    const { endpoint, readAt } = start(
      [10, 0],
      [
        { readyAtMs: 20_000, endedAtMs: 30_000 },
        { readyAtMs: 25_000, endedAtMs: 40_000 },
        { readyAtMs: 50_000, endedAtMs: 45_000 },
      ],
    );

    // 20 s with nobody, 5 s of one, 5 s of two, 10 s of one: 250 served of the 400 that came.
    expect(await readAt(40_000)).toMatchObject({ queueDepth: 150 });
    expect(endpoint.service()).toMatchObject({ served: 250, readyReplicaMs: 25_000 });
  });

  it('gives utilisation of the ready time alone, and none when nobody was ready', async () => {
    const { readAt } = start([5, 5], [{ readyAtMs: 90_000, endedAtMs: null }]);

    expect((await readAt(MINUTE_MS)).utilizationRatio).toBeNull();
    expect((await readAt(2 * MINUTE_MS)).utilizationRatio).toBe(1);
  });

  it('measures since the last read, and one slot back at first', async () => {
    const { readAt } = start([1, 2, 3, 4], [always]);

    expect(await readAt(150_000)).toMatchObject({ intervalMs: 60_000, ratePerSecond: 2.5, utilizationRatio: 0.25 });
    expect(await readAt(165_000)).toMatchObject({ intervalMs: 15_000, ratePerSecond: 3 });
    expect(await readAt(195_000)).toMatchObject({ intervalMs: 30_000, ratePerSecond: 3.5 });
  });

  it('looks back at the trace from before its own creation, and measures no utilisation there', async () => {
    const { readAt } = start([1, 2], [always], MINUTE_MS);

    expect(await readAt(MINUTE_MS)).toMatchObject({ intervalMs: 60_000, ratePerSecond: 1, utilizationRatio: null });
  });

  it('has no rate outside the trace: missing, not 0', async () => {
    const { readAt } = start([1, 2], [always], -MINUTE_MS);

    expect(await readAt(-30_000)).toMatchObject({ ratePerSecond: null, queueDepth: 0 });
    expect(await readAt(30_000)).toMatchObject({ ratePerSecond: null });
    expect(await readAt(2 * MINUTE_MS)).toMatchObject({ ratePerSecond: 5 / 3 });
    expect(await readAt(2 * MINUTE_MS + 1)).toMatchObject({ ratePerSecond: null });
  });

  it('has no rate at the start of the trace, where nothing has been measured yet', async () => {
    expect(await start([1], [always]).readAt(0)).toMatchObject({ intervalMs: 0, ratePerSecond: null });
  });

  it('gives the same measurement to a second read at the same instant', async () => {
    const { endpoint, readAt } = start([1], [always]);
    const first = await readAt(10_000);

    expect(await endpoint.readEndpoint('chat')).toEqual(first);
  });

  it('measures the same when somebody asks for the service in between', async () => {
    const plain = start([1, 25, 3], [always]);
    const asked = start([1, 25, 3], [always]);
    for (const atMs of [70_000, 150_000, 165_000]) {
      await asked.clock.advanceTo(atMs - 5_000);
      asked.endpoint.service();
      await asked.clock.advanceTo(atMs);
      asked.endpoint.service();

      const [expected, seen] = [await plain.readAt(atMs), await asked.readAt(atMs)];

      expect(seen.utilizationRatio).toBeCloseTo(expected.utilizationRatio!, 9);
      expect(seen.queueDepth).toBeCloseTo(expected.queueDepth!, 9);
    }
  });

  it('knows no shares and no mean when nothing arrived', () => {
    expect(start([1], [always]).endpoint.service()).toMatchObject({ arrived: 0, lateRatio: null, meanWaitMs: null });
  });

  it('refuses another endpoint with not-found, and an aborted call', async () => {
    const { endpoint } = start([1], [always]);

    expect((await rejection(endpoint.readEndpoint('other'))).providerCode).toBe('not-found');
    const options = { signal: AbortSignal.abort() };
    expect((await rejection(endpoint.readEndpoint('chat', options))).providerCode).toBe('aborted');
  });

  it.each([
    [{ replicaRatePerSecond: 0 }, 'replicaRatePerSecond'],
    [{ lateAfterMs: -1 }, 'lateAfterMs'],
    [{ arrivals: { startAtMs: 0, stepMs: 1, unit: '1/s' as const, values: [1, -1] } }, 'arrivals.values[1]'],
    [{ arrivals: { startAtMs: 0, stepMs: 0, unit: '1/s' as const, values: [] } }, 'arrivals.stepMs'],
  ])('refuses %j', (wrong, field) => {
    const options = {
      clock: virtualClock({ startAtMs: 0 }),
      endpointId: 'chat',
      arrivals: { startAtMs: 0, stepMs: 1, unit: '1/s' as const, values: [] },
      replicaRatePerSecond: 1,
      replicas: () => [],
      ...wrong,
    };

    expect(() => simulatedEndpoint(options)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error,
    );
  });
});
