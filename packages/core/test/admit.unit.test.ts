import { describe, expect, it } from 'vitest';
import { admit, type AdmitInput, type Job, type PendingJob, type RunningJob, type TenantQuota } from '../src/index.ts';
import { job } from './pack-builders.ts';

/** A job that asks for GPUs only and may be preempted. */
const gpus = (id: string, tenant: string, gpuCount: number, fields: Partial<Job> = {}): Job =>
  job(id, gpuCount, { tenant, cpuMilli: 0, memoryMib: 0, isPreemptible: true, ...fields });
const waits = (one: Job, queuedAtMs = 0): PendingJob => ({ job: one, queuedAtMs });
const runs = (one: Job, startedAtMs = 0): RunningJob => ({
  job: one,
  placement: { jobId: one.id, nodeId: 'n', gpus: [] },
  startedAtMs,
});
const owns = (id: string, gpuMilli: number, fields: Partial<TenantQuota> = {}): TenantQuota => ({
  id,
  nominal: { gpuMilli },
  ...fields,
});
/** 8 GPUs, 4 for red and 4 for blue. */
const HALVES = {
  capacity: { gpuMilli: 8_000 },
  tenants: [owns('red', 4_000), owns('blue', 4_000)],
  running: [],
  jobs: [],
  nowMs: 0,
} satisfies AdmitInput;
const idsOf = (input: AdmitInput, holdAfterMs?: number) =>
  admit(input, holdAfterMs === undefined ? {} : { holdAfterMs }).admitted.flatMap(({ jobIds }) => jobIds);
const reasonOf = (input: AdmitInput, id: string) =>
  admit(input).waiting.find(({ jobIds }) => jobIds.includes(id))?.reason;

/** Jobs of one tenant that all ask for the same CPU (cores) and memory (GB). */
const stream = (tenant: string, count: number, cores: number, gb: number, queuedAtMs: number) =>
  Array.from({ length: count }, (_, k) =>
    waits(
      job(`${tenant}${k}`, 0, { tenant, cpuMilli: cores * 1_000, memoryMib: gb * 1_000, isPreemptible: true }),
      queuedAtMs + k,
    ),
  );

describe('admit orders what borrows by dominant share', () => {
  // Ghodsi et al., NSDI 2011, section 4.1 and table 1: 9 CPUs and 18 GB, A asks for <1 CPU, 4 GB>, B for <3 CPU, 1 GB>.
  const capacity = { cpuMilli: 9_000, memoryMib: 18_000 };
  const tenants = [
    { id: 'A', nominal: {} },
    { id: 'B', nominal: {} },
  ];

  it('gives the allocation of the paper, 3 tasks to A and 2 to B, in the order of its table', () => {
    const jobs = [...stream('A', 6, 1, 4, 1), ...stream('B', 6, 3, 1, 0)];

    const { admitted, shares } = admit({ capacity, tenants, running: [], jobs, nowMs: 0 });

    expect(admitted.map(({ tenant }) => tenant)).toEqual(['B', 'A', 'A', 'B', 'A']);
    expect(shares).toEqual([
      { tenant: 'A', beforeRatio: 0, afterRatio: 12 / 18 },
      { tenant: 'B', beforeRatio: 0, afterRatio: 6 / 9 },
    ]);
  });

  it('gives a tenant of twice the weight twice the share', () => {
    const jobs = [...stream('A', 9, 1, 0, 0), ...stream('B', 9, 1, 0, 0)];
    const weighted = [{ id: 'A', nominal: {}, weight: 2 }, tenants[1]!];

    expect(admit({ capacity, tenants: weighted, running: [], jobs, nowMs: 0 }).shares).toMatchObject([
      { tenant: 'A', afterRatio: 6 / 9 },
      { tenant: 'B', afterRatio: 3 / 9 },
    ]);
  });

  it('inside a tenant takes priority, then the longest waiting, then the id', () => {
    const jobs = [
      waits(gpus('c', 'red', 1), 5),
      waits(gpus('b', 'red', 1), 3),
      waits(gpus('a', 'red', 1), 5),
      waits(gpus('d', 'red', 1, { priority: 1 }), 9),
    ];

    expect(idsOf({ ...HALVES, jobs })).toEqual(['d', 'b', 'a', 'c']);
  });
});

