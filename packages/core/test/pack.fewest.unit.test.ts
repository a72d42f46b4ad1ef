import { describe, expect, it } from 'vitest';
import { fewestNodes, InvalidInputError, type GpuNode, type Job } from '../src/index.ts';
import { A, job, node } from './pack-builders.ts';

const share = (id: string, gpuMilli: number, fields: Partial<Job> = {}) => job(id, 1, { gpuMilli, ...fields });
const gpus = (count: number) => Array.from({ length: count }, () => A);

describe('fewestNodes', () => {
  it('holds nothing on no node', () => {
    expect(fewestNodes({ nodes: [node('a', [A])], jobs: [] })).toEqual({
      nodeIds: [],
      placements: [],
      unplaced: [],
      weightTotal: 0,
      lowerBound: 0,
      gapRatio: 0,
      method: 'volume',
    });
    expect(fewestNodes({ nodes: [], jobs: [job('x', 1)] })).toMatchObject({
      nodeIds: [],
      unplaced: [{ jobId: 'x', reason: { kind: 'no-nodes' } }],
      gapRatio: 0,
    });
  });

  it('pairs shares, and switches on the nodes of the smallest ids', () => {
    const jobs = [share('w', 700), share('x', 300), share('y', 600), share('z', 400)];

    expect(fewestNodes({ nodes: [node('c', [A]), node('b', [A]), node('a', [A])], jobs })).toMatchObject({
      nodeIds: ['a', 'b'],
      weightTotal: 2,
      lowerBound: 2,
      gapRatio: 0,
      method: 'gpu-patterns',
    });
  });

  it('proves by patterns that shares of 740 take a GPU each, where by volume 3 GPUs would hold 4 of them', () => {
    const jobs = ['w', 'x', 'y', 'z'].map((id) => share(id, 740));

    expect(fewestNodes({ nodes: ['a', 'b', 'c', 'd'].map((id) => node(id, [A])), jobs })).toMatchObject({
      weightTotal: 4,
      lowerBound: 4,
    });
  });

  it('proves the optimum where a job that just fits crowds out another, and that one a third', () => {
    const sized = (id: string, count: number, cpuMilli: number, memoryMib: number, priceUsdPerHour: number) =>
      node(id, gpus(count), { cpuMilli, memoryMib, priceUsdPerHour });
    const nodes = [sized('a', 4, 5_000, 6_144, 1.7), sized('b', 3, 4_000, 2_048, 1.7), sized('c', 1, 0, 3_072, 4)];
    const jobs = [
      job('x', 4, { cpuMilli: 500, memoryMib: 0 }),
      share('y', 200, { cpuMilli: 3_000, memoryMib: 2_048 }),
      job('z', 1, { cpuMilli: 0, memoryMib: 512 }),
    ];

    // Only a holds x, whose GPUs are then full; y takes all memory of b; z is left to c: 1.7 + 1.7 + 4.
    const { weightTotal, lowerBound } = fewestNodes({ nodes, jobs }, { weight: 'price' });
    expect(weightTotal).toBeCloseTo(7.4, 9);
    expect(lowerBound).toBeCloseTo(7.4, 4);
  });

  it('counts CPU and main memory in answer and bound', () => {
    const nodes = ['a', 'b', 'c'].map((id) => node(id, gpus(8)));
    const greedy = ['x', 'y', 'z'].map((id) => job(id, 0, { cpuMilli: 10_000 }));
    const large = ['x', 'y', 'z'].map((id) => job(id, 0, { memoryMib: 20_000 }));

    // 16 cores a node: one job of 10 each, though the bound may cut them: 30 / 16 is more than 1, so 2.
    expect(fewestNodes({ nodes, jobs: greedy })).toMatchObject({ weightTotal: 3, lowerBound: 2 });
    // 65,536 MiB a node: three jobs of 20,000.
    expect(fewestNodes({ nodes, jobs: large })).toMatchObject({ weightTotal: 1, lowerBound: 1 });
  });

  it('adds up what different resources prove: no single one gives this bound', () => {
    // Each job of A fills the cores of a node, 16 jobs of B the GPUs of two: 2 + 2 nodes. By CPU alone 2 + 1, by GPU 1/4 + 2.
    const B = { model: 'B' };
    const eight = Array.from({ length: 8 }, () => B);
    const nodes = [...['a', 'b'].map((id) => node(id, gpus(8))), ...['c', 'd', 'e'].map((id) => node(id, eight))];
    const jobs = [
      ...['x', 'y'].map((id) => job(id, 1, { gpuModels: ['A'], cpuMilli: 16_000 })),
      ...Array.from({ length: 16 }, (_, index) => job(`z${index}`, 1, { gpuModels: ['B'] })),
    ];

    expect(fewestNodes({ nodes, jobs })).toMatchObject({
      nodeIds: ['a', 'b', 'c', 'd'],
      lowerBound: 4,
      gapRatio: 0,
      method: 'gpu-patterns',
    });
  });

  it('weighs by number, price or power as asked', () => {
    const small = { priceUsdPerHour: 1, idleWatts: 300 };
    const nodes: GpuNode[] = [
      node('big', gpus(4), { priceUsdPerHour: 5, idleWatts: 500 }),
      ...['s1', 's2', 's3', 's4'].map((id) => node(id, [A], small)),
    ];
    const jobs = ['w', 'x', 'y', 'z'].map((id) => job(id, 1));

    expect(fewestNodes({ nodes, jobs })).toMatchObject({ nodeIds: ['big'], weightTotal: 1, lowerBound: 1 });
    expect(fewestNodes({ nodes, jobs }, { weight: 'price' })).toMatchObject({
      nodeIds: ['s1', 's2', 's3', 's4'],
      weightTotal: 4,
    });
    expect(fewestNodes({ nodes, jobs }, { weight: 'watts' })).toMatchObject({ nodeIds: ['big'], weightTotal: 500 });
  });

  it('uses first what is on already, counts it, and leaves what runs in place', () => {
    const nodes = [node('a', gpus(2)), node('b', gpus(2)), node('c', gpus(2))];
    const running = [{ job: job('r', 1), placement: { jobId: 'r', nodeId: 'b', gpus: [{ index: 1, milli: 1_000 }] } }];

    expect(fewestNodes({ nodes, running, jobs: [job('x', 1)] })).toMatchObject({
      nodeIds: ['b'],
      placements: [{ jobId: 'x', nodeId: 'b', gpus: [{ index: 0, milli: 1_000 }] }],
      weightTotal: 1,
      lowerBound: 1,
    });
    expect(fewestNodes({ nodes, running, jobs: [job('x', 2)] })).toMatchObject({ nodeIds: ['a', 'b'], lowerBound: 2 });
  });

  it('keeps to models, MIG, cordons and expiry', () => {
    const cut = { model: 'A', migInstances: [{ profile: '1g', start: 0 }] };
    const nodes = [
      node('a', gpus(8), { isCordoned: true }),
      node('b', gpus(8), { expiresAtMs: 1_500 }),
      node('c', [cut, { model: 'B' }]),
      node('d', [A]),
    ];
    const jobs = [
      job('long', 1, { runtimeMs: 600, gpuModels: ['A'] }),
      job('model', 1, { gpuModels: ['B'] }),
      job('slice', 1, { migProfile: '1g' }),
    ];

    expect(fewestNodes({ nodes, jobs, nowMs: 1_000 })).toMatchObject({
      nodeIds: ['c', 'd'],
      placements: [
        { jobId: 'long', nodeId: 'd' },
        { jobId: 'model', nodeId: 'c', gpus: [{ index: 1, milli: 1_000 }] },
        { jobId: 'slice', nodeId: 'c', mig: { gpuIndex: 0, profile: '1g', start: 0 } },
      ],
      weightTotal: 2,
      lowerBound: 2,
    });
  });

  it('places the more important jobs when not all fit, gangs whole, and says what was missing', () => {
    const nodes = [node('a', gpus(2))];
    const jobs = [job('p', 1), job('q', 2, { priority: 1 }), job('g1', 1, { gang: 'g' }), job('g2', 2, { gang: 'g' })];

    expect(fewestNodes({ nodes, jobs })).toMatchObject({
      placements: [{ jobId: 'q', nodeId: 'a' }],
      unplaced: [
        { jobId: 'g1', reason: { kind: 'gang-incomplete', gang: 'g', blockedBy: 'g2' } },
        { jobId: 'g2', reason: { kind: 'no-room', nearest: { nodeId: 'a' } } },
        { jobId: 'p', reason: { kind: 'no-room', nearest: { nodeId: 'a' } } },
      ],
      weightTotal: 1,
      lowerBound: 1,
    });
  });

  it('fills two nodes to the last MiB', () => {
    // Two nodes of 64 GiB; 40 + 24 and 40 + 24 GiB fill both to the last MiB.
    const nodes = [node('a', gpus(4)), node('b', gpus(4))];
    const memories = [40, 24, 40, 24].map((gib) => gib * 1_024);
    const jobs = memories.map((memoryMib, index) => job(`j${index}`, 1, { memoryMib }));

    expect(fewestNodes({ nodes, jobs })).toMatchObject({ weightTotal: 2, lowerBound: 2, unplaced: [] });
  });
});

