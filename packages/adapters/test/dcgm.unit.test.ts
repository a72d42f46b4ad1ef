import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { afterEach, describe, expect, it } from 'vitest';

import { dcgm, type DcgmOptions } from '@spillway/adapters/dcgm';
import { virtualClock } from '@spillway/adapters/simulated';

import { localServer, type LocalServer } from './fixtures/http-server.ts';
import { rejection } from './rejection.ts';

const sample = readFileSync(new URL('fixtures/dcgm-exposition.txt', import.meta.url), 'utf8');
const H100 = 'GPU-00000000-aaaa-4bbb-8ccc-00000000000';

let servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

async function exporter(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = await localServer(answer);
  servers.push(server);
  return `${server.url}/metrics`;
}

/** An exporter that answers as dcgm-exporter does. */
const serving = (text: string, contentType = 'text/plain; version=0.0.4; charset=utf-8') =>
  exporter((request, response) => {
    response.writeHead(request.url === '/metrics' ? 200 : 404, { 'content-type': contentType }).end(text);
  });

const look = async (text: string, options: Partial<DcgmOptions> = {}) =>
  dcgm({ targets: [{ url: await serving(text) }], ...options }).gpus.read();

describe('dcgm reads an exporter over HTTP', () => {
  it('gives every card and instance of the sample, in both spellings of the host', async () => {
    const { gpus } = await look(sample);

    expect(gpus.map(({ gpuId, migInstanceId, nodeName }) => [gpuId.slice(-1), migInstanceId, nodeName])).toEqual([
      ['0', null, 'gpu-node-1'],
      ['1', null, 'gpu-node-1'],
      ['2', null, 'gpu-node-1'],
      ['3', '1', 'gpu-node-3'],
      ['3', '9', 'gpu-node-3'],
      ['8', null, 'gpu-node-2'],
    ]);
    expect(gpus[0]).toMatchObject({
      index: 0,
      model: 'NVIDIA H100 80GB HBM3',
      values: {
        utilizationRatio: 0.97,
        memoryUsedMib: 71680,
        powerWatts: 662.418,
        tensorActiveRatio: 0.413275,
        engineActiveRatio: null,
        temperatureCelsius: null,
      },
      owner: { name: 'llm-0', namespace: 'research', container: 'trainer', source: 'labels' },
    });
    // 1,893,465,512,345 mJ
    expect(gpus[0]!.values.energyWattHours).toBeCloseTo(525_962.642, 3);
    expect(gpus[3]).toMatchObject({
      migProfile: '3g.40gb',
      values: { engineActiveRatio: 0.25 },
      owner: { name: 'api-7d' },
    });
    expect(gpus[4]).toMatchObject({ values: { engineActiveRatio: 0 }, owner: null });
  });

  it('tells of an Xid and of a failed row remap, and not of the card that is well', async () => {
    const { health } = await look(sample);

    expect(health).toEqual([
      {
        gpuId: `${H100}1`,
        nodeName: 'gpu-node-1',
        kind: 'row-remap-failure',
        value: 1,
        fault: 'hardware',
        detail: 'DCGM_FI_DEV_ROW_REMAP_FAILURE is 1',
      },
      {
        gpuId: `${H100}1`,
        nodeName: 'gpu-node-1',
        kind: 'xid',
        value: 79,
        fault: 'hardware',
        detail: 'Xid 79: off the bus',
      },
    ]);
  });

  it.each([
    ['FB_USED', 'memoryUsedMib', '9223372036854775794', 'blank'],
    ['FB_USED', 'memoryUsedMib', '2147483632', 'blank'],
    ['POWER_USAGE', 'powerWatts', '140737488355330.000000', 'blank'],
    ['POWER_USAGE', 'powerWatts', 'NaN', 'blank'],
    ['GPU_UTIL', 'utilizationRatio', '101', 'out-of-range'],
    ['POWER_USAGE', 'powerWatts', '-5', 'out-of-range'],
  ])('gives null and a gap for DCGM_FI_DEV_%s = %s', async (field, metric, value, reason) => {
    const { gpus, gaps } = await look(`DCGM_FI_DEV_${field}{UUID="GPU-a"} ${metric === value ? '' : value}\n`);

    expect(gpus[0]!.values).toMatchObject({ [metric]: null });
    expect(gaps).toContainEqual(expect.objectContaining({ reason, metric, gpuId: 'GPU-a' }));
  });

  it('keeps an energy counter that passes a small sentinel on its way', async () => {
    const { gpus } = await look('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{UUID="GPU-a"} 2147483633\n');

    expect(gpus[0]!.values.energyWattHours).toBeCloseTo(596.523, 3);
  });

  it('has a gap for every value that is null, so that nothing is missing in silence', async () => {
    const { gpus, gaps } = await look(sample);

    for (const { gpuId, migInstanceId, values } of gpus.filter((gpu) => gpu.migInstanceId === null)) {
      const nulls = Object.entries(values).flatMap(([metric, value]) => (value === null ? [metric] : []));
      const told = gaps.filter((gap) => gap.gpuId === gpuId && gap.migInstanceId === migInstanceId);
      expect(told.map(({ metric }) => metric)).toEqual(nulls);
    }
  });

  it('puts the power of a card with instances to the card, once', async () => {
    const labels = (id: number) => `UUID="GPU-a",GPU_I_ID="${id}",GPU_I_PROFILE="3g.40gb"`;
    const { gpus } = await look(
      [1, 2]
        .map((id) => `DCGM_FI_DEV_POWER_USAGE{${labels(id)}} 300\nDCGM_FI_PROF_GR_ENGINE_ACTIVE{${labels(id)}} 0.5\n`)
        .join(''),
    );

    expect(gpus.map(({ migInstanceId, values }) => [migInstanceId, values.powerWatts])).toEqual([
      [null, 300],
      ['1', null],
      ['2', null],
    ]);
  });

  it('believes neither of two values for the same thing', async () => {
    const { gpus, gaps } = await look('DCGM_FI_DEV_FB_USED{UUID="GPU-a"} 1\nDCGM_FI_DEV_FB_USED{UUID="GPU-a"} 2\n');

    expect(gpus[0]!.values.memoryUsedMib).toBeNull();
    expect(gaps).toContainEqual(expect.objectContaining({ reason: 'conflict', metric: 'memoryUsedMib' }));
  });

  it('reads the rest when a message breaks a line, and says which line', async () => {
    const { gpus, gaps } = await look(
      'DCGM_FI_DEV_XID_ERRORS{UUID="GPU-a",err_msg="he said "no""} 79\nDCGM_FI_DEV_FB_USED{UUID="GPU-a"} 5\n',
    );

    expect(gpus[0]!.values.memoryUsedMib).toBe(5);
    expect(gaps[0]).toMatchObject({ reason: 'unreadable', detail: 'line 1 (DCGM_FI_DEV_XID_ERRORS): labels' });
  });

  it('trusts the ledger before the kubelet before the labels, and tells of a disagreement', async () => {
    const text = ['a', 'b', 'c']
      .map((id) => `DCGM_FI_DEV_FB_USED{UUID="${id}",pod="from-labels",namespace="n"} 1\n`)
      .join('');
    const { gpus, gaps } = await look(text, {
      owners: {
        ledger: () => [{ gpuId: 'a', name: 'from-ledger', namespace: 'n' }],
        podResources: () =>
          Promise.resolve(['a', 'b'].map((gpuId) => ({ gpuId, name: 'from-kubelet', namespace: 'n' }))),
      },
    });

    expect(gpus.map(({ owner }) => owner?.name)).toEqual(['from-ledger', 'from-kubelet', 'from-labels']);
    expect(gaps.filter(({ reason }) => reason === 'owner-conflict').map(({ detail }) => detail)).toEqual([
      'ledger says n/from-ledger, pod-resources says n/from-kubelet',
      'pod-resources says n/from-kubelet, labels says n/from-labels',
    ]);
  });

  it('takes exported_pod for the holder, and pod for the exporter itself, where labels are not honoured', async () => {
    const { gpus } = await look(
      'DCGM_FI_DEV_FB_USED{UUID="a",pod="dcgm-exporter-x",exported_pod="llm-0",exported_namespace="r"} 1\n' +
        'DCGM_FI_DEV_FB_USED{UUID="b",pod="dcgm-exporter-x"} 1\n',
    );

    expect(gpus.map(({ owner }) => owner?.name ?? null)).toEqual(['llm-0', null]);
  });

  it('asks OpenMetrics to be whole', async () => {
    const url = await serving('DCGM_FI_DEV_FB_USED{UUID="a"} 1\n', 'application/openmetrics-text; version=1.0.0');
    const { gaps } = await dcgm({ targets: [{ url }] }).gpus.read();

    expect(gaps[0]).toMatchObject({ reason: 'unreadable', detail: 'line 1: no-end' });
  });
});

