import { describe, expect, it } from 'vitest';
import { createPacker, type Gpu, type Job } from '../src/index.ts';
import { A, job, node, nodeOf, reasonOf } from './pack-builders.ts';

describe('MIG', () => {
  const cut: Gpu = {
    model: 'A',
    migInstances: [
      { profile: '1g', start: 1, memoryMib: 5_000 },
      { profile: '1g', start: 0, memoryMib: 5_000 },
      { profile: '3g', start: 4, memoryMib: 20_000 },
    ],
  };
  const mig = (id: string, migProfile: string, fields: Partial<Job> = {}) => job(id, 1, { migProfile, ...fields });

  it('takes the lowest free instance of the profile and gives it back', () => {
    const packer = createPacker({ nodes: [node('a', [A, cut])] });
    const places = ['x', 'y', 'z'].map((id) => packer.place(mig(id, '1g')));
    packer.release('x');

    expect(places[0]).toEqual({
      placement: { jobId: 'x', nodeId: 'a', gpus: [], mig: { gpuIndex: 1, profile: '1g', start: 0 } },
    });
    expect(places[1]).toMatchObject({ placement: { mig: { start: 1 } } });
    expect(reasonOf(places[2]!)).toEqual({
      kind: 'no-room',
      nearest: { nodeId: 'a', misses: [{ resource: 'mig-instance', needed: 1, available: 0 }] },
    });
    expect(packer.place(mig('w', '1g'))).toMatchObject({ placement: { mig: { start: 0 } } });
    expect(packer.stats().gpuMilliTotal).toBe(1_000);
  });

  it('fills the node and the GPU with the fewest free instances first', () => {
    const nodes = [node('a', [cut, cut]), node('b', [cut, { ...cut, migInstances: cut.migInstances!.slice(0, 2) }])];

    expect(createPacker({ nodes }).place(mig('x', '1g'))).toMatchObject({
      placement: { nodeId: 'b', mig: { gpuIndex: 1, start: 0 } },
    });
    expect(nodeOf(createPacker({ nodes }, { scorer: 'first-fit' }).place(mig('x', '1g')))).toBe('a');
  });

  it('keeps whole-GPU jobs off a GPU that is cut, and MIG jobs off one that is not', () => {
    expect(reasonOf(createPacker({ nodes: [node('a', [cut])] }).place(job('x', 1)))).toEqual({
      kind: 'exceeds-every-node',
      limit: { nodeId: 'a', misses: [{ resource: 'gpu-count', needed: 1, available: 0 }] },
    });
    expect(reasonOf(createPacker({ nodes: [node('a', [A])] }).place(mig('x', '1g')))).toEqual({
      kind: 'no-such-profile',
      wanted: '1g',
      present: [],
    });
    expect(
      reasonOf(createPacker({ nodes: [node('a', [cut])] }).place(mig('x', '1g', { gpuMemoryMib: 6_000 }))),
    ).toEqual({
      kind: 'exceeds-every-node',
      limit: { nodeId: 'a', misses: [{ resource: 'gpu-memory-mib', needed: 6_000, available: 5_000 }] },
    });
  });

  it('treats an empty list of instances as a GPU that is not cut', () => {
    const packer = createPacker({ nodes: [node('a', [{ model: 'A', migInstances: [] }])] });

    expect(nodeOf(packer.place(job('x', 1)))).toBe('a');
  });
});

describe('nodes that end or rest', () => {
  it('places a job only where it ends in time', () => {
    const nodes = [node('a', [A], { expiresAtMs: 1_500 }), node('b', [A], { expiresAtMs: 1_600 })];
    const packer = createPacker({ nodes, nowMs: 1_000 });

    expect(nodeOf(packer.place(job('x', 1, { runtimeMs: 600 })))).toBe('b');
    expect(reasonOf(packer.place(job('y', 1, { runtimeMs: 601 })))).toEqual({
      kind: 'node-expires',
      neededUntilMs: 1_601,
      latestExpiresAtMs: 1_600,
    });
    expect(nodeOf(packer.place(job('z', 1)))).toBe('a');
  });

  it('places nothing on a cordoned node until it is released', () => {
    const packer = createPacker({ nodes: [node('a', [A])] });
    packer.place(job('x', 1, { gpuMilli: 500 }));
    packer.cordon('a');

    expect(reasonOf(packer.place(job('y', 1, { gpuMilli: 500 })))).toEqual({
      kind: 'cordoned',
      nodeIds: ['a'],
      hasRoom: true,
    });
    expect(reasonOf(packer.place(job('z', 1)))).toEqual({ kind: 'cordoned', nodeIds: ['a'], hasRoom: false });
    expect(packer.snapshot().nodes[0]!.isCordoned).toBe(true);
    packer.cordon('a', false);
    expect(nodeOf(packer.place(job('y', 1, { gpuMilli: 500 })))).toBe('a');
  });

  it('packs a node that is added and forgets one that is removed', () => {
    const packer = createPacker({ nodes: [] });

    expect(reasonOf(packer.place(job('x', 1)))).toEqual({ kind: 'no-nodes' });
    packer.addNode(node('a', [A]));
    expect(nodeOf(packer.place(job('x', 1)))).toBe('a');
    expect(packer.removeNode('a')).toEqual([job('x', 1)]);
    expect(packer.stats()).toMatchObject({ nodeCount: 0, gpuMilliAllocated: 0 });
    packer.addNode(node('a', [A]));
    expect(nodeOf(packer.place(job('x', 1)))).toBe('a');
  });
});
