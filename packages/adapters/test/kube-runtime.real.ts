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
const requestOf = (id: string, gpuCount: number, changes: { token?: string; nodeId?: string; job?: Partial<Job> } = {}) => ({
  token: changes.token ?? `start ${id}`,
  job: { id, gpuCount, cpuMilli: 500, memoryMib: 256, ...changes.job },
  placement: { jobId: id, nodeId: changes.nodeId ?? 'gpu-1', gpus: gpus(gpuCount) },
});
const podOf = () => ({ spec: { containers: [{ name: 'main', image: 'none' }] } });
const newRuntime = () => kubernetesRuntime({ api, podOf, stopGraceMs: 1_000 });
const podPath = async (runtime: KubernetesRuntime, jobId: string) => {
  const { body } = await servers.request('GET', '/api/v1/namespaces/default/pods');
  const name = (await runtime.list()).some((job) => job.jobId === jobId) ? jobId : 'none';
  const pod = body.items.find(({ spec }) => JSON.stringify(spec).includes(`"for-${name}"`));
  return `/api/v1/namespaces/default/pods/${pod!.metadata.name}`;
};
