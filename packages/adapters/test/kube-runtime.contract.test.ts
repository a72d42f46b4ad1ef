import { describe, it } from 'vitest';

import { kubeApi, kubernetesRuntime, kubeTransport } from '@spillway/adapters/kubernetes';
import { conformanceCases, describeProvider, faultProxy, type Subject } from '@spillway/adapters/testing';

import { kubeServer, configOf } from './kube-server.ts';
import { playCluster } from './kube-player.ts';

const jobOf = (id: string) => ({
  job: { id, gpuCount: 2, cpuMilli: 0, memoryMib: 0 },
  placement: {
    jobId: id,
    nodeId: 'gpu-1',
    gpus: [
      { index: 0, milli: 1000 },
      { index: 1, milli: 1000 },
    ],
  },
});

const make = async (): Promise<Subject> => {
  const server = await kubeServer();
  const player = playCluster(server);
  player.addNode('gpu-1', 3);
  const proxy = await faultProxy(server.url);
  const transport = kubeTransport({ kubeConfig: configOf(proxy.url, server.token) });
  const api = kubeApi({ transport, timeoutMs: 2_000 });
  return {
    provider: kubernetesRuntime({ api, podOf: () => ({ spec: { containers: [{ name: 'main', image: 'x' }] } }) }),
    jobs: [jobOf('first'), jobOf('second')],
    faults: proxy.faults,
    secrets: [server.token],
    stop: async () => {
      transport.close?.();
      await proxy.stop();
      player.stop();
      await server.stop();
    },
  };
};

describeProvider({ describe, it }, 'kubernetesRuntime', await conformanceCases(make));
