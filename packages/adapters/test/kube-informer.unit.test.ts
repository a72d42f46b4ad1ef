import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  kubeApi,
  kubeInformer,
  kubeTransport,
  type KubeInformerOptions,
  type KubePod,
  type KubeTransport,
} from '@spillway/adapters/kubernetes';

import { eventually } from './eventually.ts';
import { kubePod } from './kube-objects.ts';
import { kubeServer, type KubeServer } from './kube-server.ts';
import { rejection } from './rejection.ts';

const PODS = '/api/v1/pods';
const backoff = { firstMs: 2, maxMs: 20 };

let server: KubeServer;
let stops: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  server = await kubeServer();
  stops = [server.stop];
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
});

const follow = (options: Partial<KubeInformerOptions> = {}) => {
  const transport = kubeTransport({ kubeConfig: server.kubeConfig });
  const informer = kubeInformer<KubePod>({ api: kubeApi({ transport }), path: PODS, backoff, ...options });
  const changes: string[] = [];
  informer.subscribe(({ type, object }) => changes.push(`${type} ${object.metadata.name}`));
  stops.push(informer.stop, () => transport.close?.());
  return { ...informer, changes };
};
const put = (name: string, phase = 'Running') => server.put(PODS, kubePod(name, 'n', {}, phase));
const remove = (name: string) => {
  server.remove(PODS, name, 'ml');
};
const lists = () => server.asked.filter(({ query }) => query.get('watch') === null).length;
const watching = () => eventually(server.openWatches).toBe(1);
const names = ({ list }: { list: () => readonly KubePod[] }) =>
  list()
    .map(({ metadata }) => metadata.name)
    .sort();

