import { afterEach, beforeEach, expect, it } from 'vitest';

import { InvalidInputError } from '@spillway/core';
import {
  kubeApi,
  kubernetesDrain,
  kubeTransport,
  type DrainResult,
  type KubeNode,
  type KubernetesDrainOptions,
  type KubePod,
} from '@spillway/adapters/kubernetes';

import { eventually } from './eventually.ts';
import { fastClock } from './fast-clock.ts';
import { kubeServer, type KubeServer } from './kube-server.ts';
import type { Stored } from './kube-store.ts';
import { rejection } from './rejection.ts';

const ANNOTATION = 'spillway.dev/drain';
let server: KubeServer;
let stops: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  server = await kubeServer();
  stops = [server.stop];
  server.put('/api/v1/nodes', { metadata: { name: 'gpu-1' }, spec: {} });
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
});

const newDrains = (options: Partial<KubernetesDrainOptions> = {}) => {
  const transport = kubeTransport({ kubeConfig: server.kubeConfig });
  stops.push(() => transport.close?.());
  return kubernetesDrain({ api: kubeApi({ transport, clock: fastClock(20), timeoutMs: 60_000 }), ...options });
};

const putPod = (name: string, changes: { priority?: number; owner?: string; node?: string; phase?: string } = {}) => {
  const { priority = 0, owner = 'ReplicaSet', node = 'gpu-1', phase = 'Running' } = changes;
  return server.put('/api/v1/pods', {
    metadata: {
      name,
      namespace: 'ml',
      labels: { app: name },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: owner, name: 'web', uid: 'x', controller: true }],
    },
    spec: { nodeName: node, priority },
    status: { phase },
  });
};
const putBudget = (name: string, app: string) =>
  server.put('/apis/policy/v1/poddisruptionbudgets', {
    metadata: { name, namespace: 'ml' },
    spec: { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: [app] }] } },
    status: { disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2 },
  });
const nodeNow = () =>
  server.store.get({ collection: '/api/v1/nodes', namespace: undefined }, 'gpu-1') as Stored & KubeNode;
const stateNow = () => JSON.parse(nodeNow().metadata.annotations?.[ANNOTATION] ?? 'null') as unknown;
const outcomes = ({ pods }: DrainResult) => Object.fromEntries(pods.map(({ pod, outcome }) => [pod.name, outcome]));
const evictions = () =>
  server.asked.filter(({ path }) => path.endsWith('/eviction')).map(({ path }) => path.split('/').at(-2));
const writes = () => server.asked.filter(({ method }) => method !== 'GET');
const reasons = () =>
  server.store
    .list({ collection: '/apis/events.k8s.io/v1/events', namespace: undefined })
    .map((event) => event['reason'])
    .sort();

it('cordons the node, and evicts lowest priority first what may be evicted', async () => {
  server.put('/apis/apps/v1/daemonsets', { metadata: { name: 'web', namespace: 'ml' } });
  putPod('dear', { priority: 1_000 });
  putPod('cheap', { priority: -5 });
  putPod('usual');
  putPod('driver', { owner: 'DaemonSet' });
  putPod('elsewhere', { node: 'gpu-2' });
  const drains = newDrains({ parallelism: 1 });

  const result = await drains.drain('gpu-1');

  expect(result).toMatchObject({ nodeName: 'gpu-1', status: 'drained' });
  expect(outcomes(result)).toEqual({ cheap: 'evicted', usual: 'evicted', dear: 'evicted', driver: 'left' });
  expect(evictions()).toEqual(['cheap', 'usual', 'dear']);
  expect(nodeNow().spec).toEqual({ unschedulable: true });
  expect(reasons()).toEqual([
    'SpillwayDrainEvicted',
    'SpillwayDrainEvicted',
    'SpillwayDrainEvicted',
    'SpillwayDrainStarted',
    'SpillwayDrained',
  ]);
  expect(await drains.list()).toEqual([
    expect.objectContaining({ nodeName: 'gpu-1', wasCordoned: false, endedAtMs: expect.any(Number) as number }),
  ]);
});

