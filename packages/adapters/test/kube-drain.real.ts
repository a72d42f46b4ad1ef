import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { kubeApi, kubernetesDrain, kubeTransport, type KubernetesDrainOptions } from '@spillway/adapters/kubernetes';

import { startKubeServers, type KubeServers } from './kube-servers.ts';

const PODS = '/api/v1/namespaces/default/pods';
const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';

let servers: KubeServers;
let stops: (() => void)[] = [];
beforeAll(async () => {
  servers = await startKubeServers({ scheduler: {}, controllers: ['disruption', 'replicaset'] });
  await servers.addGpuNode('gpu-1', 8);
}, 120_000);
afterAll(async () => {
  await servers.stop();
});
afterEach(() => {
  for (const stop of stops) stop();
  stops = [];
});

const newDrains = (options: Partial<KubernetesDrainOptions> = {}) => {
  const transport = kubeTransport({ kubeConfig: servers.kubeConfigPath });
  stops.push(() => transport.close?.());
  return kubernetesDrain({ api: kubeApi({ transport }), timeoutMs: 30_000, ...options });
};
const create = async (path: string, body: object) => {
  const reply = await servers.request('POST', path, body);
  expect(reply.status, JSON.stringify(reply.body)).toBe(201);
};
const runReplicas = async (app: string, replicas: number) => {
  const labels = { app };
  await create('/apis/apps/v1/namespaces/default/replicasets', {
    metadata: { name: app },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'none' }] } },
    },
  });
  await servers.until(`${PODS}?labelSelector=app%3D${app}`, ({ body }) => {
    return body.items.filter(({ status }) => status.phase === 'Running').length === replicas;
  });
};
const budget = async (name: string, app: string, maxUnavailable: number) => {
  await create(BUDGETS, { metadata: { name }, spec: { maxUnavailable, selector: { matchLabels: { app } } } });
  await servers.until(`${BUDGETS}/${name}`, ({ body }) => body.status['expectedPods'] !== undefined);
};

it('waits for a budget that forbids, goes on when it allows, and lets nothing come back to the node', async () => {
  await runReplicas('web', 2);
  await budget('web', 'web', 0);
  const drains = newDrains();

  const preview = await drains.preview('gpu-1');
  expect(preview.pods.map(({ outcome }) => outcome)).toEqual(['blocked', 'blocked']);
  expect((await servers.request('GET', '/api/v1/nodes/gpu-1')).body.spec['unschedulable']).toBeUndefined();

  const draining = drains.drain('gpu-1');
  const events = '/apis/events.k8s.io/v1/namespaces/default/events';
  await servers.until(
    events,
    ({ body }) => body.items.filter(({ reason }) => reason === 'SpillwayDrainBlocked').length === 2,
  );
  await servers.request('PATCH', `${BUDGETS}/web`, { spec: { maxUnavailable: 2 } });
  const result = await draining;

  expect(result.status).toBe('drained');
  expect(result.pods.map(({ outcome }) => outcome)).toEqual(['evicted', 'evicted']);
  // Their replicas wait: the only node is cordoned.
  const { body } = await servers.until(`${PODS}?labelSelector=app%3Dweb`, (reply) => reply.body.items.length === 2);
  expect(body.items.map(({ spec }) => spec.nodeName)).toEqual([undefined, undefined]);

  expect(await drains.cancel('gpu-1')).toBe(true);
  await servers.until(`${PODS}?labelSelector=app%3Dweb`, (reply) =>
    reply.body.items.every(({ spec }) => spec.nodeName === 'gpu-1'),
  );
});

it('names the budgets when one forbids for good, and when there are two', async () => {
  await runReplicas('twice', 1);
  await budget('twice-a', 'twice', 1);
  await budget('twice-b', 'twice', 1);
  await runReplicas('never', 1);
  await budget('never', 'never', 0);

  const { status, pods } = await newDrains({ timeoutMs: 1_500 }).drain('gpu-1');

  expect(status).toBe('timed-out');
  const blocked = pods.flatMap((one) => (one.outcome === 'blocked' ? [one.budgets.map(({ name }) => name)] : []));
  expect(blocked).toEqual([['never'], ['twice-a', 'twice-b']]);
  expect(pods.find(({ outcome }) => outcome === 'blocked')).toMatchObject({
    budgets: [{ disruptionsAllowed: 0, healthyPods: 1, neededPods: 1 }],
  });
  await newDrains().cancel('gpu-1');
});

it('tells who may not drain that he may not', async () => {
  const transport = kubeTransport({ kubeConfig: servers.kubeConfigPath, context: 'guest' });
  stops.push(() => transport.close?.());

  await expect(kubernetesDrain({ api: kubeApi({ transport }) }).drain('gpu-1')).rejects.toMatchObject({
    providerCode: 'auth',
    status: 403,
  });
});
