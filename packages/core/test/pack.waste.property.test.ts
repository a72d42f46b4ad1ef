import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, GPU_MILLI, type Job } from '../src/index.ts';
import { demandOf } from '../src/pack/demand.ts';
import { move } from '../src/pack/fleet-state.ts';
import { createFleet } from '../src/pack/fleet.ts';
import { createExpectedWaste } from '../src/pack/expected-waste.ts';
import { createGrowthMemory } from '../src/pack/growth-memory.ts';
import { priced } from '../src/pack/priced.ts';
import { servableShares } from '../src/pack/servable-share.ts';
import { createStreamFill } from '../src/pack/stream-fill.ts';
import { fits } from '../src/pack/shortfall.ts';
import { drawStreams, mixShapes, STREAM_COUNT, STREAM_LENGTH } from '../src/pack/task-streams.ts';
import { A } from './pack-builders.ts';

const B = { model: 'B' };

const shape = fc.record({
  cpuMilli: fc.integer({ min: 0, max: 40_000 }),
  gpu: fc.oneof(
    fc.record({ gpuCount: fc.integer({ min: 0, max: 8 }) }),
    fc.record({ gpuCount: fc.constant(1), gpuMilli: fc.integer({ min: 1, max: 999 }) }),
  ),
  gpuModels: fc.constantFrom(undefined, undefined, ['A'], ['B']),
});

/** What is idle after each stream, by the letter: jobs in turn, each on the GPU with the least left that holds it. */
function idleByLetter(gpus: readonly number[], cpu: number, jobs: readonly Omit<Job, 'id'>[]): number {
  const left = [...gpus];
  for (const { cpuMilli, gpuCount, gpuMilli = GPU_MILLI, gpuModels } of jobs) {
    const able = left.map((_, g) => g).filter((g) => left[g]! >= gpuMilli && gpuModels?.includes('A') !== false);
    if (cpuMilli > cpu || able.length < gpuCount) continue;
    able.sort((x, y) => left[x]! - left[y]! || x - y);
    for (const g of able.slice(0, gpuCount)) left[g]! -= gpuMilli;
    cpu -= cpuMilli;
  }
  return left.reduce((sum, milli) => sum + milli, 0);
}

describe('the waste of a node', () => {
  it('is what the streams leave idle, job by job', () => {
    let idleSeen = 0;
    fc.assert(
      fc.property(
        fc.array(shape, { minLength: 1, maxLength: 20 }),
        fc.array(fc.integer({ min: 0, max: GPU_MILLI }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 128_000 }),
        fc.nat(1_000),
        (list, free, cpu, seed) => {
          const { state, catalogue } = createFleet([
            { id: 'a', gpus: free.map(() => A), cpuMilli: 128_000, memoryMib: 0 },
            { id: 'b', gpus: [B], cpuMilli: 1, memoryMib: 0 },
          ]);
          const random = createRandom(seed);
          const mix = list.map(({ cpuMilli, gpu, gpuModels }) => ({
            job: { cpuMilli, memoryMib: 0, ...gpu, ...(gpuModels === undefined ? {} : { gpuModels }) },
            weight: 1 + random.integer(9),
          }));
          const shapes = mixShapes(mix, catalogue);
          free.forEach((milli, g) => {
            const held = { cpuMilli: 0, memoryMib: 0, gpuMemoryMib: 0, instance: -1 };
            if (milli < GPU_MILLI) move(state, 0, { ...held, gpus: [g], gpuMilli: GPU_MILLI - milli }, -1);
          });
          const streams = drawStreams(shapes.map(({ frequency }) => frequency));
          const jobOf = (position: number): Omit<Job, 'id'> => {
            const { demand } = shapes[position]!;
            const { gpuCount, gpuMilli, cpuMilli, isGpuEligible } = demand;
            const needs = gpuCount > 0 ? { gpuMilli } : {};
            return {
              gpuCount,
              cpuMilli,
              memoryMib: 0,
              ...needs,
              gpuModels: isGpuEligible[0] === 1 || gpuCount === 0 ? ['A'] : ['B'],
            };
          };
          let expected = 0;
          for (let stream = 0; stream < STREAM_COUNT; stream++) {
            const jobs = Array.from(streams.subarray(stream * STREAM_LENGTH, (stream + 1) * STREAM_LENGTH), jobOf);
            expected += idleByLetter(free, cpu, jobs);
          }
          idleSeen += expected > 0 ? 1 : 0;

          expect(createStreamFill(state, shapes).estimate(0, cpu, streams)).toBe(expected / STREAM_COUNT);
        },
      ),
      { numRuns: 300, seed: 1 },
    );

    expect(idleSeen).toBeGreaterThan(100);
  });
});

