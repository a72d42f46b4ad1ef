import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPacker,
  InvalidInputError,
  mostAllocated,
  pack,
  weightedScorer,
  type GpuNode,
  type Job,
  type RunningJob,
  type ScoreNode,
} from '../src/index.ts';
import { isUncut } from './oracles/pack-ledger.ts';
import { A, job, node, nodeOf } from './pack-builders.ts';
import { demand, fleet } from './arbitraries.ts';

const priced = (id: string, priceUsdPerHour?: number, fields: Partial<GpuNode> = {}): GpuNode => ({
  ...node(id, [A, A]),
  ...(priceUsdPerHour === undefined ? {} : { priceUsdPerHour }),
  ...fields,
});

/** The score of `mostAllocated` from what runs, added up anew. */
function scoreNow(node: GpuNode, running: readonly RunningJob[], job: Omit<Job, 'id'>): number {
  const here = running.filter(({ placement }) => placement.nodeId === node.id);
  const used = (of: (each: RunningJob) => number) => here.reduce((sum, each) => sum + of(each), 0);
  const view = {
    node,
    cpuMilliFree: node.cpuMilli - used((each) => each.job.cpuMilli),
    memoryMibFree: node.memoryMib - used((each) => each.job.memoryMib),
    gpuMilliFree: node.gpus.map((gpu, index) => {
      const held = used(({ placement }) => placement.gpus.find((share) => share.index === index)?.milli ?? 0);
      return isUncut(gpu) ? 1_000 - held : 0;
    }),
    jobCount: here.length,
  };
  const hasGpu = job.gpuCount > 0 && job.migProfile === undefined;
  const gpuMilli = hasGpu ? (job.gpuMilli ?? 1_000) : 0;
  return mostAllocated(view, { ...job, gpuMilli, gpuMemoryMib: 0 });
}

describe('a scorer of your own', () => {
  it('decides, also between empty nodes of one kind, and ties go to the smaller id', () => {
    const nodes = [node('a', [A]), node('b', [A]), node('c', [A])];
    const likesB: ScoreNode = ({ node: { id } }) => (id === 'b' ? 1 : 0);
    const packer = createPacker({ nodes }, { scorer: likesB });

    expect(['x', 'y', 'z'].map((id) => nodeOf(packer.place(job(id, 1))))).toEqual(['b', 'a', 'c']);
  });

  it('sees what is free before the job is placed, and the shape of the job', () => {
    const seen: unknown[] = [];
    const scorer: ScoreNode = (view, shape) => {
      seen.push([view.cpuMilliFree, view.memoryMibFree, view.gpuMilliFree, view.jobCount, shape.gpuMilli]);
      return 0;
    };
    const nodes = [{ ...node('a', [A, A]), cpuMilli: 8_000, memoryMib: 4_096 }];
    const packer = createPacker({ nodes }, { scorer });
    packer.place({ id: 'x', gpuCount: 1, gpuMilli: 300, cpuMilli: 1_000, memoryMib: 1_024 });
    seen.length = 0;
    packer.place({ id: 'y', gpuCount: 1, gpuMilli: 400, cpuMilli: 1_000, memoryMib: 1_024 });

    expect(seen[0]).toEqual([7_000, 3_072, [700, 1_000], 1, 400]);
  });

  it.each([NaN, -1, Infinity, 'much' as unknown as number])('refuses %s, and nothing is placed', (value) => {
    const packer = createPacker({ nodes: [node('a', [A])] }, { scorer: () => value });

    expect(() => packer.place(job('x', 1))).toThrow(InvalidInputError);
    expect(() => packer.place(job('x', 1))).toThrow(/scorer must return a finite number >= 0/);
    expect(packer.snapshot().running).toEqual([]);
  });

  it('leaves the packer as it was when it throws, wherever that is', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((id, k) => ({ ...node(id, [A]), memoryMib: k < 2 ? 2_000 : 1_000 }));
    let calls = 0;
    let throwsAt = 0;
    const scorer: ScoreNode = ({ node: { id } }) => {
      if (++calls === throwsAt) throw new Error('no score');
      return ['c', 'b', 'a', 'd'].indexOf(id);
    };
    // The first two nodes alone have the memory for x, y and z; for z they are full. u and v share the tree.
    const places = (packer: ReturnType<typeof createPacker>) =>
      ['x', 'y', 'z', 'u', 'v'].map((id, k) => {
        const one = { id, gpuCount: 1, cpuMilli: 0, memoryMib: k < 3 ? 1_023 : 960 };
        try {
          return packer.place(one);
        } catch {
          return packer.place(one);
        }
      });
    const expected = places(createPacker({ nodes }, { scorer }));
    const most = calls;
    for (throwsAt = 1; throwsAt <= most; throwsAt++) {
      calls = 0;
      expect(places(createPacker({ nodes }, { scorer }))).toEqual(expected);
    }

    expect(most).toBeGreaterThan(5);
  });

  it('gives what a look at every node gives', () => {
    let compared = 0;
    fc.assert(
      fc.property(fleet(6), fc.array(demand, { maxLength: 20 }), (nodes, demands) => {
        const packer = createPacker({ nodes, nowMs: 0 }, { scorer: mostAllocated });
        demands.forEach((fields, k) => {
          const one = { ...fields, id: `j${k}` };
          // Nodes that would take the job alone, each with what runs there now.
          const { nodes: now, running } = packer.snapshot();
          const open = now.filter(({ id }) => {
            const others = now.map((other) => ({ ...other, isCordoned: other.isCordoned === true || other.id !== id }));
            return 'placement' in createPacker({ nodes: others, running, nowMs: 0 }).place(one);
          });
          const scored = open.map((each) => ({ id: each.id, score: scoreNow(each, running, one) }));
          scored.sort((x, y) => y.score - x.score || (x.id < y.id ? -1 : 1));
          expect(nodeOf(packer.place(one))).toBe(scored[0]?.id);
          compared += scored.length > 1 ? 1 : 0;
        });
      }),
      { numRuns: 200 },
    );

    expect(compared).toBeGreaterThan(50);
  });
});