describe('kubeInformer', () => {
  it('holds what is there, then what becomes of it', async () => {
    put('a');
    put('b');
    server.put(PODS, { metadata: { name: 'c', namespace: 'ml', managedFields: [{ manager: 'kubectl' }] } });
    const pods = follow();
    await pods.synced();
    await watching();
    put('d');
    put('a', 'Failed');
    remove('b');

    await eventually(() => names(pods)).toEqual(['a', 'c', 'd']);
    await eventually(() => pods.get('a', 'ml')?.status?.phase).toBe('Failed');
    expect(pods.changes.sort()).toEqual(['added a', 'added b', 'added c', 'added d', 'deleted b', 'modified a']);
    expect(JSON.stringify(pods.list())).not.toContain('managedFields');
    expect(pods.status()).toMatchObject({ isSynced: true, error: null, gaps: [] });
    expect([pods.version(), lists()]).toEqual([6, 1]);
  });

  it('goes on where it was when the connection breaks, without reading the list again', async () => {
    const pods = follow();
    await pods.synced();
    for (const name of ['a', 'b', 'c']) {
      await watching();
      server.disconnect();
      put(name);
      put(name, 'Failed');
      await eventually(() => pods.get(name, 'ml')?.status?.phase).toBe('Failed');
    }

    expect(pods.changes).toEqual(['added a', 'modified a', 'added b', 'modified b', 'added c', 'modified c']);
    expect([lists(), pods.status().gaps]).toEqual([1, []]);
  });

  it.each(['event', 'status'] as const)(
    'reads the list again when its version is forgotten, and reports a gap (%s)',
    async (goneAs) => {
      server.goneAs = goneAs;
      for (const name of ['stays', 'goes', 'changes']) put(name);
      const before = server.store.get({ collection: PODS, namespace: 'ml' }, 'stays');
      const pods = follow();
      await pods.synced();
      await watching();
      const kept = pods.get('stays', 'ml');
      server.fault = () => ({ kind: 'reset' });
      server.disconnect();
      remove('goes');
      put('changes', 'Failed');
      put('comes and goes');
      remove('comes and goes');
      put('comes');
      server.store.compact();
      server.fault = undefined;

      await eventually(() => names(pods)).toEqual(['changes', 'comes', 'stays']);
      await watching();
      expect(pods.changes.slice(3).sort()).toEqual(['added comes', 'deleted goes', 'modified changes']);
      expect(pods.status().gaps).toMatchObject([{ reason: 'expired' }]);
      expect(pods.get('stays', 'ml')).toBe(kept);
      expect(kept?.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    },
  );

  it('takes a watch that says nothing for dead, and catches up', async () => {
    const pods = follow({ idleMs: 150 });
    await pods.synced();
    await watching();
    server.silence();
    put('unheard');

    await eventually(() => names(pods)).toEqual(['unheard']);
    const [gap] = pods.status().gaps;
    expect(gap?.reason).toBe('idle');
    expect(gap!.toMs - gap!.fromMs).toBeGreaterThanOrEqual(150);
    await watching();
  });

  it('takes a watch with bookmarks for alive', async () => {
    const pods = follow({ idleMs: 200 });
    await pods.synced();
    await watching();
    for (let n = 0; n < 12; n++) {
      server.sendBookmarks();
      await new Promise((resolve) => setTimeout(resolve, 40));
    }

    expect([lists(), pods.status().gaps]).toEqual([1, []]);
  });

  it('goes on from a bookmark, so that the version of a quiet watch is not forgotten', async () => {
    const pods = follow();
    await pods.synced();
    await watching();
    const before = pods.status().heardAtMs;
    server.put('/api/v1/nodes', { metadata: { name: 'n' } });
    await eventually(() => Date.now()).toBeGreaterThan(before! + 1);
    server.sendBookmarks();
    await eventually(() => pods.status().heardAtMs).toBeGreaterThan(before! + 1);
    server.disconnect();

    const version = String(server.store.version);
    const versions = () =>
      server.asked
        .filter(({ query }) => query.get('watch') === 'true')
        .map(({ query }) => query.get('resourceVersion'));
    await eventually(versions).toEqual(['1', version]);
  });

  it('follows what is selected, and lets go of what no longer is', async () => {
    put('runs');
    put('ended', 'Succeeded');
    const pods = follow({ fieldSelector: 'status.phase=Running' });
    await pods.synced();
    await watching();
    put('runs', 'Succeeded');
    put('next');

    await eventually(() => names(pods)).toEqual(['next']);
    expect(pods.changes).toEqual(['added runs', 'deleted runs', 'added next']);
  });

  it('says why it is not synced: at once when that will not pass, in time when it may', async () => {
    server.fault = () => ({
      kind: 'answer',
      status: 403,
      body: '{"kind":"Status","reason":"Forbidden","message":"no"}',
    });
    const refused = await rejection(follow().synced());
    server.fault = () => ({ kind: 'answer', status: 503, body: '' });
    const late = await rejection(follow().synced({ deadlineAtMs: Date.now() + 50 }));
    const aborted = await rejection(follow().synced({ signal: AbortSignal.timeout(50) }));

    expect(refused).toMatchObject({ providerCode: 'auth', reason: 'Forbidden' });
    expect(late).toMatchObject({ providerCode: 'timeout', cause: { providerCode: 'unavailable' } });
    expect(aborted).toMatchObject({ providerCode: 'aborted' });
  });

  it('gets over refusals that were said to last', async () => {
    server.fault = () => ({ kind: 'answer', status: 401, body: '' });
    const pods = follow();
    await rejection(pods.synced());
    server.fault = undefined;

    await eventually(() => pods.status().isSynced).toBe(true);
    expect(pods.status().error).toBeNull();
  });

  it('stops with its connection, and lets nobody wait', async () => {
    server.fault = () => ({ kind: 'hang' });
    const pods = follow();
    const waiting = rejection(pods.synced());
    await eventually(() => server.asked.length).toBe(1);
    await pods.stop();
    await pods.stop();

    expect(await waiting).toMatchObject({ providerCode: 'aborted' });
    expect(await rejection(pods.synced())).toMatchObject({ providerCode: 'aborted' });
    server.fault = undefined;
    const other = follow();
    await other.synced();
    await watching();
    await other.stop();
    await eventually(server.openWatches).toBe(0);
  });
});

describe('kubeInformer on a clock', () => {
  /** A clock on which every sleep ends at once, and is remembered. */
  const stepping = () => {
    const slept: number[] = [];
    let nowMs = 0;
    return {
      slept,
      nowMs: () => nowMs,
      sleep: async (durationMs: number, { signal }: { signal?: AbortSignal } = {}) => {
        if (durationMs === 30_000_000) {
          await new Promise((_, reject) => {
            signal?.addEventListener('abort', () => {
              reject(signal.reason as Error);
            });
          });
        }
        slept.push(durationMs);
        nowMs += durationMs;
        await new Promise(setImmediate);
      },
    };
  };
  const informerOn = (request: KubeTransport['request'], random = () => 0) => {
    const clock = stepping();
    const api = kubeApi({ transport: { request }, clock, timeoutMs: 30_000_000 });
    const informer = kubeInformer<KubePod>({ api, path: PODS, idleMs: 30_000_000, random });
    stops.push(informer.stop);
    return { ...informer, slept: clock.slept };
  };
  const answering = (
    status: number,
    body: string,
    headers: Readonly<Record<string, string>> = {},
  ): KubeTransport['request'] => {
    const chunks = async function* () {
      yield await Promise.resolve(new TextEncoder().encode(body));
    };
    return () =>
      Promise.resolve({
        status,
        header: (name) => headers[name] ?? null,
        text: () => Promise.resolve(body),
        chunks: chunks(),
      });
  };

  it('waits twice as long after every failure, up to a limit, and up to half of it less at random', async () => {
    const steady = informerOn(answering(503, ''));
    const shaken = informerOn(answering(503, ''), () => 1);

    await eventually(() => [steady, shaken].every(({ slept }) => slept.length >= 9)).toBe(true);

    expect(steady.slept.slice(0, 9)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(shaken.slept.slice(0, 3)).toEqual([250, 500, 1_000]);
  });

  it('waits as long as the server says', async () => {
    const informer = informerOn(answering(429, '', { 'retry-after': '90' }));

    await eventually(() => informer.slept.slice(0, 2)).toEqual([90_000, 90_000]);
  });

  it('does not hurry when watches end as soon as they begin', async () => {
    const list = answering(200, '{"metadata":{"resourceVersion":"1"},"items":[]}');
    const empty = answering(200, '');
    const informer = informerOn((request) => (request.query?.['watch'] === true ? empty(request) : list(request)));

    await eventually(() => informer.slept.length).toBeGreaterThan(4);
    expect(informer.slept.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
  });

  it('tells an event that comes again once', async () => {
    const event = (name: string, version: number) => {
      const metadata = { name, uid: name, resourceVersion: String(version) };
      return `${JSON.stringify({ type: 'MODIFIED', object: { metadata } })}\n`;
    };
    const list = answering(200, '{"metadata":{"resourceVersion":"1"},"items":[]}');
    const watch = answering(200, event('a', 2) + event('a', 2) + event('b', 3) + event('a', 2));
    const informer = informerOn((request) => (request.query?.['watch'] === true ? watch(request) : list(request)));

    await eventually(() => informer.slept.length).toBeGreaterThan(2);
    expect(informer.version()).toBe(2);
  });
});
