import { describe, expect, it } from 'vitest';

import { readInventory, type KubeNode, type KubePod } from '@spillway/adapters/kubernetes';

import { draClaim, draGpu, draMig, draSlice, kubeNode, kubePod } from './kube-objects.ts';

const H100 = 'NVIDIA-H100-80GB-HBM3';
const GFD = { 'nvidia.com/gpu.product': H100, 'nvidia.com/gpu.memory': '81559' };
const one = (node: KubeNode, pods: readonly KubePod[] = []) => {
  const { nodes, gaps } = readInventory({ nodes: [node], pods });
  return { ...nodes[0]!, gaps: gaps.map(({ reason }) => reason) };
};
const gpus = (count: number, model = H100, memoryMib: number | null = 81_559) =>
  Array.from({ length: count }, () => ({ model, ...(memoryMib !== null && { memoryMib }) }));

describe('readInventory', () => {
  it('lists what is allocatable less what running pods take', () => {
    const pods = [
      kubePod('runs', 'a', { cpu: '1500m', memory: '1.5Gi', 'nvidia.com/gpu': '2' }),
      kubePod('starts', 'a', { cpu: '0.5', memory: '512Mi', 'nvidia.com/gpu': '1' }, 'Pending'),
      kubePod('ended', 'a', { cpu: '8', 'nvidia.com/gpu': '4' }, 'Succeeded'),
      kubePod('failed', 'a', { cpu: '8', 'nvidia.com/gpu': '4' }, 'Failed'),
      kubePod('elsewhere', 'b', { cpu: '8', 'nvidia.com/gpu': '4' }),
      kubePod('nowhere', undefined, { cpu: '8', 'nvidia.com/gpu': '4' }, 'Pending'),
    ];

    const node = one(kubeNode('a', { 'nvidia.com/gpu': '8' }, GFD), pods);

    expect(node).toMatchObject({ id: 'a', cpuMilli: 62_000, memoryMib: 510 * 1024, gpus: gpus(5), gaps: [] });
    expect(node.isCordoned).toBeUndefined();
  });

  it('leaves out what our own pods take, when told which are', () => {
    const state = {
      nodes: [kubeNode('a', { 'nvidia.com/gpu': '8' }, GFD)],
      pods: [kubePod('ours', 'a', { 'nvidia.com/gpu': '3' })],
    };

    const { nodes } = readInventory(state, { isOwn: ({ metadata }) => metadata.name === 'ours' });

    expect(nodes[0]?.gpus).toHaveLength(8);
  });

  it('rounds what is free down', () => {
    const node = one(kubeNode('a', { cpu: '1', memory: '1Gi' }), [kubePod('p', 'a', { cpu: '1n', memory: '1' })]);

    expect(node).toMatchObject({ cpuMilli: 999, memoryMib: 1023 });
  });

  it.each([
    [{ 'topology.kubernetes.io/zone': 'z' }, { zone: 'z' }],
    [{ 'karpenter.sh/nodepool': 'p' }, { pool: 'p' }],
    [{ 'nvidia.com/gpu.clique': 'c.1' }, { nvlinkDomain: 'c.1' }],
    [{ 'example.com/rack': 'r' }, { rack: 'r' }],
  ])('reads the place from %j', (labels, expected) => {
    const { nodes } = readInventory(
      { nodes: [kubeNode('a', {}, labels)], pods: [] },
      { rackLabel: 'example.com/rack' },
    );

    expect(nodes[0]).toMatchObject({ ...expected, labels });
  });

  it('keeps the taints that keep pods away', () => {
    const taints = [
      { key: 'team', value: 'ml', effect: 'NoSchedule' },
      { key: 'team', value: 'ml', effect: 'NoExecute' },
      { key: 'slow', effect: 'PreferNoSchedule' },
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ];

    expect(one(kubeNode('a', {}, {}, { taints, unschedulable: true }))).toMatchObject({
      taints: [{ key: 'team', value: 'ml' }],
      isCordoned: true,
    });
  });

  it.each<[string, KubeNode, KubePod[], string[]]>([
    ['is unschedulable', kubeNode('a', {}, {}, { unschedulable: true }), [], []],
    [
      'is being deleted',
      { ...kubeNode('a'), metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } },
      [],
      [],
    ],
    ['is not ready', { ...kubeNode('a'), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, [], []],
    ['does not say whether it is ready', { ...kubeNode('a'), status: {} }, [], []],
    ['is full of pods', kubeNode('a', { pods: '1' }), [kubePod('p', 'a')], ['pods-full']],
    ['holds a pod that cannot be read', kubeNode('a'), [kubePod('p', 'a', { cpu: 'many' })], ['unreadable']],
  ])('cordons a node that %s', (_, node, pods, gaps) => {
    expect(one(node, pods)).toMatchObject({ isCordoned: true, gaps });
  });

  it.each([
    [
      { 'amd.com/gpu': '2' },
      { 'amd.com/gpu.product-name': 'AMD_Instinct_MI300X_OAM', 'amd.com/gpu.vram': '192G' },
      'AMD_Instinct_MI300X_OAM',
      null,
    ],
    [{ 'gpu.intel.com/i915': '2' }, { 'gpu.intel.com/product': 'Max_1550' }, 'Max_1550', null],
    [{ 'nvidia.com/gpu': '2' }, { 'cloud.google.com/gke-accelerator': 'nvidia-h100-80gb' }, 'nvidia-h100-80gb', null],
    [{ 'nvidia.com/gpu': '2' }, { 'k8s.amazonaws.com/accelerator': 'nvidia-l4' }, 'nvidia-l4', null],
    [
      { 'nvidia.com/gpu': '2' },
      { 'karpenter.k8s.aws/instance-gpu-name': 'a10g', 'karpenter.k8s.aws/instance-gpu-memory': '24576' },
      'a10g',
      24_576,
    ],
    [{ 'nvidia.com/gpu': '2' }, { 'karpenter.azure.com/sku-gpu-name': 'A100' }, 'A100', null],
  ])('knows %j with %j', (amounts, labels, model, memoryMib) => {
    expect(one(kubeNode('a', amounts, labels)).gpus).toEqual(gpus(2, model, memoryMib));
  });

  it.each<[string, KubeNode, KubePod[], string[]]>([
    ['GPUs of no known model', kubeNode('a', { 'nvidia.com/gpu': '2' }), [], ['no-model']],
    ['a resource that is not understood', kubeNode('a', { 'nvidia.com/vgpu': '2' }, GFD), [], ['unknown-resource']],
    ['a part of a device', kubeNode('a', { 'nvidia.com/gpu': '500m' }, GFD), [], ['unreadable']],
    [
      'more taken than there is',
      kubeNode('a', { 'nvidia.com/gpu': '2' }, GFD),
      [kubePod('p', 'a', { 'nvidia.com/gpu': '3' })],
      ['overcommitted'],
    ],
    ['MIG of a card it does not know', kubeNode('a', { 'nvidia.com/mig-1g.5gb': '2' }, GFD), [], ['unknown-profile']],
    ['shares of MIG instances', kubeNode('a', { 'nvidia.com/mig-1g.10gb.shared': '2' }, GFD), [], ['unknown-resource']],
  ])('lists no GPUs for %s, and says so', (_, node, pods, gaps) => {
    expect(one(node, pods)).toMatchObject({ gpus: [], gaps });
  });

  it('tells of GPUs that cannot be allocated', () => {
    const node = kubeNode('a', { 'nvidia.com/gpu': '7' }, GFD);

    const sick = one({ ...node, status: { ...node.status, capacity: { 'nvidia.com/gpu': '8' } } });

    expect(sick).toMatchObject({ gpus: gpus(7), gaps: ['unhealthy'] });
  });
});

