import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { prometheus, type PrometheusOptions } from '@spillway/adapters/prometheus';
import { virtualClock } from '@spillway/adapters/simulated';

import type { LocalServer } from './fixtures/http-server.ts';
import { testPrometheus, type StoredSeries } from './fixtures/prometheus-server.ts';
import { rejection } from './rejection.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const T0 = Date.UTC(2026, 0, 1);

let servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

async function serving(stored: readonly StoredSeries[], options: Parameters<typeof testPrometheus>[1] = {}) {
  const server = await testPrometheus(stored, options);
  servers.push(server);
  return server;
}

const job = 'dcgm-exporter';
const up = (instance: string, samples: StoredSeries['samples']): StoredSeries => ({
  labels: { __name__: 'up', job, instance, node: instance },
  samples,
});
const gpu = (
  id: string,
  samples: StoredSeries['samples'],
  extra: Readonly<Record<string, string>> = {},
): StoredSeries => ({
  labels: { __name__: 'DCGM_FI_PROF_GR_ENGINE_ACTIVE', job, UUID: id, Hostname: 'node-a', gpu: '0', ...extra },
  samples,
});
/** A sample a minute of a value, in the minutes from..to. */
const minutes = (from: number, to: number, value: number) =>
  Array.from({ length: to - from }, (_, n) => [T0 + (from + n) * MINUTE, value] as const);

