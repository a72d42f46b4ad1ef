import { afterEach, beforeEach, expect, it } from 'vitest';

import { InvalidInputError, type Job, type Placement } from '@spillway/core';
import {
  kubeApi,
  kubernetesDrain,
  kubernetesRuntime,
  kubeTransport,
  type KubePod,
  type KubernetesRuntimeOptions,
} from '@spillway/adapters/kubernetes';
import { faultProxy, type Fault } from '@spillway/adapters/testing';

import { eventually } from './eventually.ts';
import { fastClock } from './fast-clock.ts';
import { playCluster, type KubePlayer } from './kube-player.ts';
import { configOf, kubeServer, type KubeServer } from './kube-server.ts';
import { rejection } from './rejection.ts';

const JOBS = { collection: '/apis/batch/v1/jobs', namespace: 'default' };
const PODS = { collection: '/api/v1/pods', namespace: 'default' };

let server: KubeServer;
let player: KubePlayer;
let stops: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  server = await kubeServer();
  player = playCluster(server);
  stops = [server.stop, player.stop];
  player.addNode('gpu-1', 8);
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
});

const newApi = () => {
  const transport = kubeTransport({ kubeConfig: server.kubeConfig });
  stops.push(() => transport.close?.());
  return kubeApi({ transport, clock: fastClock(10), timeoutMs: 60_000 });
};
const newRuntime = (options: Partial<KubernetesRuntimeOptions> = {}) =>
  kubernetesRuntime({
    api: newApi(),
    podOf: () => ({ spec: { containers: [{ name: 'main', image: 'x' }] } }),
    scheduleTimeoutMs: 100_000,
    ...options,
  });
const requestOf = (
  id: string,
  changes: { token?: string; job?: Partial<Job>; placement?: Partial<Placement> } = {},
) => ({
  token: changes.token ?? `start ${id}`,
  job: { id, gpuCount: 1, cpuMilli: 500, memoryMib: 256, ...changes.job },
  placement: { jobId: id, nodeId: 'gpu-1', gpus: [{ index: 0, milli: 1000 }], ...changes.placement },
});
const podName = () => server.store.list(PODS)[0]!.metadata.name;

it('refuses before anything is sent what it cannot serve, and what does not agree', async () => {
  const runtime = newRuntime();
  const code = async (request: ReturnType<typeof requestOf>) => (await rejection(runtime.start(request))).providerCode;
  const half = { job: { gpuMilli: 500 }, placement: { gpus: [{ index: 0, milli: 500 }] } };

  expect(await code(requestOf('a', { token: '' }))).toBe('invalid-request');
  expect(await code(requestOf('a', { job: { gpuCount: 1.5 } }))).toBe('invalid-request');
  expect(await code(requestOf('a', { job: { gpuCount: 2 } }))).toBe('invalid-request');
  expect(await code(requestOf('a', { placement: { jobId: 'b' } }))).toBe('invalid-request');
  expect(await code(requestOf('a', half))).toBe('invalid-request');
  expect(() => newRuntime({ stopGraceMs: -1 })).toThrow(InvalidInputError);
  expect(() => newRuntime({ namespace: '../kube-system' })).toThrow(InvalidInputError);
  expect(server.asked).toEqual([]);
});

it('asks for what the placement holds, on its node, in the words of Kubernetes', async () => {
  const gpus = [0, 3].map((index) => ({ index, milli: 1000 }));
  await newRuntime({ gpuResource: 'nvidia.com/gpu', stopGraceMs: 1_500 }).start(
    requestOf('Größe/1', { job: { gpuCount: 2 }, placement: { gpus } }),
  );

  const [job] = server.store.list(JOBS);
  expect(job?.metadata.name).toMatch(/^spillway-[0-9a-f]{40}$/);
  expect(job?.['spec']).toMatchObject({
    backoffLimit: 0,
    ttlSecondsAfterFinished: 604_800,
    template: {
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 2,
        containers: [
          {
            name: 'main',
            image: 'x',
            resources: {
              requests: { cpu: '500m', memory: '256Mi', 'nvidia.com/gpu': '2' },
              limits: { 'nvidia.com/gpu': '2' },
            },
          },
        ],
      },
    },
  });
  expect(server.store.list(PODS)[0]?.['spec']).toMatchObject({ nodeName: 'gpu-1' });
});

it('starts once when the answer is lost', async () => {
  const runtime = newRuntime();
  server.fault = ({ method }) => (method === 'POST' ? { kind: 'lose-reply' } : undefined);

  const lost = await rejection(runtime.start(requestOf('a')));
  server.fault = undefined;

  expect([lost.providerCode, lost.isAmbiguous]).toEqual(['unavailable', true]);
  expect(await runtime.start(requestOf('a'))).toMatchObject({ status: 'running' });
  expect(server.store.list(JOBS)).toHaveLength(1);
});

it('runs a job under one token only, also where there is room', async () => {
  const runtime = newRuntime();
  const tokens = ['1', '2', '3', '4'];

  const outcomes = await Promise.allSettled(tokens.map((token) => runtime.start(requestOf('a', { token }))));

  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(server.store.list(JOBS)).toHaveLength(1);
  expect((await rejection(newRuntime().start(requestOf('a', { token: '5' })))).providerCode).toBe('conflict');
});