describe('readInventory of shared GPUs', () => {
  it.each([
    [
      { 'nvidia.com/gpu': '8' },
      { ...GFD, 'nvidia.com/gpu.product': `${H100}-SHARED`, 'nvidia.com/gpu.replicas': '4' },
      'time-slicing',
      null,
    ],
    [
      { 'nvidia.com/gpu.shared': '8' },
      { ...GFD, 'nvidia.com/gpu.replicas': '4', 'nvidia.com/gpu.sharing-strategy': 'time-slicing' },
      'time-slicing',
      null,
    ],
    [
      { 'nvidia.com/gpu': '8' },
      {
        ...GFD,
        'nvidia.com/gpu.product': `${H100}-SHARED`,
        'nvidia.com/gpu.replicas': '4',
        'nvidia.com/gpu.sharing-strategy': 'mps',
      },
      'mps',
      20_389,
    ],
  ])('lists shares of %j as shares, on a node for those who want one', (amounts, labels, strategy, memoryMib) => {
    const node = one(kubeNode('a', amounts, labels), [kubePod('p', 'a', { [Object.keys(amounts)[0]!]: '3' })]);

    expect(node.gpus).toEqual(gpus(5, `${H100}-SHARED`, memoryMib));
    expect(node.taints).toEqual([{ key: 'spillway.dev/shared-gpu', value: strategy }]);
  });

  it('takes GPUs that are not shared for whole', () => {
    const labels = { ...GFD, 'nvidia.com/gpu.replicas': '1', 'nvidia.com/gpu.sharing-strategy': 'none' };

    expect(one(kubeNode('a', { 'nvidia.com/gpu': '2' }, labels))).toMatchObject({ gpus: gpus(2), taints: [] });
  });
});

