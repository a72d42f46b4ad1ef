import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  kubeApi,
  kubeInformer,
  kubernetesCapacity,
  kubeTransport,
  type KubeApi,
  type KubeNode,
  type KubePod,
} from '@spillway/adapters/kubernetes';

import { cuttingProxy, type CuttingProxy } from './cutting-proxy.ts';
import { startKubeServers, type KubeServers } from './kube-servers.ts';

const NODES = '/api/v1/nodes';
const PODS = '/api/v1/namespaces/default/pods';
const stops: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

const apiOf = (kubeConfig: string): KubeApi => {
  const transport = kubeTransport({ kubeConfig });
  stops.push(() => transport.close?.());
  return kubeApi({ transport, timeoutMs: 120_000 });
};

/** The kubeconfig of the servers, by way of a proxy. */
async function proxied({
  kubeConfigPath,
  url,
  folder,
}: KubeServers): Promise<CuttingProxy & { readonly path: string }> {
  const proxy = await cuttingProxy(Number(new URL(url).port));
  stops.push(proxy.stop);
  const path = join(folder, 'proxied');
  writeFileSync(path, readFileSync(kubeConfigPath, 'utf8').replaceAll(url, `https://127.0.0.1:${proxy.port}`), {
    mode: 0o600,
  });
  return Object.assign(proxy, { path });
}

const node = (name: string) => {
  const resources = { cpu: '64', memory: '512Gi', pods: '110', 'nvidia.com/gpu': '8' };
  const labels = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'topology.kubernetes.io/zone': 'z' };
  return { metadata: { name, labels }, status: { capacity: resources, allocatable: resources } };
};
const pod = (name: string, nodeName: string, gpus: number) => {
  const limits = { cpu: '1', ...(gpus > 0 && { 'nvidia.com/gpu': String(gpus) }) };
  return {
    metadata: { name },
    spec: { nodeName, containers: [{ name: 'main', image: 'none', resources: { limits } }] },
  };
};