describe('what shares can use of a GPU', () => {
  it('is the largest sum of them that is not above what is left', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 150, max: 999 }), { maxLength: 6 }), (shares) => {
        const sums = new Set([0, GPU_MILLI]);
        const add = (sum: number, from: number): void => {
          sums.add(sum);
          for (let k = from; k < shares.length; k++) if (sum + shares[k]! < GPU_MILLI) add(sum + shares[k]!, k);
        };
        add(0, 0);
        const largest = (left: number) => Math.max(...[...sums].filter((sum) => sum <= left));

        expect([...servableShares(shares)]).toEqual(Array.from({ length: GPU_MILLI + 1 }, (_, left) => largest(left)));
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is remembered of waste', () => {
  /** Nodes of one kind, their GPUs idle, in use, with one of the shares taken, or with anything. */
  const fleetOf = (shares: readonly number[], random: ReturnType<typeof createRandom>, count: number) => {
    const nodes = Array.from({ length: count }, (_, k) => ({
      id: `node-${k}`,
      gpus: [A, A, A, A],
      cpuMilli: 96_000,
      memoryMib: 0,
    }));
    const fleet = createFleet(nodes);
    for (let node = 0; node < count; node++) {
      for (let g = 0; g < 4; g++) {
        const taken = [0, GPU_MILLI, shares[random.integer(shares.length)]!, random.integer(GPU_MILLI)];
        const held = { cpuMilli: random.integer(20_000), memoryMib: 0, gpuMemoryMib: 0, instance: -1 };
        move(fleet.state, node, { ...held, gpus: [4 * node + g], gpuMilli: taken[random.integer(4)]! }, -1);
      }
    }
    return fleet;
  };
  const jobs = fc.array(shape, { minLength: 1, maxLength: 8 });
  const jobOf = ({ cpuMilli, gpu }: { cpuMilli: number; gpu: { gpuCount: number; gpuMilli?: number } }) => ({
    cpuMilli,
    memoryMib: 0,
    ...gpu,
  });

  it('is what the streams leave idle on each of many nodes', () => {
    fc.assert(
      fc.property(jobs, fc.nat(1_000), (list, seed) => {
        const random = createRandom(seed);
        const shares = list.map(({ gpu }) => ('gpuMilli' in gpu ? gpu.gpuMilli : GPU_MILLI));
        const { state, catalogue } = fleetOf(shares, random, 40);
        const shapes = mixShapes(
          list.map((one) => ({ job: jobOf(one), weight: 1 + random.integer(9) })),
          catalogue,
        );
        const streams = drawStreams(shapes.map(({ frequency }) => frequency));
        const { waste } = createExpectedWaste(state, 96_000, shapes, () => streams);
        const { estimate } = createStreamFill(state, shapes);
        const step = Math.floor(96_000 / 43);
        for (let node = 0; node < 40; node++) {
          const cpu = state.cpuFree[node]!;

          expect(waste(node, cpu)).toBe(estimate(node, Math.floor(cpu / step) * step, streams));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives each job the score it has on a node seen for the first time', () => {
    let differing = 0;
    fc.assert(
      fc.property(jobs, jobs, fc.nat(1_000), (list, others, seed) => {
        const random = createRandom(seed);
        const shares = list.map(({ gpu }) => ('gpuMilli' in gpu ? gpu.gpuMilli : GPU_MILLI));
        const fleet = fleetOf(shares, random, 12);
        const shapes = mixShapes(
          list.map((one) => ({ job: jobOf(one), weight: 1 + random.integer(9) })),
          fleet.catalogue,
        );
        const streams = drawStreams(shapes.map(({ frequency }) => frequency));
        const create = () => priced(fleet, shapes, () => streams, { departureRatio: 0 });
        const { score } = create();
        const demands = [...list, ...others].map((one) => demandOf(jobOf(one), fleet.catalogue));
        const scores = new Set<number>();
        for (let node = 0; node < 12; node++) {
          for (const demand of demands.filter((one) => fits(fleet.state, node, one))) {
            expect(score(node, demand)).toBe(create().score(node, demand));
            scores.add(score(node, demand));
          }
        }
        differing += scores.size > 20 ? 1 : 0;
      }),
      { numRuns: 30 },
    );

    expect(differing).toBeGreaterThan(5);
  });
});

describe('the memory of growths', () => {
  it('keeps nodes apart on which a job takes GPUs of another type', () => {
    const nodes = ['a', 'b'].map((id) => ({ id, gpus: [A, B, A], cpuMilli: 8_000, memoryMib: 1_024 }));
    const job = { gpuCount: 1, cpuMilli: 1_000, memoryMib: 0 };
    const mix = [{ job: { ...job, gpuModels: ['B'] }, weight: 1 }];
    const create = () => {
      const fleet = createFleet(nodes);
      const shapes = mixShapes(mix, fleet.catalogue);
      const held = { cpuMilli: 0, memoryMib: 0, gpuMilli: GPU_MILLI, gpuMemoryMib: 0, instance: -1 };
      // Both have one GPU of each type left, of which a job takes the first: on `a` of type A, on `b` of type B.
      move(fleet.state, 0, { ...held, gpus: [2] }, -1);
      move(fleet.state, 1, { ...held, gpus: [3] }, -1);
      const streams = drawStreams(shapes.map(({ frequency }) => frequency));
      const { score } = priced(fleet, shapes, () => streams, { departureRatio: 0 });
      return (node: number) => score(node, demandOf(job, fleet.catalogue));
    };
    const both = create();

    expect(both(0)).toBe(create()(0));
    expect(both(1)).toBe(create()(1));
    expect(both(0)).toBeGreaterThan(both(1));
  });

  it('gives back what it was given, and nothing after it has forgotten', () => {
    let forgotten = 0;
    const memory = createGrowthMemory(() => forgotten++);
    const stateOf = (k: number) => memory.stateOf(Math.imul(k, 2_654_435_761), k);
    const kept = 1 << 17;
    for (let k = 0; k < kept; k++) memory.set(stateOf(k), k % 3, k / 16);

    expect(Array.from({ length: kept }, (_, k) => memory.get(stateOf(k), k % 3))).toEqual(
      Array.from({ length: kept }, (_, k) => k / 16),
    );
    expect(memory.get(stateOf(5), 0)).toBeNaN();
    expect(forgotten).toBe(0);

    const state = stateOf(kept);

    expect(forgotten).toBe(1);
    expect(memory.get(state, 0)).toBeNaN();
    expect(memory.get(stateOf(0), 0)).toBeNaN();

    memory.set(stateOf(0), 0, 7);

    expect(memory.get(stateOf(0), 0)).toBe(7);
  });

  it('does not remember what it cannot hold exactly', () => {
    const memory = createGrowthMemory(() => undefined);
    memory.set(memory.stateOf(1, 2), 0, 2 ** 24 + 1);

    expect(memory.get(memory.stateOf(1, 2), 0)).toBeNaN();
  });
});
