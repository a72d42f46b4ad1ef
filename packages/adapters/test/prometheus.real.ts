import { readFileSync } from 'node:fs';

import type { GpuReading } from '@spillway/adapters';
import { dcgm } from '@spillway/adapters/dcgm';
import { parseExposition, prometheus } from '@spillway/adapters/prometheus';
import { conformanceCases, describeProvider, faultProxy, faultyFetch, type Subject } from '@spillway/adapters/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from './child-process.ts';
import { localServer, type LocalServer } from './fixtures/http-server.ts';
import { startPrometheus, type PastSeries, type RealPrometheus } from './prometheus-server-real.ts';
import { rejection } from './rejection.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const exposition = readFileSync(new URL('fixtures/dcgm-exposition.txt', import.meta.url), 'utf8');
/** Start of the day before yesterday: promtool takes only what is hours old. */
const day = Math.floor(Date.now() / DAY) * DAY - 2 * DAY;
const GPUS = 1_000;
/** The server refuses to hold more samples than this in one query: 120 instants of 1,000 GPUs. */
const MAX_SAMPLES = 120_000;

/** Share of the engine of a card in a minute of the day: what was stored. */
const busy = (gpu: number, minute: number): number => ((gpu * 7 + minute * 13) % 101) / 100;
const idOf = (gpu: number): string => `GPU-${String(gpu).padStart(4, '0')}`;
const minutes = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

/** A thousand cards over a day, and one of another job with a hole and a counter that begins anew. */
function past(): PastSeries[] {
  const at = (minute: number): number => day + minute * MINUTE;
  const all = minutes(0, 1_440);
  const holey = [...minutes(0, 31), ...minutes(60, 120)];
  const series = (name: string, job: string, gpu: string, samples: PastSeries['samples']): PastSeries => ({
    name,
    labels: name === 'up' ? { job, instance: `${job}:9400` } : { job, UUID: gpu, Hostname: `${job}-node`, gpu: '0' },
    samples,
  });
  return [
    ...minutes(0, GPUS).map((gpu) =>
      series(
        'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
        'day',
        idOf(gpu),
        all.map((n) => [at(n), busy(gpu, n)] as const),
      ),
    ),
    series(
      'up',
      'day',
      '',
      all.map((n) => [at(n), 1] as const),
    ),
    series(
      'up',
      'holes',
      '',
      minutes(0, 120).map((n) => [at(n), n >= 31 && n < 60 ? 0 : 1] as const),
    ),
    series(
      'DCGM_FI_DEV_POWER_USAGE',
      'holes',
      'GPU-h',
      holey.map((n) => [at(n), 400] as const),
    ),
    series(
      'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION',
      'holes',
      'GPU-h',
      holey.map((n) => [at(n), (n < 90 ? 1_000 + n : n - 90) * 3_600_000] as const),
    ),
  ];
}

/** Cards of a node, as an exporter says them. */
const cards = (...ids: readonly string[]): string =>
  ids
    .map((id) => `DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="${id}",Hostname="node-b",modelName="NVIDIA H100"} 300\n`)
    .join('');

let server: RealPrometheus;
let steady: LocalServer;
let moody: LocalServer;
/** What the moody exporter answers; `undefined`: it breaks the connection off. */
let mood: string | undefined = cards('GPU-b0', 'GPU-b1');
const portOf = (url: string): string => new URL(url).host;