/** Works through all, a few at a time. */
async function forAll<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let item = rest.pop(); item !== undefined; item = rest.pop()) await work(item);
    }),
  );
}
const eventually = (look: () => unknown, timeout = 120_000) => expect.poll(look, { timeout, interval: 50 });
const versions = (objects: readonly { metadata: { name: string; resourceVersion?: string } }[]) =>
  objects.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion ?? ''}`).sort();

describe('a cluster of 500 nodes and 5,000 pods', () => {
  const NODE_COUNT = 500;
  const POD_COUNT = 5_000;
  let servers: KubeServers;
  let api: KubeApi;

  beforeAll(async () => {
    servers = await startKubeServers();
    stops.push(servers.stop);
    api = apiOf(servers.kubeConfigPath);
    const names = Array.from({ length: NODE_COUNT }, (_, n) => `node-${n}`);
    await forAll(names, (name) => api.create(NODES, node(name)));
    // Four of the ten pods on a node hold a GPU.
    const pods = Array.from({ length: POD_COUNT }, (_, n) => n);
    await forAll(pods, (n) => api.create(PODS, pod(`pod-${n}`, `node-${n % NODE_COUNT}`, n < 4 * NODE_COUNT ? 1 : 0)));
    for (let ready = 0; ready < NODE_COUNT; await new Promise((resolve) => setTimeout(resolve, 500))) {
      const { items } = await api.list<KubeNode>(NODES);
      ready = items.filter(({ status }) =>
        status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
      ).length;
    }
  }, 600_000);

  it('is seen in one look', async () => {
    const capacity = kubernetesCapacity({ api: apiOf(servers.kubeConfigPath) });

    const startAtMs = performance.now();
    const { nodes, gaps } = await capacity.readInventory();
    const tookMs = performance.now() - startAtMs;

    console.log(`one look at ${NODE_COUNT} nodes and ${POD_COUNT} pods: ${Math.round(tookMs)} ms`);
    expect(nodes).toHaveLength(NODE_COUNT);
    expect(gaps).toEqual([]);
    expect(
      new Set(nodes.map(({ gpus, cpuMilli, isCordoned }) => `${gpus.length} ${cpuMilli} ${isCordoned ?? false}`)),
    ).toEqual(new Set(['4 54000 false']));
    // Five seconds on a machine of its own; the machines of tests are shared.
    expect(tookMs).toBeLessThan(20_000);
  }, 120_000);

  it('is followed through lost connections, without reading it again', async () => {
    const proxy = await proxied(servers);
    const followed = apiOf(proxy.path);
    const lists: string[] = [];
    const counting = {
      ...followed,
      list: (...args: Parameters<KubeApi['list']>) => (lists.push(args[0]), followed.list(...args)),
    } as KubeApi;
    const backoff = { firstMs: 50, maxMs: 1_000 };
    const pods = kubeInformer<KubePod>({ api: counting, path: '/api/v1/pods', backoff });
    const capacity = kubernetesCapacity({ api: followed, isFollowing: true });
    stops.push(pods.stop, capacity.close);
    await pods.synced({ deadlineAtMs: Date.now() + 120_000 });
    await capacity.listNodes({ deadlineAtMs: Date.now() + 120_000 });

    for (let round = 0; round < 5; round++) {
      proxy.cut();
      await api.remove(`${PODS}/pod-${round}`, { gracePeriodSeconds: 0 });
      await api.create(PODS, pod(`late-${round}`, `node-${round}`, 3));
    }

    await eventually(
      async () => versions(pods.list()).join() === versions((await api.list('/api/v1/pods')).items).join(),
    ).toBe(true);
    await eventually(async () => (await capacity.listNodes()).filter(({ gpus }) => gpus.length === 2).length).toBe(5);
    expect([lists, pods.status().gaps]).toEqual([['/api/v1/pods'], []]);
  }, 300_000);

  it('is followed through a connection that dies without a word', async () => {
    const proxy = await proxied(servers);
    const nodes = kubeInformer<KubeNode>({
      api: apiOf(proxy.path),
      path: NODES,
      idleMs: 3_000,
      backoff: { firstMs: 50 },
    });
    stops.push(nodes.stop);
    await nodes.synced({ deadlineAtMs: Date.now() + 120_000 });
    proxy.isMute = true;
    await api.patch(`${NODES}/node-0`, { spec: { unschedulable: true } });
    await eventually(() => nodes.status().error?.providerCode).toBe('timeout');
    proxy.isMute = false;
    proxy.cut();

    await eventually(() => nodes.get('node-0')?.spec?.unschedulable).toBe(true);
    expect(nodes.status().gaps[0]?.reason).toBe('idle');
  }, 300_000);
});

describe('a server that forgets versions', () => {
  it('is followed through a version that was compacted, which is reported', async () => {
    const forgetful = ['--watch-cache=false', '--etcd-compaction-interval=2s'];
    const servers = await startKubeServers({ kwok: false, apiServerArguments: forgetful });
    stops.push(servers.stop);
    const api = apiOf(servers.kubeConfigPath);
    const proxy = await proxied(servers);
    await api.create(NODES, node('stays'));
    await api.create(NODES, node('goes'));
    const nodes = kubeInformer<KubeNode>({ api: apiOf(proxy.path), path: NODES, backoff: { firstMs: 50, maxMs: 500 } });
    stops.push(nodes.stop);
    await nodes.synced({ deadlineAtMs: Date.now() + 60_000 });
    const { resourceVersion } = await api.list(NODES);
    proxy.isClosed = true;
    proxy.cut();
    await api.remove(`${NODES}/goes`);
    await api.create(NODES, node('comes'));
    await eventually(async () => await isForgotten(api, resourceVersion)).toBe(true);
    expect(nodes.list()).toHaveLength(2);
    proxy.isClosed = false;

    await eventually(() =>
      nodes
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(['comes', 'stays']);
    expect(nodes.status()).toMatchObject({ gaps: [{ reason: 'expired' }] });
  }, 300_000);
});

/** Whether a watch from a version is refused. Something is written, for the server compacts what it has seen it write. */
async function isForgotten(api: KubeApi, resourceVersion: string): Promise<boolean> {
  await api.patch(`${NODES}/stays`, { metadata: { labels: { at: String(Date.now()) } } });
  try {
    for await (const { type } of api.watch(NODES, { resourceVersion, timeoutSeconds: 1 }))
      if (type === 'ADDED') return false;
    return false;
  } catch (error) {
    return (error as { status?: number }).status === 410;
  }
}