describe('input of fewestNodes', () => {
  const nodes = [node('a', [A])];
  const refusal = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (InvalidInputError.is(error)) return `${error.message} | ${error.hint}`;
    }
    return undefined;
  };

  it('is refused before any work, naming field, value and remedy', () => {
    expect(refusal(() => fewestNodes({ nodes, jobs: [] }, { weight: 'price' }))).toBe(
      "priceUsdPerHour of node 'a' must be given when weight is 'price', got undefined | Give every node one, or weigh by 'count'.",
    );
    expect(refusal(() => fewestNodes({ nodes, jobs: [] }, { weight: 'size' as 'count' }))).toBe(
      "weight must be one of count, price, watts, got 'size' | Leave it out for count.",
    );
    expect(refusal(() => fewestNodes({ nodes, jobs: [] }, { maxStarts: 0 }))).toContain('maxStarts must be a whole');
    expect(refusal(() => fewestNodes({ nodes, jobs: [] }, { maxSteps: 0.5 }))).toContain('maxSteps must be a whole');
    expect(refusal(() => fewestNodes({ nodes, jobs: [] }, { seed: NaN }))).toContain('seed must be a whole');
    expect(refusal(() => fewestNodes({ nodes, jobs: [job('x', 1), job('x', 1)] }))).toContain('must be unique');
    expect(refusal(() => fewestNodes({ nodes, jobs: [job('x', -1)] }))).toContain("gpuCount of job 'x'");
  });
});
