import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { nodeListener, podWebhook } from '@spillway/adapters/kubernetes';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startKubeServers, type KubeServers } from './kube-servers.ts';

const PODS = '/api/v1/namespaces/default/pods';

let servers: KubeServers;
let https: Server;
const asked: { readonly name: string; readonly isDryRun: boolean; readonly operation: string }[] = [];

const webhook = podWebhook({
  decide: ({ metadata }, { isDryRun, operation }) => {
    asked.push({ name: metadata.name, isDryRun, operation });
    if (metadata.name.startsWith('denied')) return { deny: 'over budget' };
    if (metadata.name.startsWith('broken')) throw new Error('no decision');
    return {
      labels: { 'spillway.dev/team~name': null, 'spillway.dev/seen': 'true', app: null },
      annotations: { 'spillway.dev/why': 'slow hours: "a/b~c", größer' },
      schedulerName: 'spillway',
      schedulingGates: ['spillway.dev/until-cheap'],
      nodeSelector: { 'nvidia.com/mig.capable': 'true' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      resources: { main: { 'nvidia.com/gpu': null, 'nvidia.com/mig-3g.40gb': '1' } },
      warnings: ['cut down to 3g.40gb'],
    };
  },
});

beforeAll(async () => {
  servers = await startKubeServers({ kwok: false });
  // The server's own certificate, which is for this address too.
  const [cert, key] = ['apiserver.crt', 'apiserver.key'].map((name) => readFileSync(join(servers.folder, name)));
  https = createServer({ cert, key }, nodeListener(webhook.handle));
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  const { port } = https.address() as AddressInfo;
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'spillway' },
    webhooks: [
      {
        name: 'pods.spillway.dev',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        reinvocationPolicy: 'IfNeeded',
        clientConfig: { url: `https://127.0.0.1:${port}/pods`, caBundle: readFileSync(servers.caPath, 'base64') },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE', 'UPDATE'] }],
      },
    ],
  };
  const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
  expect((await servers.request('POST', path, configuration)).status).toBe(201);
  // The server learns of it a moment later.
  for (const giveUpAtMs = Date.now() + 20_000; asked.length === 0 && Date.now() < giveUpAtMs;) {
    await servers.request('POST', `${PODS}?dryRun=All`, pod('probe'));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}, 120_000);
afterAll(async () => {
  https.close();
  https.closeAllConnections();
  await servers.stop();
});

const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'train', keep: 'me' } },
  spec: { containers: [{ name: 'main', image: 'none', resources: { limits: { 'nvidia.com/gpu': '1' } } }] },
});

it('changes a pod on its way in as it was decided', async () => {
  const { status, body } = await servers.request('POST', PODS, pod('changed'));

  expect(status, JSON.stringify(body)).toBe(201);
  expect(body.metadata.labels).toEqual({ keep: 'me', 'spillway.dev/seen': 'true' });
  expect(body.metadata.annotations).toEqual({ 'spillway.dev/why': 'slow hours: "a/b~c", größer' });
  expect(body.spec).toMatchObject({
    schedulerName: 'spillway',
    schedulingGates: [{ name: 'spillway.dev/until-cheap' }],
    nodeSelector: { 'nvidia.com/mig.capable': 'true' },
    containers: [
      {
        resources: { limits: { 'nvidia.com/mig-3g.40gb': '1' }, requests: { 'nvidia.com/mig-3g.40gb': '1' } },
      },
    ],
  });
  expect(body.spec['tolerations']).toContainEqual({ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' });
});

it('does not stand in the way of later changes', async () => {
  const { status, body } = await servers.request('PATCH', `${PODS}/changed`, {
    metadata: { labels: { app: 'again' } },
  });

  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.metadata.labels).toEqual({ keep: 'me', 'spillway.dev/seen': 'true' });
  expect(asked.at(-1)).toEqual({ name: 'changed', isDryRun: false, operation: 'UPDATE' });
});

it('refuses with its reason, and lets pods through that it cannot decide about', async () => {
  const denied = await servers.request('POST', PODS, pod('denied'));
  const broken = await servers.request('POST', PODS, pod('broken'));

  expect([denied.status, denied.body['message']]).toEqual([403, expect.stringContaining('over budget')]);
  expect([broken.status, broken.body.metadata.labels]).toEqual([201, { app: 'train', keep: 'me' }]);
});

it('is told of a dry run', async () => {
  await servers.request('POST', `${PODS}?dryRun=All`, pod('dry'));

  expect(asked.at(-1)).toEqual({ name: 'dry', isDryRun: true, operation: 'CREATE' });
  expect((await servers.request('GET', `${PODS}/dry`)).status).toBe(404);
});