describe('readInventory of MIG', () => {
  it('puts free instances of a mixed node on cards where they can be', () => {
    const labels = {
      ...GFD,
      'nvidia.com/mig-1g.10gb.product': `${H100}-MIG-1g.10gb`,
      'nvidia.com/mig-1g.10gb.memory': '9984',
    };
    const node = kubeNode(
      'a',
      { 'nvidia.com/mig-3g.40gb': '1', 'nvidia.com/mig-1g.10gb': '4', 'nvidia.com/gpu': '1' },
      labels,
    );

    const { gpus: listed, gaps } = one(node, [kubePod('p', 'a', { 'nvidia.com/mig-1g.10gb': '1' })]);

    const small = (start: number) => ({ profile: '1g.10gb', start, memoryMib: 9984 });
    expect(listed).toEqual([
      ...gpus(1),
      {
        model: H100,
        memoryMib: 81_559,
        migInstances: [{ profile: '3g.40gb', start: 0 }, small(4), small(5), small(6)],
      },
    ]);
    expect(gaps).toEqual([]);
  });

  it('reads the profile of a node that is cut alike from its product, and memory as that of an instance', () => {
    const labels = {
      'nvidia.com/gpu.product': `${H100}-MIG-1g.10gb`,
      'nvidia.com/gpu.memory': '9984',
      'nvidia.com/mig.strategy': 'single',
    };

    const { gpus: listed } = one(kubeNode('a', { 'nvidia.com/gpu': '8' }, labels));

    expect(listed.map(({ migInstances }) => migInstances?.map(({ start }) => start))).toEqual([
      [0, 1, 2, 3, 4, 5, 6],
      [0],
    ]);
    expect(listed[0]).toMatchObject({
      model: H100,
      migInstances: Array(7).fill({ profile: '1g.10gb', memoryMib: 9984 }),
    });
  });

  it('spells profiles with media engines as the driver does', () => {
    const { gpus: listed } = one(kubeNode('a', { 'nvidia.com/mig-1g.10gb.me': '1' }, GFD));

    expect(listed[0]?.migInstances).toEqual([{ profile: '1g.10gb+me', start: 0 }]);
  });
});

