import { describe, expect, it } from 'vitest';
import { planPreemption, type Job, type Placement, type PlanPreemptionInput, type RunningJob } from '../src/index.ts';
import { A, job, node } from './pack-builders.ts';

const at = (jobId: string, nodeId: string, indices: readonly number[], milli = 1_000): Placement => ({
  jobId,
  nodeId,
  gpus: indices.map((index) => ({ index, milli })),
});
const runs = (
  id: string,
  nodeId: string,
  indices: readonly number[],
  fields: Partial<Job> = {},
  startedAtMs?: number,
): RunningJob => ({
  job: job(id, indices.length, { isPreemptible: true, ...fields }),
  placement: at(id, nodeId, indices, fields.gpuMilli ?? 1_000),
  ...(startedAtMs === undefined ? {} : { startedAtMs }),
});
const victimsOf = (input: PlanPreemptionInput) => {
  const result = planPreemption(input);
  return 'unplaced' in result ? result.unplaced.reason.kind : result.victims.map(({ jobId }) => jobId);
};
const two = [node('a', [A, A]), node('b', [A, A])];
const urgent = (gpuCount: number, fields: Partial<Job> = {}) => job('urgent', gpuCount, { priority: 5, ...fields });

describe('planPreemption', () => {
  it('evicts nobody when there is room', () => {
    const running = [runs('x', 'a', [0, 1])];

    expect(planPreemption({ nodes: two, running, job: urgent(1) })).toEqual({
      placement: { jobId: 'urgent', nodeId: 'b', gpus: [{ index: 0, milli: 1_000 }] },
      victims: [],
      cost: { gpuMilli: 0, victimCount: 0 },
      bound: 0,
      gapRatio: 0,
    });
  });

  it('goes where the most important victim matters least, even if more work is lost', () => {
    const running = [
      runs('x', 'a', [0], { priority: 2 }),
      runs('y', 'a', [1]),
      runs('z', 'b', [0, 1], { priority: 1 }),
    ];

    expect(planPreemption({ nodes: two, running, job: urgent(2) })).toEqual({
      placement: at('urgent', 'b', [0, 1]),
      victims: [{ jobId: 'z', nodeId: 'b' }],
      cost: { highestPriority: 1, gpuMilli: 2_000, victimCount: 1 },
      bound: 2_000,
      gapRatio: 0,
    });
  });

  it('loses the least work, counted as GPU time so far: two young jobs before one old', () => {
    const nowMs = 100_000;
    const running = [
      runs('old', 'a', [0, 1], {}, 0),
      runs('young-1', 'b', [0], {}, 90_000),
      runs('young-2', 'b', [1], {}, 80_500),
    ];

    expect(planPreemption({ nodes: two, running, job: urgent(2), nowMs })).toMatchObject({
      victims: [
        { jobId: 'young-1', nodeId: 'b' },
        { jobId: 'young-2', nodeId: 'b' },
      ],
      // 1000 x 10 s and 1000 x 19.5 s, rounded up to 20 s.
      cost: { highestPriority: 0, lostGpuMilliSeconds: 30_000, gpuMilli: 2_000, victimCount: 2 },
      bound: 30_000,
    });
  });

  it('counts a whole gang, and takes the part of it that runs elsewhere with it', () => {
    const gang = { gang: 'g' };
    const running = [
      runs('g1', 'a', [0], gang),
      runs('g2', 'b', [0], gang),
      runs('x', 'a', [1], { priority: 5 }),
      runs('y', 'b', [1], { gpuMilli: 500 }),
      runs('z', 'b', [1], { gpuMilli: 500 }),
    ];

    // On b, the shares y and z hold one GPU; the gang holds two in all.
    expect(victimsOf({ nodes: two, running, job: urgent(1) })).toEqual(['y', 'z']);
    expect(planPreemption({ nodes: two, running, job: urgent(2) })).toMatchObject({
      placement: { nodeId: 'b' },
      victims: [
        { jobId: 'g1', nodeId: 'a', gang: 'g' },
        { jobId: 'g2', nodeId: 'b', gang: 'g' },
        { jobId: 'y', nodeId: 'b' },
        { jobId: 'z', nodeId: 'b' },
      ],
      cost: { gpuMilli: 3_000, victimCount: 4 },
    });
  });

  it('leaves a gang alone when one of its members may not go', () => {
    const running = [runs('g1', 'a', [0, 1], { gang: 'g' }), runs('g2', 'b', [0, 1], { gang: 'g', priority: 5 })];

    expect(victimsOf({ nodes: two, running, job: urgent(1) })).toBe('no-room');
  });

  it.each<[string, Partial<Job>, number | undefined]>([
    ['does not say it may be stopped', { isPreemptible: false }, 0],
    ['is as important', { priority: 5 }, 0],
    ['is more important', { priority: 6 }, 0],
    ['has not run for its guaranteed time', { minRuntimeMs: 10_001 }, 0],
    ['has guaranteed time and no known start', { minRuntimeMs: 1 }, undefined],
  ])('never evicts a job that %s, and names the nearest miss without those that may go', (_, fields, startedAtMs) => {
    const running = [runs('x', 'a', [0], fields, startedAtMs), runs('y', 'a', [1], {}, 0)];
    const input = { nodes: [node('a', [A, A])], running, job: urgent(2), nowMs: 10_000 };

    expect(planPreemption(input)).toEqual({
      unplaced: {
        jobId: 'urgent',
        reason: {
          kind: 'no-room',
          nearest: { nodeId: 'a', misses: [{ resource: 'gpu-count', needed: 2, available: 1 }] },
        },
      },
    });
    expect(victimsOf({ ...input, job: urgent(1) })).toEqual(['y']);
  });

  it('evicts a job at the instant its guaranteed time is over', () => {
    const running = [runs('x', 'a', [0, 1], { minRuntimeMs: 10_000 }, 0)];
    const input = { nodes: [node('a', [A, A])], running, job: urgent(1) };

    expect(victimsOf({ ...input, nowMs: 9_999 })).toBe('no-room');
    expect(victimsOf({ ...input, nowMs: 10_000 })).toEqual(['x']);
  });

  it('takes the jobs without GPUs whose number is least, then the smallest ids', () => {
    const fill = (id: string, cpuMilli: number): RunningJob => ({
      job: job(id, 0, { cpuMilli, isPreemptible: true }),
      placement: at(id, 'a', []),
    });
    const running = [fill('p', 4_000), fill('q', 4_000), fill('r', 4_000), fill('s', 4_000)];
    const input = { nodes: [node('a', [A])], running, job: urgent(0, { cpuMilli: 5_000 }) };

    expect(victimsOf(input)).toEqual(['p', 'q']);
  });

  it('cordoned nodes and nodes that expire too early are no place', () => {
    const nodes = [node('a', [A], { isCordoned: true }), node('b', [A], { expiresAtMs: 1_000 }), node('c', [A])];
    const running = [runs('x', 'a', [0]), runs('y', 'b', [0]), runs('z', 'c', [0], { priority: 4 })];

    expect(victimsOf({ nodes, running, job: urgent(1, { runtimeMs: 2_000 }), nowMs: 0 })).toEqual(['z']);
  });

  it('says so when the search is cut short, with a bound', () => {
    const running = Array.from({ length: 8 }, (_, index) =>
      runs(`j${index}`, 'a', [index], { cpuMilli: 500 + 37 * index, gpuMilli: 500 + index * 10 }),
    );
    const nodes = [
      node(
        'a',
        Array.from({ length: 8 }, () => A),
        { cpuMilli: 8_000 },
      ),
    ];
    const wanted = urgent(1, { gpuMilli: 500, cpuMilli: 5_000 });

    const short = planPreemption({ nodes, running, job: wanted }, { maxSteps: 0 });
    const full = planPreemption({ nodes, running, job: wanted });

    if ('unplaced' in short || 'unplaced' in full) throw new Error('both have a place');
    expect([short.stoppedBy, full.stoppedBy, full.gapRatio]).toEqual(['max-steps', undefined, 0]);
    expect(short.bound).toBeLessThanOrEqual(full.cost.gpuMilli);
    expect(short.gapRatio).toBe((short.cost.gpuMilli - short.bound) / short.cost.gpuMilli);
  });

  it.each<[string, Partial<PlanPreemptionInput>, RegExp]>([
    ['an overfull node', { running: [runs('x', 'a', [0]), runs('y', 'a', [0])] }, /running\[1\]/],
    ['a job without an id', { job: { ...urgent(1), id: '' } }, /job\.id must be a non-empty string/],
    ['half a millisecond of nothing', { nowMs: NaN }, /nowMs must be a finite number/],
    ['a negative guarantee', { running: [runs('x', 'a', [0], { minRuntimeMs: -1 })] }, /minRuntimeMs of job 'x'/],
    ['a start that is no number', { running: [runs('x', 'a', [0], {}, NaN)] }, /running\[0\]\.startedAtMs/],
  ])('refuses %s', (_, part, message) => {
    expect(() => planPreemption({ nodes: two, running: [], job: urgent(1), ...part })).toThrow(message);
  });

  it('refuses a budget of half a step', () => {
    expect(() => planPreemption({ nodes: [], running: [], job: urgent(1) }, { maxSteps: 0.5 })).toThrow(/maxSteps/);
  });
});
