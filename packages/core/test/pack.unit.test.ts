import { describe, expect, it } from 'vitest';
import { createPacker, pack, packBound, type Gpu } from '../src/index.ts';
import { A, job, node, nodeOf, reasonOf } from './pack-builders.ts';

const B: Gpu = { model: 'B', memoryMib: 80_000 };

describe('pack', () => {
  it('gives a small fleet a small answer, with bound and stats', () => {
    const result = pack({
      nodes: [node('a', [A, A])],
      jobs: [job('x', 1, { gpuMilli: 600 }), job('y', 1, { gpuMilli: 600 }), job('z', 1)],
    });

    expect(result.placements).toEqual([
      { jobId: 'x', nodeId: 'a', gpus: [{ index: 0, milli: 600 }] },
      { jobId: 'y', nodeId: 'a', gpus: [{ index: 1, milli: 600 }] },
    ]);
    expect(result.unplaced).toEqual([
      {
        jobId: 'z',
        reason: {
          kind: 'no-room',
          nearest: { nodeId: 'a', misses: [{ resource: 'gpu-count', needed: 1, available: 0 }] },
        },
      },
    ]);
    // 600 + 600 + 1000 asked for, 2000 there.
    expect(result.bound).toEqual({ gpuMilli: 2_000, gapRatio: 0.4, method: 'volume-by-model' });
    expect(result.stats).toEqual({
      nodeCount: 1,
      nodesInUse: 1,
      gpuMilliTotal: 2_000,
      gpuMilliAllocated: 1_200,
      gpuAllocationRatio: 0.6,
      cpuMilliTotal: 16_000,
      cpuMilliAllocated: 2_000,
      // 400 milli idle on each GPU: of use to neither a share of 600 nor a whole GPU.
      expectedFragmentationGpuMilli: 800,
    });
  });

  it('has nothing to say about nothing', () => {
    const result = pack({ nodes: [], jobs: [] });

    expect(result.placements).toEqual([]);
    expect(result.unplaced).toEqual([]);
    expect(result.bound).toEqual({ gpuMilli: 0, gapRatio: 0, method: 'volume-by-model' });
    expect(result.stats.gpuAllocationRatio).toBe(0);
  });

  it('tries larger priorities first and equal ones in the order given', () => {
    const jobs = [job('late', 1), job('first', 1, { priority: 2 }), job('second', 1, { priority: 1 }), job('later', 1)];
    const { placements, unplaced } = pack({ nodes: [node('a', [A, A, A])], jobs });

    expect(placements.map(({ jobId }) => jobId)).toEqual(['first', 'second', 'late']);
    expect(unplaced.map(({ jobId }) => jobId)).toEqual(['later']);
  });

  it('tries a gang at the turn of its first member and names who had no place', () => {
    const jobs = [job('g1', 2, { gang: 'g', priority: 1 }), job('solo', 1), job('g2', 2, { gang: 'g' })];
    const { placements, unplaced } = pack({ nodes: [node('a', [A, A, A])], jobs });

    expect(placements.map(({ jobId }) => jobId)).toEqual(['solo']);
    expect(unplaced).toEqual([
      { jobId: 'g1', reason: { kind: 'gang-incomplete', gang: 'g', blockedBy: 'g2' } },
      {
        jobId: 'g2',
        // With g1 in place one GPU is left.
        reason: {
          kind: 'no-room',
          nearest: { nodeId: 'a', misses: [{ resource: 'gpu-count', needed: 2, available: 1 }] },
        },
      },
    ]);
  });

  it('leaves running jobs where they are', () => {
    const running = [{ job: job('r', 1), placement: { jobId: 'r', nodeId: 'a', gpus: [{ index: 1, milli: 1_000 }] } }];
    const { placements, stats } = pack({ nodes: [node('a', [A, A])], jobs: [job('x', 1)], running });

    expect(placements).toEqual([{ jobId: 'x', nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] }]);
    expect(stats.gpuMilliAllocated).toBe(2_000);
  });
});