it('does nothing at all when a pod forbids it', async () => {
  putPod('web');
  server.put('/api/v1/pods', { metadata: { name: 'lonely', namespace: 'ml' }, spec: { nodeName: 'gpu-1' } });

  const result = await newDrains().drain('gpu-1');

  expect(result.status).toBe('refused');
  expect(result.pods).toMatchObject([
    { pod: { name: 'lonely' }, outcome: 'refused', reason: 'unmanaged' },
    { pod: { name: 'web' }, outcome: 'waiting' },
  ]);
  expect(writes()).toEqual([]);
});

it('waits while a budget forbids an eviction, and goes on with the others', async () => {
  putPod('web');
  putPod('batch', { priority: 7 });
  server.protectedPods.add('web');
  const drains = newDrains();

  const draining = drains.drain('gpu-1');
  await eventually(evictions).toEqual(['web', 'batch', 'web']);
  server.protectedPods.delete('web');
  const result = await draining;

  expect(result.status).toBe('drained');
  expect(outcomes(result)).toEqual({ web: 'evicted', batch: 'evicted' });
  expect(reasons().filter((reason) => reason === 'SpillwayDrainBlocked')).toHaveLength(1);
});

it('names the budget when time is up', async () => {
  putPod('web');
  putBudget('two-of-web', 'web');
  putBudget('other', 'something-else');
  server.protectedPods.add('web');

  const { status, pods } = await newDrains({ timeoutMs: 6_000 }).drain('gpu-1');

  expect(status).toBe('timed-out');
  expect(pods).toMatchObject([
    {
      outcome: 'blocked',
      budgets: [{ name: 'two-of-web', disruptionsAllowed: 0, healthyPods: 2, neededPods: 2 }],
      message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
    },
  ]);
  // Once at once, and at most once after the 5 s of kubectl.
  expect(evictions().length).toBeLessThanOrEqual(2);
  expect(nodeNow().spec).toEqual({ unschedulable: true });
});

it('does not wait for a pod under two budgets, whose eviction fails every time', async () => {
  putPod('web');
  putPod('batch');
  putBudget('one', 'web');
  putBudget('two', 'web');
  // Recorded from kube-apiserver v1.36.3.
  const body = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    code: 500,
  });
  server.fault = ({ path }) => (path.endsWith('/web/eviction') ? { kind: 'answer', status: 500, body } : undefined);

  const { status, pods } = await newDrains().drain('gpu-1');

  expect(status).toBe('blocked');
  expect(pods).toMatchObject([
    { pod: { name: 'batch' }, outcome: 'evicted' },
    { pod: { name: 'web' }, outcome: 'blocked', budgets: [{ name: 'one' }, { name: 'two' }] },
  ]);
  expect(evictions().filter((name) => name === 'web')).toHaveLength(1);
});

it('tells a busy server from a budget, and a failing one from a refusal', async () => {
  putPod('web');
  const answers = [
    { status: 429, body: 'too many requests', headers: { 'retry-after': '2' } },
    { status: 503, body: 'upstream connect error' },
    { status: 500, body: '{"kind":"Status","message":"etcdserver: request timed out"}' },
  ];
  server.fault = ({ path }) => {
    const next = path.endsWith('/eviction') ? answers.shift() : undefined;
    return next && { kind: 'answer', ...next };
  };

  const { status, pods } = await newDrains().drain('gpu-1');

  expect([status, pods[0]?.outcome]).toEqual(['drained', 'evicted']);
  expect(evictions()).toHaveLength(4);
  expect(reasons()).not.toContain('SpillwayDrainBlocked');
});

it('calls beforeEvict once a pod, also when another process goes on; where it rejects the pod stays', async () => {
  const called: string[] = [];
  const beforeEvict = (pod: KubePod): Promise<void> => {
    called.push(pod.metadata.name);
    return pod.metadata.name === 'stubborn' ? Promise.reject(new Error('cannot save')) : Promise.resolve();
  };
  putPod('web');
  server.protectedPods.add('web');
  const stop = new AbortController();

  const first = rejection(newDrains({ beforeEvict }).drain('gpu-1', { signal: stop.signal }));
  await eventually(() => evictions().length).toBe(1);
  stop.abort();
  expect((await first).providerCode).toBe('aborted');
  expect(nodeNow().spec).toEqual({ unschedulable: true });
  const begun = stateNow();
  expect(begun).not.toHaveProperty('endedAtMs');
  putPod('stubborn');
  server.protectedPods.clear();
  const result = await newDrains({ beforeEvict, timeoutMs: 1 }).drain('gpu-1');

  expect(called.filter((name) => name === 'web')).toEqual(['web']);
  expect(result.status).toBe('blocked');
  expect(result.pods).toMatchObject([
    { pod: { name: 'stubborn' }, outcome: 'failed', error: { providerCode: 'unavailable' } },
    { pod: { name: 'web' }, outcome: 'evicted' },
  ]);
  expect(evictions()).not.toContain('stubborn');
  // The end of the first call is kept.
  expect(stateNow()).toMatchObject(begun as object);
});