beforeAll(async () => {
  const text = { 'content-type': 'text/plain; version=0.0.4' };
  steady = await localServer((_, response) => response.writeHead(200, text).end(exposition));
  moody = await localServer((_, response) =>
    mood === undefined ? response.destroy() : response.writeHead(200, text).end(mood),
  );
  server = await startPrometheus({
    past: past(),
    jobs: {
      'dcgm-exporter': [portOf(steady.url)],
      moody: [portOf(moody.url)],
      dead: [`127.0.0.1:${await freePort()}`],
    },
    flags: [`--query.max-samples=${MAX_SAMPLES}`],
  });
  const source = prometheus({ url: server.url });
  // Three targets, each scraped once.
  await until(async () => (await source.query('up')).series.length === 3);
}, 120_000);
afterAll(async () => {
  await server.stop();
  await Promise.all([steady.stop(), moody.stop()]);
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('it did not come to be within 20 s');
}

const withoutTime = ({ atMs, ...rest }: GpuReading): object => ({ ...rest, isTimed: atMs > day });

describe('the present', () => {
  it('is what the exporter says, read by us or scraped by Prometheus', async () => {
    const scraped = await prometheus({ url: server.url }).gpus.read();
    const asked = await dcgm({ targets: [{ url: `${steady.url}/metrics` }] }).gpus.read();

    expect(scraped.gpus.find(({ gpuId }) => gpuId.endsWith('000000000000'))).toMatchObject({
      nodeName: 'gpu-node-1',
      model: 'NVIDIA H100 80GB HBM3',
      values: {
        utilizationRatio: 0.97,
        memoryUsedMib: 71_680,
        powerWatts: 662.418,
        tensorActiveRatio: 0.413275,
        engineActiveRatio: null,
      },
      owner: { name: 'llm-0', namespace: 'research', container: 'trainer', source: 'labels' },
    });
    // Of this card the exporter says only a field that is not read: Prometheus is not asked for it.
    const isAsked = ({ gpuId }: { gpuId: string | null }) => gpuId?.endsWith('000000000002') !== true;
    expect(scraped.gpus.map(withoutTime)).toEqual(asked.gpus.filter(isAsked).map(withoutTime));
    expect(scraped.health).toEqual(asked.health);
    expect(scraped.gaps).toEqual(asked.gaps.filter(isAsked));
  });

  it('is read by dcgm from the federation of Prometheus too', async () => {
    const match = encodeURIComponent('{job="dcgm-exporter"}');
    const federated = await dcgm({ targets: [{ url: `${server.url}/federate?match[]=${match}` }] }).gpus.read();
    const asked = await dcgm({ targets: [{ url: `${steady.url}/metrics` }] }).gpus.read();

    expect(federated.gpus.map(withoutTime)).toEqual(asked.gpus.map(withoutTime));
    expect(federated.gaps).toEqual(asked.gaps);
  });

  it('has a gap for an exporter that is not known, and one that does not answer', async () => {
    const unknown = await prometheus({ url: server.url, selector: 'job="nothing"', expectedNodes: ['n'] }).gpus.read();
    const dead = await prometheus({ url: server.url, selector: 'job="dead"' }).gpus.read();

    expect([unknown.gpus, unknown.gaps.map(({ reason }) => reason)]).toEqual([[], ['unreachable', 'gpu-missing']]);
    expect([dead.gpus, dead.gaps.map(({ reason }) => reason)]).toEqual([[], ['unreachable']]);
  });

  it('forgets a card and an exporter when they go, and the history has a gap, not 0', async () => {
    const source = prometheus({ url: server.url, selector: 'job="moody"', expectedNodes: ['node-b'] });
    const ids = async () => (await source.gpus.read()).gpus.map(({ gpuId }) => gpuId);
    expect(await ids()).toEqual(['GPU-b0', 'GPU-b1']);

    // Within a scrape or two, not after the five minutes of look-back.
    mood = cards('GPU-b0');
    await until(async () => (await ids()).join() === 'GPU-b0');
    mood = undefined;
    await until(async () => (await ids()).length === 0);

    expect((await source.gpus.read()).gaps.map(({ reason }) => reason)).toEqual(['unreachable', 'gpu-missing']);
    // The next full second: the marks of the last scrape are before it.
    const nowMs = Math.ceil(Date.now() / SECOND) * SECOND;
    const range = { fromMs: nowMs - 60 * SECOND, toMs: nowMs + 1, stepMs: SECOND };
    const { gpus, gaps } = await source.gpus.readRange({ ...range, metrics: ['powerWatts'] });
    for (const { gpuId, series } of gpus) {
      expect(new Set(series.powerWatts)).toEqual(new Set([300, null]));
      expect(series.powerWatts!.at(-1)).toBeNull();
      const last = gaps.findLast((gap) => gap.gpuId === gpuId)!;
      expect([last.reason, last.toMs]).toEqual(['absent', nowMs + SECOND]);
    }
    expect(gpus.map(({ gpuId }) => gpuId)).toEqual(['GPU-b0', 'GPU-b1']);
    expect(gaps.findLast(({ reason }) => reason === 'unreachable')).toMatchObject({ toMs: nowMs + SECOND });
  }, 60_000);
});

describe('a day of 1,000 cards', () => {
  const range = { fromMs: day, toMs: day + DAY, stepMs: MINUTE };

  it('is more than the server gives at once', async () => {
    const refusal = async (step: number) => {
      const form = { query: '{job="day"}', start: `${day / 1000}`, end: `${(day + DAY) / 1000}`, step: `${step}` };
      const reply = await fetch(`${server.url}/api/v1/query_range`, {
        method: 'POST',
        body: new URLSearchParams(form),
      });
      return ((await reply.json()) as { error: string }).error;
    };

    expect(await refusal(60)).toContain('too many samples');
    expect(await refusal(5)).toContain('exceeded maximum resolution of 11,000 points');
  });

  it('is read whole, in parts', async () => {
    const source = prometheus({ url: server.url, selector: 'job="day"' });

    const { gpus, gaps, count } = await source.gpus.readRange({ ...range, metrics: ['engineActiveRatio'] });

    expect([gpus.length, count, gaps]).toEqual([GPUS, 1_440, []]);
    const wrong = gpus.flatMap(({ gpuId, series }, gpu) =>
      series.engineActiveRatio!.flatMap((value, n) =>
        value === busy(gpu, n) && gpuId === idOf(gpu) ? [] : [[gpuId, n, value]],
      ),
    );
    expect(wrong).toEqual([]);
  }, 60_000);

  it('is read at a step that gives more instants than a request may ask for', async () => {
    const source = prometheus({ url: server.url });

    const answer = await source.queryRange('{job="day",UUID="GPU-0003"}', { ...range, stepMs: 5 * SECOND });

    expect([answer.count, answer.series.length, answer.requestCount]).toEqual([17_280, 1, 3]);
    const { values } = answer.series[0]!;
    expect(values.filter((value, n) => value !== busy(3, Math.floor(n / 12)))).toEqual([]);
  });

  it('is refused when one instant is too much, and when the expression is wrong', async () => {
    const source = prometheus({ url: server.url });

    const tooMuch = await rejection(source.queryRange('sum(count_over_time({job="day"}[1d:10s]))', range));
    const wrong = await rejection(source.query('sum('));

    expect([tooMuch.providerCode, tooMuch.hint]).toEqual(['invalid-request', 'Narrow the selector.']);
    expect([wrong.providerCode, wrong.isAmbiguous]).toEqual(['invalid-request', false]);
  });
});

it('has gaps where nothing was stored, where an exporter was down, and where a counter began anew', async () => {
  const source = prometheus({ url: server.url, selector: 'job="holes"' });

  const { gpus, gaps } = await source.gpus.readRange({
    fromMs: day,
    toMs: day + 2 * HOUR,
    stepMs: MINUTE,
    metrics: ['powerWatts', 'energyWattHours'],
  });

  const [card] = gpus;
  // The server repeats a value for five minutes, to the minute; then there is none.
  const known = (n: number): boolean => n <= 35 || n >= 60;
  expect(card!.series.powerWatts).toEqual(minutes(0, 120).map((n) => (known(n) ? 400 : null)));
  expect(card!.series.energyWattHours!.slice(88, 92)).toEqual([1_088, 1_089, 0, 1]);
  const at = (from: number, to: number) => [day + from * MINUTE, day + to * MINUTE];
  expect(gaps.map(({ reason, metric, fromMs, toMs }) => [reason, metric, fromMs, toMs])).toEqual([
    ['absent', 'powerWatts', ...at(36, 60)],
    ['absent', 'energyWattHours', ...at(36, 60)],
    ['reset', 'energyWattHours', ...at(89, 90)],
    ['unreachable', null, ...at(31, 60)],
  ]);
});

it('can parse all that Prometheus says of itself', async () => {
  const reply = await fetch(`${server.url}/metrics`);

  const { families, samples, problems } = parseExposition(await reply.text());

  expect(problems).toEqual([]);
  expect(new Set([...families.values()].map(({ type }) => type))).toEqual(
    new Set(['counter', 'gauge', 'summary', 'histogram']),
  );
  expect(samples.length).toBeGreaterThan(300);
});

/** A source on a real server, with the wire failing in process or in a proxy. */
async function subject(
  url: string,
  isProxied: boolean,
  create: (url: string, fetch: typeof globalThis.fetch) => Subject['provider'],
): Promise<Subject> {
  const secrets = ['s3cret'];
  const range = { fromMs: day, toMs: day + HOUR, stepMs: MINUTE };
  if (!isProxied) {
    const { fetch, faults } = faultyFetch(globalThis.fetch);
    return { provider: create(url, fetch as typeof globalThis.fetch), faults, secrets, range };
  }
  const { url: through, faults, stop } = await faultProxy(url);
  return { provider: create(through, globalThis.fetch), faults, secrets, range, stop };
}

// The rules that concern them follow from the methods alone, so that they are known before a server runs.
const known = { fetch: globalThis.fetch, headers: { authorization: 'Bearer s3cret' }, timeoutMs: 1_000 };
const sources = {
  prometheus: (url: string, fetch = known.fetch) =>
    prometheus({ ...known, url, fetch, selector: 'job=~"dcgm-exporter|holes"' }),
  'dcgm on an exporter': (url: string, fetch = known.fetch) =>
    dcgm({ ...known, targets: [{ url: `${url}/metrics`, gpuCount: 5 }], fetch }),
  'dcgm on the federation of Prometheus': (url: string, fetch = known.fetch) =>
    dcgm({
      ...known,
      targets: [{ url: `${url}/federate?match[]=%7Bjob%3D%22dcgm-exporter%22%7D`, gpuCount: 5 }],
      fetch,
    }),
};
let isCollecting = true;
for (const [name, create] of Object.entries(sources)) {
  for (const isProxied of [false, true]) {
    const make = (): Promise<Subject> => {
      if (isCollecting) return subject('http://127.0.0.1:9', isProxied, create);
      return subject(name === 'dcgm on an exporter' ? steady.url : server.url, isProxied, create);
    };
    const title = `${name}, real${isProxied ? ', through the fault proxy' : ''}`;
    describeProvider({ describe, it }, title, await conformanceCases(make));
  }
}
isCollecting = false;
