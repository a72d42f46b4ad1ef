import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  kubeApi,
  kubernetesCapacity,
  kubeTransport,
  type KubernetesCapacityOptions,
} from '@spillway/adapters/kubernetes';
import { faultProxy, type Fault } from '@spillway/adapters/testing';

import { eventually } from './eventually.ts';
import { draClaim, draGpu, draSlice, kubeNode, kubePod } from './kube-objects.ts';
import { configOf, kubeServer, type KubeServer } from './kube-server.ts';
import { rejection } from './rejection.ts';

const NODES = '/api/v1/nodes';
const PODS = '/api/v1/pods';
const GFD = { 'nvidia.com/gpu.product': 'H100' };

let server: KubeServer;
let stops: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  server = await kubeServer();
  stops = [server.stop];
  server.put(NODES, kubeNode('a', { 'nvidia.com/gpu': '8' }, GFD));
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
});

const capacityOf = (
  options: Partial<KubernetesCapacityOptions> = {},
  kubeConfig = server.kubeConfig,
  timeoutMs = 5_000,
) => {
  const transport = kubeTransport({ kubeConfig });
  const capacity = kubernetesCapacity({ api: kubeApi({ transport, timeoutMs }), ...options });
  stops.push(() => transport.close?.(), capacity.close);
  const freeGpus = async () => (await capacity.listNodes()).map(({ id, gpus }) => `${id} ${gpus.length}`);
  return { ...capacity, freeGpus };
};
const both = [
  ['asking anew', { isFollowing: false }],
  ['following', { isFollowing: true }],
] as const;

describe.each(both)('kubernetesCapacity, %s', (_, how) => {
  it('lists the nodes that are selected, and what pods that have not ended leave free', async () => {
    server.put(NODES, kubeNode('b', {}, { team: 'other' }));
    server.put(PODS, kubePod('runs', 'a', { 'nvidia.com/gpu': '3' }));
    server.put(PODS, kubePod('ended', 'a', { 'nvidia.com/gpu': '4' }, 'Succeeded'));

    expect(await capacityOf(how).freeGpus()).toEqual(['a 5', 'b 0']);
    expect(await capacityOf({ ...how, nodeSelector: 'team=other' }).freeGpus()).toEqual(['b 0']);
    expect(server.asked.some(({ query }) => query.get('fieldSelector')?.includes('status.phase') === true)).toBe(true);
  });

  it('sees what has changed', async () => {
    const capacity = capacityOf(how);
    expect(await capacity.freeGpus()).toEqual(['a 8']);
    server.put(PODS, kubePod('runs', 'a', { 'nvidia.com/gpu': '3' }));
    await eventually(capacity.freeGpus).toEqual(['a 5']);
    server.put(PODS, kubePod('runs', 'a', { 'nvidia.com/gpu': '3' }, 'Failed'));
    await eventually(capacity.freeGpus).toEqual(['a 8']);
  });

  it('reads devices where the cluster has them, and not when told', async () => {
    server.put(NODES, kubeNode('d'));
    server.put('/apis/resource.k8s.io/v1/resourceslices', draSlice('d', [draGpu('gpu-0'), draGpu('gpu-1')]));
    server.put('/apis/resource.k8s.io/v1/resourceclaims', draClaim('c', 'd', ['gpu-0']));

    expect(await capacityOf(how).freeGpus()).toEqual(['a 8', 'd 1']);
    expect(await capacityOf({ ...how, readsDevices: false }).freeGpus()).toEqual(['a 8', 'd 0']);
  });

  it('takes a cluster without them for one without them', async () => {
    server.fault = ({ path }) =>
      path.startsWith('/apis/') ? { kind: 'answer', status: 404, body: '404 page not found' } : undefined;

    expect(await capacityOf(how).freeGpus()).toEqual(['a 8']);
  });

  it('tells of a part that may not be read instead of leaving it out', async () => {
    server.fault = ({ path }) =>
      path.startsWith('/apis/') || path === PODS ? { kind: 'answer', status: 403, body: '' } : undefined;

    expect(await rejection(capacityOf(how).listNodes())).toMatchObject({ providerCode: 'auth', isAmbiguous: false });
  });

  it('says what is not known', async () => {
    server.put(NODES, kubeNode('nameless', { 'nvidia.com/gpu': '8' }));

    const { gaps } = await capacityOf(how).readInventory();

    expect(gaps).toMatchObject([{ reason: 'no-model', nodeName: 'nameless' }]);
  });
});

describe('kubernetesCapacity, following', () => {
  it('asks once for all who wait at first, whoever of them gives up', async () => {
    const capacity = capacityOf({ isFollowing: true });
    const gone = AbortSignal.timeout(1);
    const [first, second] = await Promise.allSettled([capacity.listNodes({ signal: gone }), capacity.listNodes()]);
    await capacity.listNodes();

    expect(first.status === 'fulfilled' || (first.reason as { providerCode: string }).providerCode === 'aborted').toBe(
      true,
    );
    expect(second.status).toBe('fulfilled');
    const lists = server.asked.filter(({ path, query }) => path === NODES && query.get('watch') === null);
    expect(lists).toHaveLength(1);
  });

  it('does not pass off for the present what it heard long ago', async () => {
    const capacity = capacityOf({ isFollowing: true, maxAgeMs: 1_500 });
    expect(await capacity.freeGpus()).toEqual(['a 8']);
    server.fault = () => ({ kind: 'answer', status: 503, body: '' });
    server.disconnect();

    await eventually(async () => (await rejection(capacity.listNodes())).providerCode).toBe('unavailable');
  });

  it('begins anew after it was closed', async () => {
    const capacity = capacityOf({ isFollowing: true });
    await capacity.listNodes();
    await capacity.close();
    await eventually(server.openWatches).toBe(0);

    expect(await capacity.freeGpus()).toEqual(['a 8']);
  });
});

describe('kubernetesCapacity through the fault proxy', () => {
  it.each<[Fault, string]>([
    [{ kind: 'drop-before' }, 'timeout'],
    [{ kind: 'drop-after' }, 'timeout'],
    [{ kind: 'latency', ms: 400 }, 'timeout'],
    [{ kind: 'reset' }, 'unavailable'],
    [{ kind: 'status', status: 503 }, 'unavailable'],
    [{ kind: 'status', status: 429, retryAfterSeconds: 7 }, 'rate-limited'],
    [{ kind: 'garbage' }, 'bad-response'],
    [{ kind: 'truncated', ratio: 0.5 }, 'bad-response'],
    [{ kind: 'duplicated' }, 'bad-response'],
  ])('turns %j into %s, and recovers', async (fault, code) => {
    const proxy = await faultProxy(server.url);
    stops.push(proxy.stop);
    const capacity = capacityOf({}, configOf(proxy.url, server.token), 300);
    proxy.faults.set(fault);

    const error = await rejection(capacity.listNodes());
    proxy.faults.set(undefined);

    expect(error).toMatchObject({ providerCode: code, isAmbiguous: false });
    expect(error.retryAfterMs).toBe(code === 'rate-limited' ? 7_000 : undefined);
    await eventually(async () => await capacity.freeGpus().catch(() => null)).toEqual(['a 8']);
  });
});
