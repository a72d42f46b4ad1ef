import { describe, expect, it } from 'vitest';
import { planGangPreemption, type Job, type PlanGangPreemptionInput, type RunningJob } from '../src/index.ts';
import { A, job, node } from './pack-builders.ts';

const nowMs = 100_000;
const nodes = [
  ...['a', 'b'].map((id) => node(id, [A], { nvlinkDomain: 'one' })),
  ...['c', 'd'].map((id) => node(id, [A], { nvlinkDomain: 'two' })),
];
const runs = (id: string, nodeId: string, secondsAgo: number, fields: Partial<Job> = {}): RunningJob => ({
  job: job(id, 1, { isPreemptible: true, ...fields }),
  placement: { jobId: id, nodeId, gpus: [{ index: 0, milli: 1_000 }] },
  startedAtMs: nowMs - 1_000 * secondsAgo,
});
const running = [runs('w', 'a', 100), runs('x', 'b', 10), runs('y', 'c', 30), runs('z', 'd', 40)];
const member = (id: string, fields: Partial<Job> = {}) => job(id, 1, { gang: 'g', priority: 1, ...fields });
const victimsOf = (input: PlanGangPreemptionInput) => {
  const result = planGangPreemption(input);
  return 'unplaced' in result ? result.unplaced : result.victims.map(({ jobId }) => jobId);
};

describe('planGangPreemption', () => {
  it('evicts nobody when there is room', () => {
    expect(planGangPreemption({ nodes, running: [], jobs: [member('m'), member('n')], nowMs })).toMatchObject({
      victims: [],
      cost: { gpuMilli: 0, victimCount: 0 },
      bound: 0,
      gapRatio: 0,
    });
  });

  it('makes room for all members, where the least work is lost together', () => {
    // 10 s and 30 s of one GPU.
    expect(planGangPreemption({ nodes, running, jobs: [member('m'), member('n')], nowMs })).toMatchObject({
      placements: [{ jobId: 'm' }, { jobId: 'n' }],
      victims: [
        { jobId: 'x', nodeId: 'b' },
        { jobId: 'y', nodeId: 'c' },
      ],
      cost: { highestPriority: 0, lostGpuMilliSeconds: 40_000, victimCount: 2 },
      bound: 40_000,
      gapRatio: 0,
    });
  });

  it('looks for one domain where one is required, though the cheapest victims are apart', () => {
    const topology = { required: 'nvlinkDomain' } as const;

    // 'one' would lose 100 + 10 s, 'two' 30 + 40 s.
    expect(victimsOf({ nodes, running, jobs: [member('m', { topology }), member('n', { topology })], nowMs })).toEqual([
      'y',
      'z',
    ]);
  });

  it('evicts for the least important member, all or nothing', () => {
    const jobs = [member('m', { priority: 3 }), member('n', { priority: 0 })];

    expect(victimsOf({ nodes, running, jobs, nowMs })).toMatchObject([
      { jobId: 'm', reason: { kind: 'no-room' } },
      { jobId: 'n', reason: { kind: 'gang-incomplete', gang: 'g', blockedBy: 'm' } },
    ]);
  });

  it('says why when not even all that may go make room, about the fleet without them', () => {
    const jobs = ['m', 'n', 'o'].map((id) => member(id));
    const kept = [runs('w', 'a', 100, { isPreemptible: false }), ...running.slice(1)];

    expect(victimsOf({ nodes, running: kept, jobs, nowMs })).toEqual(['x', 'y', 'z']);
    expect(victimsOf({ nodes, running: kept, jobs: [...jobs, member('p')], nowMs })).toMatchObject([
      { reason: { kind: 'gang-incomplete' } },
      { reason: { kind: 'gang-incomplete' } },
      { reason: { kind: 'gang-incomplete' } },
      { jobId: 'p', reason: { kind: 'no-room' } },
    ]);
  });

  it('keeps a gang that runs whole', () => {
    const together = { gang: 'v' };
    const some = [runs('w', 'a', 100, together), runs('x', 'b', 10, together), ...running.slice(2)];

    // x is cheap, and takes w with it.
    expect(victimsOf({ nodes, running: some, jobs: [member('m'), member('n')], nowMs })).toEqual(['y', 'z']);
  });

  it('stays valid without a step, and says so', () => {
    const result = planGangPreemption({ nodes, running, jobs: [member('m'), member('n')], nowMs }, { maxSteps: 0 });

    expect(result).toMatchObject({ stoppedBy: 'max-steps', cost: { victimCount: 2 } });
    if ('unplaced' in result) throw new Error('there is a place');
    expect(result.bound).toBeLessThanOrEqual(40_000);
  });

  it.each<[string, Partial<PlanGangPreemptionInput>, RegExp]>([
    ['no member', { jobs: [] }, /jobs must list the members of a gang/],
    ['a member that comes twice', { jobs: [member('m'), member('m')] }, /unique/],
    ['members of two gangs', { jobs: [member('m'), member('n', { gang: 'h' })] }, /gang of job 'n'/],
    ['several jobs without a gang', { jobs: [job('m', 1), job('n', 1)] }, /gang of job 'm'/],
    [
      'members that want to be close in two ways',
      { jobs: [member('m'), member('n', { topology: { required: 'rack' } })] },
      /topology of job 'n'/,
    ],
    ['a member that runs', { jobs: [member('w')] }, /id of job 'w' must not be that of a running job/],
    ['an overfull node', { running: [runs('w', 'a', 1), runs('x', 'a', 1)] }, /running\[1\]/],
    ['half a millisecond of nothing', { nowMs: NaN }, /nowMs must be a finite number/],
  ])('refuses %s', (_, part, message) => {
    expect(() => planGangPreemption({ nodes, running, jobs: [member('m')], nowMs, ...part })).toThrow(message);
  });

  it('refuses a budget of half a step', () => {
    expect(() => planGangPreemption({ nodes, running, jobs: [member('m')] }, { maxSteps: 0.5 })).toThrow(/maxSteps/);
  });
});