describe('readInventory of dynamic resource allocation', () => {
  const node = kubeNode('a');
  const read = (
    resourceSlices: Parameters<typeof draSlice>[1] | ReturnType<typeof draSlice>[],
    claims: ReturnType<typeof draClaim>[] = [],
  ) => {
    const slices = resourceSlices.map((each) => ('metadata' in each ? each : draSlice('a', [each])));
    const { nodes, gaps } = readInventory({ nodes: [node], pods: [], resourceSlices: slices, resourceClaims: claims });
    return { gpus: nodes[0]!.gpus, gaps: gaps.map(({ reason }) => reason) };
  };

  it('lists devices that no claim holds', () => {
    const slices = [
      draSlice(
        'a',
        ['gpu-0', 'gpu-1', 'gpu-2'].map((name) => draGpu(name)),
      ),
    ];
    const watched = draClaim('watch', 'a', ['gpu-0']);
    const results = watched.status!.allocation!.devices!.results!.map((result) => ({ ...result, adminAccess: true }));
    const admin = { ...watched, status: { allocation: { devices: { results } } } };

    expect(read(slices)).toEqual({ gpus: gpus(3), gaps: [] });
    expect(read(slices, [draClaim('c', 'a', ['gpu-1'])]).gpus).toHaveLength(2);
    expect(read(slices, [draClaim('c', 'another', ['gpu-1'])]).gpus).toHaveLength(3);
    expect(read(slices, [admin]).gpus).toHaveLength(3);
  });

  it('believes the latest generation of a pool, and none that is not all there', () => {
    const old = draSlice('a', [draGpu('gpu-0'), draGpu('gpu-1')], { generation: 1 });
    const next = draSlice('a', [draGpu('gpu-0')], { generation: 2 });
    const half = draSlice('a', [draGpu('gpu-0')], { generation: 3, count: 2 });

    expect(read([old, next])).toEqual({ gpus: gpus(1), gaps: [] });
    expect(read([next, old, half])).toEqual({ gpus: [], gaps: ['incomplete-pool'] });
  });

  it('knows where MIG instances are', () => {
    const slices = [
      draSlice('a', [
        draMig('gpu-0-mig-1', 'gpu-0', '1g.10gb', [6]),
        draMig('gpu-0-mig-2', 'gpu-0', '3g.40gb', [0, 1, 2, 3]),
      ]),
    ];

    expect(read(slices).gpus).toEqual([
      {
        model: H100,
        migInstances: [
          { profile: '3g.40gb', start: 0, memoryMib: 9984 },
          { profile: '1g.10gb', start: 6, memoryMib: 9984 },
        ],
      },
    ]);
  });

  it('lists a card that can be cut as a whole, and not once a part of it is held', () => {
    const consumesCounters = [{ counterSet: 'card-0' }];
    const slices = [
      draSlice('a', [
        draGpu('gpu-0', { consumesCounters }),
        { ...draMig('gpu-0-mig-0', 'gpu-0', '1g.10gb', [0]), consumesCounters },
        draGpu('gpu-1'),
      ]),
    ];

    expect(read(slices)).toEqual({ gpus: gpus(2), gaps: [] });
    expect(read(slices, [draClaim('c', 'a', ['gpu-0-mig-0'])])).toEqual({ gpus: gpus(1), gaps: ['partly-cut'] });
    expect(read(slices, [draClaim('c', 'a', ['gpu-0'])])).toEqual({ gpus: gpus(1), gaps: [] });
  });

  it.each([
    ['a taint', draGpu('gpu-0', { taints: [{ key: 'sick', effect: 'NoExecute' }] }), 'unhealthy'],
    ['several owners', draGpu('gpu-0', { allowMultipleAllocations: true }), 'unknown-device'],
    ['another type', draGpu('gpu-0', { attributes: { type: { string: 'new' } } }), 'unknown-device'],
    ['no product', draGpu('gpu-0', { attributes: { type: { string: 'gpu' } } }), 'no-model'],
    ['no place', draMig('mig-0', 'gpu-0', '1g.10gb', []), 'unknown-device'],
  ])('leaves out a device with %s, and says so', (_, device, reason) => {
    expect(read([device])).toEqual({ gpus: [], gaps: [reason] });
  });

  it('lists nothing when a device plugin offers GPUs too', () => {
    const state = {
      nodes: [kubeNode('a', { 'nvidia.com/gpu': '1' }, GFD)],
      resourceSlices: [draSlice('a', [draGpu('gpu-0')])],
    };

    const { nodes, gaps } = readInventory({ ...state, pods: [kubePod('p', 'a', { 'nvidia.com/gpu': '1' })] });

    expect([nodes[0]?.gpus, gaps.map(({ reason }) => reason)]).toEqual([[], ['two-sources']]);
  });

  it('lists what only our own pods hold', () => {
    const state = { nodes: [node], resourceSlices: [draSlice('a', [draGpu('gpu-0'), draGpu('gpu-1')])] };
    const claims = [draClaim('c', 'a', ['gpu-0'], ['ours']), draClaim('d', 'a', ['gpu-1'], ['ours', 'theirs'])];
    const pods = [kubePod('ours', 'a'), kubePod('theirs', 'a')];

    const { nodes } = readInventory(
      { ...state, pods, resourceClaims: claims },
      { isOwn: ({ metadata }) => metadata.name === 'ours' },
    );

    expect(nodes[0]?.gpus).toHaveLength(1);
  });
});
