import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  kubeApi,
  KubeError,
  kubePath,
  kubeTransport,
  type KubeNode,
  type KubeObject,
} from '@spillway/adapters/kubernetes';

import { eventually } from './eventually.ts';
import { configOf, kubeServer, type KubeServer } from './kube-server.ts';
import { rejection } from './rejection.ts';

const NODES = '/api/v1/nodes';
const PODS = '/api/v1/pods';
const node = (name: string, labels: Record<string, string> = {}) => ({ metadata: { name, labels } });

let server: KubeServer;
let stops: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  server = await kubeServer();
  stops = [server.stop];
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
});

const apiOf = (kubeConfig = server.kubeConfig, timeoutMs = 5_000) => {
  const transport = kubeTransport({ kubeConfig });
  stops.push(() => transport.close?.());
  return kubeApi({ transport, timeoutMs });
};

describe('kubeApi', () => {
  it('creates, reads, changes and removes', async () => {
    const api = apiOf();

    const made = await api.create<KubeNode>(NODES, node('a', { zone: 'x' }));
    const patched = await api.patch<KubeNode>(`${NODES}/a`, { spec: { unschedulable: true } });
    const replaced = await api.replace<KubeNode>(`${NODES}/a`, { ...patched, spec: {} });
    await api.remove(`${NODES}/a`);

    expect(made.metadata).toMatchObject({ name: 'a', labels: { zone: 'x' } });
    expect(patched.spec?.unschedulable).toBe(true);
    expect(replaced.spec).toEqual({});
    expect(await rejection(api.get(`${NODES}/a`))).toMatchObject({ providerCode: 'not-found', status: 404 });
  });

  it('applies fields in the name of their manager, by a body that is JSON and YAML', async () => {
    const api = apiOf();

    const first = await api.apply<KubeNode>(`${NODES}/a`, node('a'), { fieldManager: 'spillway' });
    const second = await api.apply<KubeNode>(`${NODES}/a`, node('a', { b: 'c' }), {
      fieldManager: 'spillway',
      force: true,
    });

    expect([first.metadata.name, second.metadata.labels]).toEqual(['a', { b: 'c' }]);
    expect(server.asked.map(({ contentType }) => contentType)).toEqual(Array(2).fill('application/apply-patch+yaml'));
    expect(server.asked.map(({ query }) => query.get('force'))).toEqual(['false', 'true']);
  });

  it('tells a lost race from a name that is taken', async () => {
    const api = apiOf();
    const made = await api.create<KubeNode>(NODES, node('a'));
    await api.patch(`${NODES}/a`, { spec: { unschedulable: true } });

    const stale = await rejection(api.replace(`${NODES}/a`, made));
    const taken = await rejection(api.create(NODES, node('a')));

    expect(stale).toMatchObject({ providerCode: 'conflict', reason: 'Conflict', isAmbiguous: false });
    expect(taken).toMatchObject({ providerCode: 'conflict', reason: 'AlreadyExists', isAmbiguous: false });
  });

  it('keeps why an eviction was refused', async () => {
    const api = apiOf();
    server.put(PODS, { metadata: { name: 'web-0', namespace: 'ml' } });
    server.protectedPods.add('web-0');

    const path = kubePath({ resource: 'pods', namespace: 'ml', name: 'web-0', subresource: 'eviction' });
    const error = await rejection(api.create(path, { metadata: { name: 'web-0', namespace: 'ml' } }));

    expect(error).toMatchObject({ providerCode: 'rate-limited', isRetryable: true, isAmbiguous: false, status: 429 });
    expect(KubeError.is(error) && error.details?.causes?.[0]?.reason).toBe('DisruptionBudget');
  });

  it.each([
    [401, '{}', {}, { providerCode: 'auth', reason: null }],
    [403, '{"kind":"Status","reason":"Forbidden","message":"no"}', {}, { providerCode: 'auth', reason: 'Forbidden' }],
    [403, '{"kind":"Status","reason":"Forbidden","message":"exceeded quota: gpus"}', {}, { providerCode: 'quota' }],
    [410, '{"kind":"Status","reason":"Expired"}', {}, { providerCode: 'not-found', status: 410 }],
    [422, '{"kind":"Status","reason":"Invalid","message":"bad"}', {}, { providerCode: 'invalid-request' }],
    [429, 'slow', { 'retry-after': '7' }, { providerCode: 'rate-limited', retryAfterMs: 7_000 }],
    [429, '{"kind":"Status","details":{"retryAfterSeconds":3}}', {}, { retryAfterMs: 3_000 }],
    [500, '<html>', {}, { providerCode: 'unavailable', isAmbiguous: true }],
    [504, '{"kind":"Status","reason":"Timeout"}', {}, { providerCode: 'timeout', isAmbiguous: true }],
    [302, '', {}, { providerCode: 'bad-response' }],
    [200, 'nonsense', {}, { providerCode: 'bad-response', isAmbiguous: true }],
  ])('turns %i %s into an error that says what to do', async (status, body, headers, expected) => {
    server.fault = () => ({ kind: 'answer', status, body, headers });

    const error = await rejection(apiOf().patch(`${NODES}/a`, {}));

    expect(error).toMatchObject(expected);
    expect(`${error.message}${String(error.cause)}`).not.toContain(server.token);
  });

  it('says of a write whose answer was lost that it may have happened, and of a read that it can be repeated', async () => {
    const api = apiOf();
    server.fault = ({ method }) => (method === 'GET' ? { kind: 'reset' } : { kind: 'lose-reply' });

    const write = await rejection(api.create(NODES, node('a')));
    const read = await rejection(api.get(`${NODES}/a`));

    expect(server.store.get({ collection: NODES, namespace: undefined }, 'a').metadata.name).toBe('a');
    expect(write).toMatchObject({ providerCode: 'unavailable', isAmbiguous: true, isRetryable: true });
    expect(read).toMatchObject({ providerCode: 'unavailable', isAmbiguous: false, isRetryable: true });
  });

  it('knows that nothing was sent to a port where nobody listens', async () => {
    const closed = await kubeServer();
    await closed.stop();

    const error = await rejection(apiOf(closed.kubeConfig).create(NODES, node('a')));

    expect(error).toMatchObject({ providerCode: 'unavailable', isAmbiguous: false });
  });

  it('knows that nothing was sent when the other side does not speak TLS', async () => {
    const plain = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\n\r\n'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    stops.push(() => void plain.close());
    const { port } = plain.address() as AddressInfo;

    const error = await rejection(apiOf(configOf(`https://127.0.0.1:${port}`, 't')).create(NODES, node('a')));

    expect(error).toMatchObject({ providerCode: 'unavailable', isAmbiguous: false });
  });

  it('waits no longer than it may, and not at all when it is aborted or late already', async () => {
    server.fault = () => ({ kind: 'hang' });
    const stop = new AbortController();
    const hanging = rejection(apiOf().create(NODES, node('a'), { signal: stop.signal }));
    await eventually(() => server.asked.length).toBe(1);
    stop.abort();

    const late = await rejection(apiOf(server.kubeConfig, 50).create(NODES, node('a')));
    const before = server.asked.length;
    const never = await rejection(apiOf().create(NODES, node('a'), { signal: AbortSignal.abort() }));
    const past = await rejection(apiOf().create(NODES, node('a'), { deadlineAtMs: Date.now() - 1 }));

    expect(await hanging).toMatchObject({ providerCode: 'aborted', isAmbiguous: true });
    expect(late).toMatchObject({ providerCode: 'timeout', isAmbiguous: true });
    expect(never).toMatchObject({ providerCode: 'aborted', isAmbiguous: false });
    expect(past).toMatchObject({ providerCode: 'timeout', isAmbiguous: false });
    expect(server.asked.length).toBe(before);
  });

  it('reads a list to its end, one version of it', async () => {
    const api = apiOf();
    const names = Array.from({ length: 25 }, (_, n) => `n${String(n).padStart(2, '0')}`);
    for (const name of names) server.put(NODES, node(name, { even: String(Number(name.slice(1)) % 2 === 0) }));
    const { version } = server.store;
    server.fault = ({ query }) => {
      if (query.get('continue')) server.put(NODES, node('n99', { even: 'true' }));
      return undefined;
    };

    const all = await api.list(NODES, { limit: 10 });
    const even = await api.list(NODES, { labelSelector: 'even=true', fieldSelector: 'metadata.name!=n00' });

    expect(all.items.map(({ metadata }) => metadata.name)).toEqual(names);
    expect(all.resourceVersion).toBe(String(version));
    expect(even.items).toHaveLength(13);
  });

  it('reads a list anew when its version is forgotten between two pages', async () => {
    const api = apiOf();
    for (const name of ['a', 'b', 'c']) server.put(NODES, node(name));
    server.fault = ({ query }) => {
      if (query.get('continue')) {
        server.put(NODES, node('d'));
        server.store.compact();
      }
      return undefined;
    };

    const { items, resourceVersion } = await api.list(NODES, { limit: 2 });

    expect(items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c', 'd']);
    expect(resourceVersion).toBe(String(server.store.version));
  });

  it.each([
    '{"metadata":{"resourceVersion":"1"}}',
    '{"items":[]}',
    '{"metadata":{},"items":[]}',
    '{"metadata":{"resourceVersion":"1"},"items":[1]}',
    '{"metadata":{"resourceVersion":"1","continue":"x"},"items":[]}',
  ])('refuses %s, which is no list', async (body) => {
    server.fault = () => ({ kind: 'answer', status: 200, body });

    expect(await rejection(apiOf().list(NODES))).toMatchObject({ providerCode: 'bad-response' });
  });
});

describe('watch', () => {
  const read = async (events: AsyncIterable<{ type: string; object: KubeObject }>, count: number) => {
    const seen: string[] = [];
    for await (const { type, object } of events) {
      seen.push(`${type} ${type === 'BOOKMARK' ? object.metadata.resourceVersion : object.metadata.name}`);
      if (seen.length === count) break;
    }
    return seen;
  };

  it('tells what happened since a version, bookmarks among it, and leaves no connection behind', async () => {
    const api = apiOf();
    const { resourceVersion } = await api.list(NODES);
    server.put(NODES, node('a'));
    server.put(NODES, node('a', { zone: 'ü' }));
    server.remove(NODES, 'a');
    server.put(PODS, { metadata: { name: 'not-a-node', namespace: 'ml' } });

    const seen = read(api.watch(NODES, { resourceVersion }), 4);
    await eventually(server.openWatches).toBe(1);
    server.sendBookmarks();

    expect(await seen).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'BOOKMARK 5']);
    await eventually(server.openWatches).toBe(0);
  });

  it.each(['status', 'event'] as const)('tells by %s that a version is forgotten', async (how) => {
    server.goneAs = how;
    server.put(NODES, node('a'));
    server.store.compact();

    const error = await rejection(read(apiOf().watch(NODES, { resourceVersion: '1' }), 1));

    expect(error).toMatchObject({ status: 410, reason: 'Expired' });
  });

  it('ends when the server ends it, breaks when the connection does, and stops when aborted', async () => {
    const api = apiOf();
    const stop = new AbortController();

    const ended = read(api.watch(NODES, { timeoutSeconds: 1 }), 9);
    await eventually(server.openWatches).toBe(1);
    expect(await ended).toEqual([]);

    const broken = rejection(read(api.watch(NODES), 9));
    await eventually(server.openWatches).toBe(1);
    server.disconnect();
    expect(await broken).toMatchObject({ providerCode: 'unavailable' });

    const aborted = rejection(read(api.watch(NODES, {}, { signal: stop.signal }), 9));
    await eventually(server.openWatches).toBe(1);
    stop.abort();
    expect(await aborted).toMatchObject({ providerCode: 'aborted' });
    await eventually(server.openWatches).toBe(0);
  });

  it.each([
    'nonsense\n',
    '{"type":"NEW","object":{"metadata":{}}}\n',
    '{"type":"ADDED","object":{}}\n',
    '{"type":"ADDED"',
  ])('refuses %j', async (body) => {
    server.fault = () => ({ kind: 'answer', status: 200, body });

    const error = await rejection(read(apiOf().watch(NODES), 1));

    expect(error.providerCode).toBe(body.endsWith('\n') ? 'bad-response' : 'unavailable');
  });

  it('puts lines together however they are cut', async () => {
    const text = ['ä', '𝔊', '€'].map((name) => `${JSON.stringify({ type: 'ADDED', object: node(name) })}\n`).join('');
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 3, 5, 7, 1_000]) {
      const api = kubeApi({
        transport: {
          request: () =>
            Promise.resolve({
              status: 200,
              header: () => null,
              text: () => Promise.resolve(''),
              chunks: (async function* () {
                for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.slice(at, at + size));
              })(),
            }),
        },
      });

      expect(await read(api.watch(NODES), 9)).toEqual(['ADDED ä', 'ADDED 𝔊', 'ADDED €']);
    }
  });
});