it.each<Fault>([
  { kind: 'drop-before' },
  { kind: 'drop-after' },
  { kind: 'reset' },
  { kind: 'garbage' },
  { kind: 'truncated', ratio: 0.5 },
  { kind: 'duplicated' },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 429, retryAfterSeconds: 1 },
  { kind: 'status', status: 504 },
])('starts once, whatever happened to the first try: $kind $status', async (fault) => {
  const proxy = await faultProxy(server.url);
  stops.push(proxy.stop);
  const transport = kubeTransport({ kubeConfig: configOf(proxy.url, server.token) });
  stops.push(() => transport.close?.());
  // The fault sets in with the write.
  const runtime = kubernetesRuntime({
    api: kubeApi({ transport, timeoutMs: 300 }),
    podOf: () => {
      proxy.faults.set(fault);
      return { spec: { containers: [{ name: 'main', image: 'x' }] } };
    },
  });

  const error = await rejection(runtime.start(requestOf('a')));
  proxy.faults.set(undefined);

  expect(error.message).not.toContain(server.token);
  const wasCreated = server.store.list(JOBS).length > 0;
  // Who is told that nothing happened may start it elsewhere.
  if (wasCreated) expect(error.isAmbiguous).toBe(true);
  expect(await newRuntime().start(requestOf('a'))).toMatchObject({ jobId: 'a', status: 'running' });
  expect(server.store.list(JOBS)).toHaveLength(1);
});

it('takes up a start that was not withdrawn, as its process ended', async () => {
  const runtime = newRuntime();
  await runtime.start(requestOf('big', { job: { gpuCount: 8 }, placement: { gpus: eight() } }));
  server.fault = ({ method }) => (method === 'DELETE' ? { kind: 'reset' } : undefined);
  expect((await rejection(runtime.start(requestOf('small')))).providerCode).toBe('unavailable');
  server.fault = undefined;
  expect(server.store.list(JOBS)).toHaveLength(2);

  expect((await rejection(newRuntime().start(requestOf('small')))).providerCode).toBe('conflict');

  expect(server.store.list(JOBS)).toHaveLength(1);
  await eventually(() => server.store.list(PODS).length).toBe(1);
});

const eight = () => Array.from({ length: 8 }, (_, index) => ({ index, milli: 1000 }));

it('counts a job as started when the scheduler says nothing in time', async () => {
  player.isSchedulerAsleep = true;

  expect(await newRuntime({ scheduleTimeoutMs: 300 }).start(requestOf('a'))).toMatchObject({ status: 'running' });
});

it('tells memory, exit and eviction apart, and the last start of a job', async () => {
  const runtime = newRuntime();
  const only = async () => (await runtime.list()).map(({ status, failure }) => [status, failure]);

  await runtime.start(requestOf('a', { token: '1' }));
  player.endPod(podName(), 137, 'OOMKilled');
  await eventually(only).toEqual([['failed', { kind: 'exit', exitCode: 137, isOutOfMemory: true }]]);
  expect((await runtime.start(requestOf('a', { token: '1' }))).failure).toMatchObject({ exitCode: 137 });

  server.remove('/api/v1/pods', podName(), 'default');
  expect(await only()).toEqual([['failed', { kind: 'unknown', message: '' }]]);

  await runtime.start(requestOf('a', { token: '2' }));
  expect((await kubernetesDrain({ api: newApi() }).drain('gpu-1')).status).toBe('drained');
  await eventually(only).toEqual([['failed', { kind: 'evicted' }]]);

  await runtime.start(requestOf('a', { token: '3' }));
  player.endPod(podName(), 0);
  await eventually(only).toEqual([['succeeded', undefined]]);
  expect(server.store.list(JOBS)).toHaveLength(3);
});

it('says so when a job does not end', async () => {
  const runtime = newRuntime({ stopGraceMs: 0 });
  await runtime.start(requestOf('a'));
  player.stop();

  const error = await rejection(runtime.stop('a'));

  expect([error.providerCode, error.message]).toEqual(['timeout', "kubernetes: job 'a' on 'gpu-1' is still there"]);
});

it('asks a running job to save its state', async () => {
  const runtime = newRuntime();
  await runtime.start(requestOf('a'));

  expect(await runtime.checkpoint('a')).toBe(true);
  expect(server.store.get(PODS, podName()).metadata['annotations']).toHaveProperty([
    'spillway.dev/checkpoint-requested-at',
  ]);
  await runtime.stop('a');
  expect(await runtime.checkpoint('a')).toBe(false);
  expect(await runtime.checkpoint('nobody')).toBe(false);
});

it('knows the pods of its jobs', async () => {
  const runtime = newRuntime();
  await runtime.start(requestOf('a'));
  const pod = server.store.get(PODS, podName());

  expect(runtime.isOwn(pod as KubePod)).toBe(true);
  expect(runtime.isOwn({ metadata: { name: 'a', namespace: 'default' } })).toBe(false);
  expect(newRuntime({ namespace: 'other' }).isOwn(pod as KubePod)).toBe(false);
});