describe('mostAllocated', () => {
  it('gives the worked example: two of eight cores, half the memory, one of two GPUs', () => {
    const view = { node: { ...node('a', [A, A]), cpuMilli: 8_000, memoryMib: 4_096 }, jobCount: 0 };
    const free = { cpuMilliFree: 8_000, memoryMibFree: 4_096, gpuMilliFree: [1_000, 1_000] };
    const shape = { cpuMilli: 2_000, memoryMib: 2_048, gpuCount: 1, gpuMilli: 1_000, gpuMemoryMib: 0 };

    expect(mostAllocated({ ...view, ...free }, shape)).toBeCloseTo((100 * (0.25 + 0.5 + 0.5)) / 3, 12);
  });
});

describe('weightedScorer', () => {
  it('prefers the cheap, the frugal and the clean, and the unknown least', () => {
    const nodes = [
      priced('a', 4, { idleWatts: 100, zone: 'coal' }),
      priced('b', 2, { idleWatts: 300, zone: 'wind' }),
      priced('c', undefined, {}),
    ];
    const carbonGramsPerKwh = { coal: 800, wind: 20 };
    const first = (weights: Parameters<typeof weightedScorer>[1]) =>
      pack({ nodes, jobs: [job('x', 1)] }, { scorer: weightedScorer(nodes, weights, { carbonGramsPerKwh }) })
        .placements[0]?.nodeId;

    expect(first({ price: 1 })).toBe('b');
    expect(first({ power: 1 })).toBe('a');
    expect(first({ carbon: 1 })).toBe('b');
    expect(first({ price: 1, power: 3 })).toBe('a');
  });

  it('fills a dear node in use before a cheap empty one when allocation weighs more', () => {
    const nodes = [priced('cheap', 1), priced('dear', 2)];
    const running = [
      { job: job('r', 1), placement: { jobId: 'r', nodeId: 'dear', gpus: [{ index: 0, milli: 1_000 }] } },
    ];
    const at = (allocated: number) =>
      nodeOf(
        createPacker({ nodes, running }, { scorer: weightedScorer(nodes, { allocated, price: 1 }) }).place(job('x', 1)),
      );

    expect(at(10)).toBe('dear');
    expect(at(0.1)).toBe('cheap');
  });

  it.each([{}, { price: -1 }, { carbon: NaN }])('refuses the weights %o', (weights) => {
    expect(() => weightedScorer([], weights)).toThrow(InvalidInputError);
  });
});