describe('admit keeps quotas', () => {
  it('lends what the owner does not use, and says whose it is', () => {
    const shared = { ...HALVES, capacity: { gpuMilli: 9_000 } };

    expect(admit({ ...shared, jobs: [waits(gpus('x', 'red', 7))] }).admitted).toEqual([
      {
        jobIds: ['x'],
        tenant: 'red',
        borrowed: [
          { resource: 'gpu-milli', amount: 1_000 },
          { resource: 'gpu-milli', amount: 2_000, from: 'blue' },
        ],
      },
    ]);
  });

  it.each<[string, Partial<AdmitInput>, Job, object]>([
    [
      'not beyond maxBorrowed',
      { tenants: [owns('red', 4_000, { maxBorrowed: { gpuMilli: 1_000 } }), owns('blue', 4_000)] },
      gpus('x', 'red', 6),
      { kind: 'exceeds-quota', misses: [{ resource: 'gpu-milli', needed: 6_000, available: 5_000 }] },
    ],
    [
      'not beyond maxLent of the others',
      { tenants: [owns('red', 4_000), owns('blue', 4_000, { maxLent: { gpuMilli: 1_000 } })] },
      gpus('x', 'red', 6),
      { kind: 'exceeds-quota', misses: [{ resource: 'gpu-milli', needed: 6_000, available: 5_000 }] },
    ],
    [
      'not beyond the limit with what runs',
      {
        tenants: [owns('red', 4_000, { maxBorrowed: { gpuMilli: 1_000 } }), owns('blue', 4_000)],
        running: [runs(gpus('r', 'red', 3))],
      },
      gpus('x', 'red', 3),
      { kind: 'over-limit', misses: [{ resource: 'gpu-milli', needed: 3_000, available: 2_000 }] },
    ],
    [
      'not what another uses',
      { running: [runs(gpus('r', 'blue', 3))] },
      gpus('x', 'red', 6),
      { kind: 'nothing-to-borrow', misses: [{ resource: 'gpu-milli', needed: 6_000, available: 5_000 }] },
    ],
    [
      'nothing to a job that may not be preempted',
      {},
      gpus('x', 'red', 5, { isPreemptible: false }),
      { kind: 'must-not-borrow', misses: [{ resource: 'gpu-milli', needed: 5_000, available: 4_000 }] },
    ],
    ['nothing to a stranger', {}, gpus('x', 'green', 1), { kind: 'unknown-tenant', tenant: 'green' }],
    [
      'nothing to a job that could draw on two models',
      { capacity: { gpuMilliByModel: { A: 8_000, B: 8_000 } }, tenants: [{ id: 'red', nominal: {} }] },
      gpus('x', 'red', 1, { gpuModels: ['A', 'B'] }),
      { kind: 'model-not-named', models: ['A', 'B'] },
    ],
  ])('lends %s', (_, part, wanted, reason) => {
    expect(reasonOf({ ...HALVES, ...part, jobs: [waits(wanted)] }, 'x')).toEqual(reason);
  });

  it('keeps quotas of models apart', () => {
    const capacity = { gpuMilliByModel: { A: 2_000, B: 2_000 } };
    const tenants = [
      { id: 'red', nominal: { gpuMilliByModel: { A: 2_000 } }, maxBorrowed: { gpuMilliByModel: { B: 0 } } },
    ];
    const jobs = ['A', 'B'].map((model) => waits(gpus(model, 'red', 1, { gpuModels: [model] })));

    const { admitted, waiting } = admit({ ...HALVES, capacity, tenants, jobs });

    expect(admitted.map(({ jobIds }) => jobIds)).toEqual([['A']]);
    expect(waiting[0]!.reason).toEqual({
      kind: 'exceeds-quota',
      misses: [{ resource: 'gpu-milli', model: 'B', needed: 1_000, available: 0 }],
    });
  });

  it('admits a gang as a whole or not at all', () => {
    const gang = ['g1', 'g2', 'g3'].map((id) => waits(gpus(id, 'red', 3, { gang: 'g' })));

    expect(admit({ ...HALVES, jobs: gang.slice(1) }).admitted.map(({ jobIds }) => jobIds)).toEqual([['g2', 'g3']]);
    expect(reasonOf({ ...HALVES, jobs: gang }, 'g2')).toMatchObject({ kind: 'exceeds-quota' });
  });

  it('lets what is nominal go before what borrows, whoever waits longer', () => {
    const jobs = [waits(gpus('greedy', 'red', 8), 0), waits(gpus('owner', 'blue', 4), 9)];

    expect(idsOf({ ...HALVES, jobs })).toEqual(['owner']);
  });
});

