import { describe, it } from 'vitest';

import { kubeApi, kubernetesCapacity, kubeTransport } from '@spillway/adapters/kubernetes';
import { conformanceCases, describeProvider, faultProxy, type Subject } from '@spillway/adapters/testing';

import { draGpu, draSlice, kubeNode, kubePod } from './kube-objects.ts';
import { configOf, kubeServer } from './kube-server.ts';

/** A cluster of three nodes, one of them with dynamic resource allocation. */
const cluster =
  (isFollowing: boolean, isProxied = false) =>
  async (): Promise<Subject> => {
    const server = await kubeServer();
    const product = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' };
    server.put('/api/v1/nodes', kubeNode('whole', { 'nvidia.com/gpu': '8' }, product));
    server.put('/api/v1/nodes', kubeNode('cut', { 'nvidia.com/mig-1g.10gb': '14' }, product));
    server.put('/api/v1/nodes', kubeNode('dynamic'));
    server.put('/apis/resource.k8s.io/v1/resourceslices', draSlice('dynamic', [draGpu('gpu-0')]));
    for (let n = 0; n < 30; n++) server.put('/api/v1/pods', kubePod(`p${n}`, 'whole', { cpu: '100m' }));
    const proxy = isProxied ? await faultProxy(server.url) : undefined;
    const transport = kubeTransport({ kubeConfig: proxy ? configOf(proxy.url, server.token) : server.kubeConfig });
    const provider = kubernetesCapacity({ api: kubeApi({ transport, timeoutMs: 500 }), isFollowing });
    return {
      provider,
      secrets: [server.token],
      ...(proxy && { faults: proxy.faults }),
      stop: async () => {
        await provider.close();
        transport.close?.();
        await proxy?.stop();
        await server.stop();
      },
    };
  };

const subjects = {
  'kubernetesCapacity, asking anew': cluster(false),
  'kubernetesCapacity, following': cluster(true),
  'kubernetesCapacity through the fault proxy': cluster(false, true),
};

for (const [name, make] of Object.entries(subjects)) {
  describeProvider({ describe, it }, name, await conformanceCases(make));
}