it('is called off by another process, and puts the node back as it was', async () => {
  putPod('web');
  server.protectedPods.add('web');
  const draining = newDrains().drain('gpu-1');
  await eventually(() => evictions().length).toBe(1);

  expect(await newDrains().cancel('gpu-1')).toBe(true);

  expect((await draining).status).toBe('cancelled');
  expect(nodeNow().spec).toEqual({});
  expect(stateNow()).toBeNull();
  expect(await newDrains().cancel('gpu-1')).toBe(false);

  server.put('/api/v1/nodes', { metadata: { name: 'gpu-1' }, spec: { unschedulable: true } });
  const again = newDrains().drain('gpu-1');
  await eventually(() => evictions().length).toBe(2);
  await newDrains().cancel('gpu-1');
  expect((await again).status).toBe('cancelled');
  expect(nodeNow().spec).toEqual({ unschedulable: true });
});

it('takes somebody who uncordons the node for a wish to keep it', async () => {
  putPod('web');
  server.protectedPods.add('web');
  const draining = newDrains().drain('gpu-1');
  await eventually(() => evictions().length).toBe(1);

  server.put('/api/v1/nodes', { metadata: { name: 'gpu-1' }, spec: {} });

  expect((await draining).status).toBe('cancelled');
  expect(nodeNow().spec).toEqual({});
});

it('never evicts the pod that took the place of another', async () => {
  putPod('web');
  server.fault = ({ path }) => {
    if (!path.endsWith('/eviction') || server.store.version > 1_000) return undefined;
    server.store.version = 1_001;
    server.remove('/api/v1/pods', 'web', 'ml');
    putPod('web', { node: 'gpu-2' });
    return undefined;
  };

  const { status, pods } = await newDrains().drain('gpu-1');

  expect([status, pods.map(({ outcome }) => outcome)]).toEqual(['drained', ['gone']]);
  expect(server.store.get({ collection: '/api/v1/pods', namespace: 'ml' }, 'web')['spec']).toMatchObject({
    nodeName: 'gpu-2',
  });
});

it('takes in what comes to the node meanwhile', async () => {
  putPod('web');
  server.protectedPods.add('web');
  const draining = newDrains().drain('gpu-1');
  await eventually(() => evictions().length).toBe(1);

  putPod('late');
  server.protectedPods.clear();

  expect(outcomes(await draining)).toEqual({ web: 'evicted', late: 'evicted' });
});

it('previews without touching anything', async () => {
  putPod('web');
  putPod('held');
  putBudget('of-held', 'held');
  server.protectedPods.add('held');

  const { status, pods } = await newDrains().preview('gpu-1');

  expect(status).toBe('preview');
  expect(pods).toMatchObject([
    { pod: { name: 'held' }, outcome: 'blocked', budgets: [{ name: 'of-held' }] },
    { pod: { name: 'web' }, outcome: 'evictable' },
  ]);
  expect(server.store.list({ collection: '/api/v1/pods', namespace: 'ml' })).toHaveLength(2);
  expect(writes().every(({ path }) => path.endsWith('/eviction'))).toBe(true);
  expect(nodeNow().spec).toEqual({});
});

it('refuses wrong input before it asks anything', async () => {
  expect(() => newDrains({ timeoutMs: 0 })).toThrow(InvalidInputError);
  expect(() => newDrains({ parallelism: 0 })).toThrow(InvalidInputError);
  expect(() => newDrains({ gracePeriodSeconds: 0.5 })).toThrow(InvalidInputError);
  expect(() => newDrains({ skipEndingForMs: 0 })).toThrow(InvalidInputError);
  await expect(newDrains().drain('../pods')).rejects.toThrow(InvalidInputError);
  expect(server.asked).toEqual([]);
  expect((await rejection(newDrains().drain('nowhere'))).providerCode).toBe('not-found');
});
