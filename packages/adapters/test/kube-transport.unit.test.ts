import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { InvalidInputError } from '@spillway/core';
import { kubeApi, kubePath, kubeTransport } from '@spillway/adapters/kubernetes';

import { kubeServer, type KubeServer } from './kube-server.ts';
import { rejection } from './rejection.ts';

const NODES = '/api/v1/nodes';
const node = (name: string, labels: Record<string, string> = {}) => ({ metadata: { name, labels } });

let server: KubeServer;
let stops: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  server = await kubeServer();
  stops = [server.stop];
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
});

const apiOf = (kubeConfig = server.kubeConfig, timeoutMs = 5_000) => {
  const transport = kubeTransport({ kubeConfig });
  stops.push(() => transport.close?.());
  return kubeApi({ transport, timeoutMs });
};

describe('kubeTransport', () => {
  it('reads a kubeconfig with the client of Kubernetes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    stops.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'config');
    const cluster = { server: server.url, 'insecure-skip-tls-verify': true };
    await writeFile(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'here', cluster }],
        users: [{ name: 'me', user: { token: server.token } }],
        contexts: [{ name: 'mine', context: { cluster: 'here', user: 'me' } }],
        'current-context': 'mine',
      }),
    );
    const api = kubeApi({ transport: kubeTransport({ kubeConfig: path, context: 'mine' }) });
    const lost = kubeApi({ transport: kubeTransport({ kubeConfig: path, context: 'yours' }) });
    const none = kubeApi({ transport: kubeTransport({ kubeConfig: `${path}-not` }) });

    expect((await api.list(NODES)).items).toEqual([]);
    expect(await rejection(lost.list(NODES))).toMatchObject({ providerCode: 'invalid-request' });
    expect(await rejection(none.list(NODES))).toMatchObject({ providerCode: 'invalid-request', isAmbiguous: false });
  });

  it('reads again on a kept connection that the server has closed', async () => {
    const api = apiOf();
    await api.list(NODES);
    let isFirst = true;
    server.fault = () => {
      const fault = isFirst ? ({ kind: 'reset' } as const) : undefined;
      isFirst = false;
      return fault;
    };

    expect((await api.list(NODES)).items).toEqual([]);
  });

  it('leaves nothing behind on a connection that is kept', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error) => warnings.push(name);
    process.on('warning', note);
    stops.push(() => void process.off('warning', note));
    const api = apiOf();
    for (let n = 0; n < 15; n++) await api.list(NODES);
    await new Promise(setImmediate);

    expect(warnings).toEqual([]);
  });

  it('calls credentials that cannot be told what they are', async () => {
    const kubeConfig = {
      ...server.kubeConfig,
      applyToHTTPSOptions: () => Promise.reject(new Error('no such command')),
    };

    const error = await rejection(apiOf(kubeConfig).create(NODES, node('a')));

    expect(error).toMatchObject({ providerCode: 'auth', isAmbiguous: false });
  });
});

describe('kubePath', () => {
  it('names what is in a group, a namespace, or neither', () => {
    expect(kubePath({ resource: 'nodes', name: 'a' })).toBe('/api/v1/nodes/a');
    expect(kubePath({ group: 'resource.k8s.io', resource: 'resourceslices' })).toBe(
      '/apis/resource.k8s.io/v1/resourceslices',
    );
    expect(kubePath({ resource: 'pods', namespace: 'ml', name: 'p', subresource: 'eviction' })).toBe(
      '/api/v1/namespaces/ml/pods/p/eviction',
    );
  });

  it.each(['..', '', 'a/b', 'a?b', 'a%2fb'])('refuses the name %j', (name) => {
    expect(() => kubePath({ resource: 'pods', namespace: 'ml', name })).toThrow(InvalidInputError);
  });
});
