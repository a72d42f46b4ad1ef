import { describe, expect, it } from 'vitest';
import { createPacker, explainUnplaced, pack } from '../src/index.ts';
import { A, job, node, nodeOf, reasonOf } from './pack-builders.ts';

describe('rules of nodes', () => {
  it('keep jobs off a tainted node unless they tolerate every taint, by key or by key and value', () => {
    const spot = { taints: [{ key: 'spot' }, { key: 'team', value: 'ml' }] };
    const packer = createPacker({ nodes: [node('a', [A, A, A], spot)] });
    const tolerations = (...list: readonly { key: string; value?: string }[]) => ({ tolerations: list });

    expect(nodeOf(packer.place(job('none', 1)))).toBeUndefined();
    expect(nodeOf(packer.place(job('one', 1, tolerations({ key: 'spot' }))))).toBeUndefined();
    expect(nodeOf(packer.place(job('other', 1, tolerations({ key: 'spot' }, { key: 'team', value: 'web' }))))).toBe(
      undefined,
    );
    expect(nodeOf(packer.place(job('keys', 1, tolerations({ key: 'team' }, { key: 'spot' }))))).toBe('a');
    const byValue = tolerations({ key: 'spot', value: '' }, { key: 'team', value: 'ml' });
    expect(nodeOf(packer.place(job('values', 1, byValue)))).toBe('a');
  });

  it('send a job to the nodes that have all labels it asks for, one of the values, in one of its zones', () => {
    const nodes = [
      node('a', [A], { labels: { disk: 'hdd', os: 'linux' }, zone: 'east' }),
      node('b', [A], { labels: { disk: 'ssd', os: 'linux' }, zone: 'west' }),
      node('c', [A], { labels: { disk: 'ssd' }, zone: 'east' }),
    ];
    const goes = (fields: Parameters<typeof job>[2]) => nodeOf(createPacker({ nodes }).place(job('x', 1, fields)));

    expect(goes({ nodeLabels: { disk: 'ssd' } })).toBe('b');
    expect(goes({ nodeLabels: { disk: ['nvme', 'ssd'], os: 'linux' } })).toBe('b');
    expect(goes({ zones: ['east'], nodeLabels: { disk: 'ssd' } })).toBe('c');
    expect(goes({ zones: ['north'] })).toBeUndefined();
    expect(goes({ nodeLabels: { os: '' } })).toBeUndefined();
  });

  it('keep a reserved node for the jobs and tenants named', () => {
    const nodes = [node('a', [A, A, A], { reservedFor: { tenants: ['red'], jobIds: ['launch'] } })];
    const packer = createPacker({ nodes });

    expect(nodeOf(packer.place(job('other', 1, { tenant: 'blue' })))).toBeUndefined();
    expect(nodeOf(packer.place(job('nobody', 1)))).toBeUndefined();
    expect(nodeOf(packer.place(job('train', 1, { tenant: 'red' })))).toBe('a');
    expect(nodeOf(packer.place(job('launch', 1, { tenant: 'blue' })))).toBe('a');
  });

  it('leave what runs already where it is', () => {
    const tainted = node('a', [A, A], { taints: [{ key: 'spot' }] });
    const running = [{ job: job('x', 1), placement: { jobId: 'x', nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] } }];

    expect(createPacker({ nodes: [tainted], running }).stats().gpuMilliAllocated).toBe(1_000);
  });

  it('name the node that would take the job but for its rules', () => {
    const nodes = [
      node('a', [A], { taints: [{ key: 'spot' }], zone: 'east' }),
      node('b', [A], { zone: 'west', labels: { disk: 'hdd' } }),
      node('c', [A], { reservedFor: { tenants: ['red'] } }),
    ];
    const wish = job('x', 1, { zones: ['east'], nodeLabels: { disk: 'ssd' } });
    const reason = reasonOf(createPacker({ nodes }).place(wish))!;

    expect(reason).toEqual({
      kind: 'not-admitted',
      nodesByRule: { reservation: 1, taint: 1, label: 3, zone: 2 },
      nearest: {
        nodeId: 'a',
        misses: [],
        barriers: [
          { rule: 'taint', key: 'spot', value: '' },
          { rule: 'label', key: 'disk', wanted: ['ssd'] },
        ],
      },
    });
    expect(explainUnplaced(reason)).toBe(
      'No node that could hold the job admits it (barred by reservation 1, by taint 1, by label 3, by zone 2). ' +
        "'a' is nearest: tolerate the taint spot and give it the label disk (wanted: ssd).",
    );
  });

  it('point from a full node to one that has room behind a rule', () => {
    const nodes = [node('a', [A]), node('b', [A], { reservedFor: { tenants: ['red'], jobIds: ['j'] } })];
    const { unplaced } = pack({ nodes, jobs: [job('x', 1), job('y', 1)] });

    expect(unplaced[0]!.reason).toMatchObject({ kind: 'no-room', nearest: { nodeId: 'a' }, barred: { nodeId: 'b' } });
    expect(explainUnplaced(unplaced[0]!.reason)).toBe(
      "No room now: node 'a' is nearest, with 0 of 1 GPU. Free 1 GPU there, or add a node. " +
        "Node 'b' has room: to go there, add the job or its tenant to those it is kept for (red, j).",
    );
  });

  it('stand beside what is missing when no node could hold the job at all', () => {
    const nodes = [node('a', [A], { zone: 'west' })];
    const reason = reasonOf(createPacker({ nodes }).place(job('x', 2, { zones: ['east'] })))!;

    expect(reason).toMatchObject({
      kind: 'exceeds-every-node',
      limit: { nodeId: 'a', barriers: [{ rule: 'zone', wanted: ['east'], present: 'west' }] },
    });
    expect(explainUnplaced(reason)).toBe(
      "No node could hold the job even if it were empty: 'a' comes nearest, with 1 of 2 GPUs. Ask for less, or add a " +
        'node with 1 GPU more that admits the job: none does. There, allow zone west (wanted: east).',
    );
  });

  it('say what a cordon and an early end add', () => {
    const nodes = [node('a', [A], { taints: [{ key: 'team', value: 'ml' }], isCordoned: true, expiresAtMs: 500 })];
    const packer = createPacker({ nodes, nowMs: 0 });
    const reason = reasonOf(packer.place(job('x', 1, { runtimeMs: 800, nodeLabels: { os: 'linux' } })))!;

    expect(explainUnplaced(reason)).toBe(
      "No node that could hold the job admits it (barred by taint 1, by label 1). 'a' is nearest: tolerate the taint " +
        'team=ml and give it the label os (wanted: linux) and uncordon it and extend it by 300 ms.',
    );
  });
});