describe('admit reclaims for an owner', () => {
  const running = [
    runs(gpus('kept', 'blue', 4, { priority: 1 }), 0),
    runs(gpus('old', 'blue', 2), 0),
    runs(gpus('young', 'blue', 2), 50_000),
  ];
  const back = { ...HALVES, running, nowMs: 60_000 };

  it('from the borrowers, the cheapest first, of equal priority too, and never from a nominal quota', () => {
    expect(reasonOf({ ...back, jobs: [waits(gpus('x', 'red', 2))] }, 'x')).toEqual({
      kind: 'reclaims',
      victims: [{ jobId: 'young', nodeId: 'n' }],
      cost: { highestPriority: 0, lostGpuMilliSeconds: 20_000, gpuMilli: 2_000, victimCount: 1 },
    });
    expect(reasonOf({ ...back, jobs: [waits(gpus('x', 'red', 4))] }, 'x')).toMatchObject({
      victims: [{ jobId: 'old' }, { jobId: 'young' }],
    });
  });

  it('does not promise the room of one borrower twice', () => {
    const jobs = [waits(gpus('x', 'red', 2), 0), waits(gpus('y', 'red', 2), 1)];

    const victims = admit({ ...back, jobs }).waiting.map(({ reason }) =>
      reason.kind === 'reclaims' ? reason.victims.map(({ jobId }) => jobId) : reason.kind,
    );

    expect(victims).toEqual([['young'], ['old']]);
  });

  it('but not within guaranteed run time: then it says by how much it is short', () => {
    const guarded = running.map((entry) => ({ ...entry, job: { ...entry.job, minRuntimeMs: 60_000 } }));

    expect(reasonOf({ ...back, running: guarded, jobs: [waits(gpus('x', 'red', 4))] }, 'x')).toEqual({
      kind: 'not-reclaimable',
      misses: [{ resource: 'gpu-milli', needed: 4_000, available: 0 }],
    });
  });

  it('covers what may not be preempted first, so that the rest can be reclaimed', () => {
    const fixed = runs(gpus('fixed', 'blue', 4, { isPreemptible: false, priority: -1 }));
    const mixed = { ...back, running: [fixed, runs(gpus('important', 'blue', 4, { priority: 2 }))] };

    expect(reasonOf({ ...mixed, jobs: [waits(gpus('x', 'red', 4))] }, 'x')).toMatchObject({
      victims: [{ jobId: 'important' }],
    });
  });

  it('says so when there are too many borrowers to compare, and still names nobody needlessly', () => {
    const many = Array.from({ length: 1_500 }, (_, k) => runs(gpus(`b${k}`, 'green', 1, { gpuMilli: 2 + (k % 3) }), k));
    const tenants = [owns('red', 4_500), owns('green', 0)];
    const crowd = { ...HALVES, capacity: { gpuMilli: 4_500 }, tenants, running: many, nowMs: 60_000 };
    const reason = reasonOf({ ...crowd, jobs: [waits(gpus('x', 'red', 1))] }, 'x');

    if (reason?.kind !== 'reclaims') throw new Error('x reclaims');
    expect(reason.stoppedBy).toBe('max-steps');
    // 1000 are needed, and sparing even the smallest of 2 would be too much.
    expect(reason.cost.gpuMilli).toBeGreaterThanOrEqual(1_000);
    expect(reason.cost.gpuMilli).toBeLessThan(1_004);
  });

  it('takes a job that straddles the nominal quota: no part of it is covered', () => {
    const straddling = { ...back, running: [runs(gpus('wide', 'blue', 6))] };

    expect(reasonOf({ ...straddling, jobs: [waits(gpus('x', 'red', 4))] }, 'x')).toMatchObject({
      victims: [{ jobId: 'wide' }],
    });
  });
});

