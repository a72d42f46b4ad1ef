import { appendFileSync, writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Job } from '@spillway/core';
import {
  kubeApi,
  kubernetesDrain,
  kubernetesRuntime,
  kubeTransport,
  type KubeApi,
  type KubernetesRuntime,
} from '@spillway/adapters/kubernetes';
import { conformanceCases, type Subject } from '@spillway/adapters/testing';

import { startKubeServers, type KubeServers } from './kube-servers.ts';
import { rejection } from './rejection.ts';

let servers: KubeServers;
let api: KubeApi;
const transports: { close?: () => void }[] = [];
beforeAll(async () => {
  servers = await startKubeServers({ scheduler: {}, controllers: ['job', 'garbagecollector', 'disruption'] });
  await servers.addGpuNode('gpu-1', 8);
  const transport = kubeTransport({ kubeConfig: servers.kubeConfigPath });
  transports.push(transport);
  api = kubeApi({ transport });
}, 120_000);
afterAll(async () => {
  for (const transport of transports) transport.close?.();
  await servers.stop();
});

const gpus = (count: number) => Array.from({ length: count }, (_, index) => ({ index, milli: 1000 }));
const requestOf = (
  id: string,
  gpuCount: number,
  changes: { token?: string; nodeId?: string; job?: Partial<Job> } = {},
) => ({
  token: changes.token ?? `start ${id}`,
  job: { id, gpuCount, cpuMilli: 500, memoryMib: 256, ...changes.job },
  placement: { jobId: id, nodeId: changes.nodeId ?? 'gpu-1', gpus: gpus(gpuCount) },
});
const placed = (id: string, nodeId: string) => {
  const { job, placement } = requestOf(id, 2, { nodeId });
  return { job, placement };
};
const podOf = (job: Job) => ({
  labels: { job: job.id },
  spec: { containers: [{ name: 'main', image: 'none' }] },
});
const newRuntime = () => kubernetesRuntime({ api, podOf, stopGraceMs: 1_000 });
const PODS = '/api/v1/namespaces/default/pods';
const runningPod = async (jobId: string) => {
  const { body } = await servers.until(
    `${PODS}?labelSelector=job%3D${jobId}`,
    (reply) => reply.body.items[0]?.status.phase === 'Running',
  );
  return body.items[0]!;
};
const endPod = async (jobId: string, exitCode: string) => {
  const { name } = (await runningPod(jobId)).metadata;
  await servers.request('PATCH', `${PODS}/${name}`, {
    metadata: { annotations: { 'spillway.test/exit-code': exitCode } },
  });
};
const ended = async (runtime: KubernetesRuntime, jobId: string) => {
  const find = async () => (await runtime.list()).find((job) => job.jobId === jobId);
  await expect.poll(async () => (await find())?.status, { timeout: 15_000 }).not.toBe('running');
  return await find();
};

describe('the conformance kit', async () => {
  let count = 0;
  const make = async (): Promise<Subject> => {
    const id = `kit-${++count}`;
    await servers.request('POST', '/api/v1/namespaces', { metadata: { name: id } });
    await servers.addGpuNode(id, 3);
    return {
      provider: kubernetesRuntime({ api, podOf, namespace: id, stopGraceMs: 1_000 }),
      jobs: [placed('first', id), placed('second', id)],
      secrets: [servers.token],
    };
  };
  // The kit looks at one subject to choose its cases, when no server has been started yet.
  const looks: Subject = {
    provider: kubernetesRuntime({ api: kubeApi({ transport: kubeTransport() }), podOf }),
    jobs: [placed('first', ''), placed('second', '')],
  };
  let isLook = true;
  const cases = await conformanceCases(() => (isLook ? Promise.resolve(looks) : make()));
  isLook = false;
  for (const { name, group, run } of cases) it(`${group}: ${name}`, run);
});

it('tells how a job ended: well, by its program, by an eviction, or with its pod', async () => {
  const runtime = newRuntime();
  for (const id of ['good', 'bad', 'moved', 'deleted']) await runtime.start(requestOf(id, 1));

  await endPod('good', '0');
  await endPod('bad', '3');
  await servers.request('DELETE', `${PODS}/${(await runningPod('deleted')).metadata.name}`);
  const { name } = (await runningPod('moved')).metadata;
  const drains = kubernetesDrain({ api });
  const { status, pods } = await drains.drain('gpu-1');
  await drains.cancel('gpu-1');

  expect(status).toBe('drained');
  expect(pods.find(({ pod }) => pod.name === name)?.outcome).toBe('evicted');
  expect(await ended(runtime, 'good')).toMatchObject({ status: 'succeeded' });
  expect(await ended(runtime, 'moved')).toMatchObject({ status: 'failed', failure: { kind: 'evicted' } });
  expect(await ended(runtime, 'deleted')).toMatchObject({ status: 'failed', failure: { kind: 'unknown' } });
  expect((await ended(runtime, 'bad'))?.status).toBe('failed');
});

it('tells the exit code of a program as long as its pod is there', async () => {
  const runtime = newRuntime();
  await runtime.start(requestOf('three', 1));
  await endPod('three', '3');

  expect(await ended(runtime, 'three')).toMatchObject({
    status: 'failed',
    failure: { kind: 'exit', exitCode: 3, isOutOfMemory: false },
  });
});

