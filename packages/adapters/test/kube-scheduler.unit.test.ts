import { ProviderError } from '@spillway/adapters';
import {
  bindPod,
  isWaitingFor,
  runScheduler,
  type KubeObject,
  type KubePod,
  type KubeWatchEvent,
  type SchedulerOptions,
} from '@spillway/adapters/kubernetes';
import { virtualClock } from '@spillway/adapters/simulated';
import { describe, expect, it } from 'vitest';

import { rejection } from './rejection.ts';

const pod = (name: string, spec: KubePod['spec'] = {}): KubePod => ({
  metadata: { name, namespace: 'ml', uid: `uid-${name}` },
  spec: { schedulerName: 'spillway', ...spec },
});
const fail = (code: ProviderError['providerCode']) => Promise.reject(new ProviderError('kubernetes', code, code));

/** A cluster of pods by name, which binds as a server does. */
function cluster(...pods: readonly KubePod[]) {
  const clock = virtualClock({ startAtMs: 0 });
  const stored = new Map(pods.map((one) => [one.metadata.name, one]));
  const asked: string[] = [];
  let wake: (() => void) | undefined;
  const state = { isDown: false, isAnswerLost: false };
  const watch = async function* () {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    yield { type: 'ADDED' as const, object: [...stored.values()].at(-1)! };
  };
  const api: SchedulerOptions['api'] = {
    name: 'kubernetes',
    clock,
    // The caller says what to expect at a path.
    get: (path) => Promise.resolve(stored.get(path.split('/').at(-1)!) as never),
    list: () =>
      state.isDown
        ? fail('unavailable')
        : Promise.resolve({ items: [...stored.values()] as never[], resourceVersion: '1' }),
    request: ({ path, body }: { readonly path: string; readonly body?: string }) => {
      const name = path.split('/').at(-2)!;
      asked.push(name);
      const { metadata, target } = JSON.parse(body!) as { metadata: { uid: string }; target: { name: string } };
      const found = stored.get(name);
      if (found === undefined) return fail('not-found');
      if (found.metadata.uid !== metadata.uid || found.spec?.nodeName !== undefined) return fail('conflict');
      stored.set(name, { ...found, spec: { ...found.spec, nodeName: target.name } });
      return state.isAnswerLost ? fail('timeout') : Promise.resolve('');
    },
    watch: <T extends KubeObject>() => watch() as AsyncIterable<KubeWatchEvent> as AsyncIterable<KubeWatchEvent<T>>,
  };
  const arrive = (one: KubePod): void => {
    stored.set(one.metadata.name, one);
    wake?.();
  };
  return { api, clock, stored, asked, state, arrive };
}

describe('binding', () => {
  const binding = { podName: 'a', podNamespace: 'ml', podUid: 'uid-a', nodeName: 'n1' };

  it('can be repeated, and binds no other pod and to no other node', async () => {
    const { api, stored, state } = cluster(pod('a'));
    state.isAnswerLost = true;

    expect((await rejection(bindPod(api, binding))).providerCode).toBe('timeout');
    await bindPod(api, binding);
    expect((await rejection(bindPod(api, { ...binding, nodeName: 'n2' }))).providerCode).toBe('conflict');
    stored.set('a', { ...pod('a', { nodeName: 'n1' }), metadata: { name: 'a', namespace: 'ml', uid: 'new' } });
    expect((await rejection(bindPod(api, binding))).providerCode).toBe('conflict');
  });

  it.each([
    ['is its own', pod('a'), true],
    ['names another scheduler', pod('a', { schedulerName: 'default-scheduler' }), false],
    ['has a node', pod('a', { nodeName: 'n' }), false],
    ['has a gate', pod('a', { schedulingGates: [{ name: 'g' }] }), false],
    ['has ended', { ...pod('a'), status: { phase: 'Failed' } }, false],
    ['is being deleted', { ...pod('a'), metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } }, false],
  ])('waits for a pod that %s: as it should', (_, one, isWaiting) => {
    expect(isWaitingFor(one, 'spillway')).toBe(isWaiting);
  });
});

describe('a scheduler of its own', () => {
  it('binds what waits, sees what comes at once, and tries again what failed', async () => {
    const scene = cluster(pod('b'), pod('a'), pod('theirs', { schedulerName: 'x' }));
    const stop = new AbortController();
    const [rounds, bound, errors]: [string[][], string[], unknown[]] = [[], [], []];
    scene.state.isDown = true;
    const running = runScheduler({
      api: scene.api,
      schedulerName: 'spillway',
      signal: stop.signal,
      decide: (pods) => {
        rounds.push(pods.map(({ metadata }) => metadata.name));
        return Promise.resolve(pods.slice(0, 2).map((one) => ({ pod: one, nodeName: 'n1' })));
      },
      onBound: ({ pod: one }) => bound.push(one.metadata.name),
      onError: (error) => errors.push(error),
    });

    await scene.clock.advanceTo(9_999);
    expect([rounds, errors.length]).toEqual([[], 1]);
    scene.state.isDown = false;
    await scene.clock.advanceTo(10_000);
    expect([rounds, bound]).toEqual([[['a', 'b']], ['a', 'b']]);
    scene.arrive(pod('c'));
    await scene.clock.advanceTo(10_001);
    expect(bound).toEqual(['a', 'b', 'c']);

    // Bound by somebody else between the list and the binding: no failure.
    const late = runScheduler({
      api: scene.api,
      schedulerName: 'x',
      signal: stop.signal,
      decide: ([one]) => {
        scene.stored.set('theirs', pod('theirs', { nodeName: 'elsewhere' }));
        return Promise.resolve([{ pod: one!, nodeName: 'n1' }]);
      },
      onError: (error) => errors.push(error),
    });
    await scene.clock.advanceTo(10_002);
    expect(errors).toHaveLength(1);
    stop.abort();
    await Promise.all([running, late]);
  });

  it('does nothing while it does not lead, and stops between two bindings when it no longer does', async () => {
    const scene = cluster(pod('a'), pod('b'));
    const stop = new AbortController();
    let left = 0;
    const running = runScheduler({
      api: scene.api,
      schedulerName: 'spillway',
      signal: stop.signal,
      isLeader: () => left-- > 0,
      decide: (pods) => Promise.resolve(pods.map((one) => ({ pod: one, nodeName: 'n1' }))),
    });

    await scene.clock.advanceTo(5_000);
    expect(scene.asked).toEqual([]);
    left = 2;
    await scene.clock.advanceTo(10_000);
    expect(scene.asked).toEqual(['a']);
    stop.abort();
    await running;
  });
});
