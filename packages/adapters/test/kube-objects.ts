import type { KubeNode, KubePod, KubeResourceClaim, KubeResourceSlice } from '@spillway/adapters/kubernetes';

type Amounts = Readonly<Record<string, string>>;

/** A node that is ready, with room. */
export function kubeNode(
  name: string,
  amounts: Amounts = {},
  labels: Readonly<Record<string, string>> = {},
  spec: KubeNode['spec'] = {},
): KubeNode {
  const allocatable = { cpu: '64', memory: '512Gi', pods: '110', ...amounts };
  const conditions = [{ type: 'Ready', status: 'True' }];
  return { metadata: { name, labels }, spec, status: { capacity: allocatable, allocatable, conditions } };
}

/** A running pod of one container. */
export function kubePod(
  name: string,
  nodeName: string | undefined,
  requests: Amounts = {},
  phase = 'Running',
): KubePod {
  return {
    metadata: { name, namespace: 'ml', uid: `uid-of-${name}` },
    spec: { ...(nodeName !== undefined && { nodeName }), containers: [{ name: 'main', resources: { requests } }] },
    status: { phase },
  };
}

type Device = NonNullable<NonNullable<KubeResourceSlice['spec']>['devices']>[number];

/** A card as the DRA driver of NVIDIA tells of it. */
export function draGpu(name: string, extra: Partial<Device> = {}): Device {
  return {
    name,
    attributes: {
      type: { string: 'gpu' },
      uuid: { string: `GPU-${name}` },
      productName: { string: 'NVIDIA H100 80GB HBM3' },
    },
    capacity: { memory: { value: '81559Mi' } },
    ...extra,
  };
}

/** An instance that is cut from a card. */
export function draMig(name: string, parent: string, profile: string, slices: readonly number[]): Device {
  const capacity = Object.fromEntries(slices.map((slice) => [`memorySlice${slice}`, { value: '1' }]));
  return {
    name,
    attributes: {
      type: { string: 'mig' },
      uuid: { string: `MIG-${name}` },
      parentUUID: { string: `GPU-${parent}` },
      profile: { string: profile },
      productName: { string: 'NVIDIA H100 80GB HBM3' },
    },
    capacity: { memory: { value: '9984Mi' }, ...capacity },
  };
}

export function draSlice(
  nodeName: string,
  devices: readonly Device[],
  { generation = 1, count = 1 } = {},
): KubeResourceSlice {
  const pool = { name: nodeName, generation, resourceSliceCount: count };
  return {
    metadata: { name: `${nodeName}-${generation}` },
    spec: { driver: 'gpu.nvidia.com', nodeName, pool, devices },
  };
}

export function draClaim(
  name: string,
  pool: string,
  devices: readonly string[],
  users: readonly string[] = [],
): KubeResourceClaim {
  const results = devices.map((device) => ({ driver: 'gpu.nvidia.com', pool, device }));
  const reservedFor = users.map((user) => ({ resource: 'pods', name: user, uid: `uid-of-${user}` }));
  return { metadata: { name, namespace: 'ml' }, status: { allocation: { devices: { results } }, reservedFor } };
}