describe('prefersEarlyExpiry', () => {
  const nodes = [
    node('a', [A, A]),
    node('b', [A, A], { expiresAtMs: 9_000 }),
    node('c', [A, A], { expiresAtMs: 4_000 }),
    node('d', [A, A], { expiresAtMs: 2_000 }),
  ];
  const goes = (runtimeMs: number | undefined, prefersEarlyExpiry: boolean) =>
    nodeOf(
      createPacker({ nodes, nowMs: 0 }, { prefersEarlyExpiry }).place(
        job('x', 1, runtimeMs === undefined ? {} : { runtimeMs }),
      ),
    );

  it('sends a job to the node with the least life left after its end, when nodes score alike', () => {
    expect(goes(3_000, true)).toBe('c');
    expect(goes(2_000, true)).toBe('d');
    expect(goes(9_001, true)).toBe('a');
    expect(goes(3_000, false)).toBe('a');
  });

  it('changes nothing for a job of unknown run time', () => {
    expect(goes(undefined, true)).toBe('a');
  });

  it('keeps the nodes that stay for the jobs that run long', () => {
    const jobs = [...['s1', 's2'].map((id) => job(id, 2, { runtimeMs: 1_000 })), job('long', 2, { runtimeMs: 10_000 })];
    const input = { nodes: nodes.slice(0, 3), jobs, nowMs: 0 };
    const unplaced = (prefersEarlyExpiry: boolean) => pack(input, { prefersEarlyExpiry }).unplaced.length;

    expect(unplaced(false)).toBe(1);
    expect(unplaced(true)).toBe(0);
  });

  it('is true or false', () => {
    expect(() => createPacker({ nodes }, { prefersEarlyExpiry: 'no' as unknown as boolean })).toThrow(
      'prefersEarlyExpiry',
    );
  });
});

describe('shares of several GPUs', () => {
  const spread = (id: string, gpuCount: number, gpuMilli: number, gpuMemoryMib = 0) =>
    job(id, gpuCount, { gpuMilli, gpuMemoryMib });

  it('go to the GPUs with the least left that hold them', () => {
    const packer = createPacker({ nodes: [node('a', [A, A, A, A])] }, { scorer: 'best-fit' });
    packer.place(job('x', 1, { gpuMilli: 700 }));
    packer.place(job('y', 1, { gpuMilli: 400 }));

    // GPU 0 has 300 left, GPU 1 600, the others 1000.
    expect(packer.place(spread('z', 2, 500))).toEqual({
      placement: {
        jobId: 'z',
        nodeId: 'a',
        gpus: [
          { index: 1, milli: 500 },
          { index: 2, milli: 500 },
        ],
      },
    });
  });

  it('say what every GPU that comes nearest lacks', () => {
    const packer = createPacker({ nodes: [node('a', [A, A])] }, { scorer: 'first-fit' });
    packer.place(job('x', 1, { gpuMilli: 700, gpuMemoryMib: 25_000 }));
    packer.place(job('y', 1, { gpuMilli: 600 }));

    expect(reasonOf(packer.place(spread('z', 2, 500, 20_000)))).toEqual({
      kind: 'no-room',
      nearest: {
        nodeId: 'a',
        misses: [
          { resource: 'gpu-milli', needed: 500, available: 300, gpuIndex: 0 },
          { resource: 'gpu-memory-mib', needed: 20_000, available: 15_000, gpuIndex: 0 },
          { resource: 'gpu-milli', needed: 500, available: 400, gpuIndex: 1 },
        ],
      },
    });
    expect(reasonOf(packer.place(spread('w', 3, 100)))).toEqual({
      kind: 'exceeds-every-node',
      limit: { nodeId: 'a', misses: [{ resource: 'gpu-count', needed: 3, available: 2 }] },
    });
  });
});
