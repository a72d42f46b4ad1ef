import { afterAll, beforeAll, expect, it } from 'vitest';

import { startKubeServers, type KubeServers } from './kube-servers.ts';

let servers: KubeServers;
beforeAll(async () => {
  servers = await startKubeServers({ scheduler: {}, controllers: ['disruption', 'job'] });
  await servers.addGpuNode('gpu-a', 8);
}, 120_000);
afterAll(async () => {
  await servers.stop();
});

it('serves the resources that the adapter speaks', async () => {
  const { body } = await servers.request('GET', '/apis/resource.k8s.io/v1');
  expect(body['resources']).toContainEqual(expect.objectContaining({ name: 'resourceclaims' }));
  expect((await servers.request('GET', '/version')).body['gitVersion']).toMatch(/^v1\./);
});

it('schedules, starts and ends pods as a cluster does', async () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'train' },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: 'none', resources: { limits: { 'nvidia.com/gpu': '2' } } }],
        },
      },
    },
  };
  expect((await servers.request('POST', '/apis/batch/v1/namespaces/default/jobs', job)).status).toBe(201);
  const pods = '/api/v1/namespaces/default/pods?labelSelector=batch.kubernetes.io/job-name%3Dtrain';
  const { body } = await servers.until(pods, ({ body }) => body.items[0]?.status.phase === 'Running');
  expect(body.items[0]!.spec.nodeName).toBe('gpu-a');
  await servers.request('PATCH', `/api/v1/namespaces/default/pods/${body.items[0]!.metadata.name}`, {
    metadata: { annotations: { 'spillway.test/exit-code': '3' } },
  });
  const ended = await servers.until(
    '/apis/batch/v1/namespaces/default/jobs/train',
    ({ body }) => body.status['failed'] === 1,
  );
  expect(ended.body.status.conditions?.map(({ type }) => type)).toContain('Failed');
});