describe('prometheus reads ranges', () => {
  it('reads a day of 1,000 GPUs within the limits of the server', { timeout: 60_000 }, async () => {
    const gpus = Array.from({ length: 1_000 }, (_, n) =>
      gpu(`GPU-${String(n).padStart(4, '0')}`, minutes(0, 1_440, (n % 11) / 10)),
    );
    const server = await serving([up('a', minutes(0, 1_440, 1)), ...gpus], { maxSamples: 400_000 });
    const source = prometheus({ url: server.url });

    const day = { fromMs: T0, toMs: T0 + DAY, stepMs: MINUTE, metrics: ['engineActiveRatio'] as const };
    const { gpus: tracks, gaps, count } = await source.gpus.readRange(day);

    expect(count).toBe(1_440);
    expect(tracks).toHaveLength(1_000);
    expect(gaps).toEqual([]);
    tracks.forEach(({ series }, n) => {
      expect(series.engineActiveRatio).toHaveLength(1_440);
      expect(series.engineActiveRatio!.every((value) => value === (n % 11) / 10)).toBe(true);
    });
    // 250 instants first; 1,000 a request would be too much for this server, which makes the rest 500 and less.
    expect(server.requests.every(({ points }) => points <= 11_000)).toBe(true);
  });

  it('splits what has more than 11,000 points, which the server refuses in one', async () => {
    const server = await serving([gpu('a', minutes(0, 1_440, 0.5))]);
    const expression = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE{UUID="a"}';

    const range = await prometheus({ url: server.url }).queryRange(expression, {
      fromMs: T0,
      toMs: T0 + DAY,
      stepMs: 5_000,
    });

    expect(range.count).toBe(17_280);
    expect(range.series[0]!.values.filter((value) => value === 0.5)).toHaveLength(17_280);
    expect(server.requests.map(({ points }) => points)).toEqual([250, 11_000, 6_030]);
    const tooLarge = prometheus({ url: server.url, maxPointsPerSeries: 20_000 });
    const error = await rejection(tooLarge.queryRange(expression, { fromMs: T0, toMs: T0 + DAY, stepMs: 5_000 }));
    expect(error).toMatchObject({ providerCode: 'invalid-request', isRetryable: false, isAmbiguous: false });
    expect(error.message).toContain('11,000 points');
  });

  it('has a gap where a counter began anew, over nulls too, and none where it stands still', async () => {
    const wattHours = [5, 5, 7, null, 2, 2, 3];
    const samples = wattHours.map((value, n) => [T0 + n * HOUR, value && value * 3_600_000] as const);
    const labels = { __name__: 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', UUID: 'a', job: 'dcgm-exporter' };
    const server = await serving([{ labels, samples }]);

    const { gpus, gaps } = await prometheus({ url: server.url }).gpus.readRange({
      fromMs: T0,
      toMs: T0 + 7 * HOUR,
      stepMs: HOUR,
      metrics: ['energyWattHours'],
    });

    expect(gpus[0]!.series.energyWattHours).toEqual(wattHours);
    const told = gaps.map(({ reason, fromMs, toMs }) => [reason, (fromMs - T0) / HOUR, (toMs - T0) / HOUR]);
    expect(told.filter(([reason]) => reason === 'absent' || reason === 'reset')).toEqual([
      ['absent', 3, 4],
      ['reset', 2, 4],
    ]);
  });

  it('gives the same whatever the limits are', async () => {
    const stored = [
      gpu('a', [...minutes(0, 9, 0.1), ...minutes(20, 60, 0.7)]),
      gpu('b', [...minutes(3, 30, 1), [T0 + 30 * MINUTE, null]]),
    ];
    const server = await serving(stored, { maxSamples: 40 });
    const ask = async (options: Partial<PrometheusOptions>, stepMs: number) => {
      const source = prometheus({ url: server.url, ...options });
      const { requestCount, ...range } = await source.queryRange('DCGM_FI_PROF_GR_ENGINE_ACTIVE{job="dcgm-exporter"}', {
        fromMs: T0,
        toMs: T0 + 3_600_000,
        stepMs,
      });
      expect(requestCount).toBeGreaterThan(0);
      return range;
    };
    const oneByOne = await ask({ maxPointsPerSeries: 1 }, 90_000);

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 100 }), async (points, samples) => {
        expect(await ask({ maxPointsPerSeries: points, maxSamplesPerRequest: samples }, 90_000)).toEqual(oneByOne);
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('gives up when one instant alone is too much', async () => {
    const server = await serving([gpu('a', minutes(0, 5, 1)), gpu('b', minutes(0, 5, 1))], { maxSamples: 1 });
    const source = prometheus({ url: server.url });
    const call = source.queryRange('DCGM_FI_PROF_GR_ENGINE_ACTIVE{job="dcgm-exporter"}', {
      fromMs: T0,
      toMs: T0 + 5 * MINUTE,
      stepMs: MINUTE,
    });

    expect(await rejection(call)).toMatchObject({ providerCode: 'invalid-request', hint: 'Narrow the selector.' });
  });

  it('asks nothing for an empty range, and refuses a range without sense', async () => {
    const server = await serving([]);
    const source = prometheus({ url: server.url });

    expect(await source.queryRange('up{}', { fromMs: T0, toMs: T0, stepMs: 1 })).toMatchObject({
      count: 0,
      requestCount: 0,
    });
    for (const range of [
      { fromMs: 1, toMs: 0, stepMs: 1 },
      { fromMs: 0, toMs: 1, stepMs: 0 },
      { fromMs: 0.5, toMs: 1, stepMs: 1 },
      { fromMs: 0, toMs: Infinity, stepMs: 1 },
    ]) {
      expect((await rejection(source.queryRange('up{}', range))).providerCode).toBe('invalid-request');
    }
    expect(server.requests).toEqual([]);
  });
});

describe('prometheus reads GPUs', () => {
  const range = { fromMs: T0, toMs: T0 + 60 * MINUTE, stepMs: MINUTE, metrics: ['engineActiveRatio'] as const };

  it('shows a missing exporter as missing: nulls, a gap of the card and one of the exporter', async () => {
    const server = await serving([
      up('node-a', [...minutes(0, 20, 1), ...minutes(20, 40, 0), ...minutes(40, 60, 1)]),
      gpu('a', [...minutes(0, 20, 0), [T0 + 20 * MINUTE, null], ...minutes(40, 60, 0.5)]),
    ]);
    const { gpus, gaps } = await prometheus({ url: server.url, expectedNodes: ['node-a', 'node-b'] }).gpus.readRange(
      range,
    );

    const row = gpus[0]!.series.engineActiveRatio!;
    expect(row.slice(0, 20)).toEqual(new Array(20).fill(0));
    expect(row.slice(20, 40)).toEqual(new Array(20).fill(null));
    expect(row.slice(40)).toEqual(new Array(20).fill(0.5));
    const away = { fromMs: T0 + 20 * MINUTE, toMs: T0 + 40 * MINUTE };
    expect(gaps).toMatchObject([
      { reason: 'absent', gpuId: 'a', metric: 'engineActiveRatio', ...away },
      { reason: 'unreachable', nodeName: 'node-a', detail: 'exporter node-a was down', ...away },
      { reason: 'gpu-missing', nodeName: 'node-b', fromMs: T0, toMs: T0 + 60 * MINUTE },
    ]);
  });

  it('says so when there is no exporter at all', async () => {
    const server = await serving([]);
    const source = prometheus({ url: server.url, clock: virtualClock({ startAtMs: T0 }) });

    expect(await source.gpus.readRange(range)).toMatchObject({
      gpus: [],
      gaps: [{ reason: 'unreachable', detail: 'no exporter is known' }],
    });
    expect(await source.gpus.read()).toMatchObject({
      gpus: [],
      gaps: [{ reason: 'unreachable', detail: 'no exporter is known' }],
    });
  });

  it('joins the series of a card that one pod after the other held', async () => {
    const server = await serving([
      up('node-a', minutes(0, 60, 1)),
      gpu('a', [...minutes(0, 30, 0.2), [T0 + 30 * MINUTE, null]], { pod: 'first' }),
      gpu('a', minutes(30, 60, 0.8), { pod: 'second' }),
    ]);
    const { gpus, gaps } = await prometheus({ url: server.url }).gpus.readRange(range);

    expect(gpus).toHaveLength(1);
    expect(gpus[0]!.series.engineActiveRatio).toEqual([
      ...new Array<number>(30).fill(0.2),
      ...new Array<number>(30).fill(0.8),
    ]);
    expect(gaps).toEqual([]);
  });

  it('believes neither of two series of a card that differ at the same time, nor a sentinel', async () => {
    const server = await serving([
      up('node-a', minutes(0, 60, 1)),
      gpu('a', minutes(0, 60, 0.2), { pod: 'first' }),
      gpu('a', minutes(59, 60, 0.8), { pod: 'second' }),
      gpu('b', minutes(0, 60, 2 ** 63)),
    ]);
    const { gpus, gaps } = await prometheus({ url: server.url }).gpus.readRange(range);

    expect(gpus[0]!.series.engineActiveRatio!.slice(58)).toEqual([0.2, null]);
    expect(gpus[1]!.series.engineActiveRatio).toEqual(new Array(60).fill(null));
    expect(gaps.map(({ gpuId, reason }) => [gpuId, reason])).toEqual([
      ['a', 'conflict'],
      ['b', 'blank'],
    ]);
  });

  it('reads the present, with the exporters that are down', async () => {
    const clock = virtualClock({ startAtMs: T0 + 10 * MINUTE });
    const server = await serving([
      up('node-a', minutes(0, 20, 1)),
      up('node-b', minutes(0, 20, 0)),
      gpu('a', minutes(0, 20, 0.25), { exported_pod: 'llm', exported_namespace: 'r', pod: 'dcgm-exporter-1' }),
      { labels: { __name__: 'DCGM_FI_DEV_XID_ERRORS', job, UUID: 'a', err_msg: 'x' }, samples: minutes(0, 20, 31) },
    ]);
    const { gpus, gaps, health, atMs } = await prometheus({ url: server.url, clock }).gpus.read();

    expect(atMs).toBe(T0 + 10 * MINUTE);
    expect(gpus).toMatchObject([
      { gpuId: 'a', values: { engineActiveRatio: 0.25, powerWatts: null }, owner: { name: 'llm', namespace: 'r' } },
    ]);
    expect(gaps[0]).toMatchObject({ reason: 'unreachable', nodeName: 'node-b', detail: 'exporter node-b is down' });
    expect(health).toMatchObject([{ kind: 'xid', value: 31, fault: 'application' }]);
  });

  it('does not take the pod of the exporter for the holder where labels are not honoured', async () => {
    const server = await serving([up('a', minutes(0, 5, 1)), gpu('a', minutes(0, 5, 0), { pod: 'dcgm-exporter-1' })]);
    const source = prometheus({ url: server.url, clock: virtualClock({ startAtMs: T0 }), honorsLabels: false });

    expect((await source.gpus.read()).gpus[0]!.owner).toBeNull();
  });
});