describe('the choice of a place', () => {
  it('keeps the node whole that the expected work needs whole', () => {
    const nodes = [node('a', [A, A]), node('b', [A])];
    const workload = [{ job: { gpuCount: 2, cpuMilli: 1_000, memoryMib: 0 }, weight: 1 }];

    expect(nodeOf(createPacker({ nodes, workload }).place(job('x', 1)))).toBe('b');
    expect(nodeOf(createPacker({ nodes }, { scorer: 'first-fit' }).place(job('x', 1)))).toBe('a');
    expect(nodeOf(createPacker({ nodes }, { scorer: 'best-fit' }).place(job('x', 1)))).toBe('b');
  });

  it('breaks ties by the fuller node, then by the smaller id', () => {
    const gpus = [A, A];
    const nodes = [node('c', gpus), node('b', gpus), node('a', gpus)];
    // The mix wants CPU only, so every placement scores the same.
    const workload = [{ job: { gpuCount: 0, cpuMilli: 1_000, memoryMib: 0 }, weight: 1 }];
    const running = [{ job: job('r', 1), placement: { jobId: 'r', nodeId: 'b', gpus: [{ index: 0, milli: 1_000 }] } }];

    expect(nodeOf(createPacker({ nodes, workload, running }).place(job('x', 1)))).toBe('b');
    expect(nodeOf(createPacker({ nodes, workload }).place(job('x', 1)))).toBe('a');
    expect(nodeOf(createPacker({ nodes, workload }).place(job('x', 0)))).toBe('a');
  });

  it('calls that node fuller whose GPUs are idle to a smaller share, not by a smaller amount', () => {
    const workload = [{ job: { gpuCount: 0, cpuMilli: 1_000, memoryMib: 0 }, weight: 1 }];
    const gpus = [0, 1].map((index) => ({ index, milli: 1_000 }));
    const running = [{ job: job('r', 2), placement: { jobId: 'r', nodeId: 'z-large', gpus } }];
    // Half of four GPUs idle, against one whole GPU.
    const nodes = [node('a-small', [A]), node('z-large', [A, A, A, A])];

    expect(nodeOf(createPacker({ nodes, workload, running }).place(job('x', 1)))).toBe('z-large');
    expect(nodeOf(createPacker({ nodes: [...nodes, node('none', [])], workload }).place(job('x', 0)))).toBe('none');
  });

  it('puts a share on the tightest GPU that holds it', () => {
    const share = (id: string, index: number, gpuMilli: number) => ({
      job: job(id, 1, { gpuMilli }),
      placement: { jobId: id, nodeId: 'a', gpus: [{ index, milli: gpuMilli }] },
    });
    const running = [share('r', 0, 300), share('s', 1, 600), share('t', 2, 800)];
    const packer = createPacker({ nodes: [node('a', [A, A, A])], running }, { scorer: 'first-fit' });

    const result = packer.place(job('x', 1, { gpuMilli: 400 }));

    expect(result).toEqual({ placement: { jobId: 'x', nodeId: 'a', gpus: [{ index: 1, milli: 400 }] } });
  });

  it('takes GPUs of the models asked for on a node of several', () => {
    const packer = createPacker({ nodes: [node('a', [A, B, A, B])] });

    expect(packer.place(job('x', 2, { gpuModels: ['B'] }))).toEqual({
      placement: {
        jobId: 'x',
        nodeId: 'a',
        gpus: [
          { index: 1, milli: 1_000 },
          { index: 3, milli: 1_000 },
        ],
      },
    });
  });

  it('knows nodes of more than 8 GPUs', () => {
    const packer = createPacker({
      nodes: [
        node(
          'a',
          Array.from({ length: 72 }, () => A),
        ),
      ],
    });

    const result = packer.place(job('x', 72));

    expect('placement' in result && result.placement.gpus.at(-1)).toEqual({ index: 71, milli: 1_000 });
  });

  it('shares the memory of a GPU among the jobs on it', () => {
    const packer = createPacker({ nodes: [node('a', [A])] });
    packer.place(job('x', 1, { gpuMilli: 100, gpuMemoryMib: 30_000 }));

    expect(reasonOf(packer.place(job('y', 1, { gpuMilli: 100, gpuMemoryMib: 10_001 })))).toEqual({
      kind: 'no-room',
      nearest: {
        nodeId: 'a',
        misses: [{ resource: 'gpu-memory-mib', needed: 10_001, available: 10_000, gpuIndex: 0 }],
      },
    });
    expect(nodeOf(packer.place(job('z', 1, { gpuMilli: 100, gpuMemoryMib: 10_000 })))).toBe('a');
  });

  it('sends no job that asks for GPU memory to a GPU of unknown memory', () => {
    const packer = createPacker({ nodes: [node('a', [{ model: 'A' }])] });

    expect(reasonOf(packer.place(job('x', 1, { gpuMemoryMib: 1 })))).toEqual({
      kind: 'exceeds-every-node',
      limit: { nodeId: 'a', misses: [{ resource: 'gpu-memory-mib', needed: 1, available: 0 }] },
    });
    expect(nodeOf(packer.place(job('y', 1)))).toBe('a');
  });
});

