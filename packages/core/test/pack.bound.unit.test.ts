import { describe, expect, it } from 'vitest';
import { InvalidInputError, packBound, unplacedBound, type PackBoundOptions } from '../src/index.ts';
import { A, job, node } from './pack-builders.ts';

const share = (id: string, gpuMilli: number, cpuMilli = 1_000) => job(id, 1, { gpuMilli, cpuMilli });

describe('packBound by patterns', () => {
  it('knows that shares do not go over the edge of a GPU', () => {
    const jobs = [share('x', 600), share('y', 600), share('z', 600), share('w', 300)];

    // Two GPUs take two of the 600, and one of these has room for the 300.
    expect(packBound({ nodes: [node('a', [A, A])], jobs })).toEqual({
      gpuMilli: 1_500,
      gapRatio: 1,
      method: 'pattern-lp',
    });
  });

  it('knows that CPU is used up', () => {
    const jobs = ['x', 'y', 'z'].map((id) => job(id, 1, { cpuMilli: 8_000 }));

    expect(packBound({ nodes: [node('a', [A, A, A, A])], jobs }).gpuMilli).toBe(2_000);
  });

  it('counts what is left on a GPU in part use as it is, and only for shares that fit there', () => {
    const running = [
      { job: share('r', 700), placement: { jobId: 'r', nodeId: 'a', gpus: [{ index: 0, milli: 700 }] } },
    ];
    const nodes = [node('a', [A])];

    expect(packBound({ nodes, running, jobs: [share('x', 400)] }).gpuMilli).toBe(700);
    expect(packBound({ nodes, running, jobs: [share('x', 200), share('y', 200)] }).gpuMilli).toBe(1_000);
    expect(packBound({ nodes, running, jobs: [job('x', 1)] }).gpuMilli).toBe(700);
  });

  it('tells the models of one node apart', () => {
    const nodes = [node('a', [A, A, { model: 'B' }])];
    const only = (id: string, gpuMilli: number, model: string) => job(id, 1, { gpuMilli, gpuModels: [model] });

    const jobs = [only('x', 600, 'B'), only('y', 600, 'B'), only('z', 900, 'A')];
    expect(packBound({ nodes, jobs }).gpuMilli).toBe(1_500);
  });

  it('is by volume when asked to, and when that proves the answer', () => {
    const nodes = [node('a', [A, A])];
    const jobs = [share('x', 600), share('y', 600), share('z', 600), share('w', 300)];
    const placements = [{ jobId: 'x', nodeId: 'a', gpus: [{ index: 0, milli: 600 }] }];

    expect(packBound({ nodes, jobs }, { relaxation: 'volume' })).toEqual({
      gpuMilli: 2_000,
      gapRatio: 1,
      method: 'volume-by-model',
    });
    expect(packBound({ nodes, jobs: [share('x', 600)], placements })).toEqual({
      gpuMilli: 600,
      gapRatio: 0,
      method: 'volume-by-model',
    });
  });

  it('goes by volume alone when the program would be too large', () => {
    const jobs = Array.from({ length: 700 }, (_, k) => share(`j${k}`, 600, 1 + k));
    const nodes = [node('a', [A, A])];

    expect(packBound({ nodes, jobs }).method).toBe('volume-by-model');
    expect(packBound({ nodes, jobs: jobs.slice(0, 500) }).method).toBe('pattern-lp');
    const huge = job('huge', 3);
    expect(unplacedBound({ nodes, jobs: [...jobs, huge] })).toEqual({ jobCount: 1, method: 'fits-no-node' });
  });

  it('refuses a relaxation it does not know', () => {
    const options = { relaxation: 'magic' } as unknown as PackBoundOptions;

    expect(() => packBound({ nodes: [], jobs: [] }, options)).toThrow(InvalidInputError);
  });

  it('answers for nothing at all', () => {
    expect(packBound({ nodes: [], jobs: [] })).toEqual({ gpuMilli: 0, gapRatio: 0, method: 'volume-by-model' });
    expect(unplacedBound({ nodes: [], jobs: [] })).toEqual({ jobCount: 0, method: 'pattern-lp' });
    expect(unplacedBound({ nodes: [], jobs: [job('x', 0)] })).toEqual({ jobCount: 1, method: 'pattern-lp' });
  });
});

describe('unplacedBound', () => {
  it('counts jobs that only together find no place', () => {
    const nodes = [node('a', [A, A])];

    expect(unplacedBound({ nodes, jobs: [share('x', 600), share('y', 600), share('z', 600)] }).jobCount).toBe(1);
    expect(unplacedBound({ nodes, jobs: [share('x', 600), share('y', 600), share('z', 400)] }).jobCount).toBe(0);
    expect(
      unplacedBound({ nodes, jobs: [job('x', 0, { cpuMilli: 9_000 }), job('y', 0, { cpuMilli: 9_000 })] }),
    ).toEqual({
      jobCount: 1,
      method: 'pattern-lp',
    });
  });
});