describe('admit holds room for the job that waited longest', () => {
  // 8 GPUs for all, 3 in use; `large` needs 6.
  const open = {
    ...HALVES,
    tenants: [owns('red', 0), owns('blue', 0)],
    running: [runs(gpus('r', 'blue', 3))],
    jobs: [waits(gpus('large', 'red', 6), 0), waits(gpus('small', 'blue', 1), 500)],
    nowMs: 1_000,
  };

  it('others pass it before holdAfterMs, and none after', () => {
    expect(idsOf(open, 1_001)).toEqual(['small']);
    expect(admit(open, { holdAfterMs: 1_000 })).toMatchObject({
      admitted: [],
      heldForJobId: 'large',
      waiting: [
        { jobIds: ['large'], reason: { kind: 'nothing-to-borrow' } },
        { jobIds: ['small'], reason: { kind: 'held', heldForJobId: 'large' } },
      ],
    });
  });

  it('what uses no governed resource, what is more important and what is nominal still passes', () => {
    const jobs = [
      ...open.jobs,
      waits(job('cpu', 0, { tenant: 'blue', isPreemptible: true }), 600),
      waits(gpus('urgent', 'blue', 1, { priority: 1 }), 700),
      waits(gpus('owner', 'green', 1), 800),
    ];
    const tenants = [...open.tenants, owns('green', 1_000)];

    expect(idsOf({ ...open, tenants, jobs }, 1_000)).toEqual(['owner', 'cpu', 'urgent']);
  });
});

describe('admit refuses', () => {
  it.each<[string, Partial<AdmitInput>, RegExp]>([
    ['a quota of what capacity does not name', { capacity: { cpuMilli: 1 } }, /gpuMilli of nominal of tenant 'red'/],
    ['half a milli-GPU', { capacity: { gpuMilli: 0.5 } }, /gpuMilli of capacity must be a whole number >= 0/],
    ['a weight of 0', { tenants: [owns('red', 0, { weight: 0 })] }, /weight of tenant 'red'/],
    ['a tenant twice', { tenants: [owns('red', 0), owns('red', 0)] }, /tenants\[1\]\.id must be unique/],
    [
      'a gang of two tenants',
      { jobs: [waits(gpus('x', 'red', 1, { gang: 'g' })), waits(gpus('y', 'blue', 1, { gang: 'g' }))] },
      /must be that of gang 'g', got 'blue'/,
    ],
    [
      'a job that runs and waits',
      { running: [runs(gpus('x', 'red', 1))], jobs: [waits(gpus('x', 'red', 1))] },
      /jobs must not run already, got 'x'/,
    ],
    ['a wait since never', { jobs: [waits(gpus('x', 'red', 1), NaN)] }, /queuedAtMs of job 'x'/],
    ['a missing present', { nowMs: NaN }, /nowMs must be a finite number/],
    [
      'a running job of an unclear model',
      { capacity: { gpuMilli: 8_000, gpuMilliByModel: { A: 8_000 } }, running: [runs(gpus('r', 'red', 1))] },
      /gpuModels of job 'r' must name one model/,
    ],
  ])('%s', (_, part, message) => {
    expect(() => admit({ ...HALVES, ...part })).toThrow(message);
  });

  it.each([{ holdAfterMs: -1 }, { maxSteps: 0.5 }])('the option %o', (options) => {
    expect(() => admit(HALVES, options)).toThrow(Object.keys(options)[0]);
  });
});
