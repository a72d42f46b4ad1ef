import { describe, expect, it } from 'vitest';
import { createPacker, type WorkloadShape } from '../src/index.ts';
import { A, job, node, nodeOf } from './pack-builders.ts';

const scorer = 'priced';
const shape = (gpuCount: number, weight: number, fields: Partial<WorkloadShape['job']> = {}): WorkloadShape => ({
  job: { gpuCount, cpuMilli: 1_000, memoryMib: 1_024, ...fields },
  weight,
});

describe('priced', () => {
  it('puts a share where the rest of the GPU can be used, not where it is wasted', () => {
    // Work comes in halves. GPU of a: 500 left, filled by the next half. On b 900 left become 400, which nothing can use.
    const nodes = [node('b', [A]), node('a', [A])];
    const packer = createPacker({ nodes, workload: [shape(1, 1, { gpuMilli: 500 })] }, { scorer });
    packer.place(job('tenth', 1, { gpuMilli: 100 }));
    const tenth = packer.snapshot().running[0]!.placement.nodeId;

    const half = nodeOf(packer.place(job('half', 1, { gpuMilli: 500 })));

    // The tenth has cost 100 + 400 wherever it is; a half beside it leaves the same 400, the other GPU stays whole.
    expect(half).toBe(tenth);
  });

  it('keeps the only host of a job of four GPUs for it', () => {
    const nodes = [node('a', [A, A, A, A]), node('b', [A, A])];
    const workload = [shape(1, 9), shape(4, 1)];
    const packer = createPacker({ nodes, workload }, { scorer });

    expect(nodeOf(packer.place(job('x', 1)))).toBe('b');
    expect(nodeOf(packer.place(job('y', 1)))).toBe('b');
    expect(nodeOf(packer.place(job('z', 4)))).toBe('a');
  });

  it('keeps GPUs of the model that some jobs insist on', () => {
    const B = { model: 'B' };
    const nodes = [node('a', [A]), node('b', [B])];
    const workload = [shape(1, 1), shape(1, 1, { gpuModels: ['A'] })];
    const packer = createPacker({ nodes, workload }, { scorer });

    expect(nodeOf(packer.place(job('any', 1)))).toBe('b');
    expect(nodeOf(packer.place(job('choosy', 1, { gpuModels: ['A'] })))).toBe('a');
  });

  it('turns no job away that some node could hold, however dear its place', () => {
    const nodes = [node('a', [A, A, A, A])];
    const packer = createPacker({ nodes, workload: [shape(4, 100), shape(1, 1)] }, { scorer });

    expect(nodeOf(packer.place(job('x', 1)))).toBe('a');
  });

  it('remembers in its snapshot how many jobs leave for one that comes, an average over 512 jobs', () => {
    const packer = createPacker({ nodes: [node('a', [A, A, A, A])] }, { scorer });
    packer.place(job('x', 1));
    expect(packer.snapshot().departureRatio).toBeUndefined();

    packer.release('x');
    packer.place(job('y', 1));
    packer.place(job('too large', 9));
    const { departureRatio } = packer.snapshot();

    expect(departureRatio).toBeCloseTo((1 / 512) * (1 - 1 / 512), 15);
    expect(createPacker(packer.snapshot(), { scorer }).snapshot().departureRatio).toBe(departureRatio);
  });

  it.each([-0.1, 1.1, NaN])('refuses a departure ratio of %s', (departureRatio) => {
    expect(() => createPacker({ nodes: [], departureRatio }, { scorer })).toThrow(/departureRatio/);
  });

  it('works without a mix, without GPUs and without nodes', () => {
    const none = createPacker({ nodes: [] }, { scorer });
    const plain = createPacker({ nodes: [node('b', []), node('a', [])] }, { scorer });

    expect(nodeOf(none.place(job('x', 1)))).toBeUndefined();
    expect(nodeOf(plain.place(job('x', 0)))).toBe('a');
    expect(nodeOf(plain.place(job('y', 1)))).toBeUndefined();
  });
});
