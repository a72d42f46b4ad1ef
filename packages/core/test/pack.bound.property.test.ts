import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pack, packBound, unplacedBound, type PackInput, type Placement } from '../src/index.ts';
import { fewestProblem } from '../src/pack/fewest-problem.ts';
import { pooledBy } from '../src/pack/placement-bound.ts';
import { safeBound } from '../src/pack/safe-bound.ts';
import { boundProblem } from '../src/pack/volume-bound.ts';
import { fleet, jobs, NOW_MS } from './arbitraries.ts';
import { optimumGain } from './oracles/pack-optimum.ts';
import { A, job, node } from './pack-builders.ts';

const nowMs = NOW_MS;
const milliOf = ({ gpus }: Placement) => gpus.reduce((sum, { milli }) => sum + milli, 0);

/** A fleet on which some jobs run where `pack` put them, and some are to come, many of them alike. */
function problem(maxNodes: number, maxJobs: number): fc.Arbitrary<Required<Omit<PackInput, 'workload'>>> {
  return fc
    .tuple(fleet(maxNodes), jobs({ maxLength: maxJobs, hasGangs: false }), fc.constantFrom(1, 1, 2, 3), fc.nat(3))
    .map(([nodes, some, copies, ranBefore]) => {
      const all = some
        .flatMap((job) => Array.from({ length: copies }, (_, copy) => ({ ...job, id: `${job.id}.${copy}` })))
        .slice(0, maxJobs);
      const first = all.slice(0, ranBefore);
      const running = pack({ nodes, jobs: first, nowMs }).placements.map((placement) => ({
        job: first.find(({ id }) => id === placement.jobId)!,
        placement,
      }));
      return { nodes, jobs: all.slice(ranBefore), running, nowMs };
    });
}

describe('packBound', () => {
  it('is no less than the optimum found by trying everything, and often tighter than the volume', () => {
    let tighter = 0;
    let exact = 0;
    fc.assert(
      fc.property(problem(4, 6), (input) => {
        const bound = packBound(input);
        const volume = packBound(input, { relaxation: 'volume' });

        const before = input.running.reduce((sum, { placement }) => sum + milliOf(placement), 0);
        const optimum = before + optimumGain(input, milliOf);
        expect(bound.gpuMilli).toBeGreaterThanOrEqual(optimum);
        expect(bound.gpuMilli).toBeLessThanOrEqual(volume.gpuMilli);
        expect(Number.isSafeInteger(bound.gpuMilli)).toBe(true);
        if (bound.gpuMilli < volume.gpuMilli) tighter++;
        if (bound.gpuMilli === optimum && optimum > 0 && bound.method === 'pattern-lp') exact++;
      }),
      { numRuns: 600, seed: 1 },
    );
    // A bound that is always by volume would pass the law above.
    expect(tighter).toBeGreaterThan(20);
    expect(exact).toBeGreaterThan(12);
  }, 20_000);

  it('holds for any prices', () => {
    const price = fc.constantFrom(0, -1, 1, 90, 400, 810, 1_000, 5_000);
    fc.assert(
      fc.property(problem(4, 5), fc.infiniteStream(price), (input, stream) => {
        const { fleet: read } = boundProblem(input);
        const shapes = fewestProblem(read, input.jobs, () => 0, nowMs);
        const relaxed = pooledBy(
          shapes,
          ({ gpuMilli }) => gpuMilli,
          ({ kind }) => `${kind}`,
        );
        const draw = () => stream.next().value as number;
        const prices = relaxed.groups.map(({ capacity }) => Float64Array.from(capacity, draw));
        const leftOut = safeBound(relaxed, prices, Float64Array.from(relaxed.shapes, draw)).total;

        const asked = shapes.shapes.reduce((sum, { gpuMilli, jobs: alike }) => sum + gpuMilli * alike.length, 0);
        expect(asked - leftOut).toBeGreaterThanOrEqual(optimumGain(input, milliOf) - 1e-6);
      }),
      { numRuns: 500 },
    );
  });

  it('holds for prices that make one way to place a job dear and another free', () => {
    const running = [
      {
        job: job('r', 1, { gpuMilli: 500 }),
        placement: { jobId: 'r', nodeId: 'a', gpus: [{ index: 0, milli: 500 }] },
      },
    ];
    const halves = ['x', 'y', 'z'].map((id) => job(id, 1, { gpuMilli: 500 }));
    const wholes = ['x', 'y'].map((id) => job(id, 1));
    const problems = [
      { nodes: [node('a', [A, A])], jobs: halves, running },
      { nodes: [node('a', [A, { model: 'B' }])], jobs: wholes, running: [] },
    ];
    for (const input of problems) {
      const { fleet: read } = boundProblem(input);
      const relaxed = pooledBy(
        fewestProblem(read, input.jobs, () => 0, nowMs),
        ({ gpuMilli }) => gpuMilli,
        ({ kind }) => `${kind}`,
      );
      const { length } = relaxed.groups[0]!.capacity;
      for (let dear = 0; dear < 2 ** length; dear++) {
        const price = Float64Array.from({ length }, (_, at) => ((dear >> at) & 1) * 1_000);

        // All of the jobs can be placed.
        expect(safeBound(relaxed, [price], new Float64Array(1).fill(1_000)).total).toBe(0);
      }
    }
  });

  it('depends on nothing but the problem, and changes nothing it is given', () => {
    fc.assert(
      fc.property(problem(6, 20), (input) => {
        const copy = structuredClone(input);
        const bound = packBound(input);

        expect(input).toEqual(copy);
        const mirrored = {
          ...input,
          nodes: [...input.nodes].reverse(),
          jobs: [...input.jobs].reverse(),
          running: [...input.running].reverse(),
        };
        expect(packBound(mirrored)).toEqual(bound);
      }),
      { numRuns: 150 },
    );
  });

  it('gives the gap of the answer it is shown', () => {
    fc.assert(
      fc.property(problem(6, 20), (input) => {
        const { placements, stats } = pack(input);
        const { gpuMilli, gapRatio } = packBound({ ...input, placements });

        expect(gpuMilli).toBeGreaterThanOrEqual(stats.gpuMilliAllocated);
        expect(gapRatio * gpuMilli).toBeCloseTo(gpuMilli - stats.gpuMilliAllocated, 6);
      }),
      { numRuns: 150 },
    );
  });
});

describe('unplacedBound', () => {
  it('is no more than what every scheduler leaves out, as trying everything shows', () => {
    let proved = 0;
    fc.assert(
      fc.property(problem(4, 6), (input) => {
        const { jobCount } = unplacedBound(input);

        const least = input.jobs.length - optimumGain(input, () => 1);
        expect(jobCount).toBeLessThanOrEqual(least);
        const alone = input.jobs.filter((job) => optimumGain({ ...input, jobs: [job] }, () => 1) === 0).length;
        expect(jobCount).toBeGreaterThanOrEqual(alone);
        if (jobCount === least && least > alone) proved++;
      }),
      { numRuns: 600, seed: 1 },
    );
    expect(proved).toBeGreaterThan(50);
  });
});