describe('the nearest miss', () => {
  it('names all that the node lacks', () => {
    const nodes = [node('a', [A, A], { cpuMilli: 4_000 }), node('b', [A, A])];
    const packer = createPacker({ nodes });
    packer.place(job('x', 2));
    packer.place(job('y', 1));

    expect(reasonOf(packer.place(job('z', 2, { cpuMilli: 16_000, memoryMib: 65_536 })))).toEqual({
      kind: 'no-room',
      nearest: {
        nodeId: 'b',
        misses: [
          { resource: 'cpu-milli', needed: 16_000, available: 15_000 },
          { resource: 'memory-mib', needed: 65_536, available: 64_512 },
          { resource: 'gpu-count', needed: 2, available: 1 },
        ],
      },
    });
  });

  it('names what the largest node lacks for a job too large for any', () => {
    const nodes = [node('a', [A]), node('b', [A, A, B])];

    expect(reasonOf(createPacker({ nodes }).place(job('x', 4)))).toEqual({
      kind: 'exceeds-every-node',
      limit: { nodeId: 'b', misses: [{ resource: 'gpu-count', needed: 4, available: 3 }] },
    });
    expect(reasonOf(createPacker({ nodes }).place(job('x', 2, { gpuMemoryMib: 50_000 })))).toEqual({
      kind: 'exceeds-every-node',
      limit: { nodeId: 'b', misses: [{ resource: 'gpu-memory-mib', needed: 50_000, available: 40_000 }] },
    });
    expect(reasonOf(createPacker({ nodes }).place(job('x', 1, { gpuModels: ['Z'] })))).toEqual({
      kind: 'no-such-model',
      wanted: ['Z'],
      present: ['A', 'B'],
    });
  });
});

describe('the mix that is learned', () => {
  it('is estimated anew when the number of jobs seen doubles', () => {
    const packer = createPacker({ nodes: [node('a', [A, A, A, A])] });
    const weights = () => packer.snapshot().workload.map(({ job: { gpuMilli = 1_000 }, weight }) => [gpuMilli, weight]);
    const seen: unknown[] = [weights()];
    for (const [index, gpuMilli] of [1_000, 300, 300, 300, 300].entries()) {
      packer.place(job(`j${index}`, 1, { gpuMilli }));
      seen.push(weights());
    }

    expect(seen).toEqual([
      [],
      [[1_000, 1]],
      // Equally frequent: the larger share comes first.
      [
        [1_000, 1],
        [300, 1],
      ],
      [
        [1_000, 1],
        [300, 1],
      ],
      [
        [300, 3],
        [1_000, 1],
      ],
      [
        [300, 3],
        [1_000, 1],
      ],
    ]);
    expect(packer.snapshot().observed!.map(({ weight }) => weight)).toEqual([1, 4]);
  });

  it('keeps the most frequent shapes that cover 95 % of the jobs', () => {
    const nodes = [node('a', [])];
    const jobs = Array.from({ length: 128 }, (_, k) => job(`j${k}`, 0, { cpuMilli: k < 122 ? 1_000 : 2_000 + k }));
    const packer = createPacker({ nodes });
    for (const each of jobs) packer.place(each);

    // 122 of 128 jobs are 95.3 %.
    expect(packer.snapshot().workload.map(({ weight }) => weight)).toEqual([122]);
  });
});

describe('packBound', () => {
  it('counts only GPUs that a job could be given', () => {
    const nodes = [node('a', [A, A]), node('b', [B], { isCordoned: true })];
    const jobs = [job('x', 1, { gpuModels: ['B'] }), job('y', 1), job('huge', 2, { cpuMilli: 99_000 })];

    expect(packBound({ nodes, jobs })).toEqual({ gpuMilli: 1_000, gapRatio: 1, method: 'volume-by-model' });
  });

  it('routes jobs that can choose around those that cannot', () => {
    const nodes = [node('a', [A]), node('b', [B])];
    const jobs = [job('any', 1), job('only-a', 1, { gpuModels: ['A'] }), job('too-many', 1, { gpuModels: ['A'] })];
    const placements = [{ jobId: 'only-a', nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] }];

    expect(packBound({ nodes, jobs, placements })).toEqual({
      gpuMilli: 2_000,
      gapRatio: 0.5,
      method: 'volume-by-model',
    });
  });
});
