import { readFileSync } from 'node:fs';

import { describe, it } from 'vitest';

import { dcgm } from '@spillway/adapters/dcgm';
import { prometheus } from '@spillway/adapters/prometheus';
import { simulatedEndpoint, simulatedRuntime, simulatedSignals, virtualClock } from '@spillway/adapters/simulated';
import { conformanceCases, describeProvider, faultProxy, faultyFetch, type Subject } from '@spillway/adapters/testing';

import { localServer, type LocalServer } from './fixtures/http-server.ts';
import { testPrometheus, type StoredSeries } from './fixtures/prometheus-server.ts';

const sample = readFileSync(new URL('fixtures/dcgm-exposition.txt', import.meta.url), 'utf8');
const HOUR = 3_600_000;
const MINUTE = 60_000;
const secrets = ['s3cret'];
const headers = { authorization: 'Bearer s3cret' };

const exporter = () =>
  localServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(sample);
  });

/** Some hours of two cards until now, with a hole. */
function prometheusServer(): Promise<LocalServer> {
  const job = 'dcgm-exporter';
  const now = Math.floor(Date.now() / MINUTE) * MINUTE;
  const samples = Array.from({ length: 181 }, (_, n) => [now - (180 - n) * MINUTE, n] as const);
  const series = (
    name: string,
    extra: Readonly<Record<string, string>>,
    value: (n: number) => number,
  ): StoredSeries => ({
    labels: { __name__: name, job, ...extra },
    samples: samples.filter(([, n]) => n < 90 || n > 120).map(([atMs, n]) => [atMs, value(n)] as const),
  });
  return testPrometheus([
    { labels: { __name__: 'up', job, instance: 'node-a:9400' }, samples: samples.map(([atMs]) => [atMs, 1] as const) },
    ...['GPU-a', 'GPU-b'].flatMap((UUID) => [
      series('DCGM_FI_PROF_GR_ENGINE_ACTIVE', { UUID, Hostname: 'node-a' }, (n) => (n % 10) / 10),
      series('DCGM_FI_DEV_POWER_USAGE', { UUID, Hostname: 'node-a' }, () => 300),
    ]),
  ]);
}

/** A source of metrics on a server, with the wire failing in process or in a proxy. */
async function onWire(
  startServer: () => Promise<LocalServer>,
  isProxied: boolean,
  create: (url: string, fetch: typeof globalThis.fetch) => Subject['provider'],
): Promise<Subject> {
  const server = await startServer();
  const range = {
    fromMs: Math.floor(Date.now() / MINUTE) * MINUTE - 3 * HOUR,
    toMs: Date.now() - 2 * MINUTE,
    stepMs: 2 * MINUTE,
  };
  if (!isProxied) {
    const { fetch, faults } = faultyFetch(globalThis.fetch);
    return {
      provider: create(server.url, fetch as typeof globalThis.fetch),
      faults,
      secrets,
      range: whole(range),
      stop: server.stop,
    };
  }
  const proxy = await faultProxy(server.url);
  return {
    provider: create(proxy.url, globalThis.fetch),
    faults: proxy.faults,
    secrets,
    range: whole(range),
    stop: async () => {
      await proxy.stop();
      await server.stop();
    },
  };
}

const whole = <R extends { fromMs: number; toMs: number }>(range: R): R => ({ ...range, toMs: Math.floor(range.toMs) });
const timeoutMs = 300;

const scraped = (isProxied: boolean) => () =>
  onWire(exporter, isProxied, (url, fetch) =>
    dcgm({ targets: [{ url: `${url}/metrics`, gpuCount: 5 }], fetch, headers, timeoutMs }),
  );
const asked = (isProxied: boolean) => () =>
  onWire(prometheusServer, isProxied, (url, fetch) => prometheus({ url, fetch, headers, timeoutMs }));

const endpoint = (): Subject => {
  const clock = virtualClock({ startAtMs: 2 * HOUR });
  const arrivals = { startAtMs: 0, stepMs: HOUR, unit: '1/s' as const, values: [1, 2, 3] };
  const provider = simulatedEndpoint({
    clock,
    endpointId: 'chat',
    replicaRatePerSecond: 5,
    replicas: () => [],
    arrivals,
  });
  return { provider, nowMs: clock.nowMs, endpointId: 'chat' };
};
const signals = (): Subject => {
  const clock = virtualClock({ startAtMs: 10 * HOUR });
  const values = Array.from({ length: 24 }, (_, n) => n);
  const provider = simulatedSignals({
    clock,
    carbon: { FR: { startAtMs: 0, stepMs: HOUR, unit: 'gCO2e/kWh', kind: 'average', scope: 'life-cycle', values } },
    energyPrice: { FR: { startAtMs: 0, stepMs: HOUR, unit: 'USD/kWh', values } },
  });
  return { provider, nowMs: clock.nowMs, zone: 'FR', range: { fromMs: 2 * HOUR, toMs: 6 * HOUR, stepMs: HOUR } };
};
const runtime = (): Subject => {
  const clock = virtualClock({ startAtMs: 0 });
  const nodes = [{ id: 'a', gpus: [{ model: 'H100' }], cpuMilli: 8_000, memoryMib: 8_000 }];
  const job = (id: string) => ({
    job: { id, gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_000 },
    placement: { jobId: id, nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] },
  });
  return { provider: simulatedRuntime({ clock, nodes }), nowMs: clock.nowMs, jobs: [job('one'), job('two')] };
};

const subjects = {
  dcgm: scraped(false),
  'dcgm through the fault proxy': scraped(true),
  prometheus: asked(false),
  'prometheus through the fault proxy': asked(true),
  simulatedEndpoint: endpoint,
  simulatedSignals: signals,
  simulatedRuntime: runtime,
};

for (const [name, make] of Object.entries(subjects)) {
  describeProvider({ describe, it }, name, await conformanceCases(make));
}
