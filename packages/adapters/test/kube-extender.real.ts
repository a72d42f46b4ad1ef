import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  bindPod,
  createExtender,
  isHeldBy,
  kubeApi,
  kubeTransport,
  nodeListener,
  openGate,
  podJob,
  readInventory,
  runScheduler,
  type KubeNode,
  type KubePod,
  type KubeTransport,
} from '@spillway/adapters/kubernetes';
import { pack } from '@spillway/core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { startKubeServers, type KubeServers } from './kube-servers.ts';
import { rejection } from './rejection.ts';

const PODS = '/api/v1/namespaces/default/pods';
const MEMORY = 'spillway.test/gpu-memory-mib';

let servers: KubeServers;
let transport: KubeTransport;
let api: ReturnType<typeof kubeApi>;
let isScoring = true;
const errors: unknown[] = [];
const readFleet = async () => {
  const [nodes, pods] = await Promise.all([api.list<KubeNode>('/api/v1/nodes'), api.list<KubePod>('/api/v1/pods')]);
  return readInventory({ nodes: nodes.items, pods: pods.items });
};
const extender = createExtender({
  fleet: readFleet,
  pack: { scorer: 'best-fit' },
  jobOf: (pod) => {
    const job = podJob(pod);
    const memory = pod.metadata.annotations?.[MEMORY];
    return job && memory !== undefined ? { ...job, gpuMemoryMib: Number(memory) } : job;
  },
  onError: (error) => errors.push(error),
});
const http = createServer(
  nodeListener((request) =>
    !isScoring && request.url.endsWith('/prioritize') ? Promise.resolve(Response.json([])) : extender.handle(request),
  ),
);

beforeAll(async () => {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const ours = {
    urlPrefix: `http://127.0.0.1:${port}/spillway`,
    filterVerb: 'filter',
    prioritizeVerb: 'prioritize',
    weight: 100,
    nodeCacheCapable: true,
    managedResources: [{ name: 'nvidia.com/gpu' }],
  };
  servers = await startKubeServers({ scheduler: { config: { extenders: [ours] } } });
  transport = kubeTransport({ kubeConfig: servers.kubeConfigPath });
  api = kubeApi({ transport });
  for (const name of ['gpu-a', 'gpu-b', 'gpu-c']) await servers.addGpuNode(name, 8);
}, 120_000);
afterEach(async () => {
  await servers.request('DELETE', `${PODS}?gracePeriodSeconds=0`);
  await servers.until(PODS, ({ body }) => body.items.length === 0);
  expect(errors.splice(0)).toEqual([]);
});
afterAll(async () => {
  transport.close?.();
  http.close();
  http.closeAllConnections();
  await servers.stop();
});

const create = async (
  name: string,
  gpus: number,
  { annotations = {}, ...spec }: { readonly annotations?: object; readonly [field: string]: unknown } = {},
): Promise<KubePod> => {
  // As much CPU as makes kube-scheduler by itself prefer an empty node.
  const limits = { 'nvidia.com/gpu': String(gpus), cpu: '8' };
  const { status, body } = await servers.request('POST', PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'none', resources: { limits } }],
      ...spec,
    },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
};
const boundTo = async (name: string): Promise<string | undefined> => {
  const { body } = await servers.until(`${PODS}/${name}`, (reply) => reply.body.spec.nodeName !== undefined);
  return body.spec.nodeName;
};

it('makes kube-scheduler fill one node instead of spreading, so that whole nodes stay free', async () => {
  isScoring = false;
  await create('spread-0', 1);
  await create('spread-1', 1);
  expect(await boundTo('spread-0')).not.toBe(await boundTo('spread-1'));
  await servers.request('DELETE', PODS);
  await servers.until(PODS, ({ body }) => body.items.length === 0);
  isScoring = true;

  await create('five', 5);
  const first = await boundTo('five');
  const small = ['one', 'two', 'three'];
  for (const name of small) {
    await create(name, 1);
    expect(await boundTo(name)).toBe(first);
  }
  await create('whole-0', 8);
  await create('whole-1', 8);
  expect(new Set([first, await boundTo('whole-0'), await boundTo('whole-1')]).size).toBe(3);
});