describe('dcgm when exporters fail', () => {
  it.each([
    ['is overloaded', 503, 'try later', 'unreachable'],
    ['is a web page', 200, '<html><body>login</body></html>\n', 'unreachable'],
    ['has no cards', 200, '# nothing here\n', 'gpu-missing'],
  ])('keeps what the others said when one %s', async (_, status, body, reason) => {
    const broken = await exporter((request, response) => response.writeHead(status).end(body));
    const good = await serving(sample);
    const { gpus, gaps } = await dcgm({
      targets: [
        { url: broken, nodeName: 'gpu-node-9' },
        { url: good, gpuCount: 5 },
      ],
    }).gpus.read();

    expect(gpus).toHaveLength(6);
    expect(gaps[0]).toMatchObject({ reason, nodeName: 'gpu-node-9' });
    expect(gaps.filter((gap) => gap.reason === 'gpu-missing' && gap.nodeName === null)).toEqual([]);
  });

  it('misses a card that fell off the bus', async () => {
    const url = await serving(sample);
    const { gaps } = await dcgm({ targets: [{ url, nodeName: 'x', gpuCount: 8 }] }).gpus.read();

    expect(gaps[0]).toMatchObject({ reason: 'gpu-missing', nodeName: 'x', detail: '5 of 8 cards reported' });
  });

  it('gives no number of an answer that was cut off on the wire', async () => {
    const url = await exporter((request, response) => {
      response.writeHead(200, { 'content-length': String(sample.length) });
      response.write(sample.slice(0, 700), () => response.socket?.destroy());
    });
    const { gpus, gaps } = await dcgm({ targets: [{ url }] }).gpus.read();

    expect(gpus).toEqual([]);
    expect(gaps).toMatchObject([{ reason: 'unreachable' }]);
  });

  it('gives up on an exporter that hangs, and waits no longer than the deadline', async () => {
    const url = await exporter(() => undefined);
    const clock = virtualClock({ startAtMs: 0 });
    const pending = dcgm({ targets: [{ url }], clock, timeoutMs: 60_000 }).gpus.read({ deadlineAtMs: 50 });

    await clock.advanceTo(50);

    const { gaps } = await pending;
    expect(gaps).toMatchObject([{ reason: 'unreachable' }]);
    expect(gaps[0]!.detail).toContain('did not answer within 50 ms');
  });

  it('rejects when it is aborted under way, and when the deadline has passed before', async () => {
    const url = await exporter(() => undefined);
    const stop = new AbortController();
    const pending = dcgm({ targets: [{ url }] }).gpus.read({ signal: stop.signal });
    setImmediate(() => {
      stop.abort(new Error('shutting down'));
    });

    expect(await rejection(pending)).toMatchObject({ providerCode: 'aborted', isAmbiguous: false });
    const late = dcgm({ targets: [{ url }] }).gpus.read({ deadlineAtMs: 0 });
    expect(await rejection(late)).toMatchObject({ providerCode: 'timeout', isAmbiguous: false });
  });

  it('never repeats a secret', async () => {
    const url = await exporter((request, response) => response.writeHead(401).end('who are you'));
    const headers = { authorization: 'Bearer s3cret' };
    const { gaps } = await dcgm({ targets: [{ url: `${url}?key=s3cret` }], headers }).gpus.read();

    expect(gaps).toMatchObject([{ reason: 'unreachable' }]);
    expect(JSON.stringify(gaps)).not.toContain('s3cret');
    expect(() => dcgm({ targets: [{ url: 'http://me:s3cret@host/' }] })).toThrow(/^(?!.*s3cret)/);
  });

  it('asks no more exporters at once than it may', async () => {
    let open = 0;
    let most = 0;
    const fetch = async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      return { status: 200, headers: { get: () => null }, text: () => Promise.resolve('') };
    };
    const targets = Array.from({ length: 20 }, (_, n) => ({ url: `http://node-${n}/metrics` }));

    await dcgm({ targets, fetch, concurrency: 3 }).gpus.read();

    expect(most).toBe(3);
  });

  it('refuses bad options before any request', () => {
    expect(() => dcgm({ targets: [{ url: 'file:///etc/passwd' }] })).toThrow(
      'targets[0].url must be an http or https address',
    );
    expect(() => dcgm({ targets: [{ url: 'http://a' }, { url: 'http://a' }] })).toThrow('targets must not name');
    expect(() => dcgm({ targets: [], timeoutMs: 0 })).toThrow('timeoutMs');
    expect(() => dcgm({ targets: [{ url: 'http://a', gpuCount: 1.5 }] })).toThrow('targets[0].gpuCount');
  });
});