it('leaves nothing behind of a start that finds no room, and takes the token again', async () => {
  const runtime = newRuntime();
  await runtime.start(requestOf('large', 8));

  const refused = await rejection(runtime.start(requestOf('small', 1)));

  expect([refused.providerCode, refused.isAmbiguous]).toEqual(['conflict', false]);
  expect(refused.message).toContain('Insufficient nvidia.com/gpu');
  await servers.until(`${PODS}?labelSelector=job%3Dsmall`, ({ body }) => body.items.length === 0);
  expect((await runtime.list()).some(({ jobId }) => jobId === 'small')).toBe(false);
  await runtime.stop('large');
  expect(await runtime.start(requestOf('small', 1))).toMatchObject({ status: 'running' });
  expect((await runningPod('small')).spec.nodeName).toBe('gpu-1');
  await runtime.stop('small');
});

it('refuses a cordoned node, a node that is not there, and a token of another job', async () => {
  const runtime = newRuntime();
  await servers.request('PATCH', '/api/v1/nodes/gpu-1', { spec: { unschedulable: true } });
  expect((await rejection(runtime.start(requestOf('a', 1)))).providerCode).toBe('conflict');
  await servers.request('PATCH', '/api/v1/nodes/gpu-1', { spec: { unschedulable: null } });
  expect((await rejection(runtime.start(requestOf('b', 1, { nodeId: 'nowhere' })))).providerCode).toBe('not-found');
  await runtime.start(requestOf('c', 1));
  expect((await rejection(runtime.start(requestOf('d', 1, { token: 'start c' })))).providerCode).toBe('conflict');
  await runtime.stop('c');
});

it('is taken over by another process, which knows every job and starts none twice', async () => {
  const request = requestOf('kept', 2);
  const first = await newRuntime().start(request);
  const after = newRuntime();

  expect((await after.list()).find(({ jobId }) => jobId === 'kept')).toEqual(first);
  expect(await after.start(request)).toEqual(first);
  expect(await after.checkpoint('kept')).toBe(true);
  expect((await runningPod('kept')).metadata.annotations).toHaveProperty(['spillway.dev/checkpoint-requested-at']);
  await after.stop('kept');
  expect((await newRuntime().start(request)).status).toBe('stopped');
  expect(await after.checkpoint('kept')).toBe(false);
});

it('starts once when the answer to the start is lost', async () => {
  const transport = kubeTransport({ kubeConfig: servers.kubeConfigPath });
  transports.push(transport);
  let isLost = false;
  const lossy = kubeApi({
    transport: {
      request: async (request) => {
        const reply = await transport.request(request);
        if (request.method !== 'POST' || isLost) return reply;
        isLost = true;
        await reply.text();
        throw new Error('the connection broke');
      },
    },
  });
  const runtime = kubernetesRuntime({ api: lossy, podOf });

  const lost = await rejection(runtime.start(requestOf('lost', 1)));
  expect([lost.providerCode, lost.isAmbiguous]).toEqual(['unavailable', true]);
  expect(await runtime.start(requestOf('lost', 1))).toMatchObject({ status: 'running' });

  expect((await servers.request('GET', `${PODS}?labelSelector=job%3Dlost`)).body.items).toHaveLength(1);
  await runtime.stop('lost');
});

it('places a job on a MIG instance', async () => {
  const resources = { cpu: '8', memory: '64Gi', pods: '10', 'nvidia.com/mig-1g.10gb.me': '1' };
  await servers.request('POST', '/api/v1/nodes', {
    metadata: { name: 'mig-1' },
    status: { capacity: resources, allocatable: resources },
  });
  await servers.until('/api/v1/nodes/mig-1', ({ body }) => body.status.conditions !== undefined);
  const runtime = newRuntime();
  const request = (id: string) => ({
    token: id,
    job: { id, gpuCount: 1, migProfile: '1g.10gb+me', cpuMilli: 100, memoryMib: 64 },
    placement: { jobId: id, nodeId: 'mig-1', gpus: [], mig: { gpuIndex: 0, profile: '1g.10gb+me', start: 0 } },
  });

  expect(await runtime.start(request('slice'))).toMatchObject({ status: 'running' });
  expect((await rejection(runtime.start(request('other')))).providerCode).toBe('conflict');
});

it('reads the log of a job to its end, and goes on behind any piece', async () => {
  const runtime = newRuntime();
  const line = (at: string, text: string) => `2026-01-01T00:00:${at}Z stdout F ${text}\n`;
  writeFileSync(
    servers.podLogPath,
    line('01.000000001', 'one') + line('01.000000002', 'two') + line('01.000000002', 'three'),
  );
  await runtime.start(requestOf('writer', 1));
  await runningPod('writer');
  const pieces = [];

  for await (const piece of runtime.logs('writer')) {
    pieces.push(piece);
    if (pieces.length > 1) continue;
    appendFileSync(servers.podLogPath, line('01.000000002', 'four') + line('02.500000000', 'five'));
    await endPod('writer', '0');
  }

  expect(pieces.map(({ text }) => text)).toEqual(['one\ntwo\nthree\n', 'four\nfive\n']);
  const rest = [];
  for await (const { text } of runtime.logs('writer', { after: pieces[0]!.cursor })) rest.push(text);
  expect(rest).toEqual(['four\nfive\n']);
  expect((await rejection(runtime.logs('nobody')[Symbol.asyncIterator]().next())).providerCode).toBe('not-found');
});