it('keeps a pod off nodes for a reason that Kubernetes does not know, and says it', async () => {
  await create('large', 1, { annotations: { [MEMORY]: '100000' } });
  await create('fits', 1, { annotations: { [MEMORY]: '80000' } });

  await boundTo('fits');
  const { body } = await servers.until(`${PODS}/large`, ({ body: { status } }) => status.conditions !== undefined);

  expect(body.spec.nodeName).toBeUndefined();
  expect(body.status.conditions).toContainEqual(
    expect.objectContaining({
      type: 'PodScheduled',
      status: 'False',
      message: expect.stringContaining('3 Spillway: gpu-memory-mib 81559 of 100000') as unknown,
    }),
  );
});

it('binds pods by a scheduler of its own, which leaves others and gated ones alone', async () => {
  const stop = new AbortController();
  const bound: string[] = [];
  const running = runScheduler({
    api,
    schedulerName: 'spillway',
    signal: stop.signal,
    onBound: ({ pod }) => bound.push(pod.metadata.name),
    onError: (error) => errors.push(error),
    decide: async (pods) => {
      const { nodes } = await readFleet();
      const { placements } = pack({ nodes, jobs: pods.flatMap((pod) => podJob(pod) ?? []) });
      return placements.map(({ jobId, nodeId }) => ({
        pod: pods.find(({ metadata: { namespace = '', name } }) => `${namespace}/${name}` === jobId)!,
        nodeName: nodeId,
      }));
    },
  });
  const own = { schedulerName: 'spillway' };

  await create('six', 6, own);
  await boundTo('six');
  await create('seven', 7, own);
  await create('two', 2, own);
  await create('too-many', 9, own);
  const held = await create('held', 1, { ...own, schedulingGates: [{ name: 'a/b' }, { name: 'spillway.dev/cheap' }] });
  await create('theirs', 8);

  expect([await boundTo('two'), await boundTo('seven'), await boundTo('theirs')]).toEqual([
    await boundTo('six'),
    expect.stringMatching('gpu-'),
    expect.stringMatching('gpu-'),
  ]);
  expect(isHeldBy(held, 'spillway.dev/cheap')).toBe(true);
  expect(bound.sort()).toEqual(['seven', 'six', 'two']);

  await openGate(api, held, 'spillway.dev/cheap');
  const again = await openGate(api, held, 'spillway.dev/cheap');
  expect(again.spec?.schedulingGates).toEqual([{ name: 'a/b' }]);
  await openGate(api, held, 'a/b');
  expect(await boundTo('held')).toBe(await boundTo('seven'));
  await servers.until(`${PODS}/held`, ({ body }) => body.status.phase === 'Running');

  stop.abort();
  await running;
  expect((await servers.request('GET', `${PODS}/too-many`)).body.spec.nodeName).toBeUndefined();
});

it('binds once, and tells a repeated call from another one', async () => {
  const pod = await create('own', 1, { schedulerName: 'nobody' });
  const gated = await create('gated', 1, { schedulerName: 'nobody', schedulingGates: [{ name: 'a/b' }] });
  const binding = { podName: 'own', podNamespace: 'default', podUid: pod.metadata.uid!, nodeName: 'gpu-b' };

  const other = { ...binding, podUid: '00000000-0000-0000-0000-000000000000' };
  expect((await rejection(bindPod(api, other))).providerCode).toBe('conflict');
  await bindPod(api, binding);
  await bindPod(api, binding);
  expect(await boundTo('own')).toBe('gpu-b');
  expect((await rejection(bindPod(api, { ...binding, nodeName: 'gpu-c' }))).providerCode).toBe('conflict');
  expect((await rejection(bindPod(api, { ...binding, podName: 'none' }))).providerCode).toBe('not-found');
  const early = await rejection(bindPod(api, { ...binding, podName: 'gated', podUid: gated.metadata.uid! }));
  expect([early.providerCode, early.message]).toEqual(['conflict', expect.stringContaining('schedulingGates')]);
  const stranger = { ...gated, metadata: { ...gated.metadata, uid: other.podUid } };
  expect((await rejection(openGate(api, stranger, 'a/b'))).providerCode).toBe('conflict');
});
