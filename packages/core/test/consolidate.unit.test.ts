import { describe, expect, it } from 'vitest';
import { consolidate, type ConsolidateInput, type Job, type Placement } from '../src/index.ts';
import { savedBound } from '../src/pack/consolidate-bound.ts';
import { A, job, node } from './pack-builders.ts';

const movable = (id: string, gpuCount: number, fields: Partial<Job> = {}) =>
  job(id, gpuCount, { isPreemptible: true, ...fields });
const at = (jobId: string, nodeId: string, ...indices: readonly number[]): Placement => ({
  jobId,
  nodeId,
  gpus: indices.map((index) => ({ index, milli: 1_000 })),
});

/** Three nodes of two GPUs: one job of one GPU on each of `a` and `b`, none on `c`. */
const HALF_EMPTY: ConsolidateInput = {
  nodes: [node('a', [A, A]), node('b', [A, A]), node('c', [A, A])],
  jobs: [movable('x', 1), movable('y', 1)],
  placements: [at('x', 'a', 0), at('y', 'b', 1)],
};

describe('consolidate', () => {
  it('empties one of two half-full nodes into the other, never into an empty one', () => {
    const result = consolidate(HALF_EMPTY);

    expect(result).toEqual({
      moves: [{ jobId: 'x', from: at('x', 'a', 0), to: at('x', 'b', 0) }],
      emptied: [{ nodeId: 'a', weight: 1 }],
      saved: 1,
      savedBound: 1,
      gapRatio: 0,
      kept: [{ nodeId: 'b', reason: { kind: 'takes-in-moves' } }],
      weightBefore: 2,
    });
  });

  it('empties the dearer node when it weighs by price, the hungrier by watts', () => {
    const nodes = [
      node('a', [A, A], { priceUsdPerHour: 2, idleWatts: 300 }),
      node('b', [A, A], { priceUsdPerHour: 5, idleWatts: 100 }),
    ];

    expect(consolidate({ ...HALF_EMPTY, nodes }, { weight: 'price' })).toMatchObject({
      emptied: [{ nodeId: 'b', weight: 5 }],
      saved: 5,
      weightBefore: 7,
    });
    expect(consolidate({ ...HALF_EMPTY, nodes }, { weight: 'watts' }).emptied).toEqual([{ nodeId: 'a', weight: 300 }]);
  });

  it('never moves a job that does not say it may be moved, nor a member of a gang', () => {
    const fixed = [job('x', 1), movable('y', 1, { gang: 'g' })];

    expect(consolidate({ ...HALF_EMPTY, jobs: fixed })).toMatchObject({
      moves: [],
      saved: 0,
      kept: [
        { nodeId: 'a', reason: { kind: 'holds-fixed-job', jobId: 'x' } },
        { nodeId: 'b', reason: { kind: 'holds-fixed-job', jobId: 'y' } },
      ],
    });
  });

  it('moves no job before it has run the time it was promised', () => {
    const promised = { ...HALF_EMPTY, jobs: [movable('x', 1, { minRuntimeMs: 1_000 }), job('y', 1)] };
    const since = (startedAtMs: number) => ({
      ...promised,
      placements: [{ ...at('x', 'a', 0), startedAtMs }, at('y', 'b', 1)],
    });
    const kept = (reason: object) => ({ moves: [], kept: [{ nodeId: 'a', reason }, { nodeId: 'b' }] });

    const until = { kind: 'holds-guaranteed-job', jobId: 'x', untilMs: 1_500 };
    expect(consolidate({ ...since(500), nowMs: 1_499 })).toMatchObject(kept(until));
    // The placement given back is plain, without the start.
    expect(consolidate({ ...since(500), nowMs: 1_500 }).moves).toEqual([
      { jobId: 'x', from: at('x', 'a', 0), to: at('x', 'b', 0) },
    ]);
    expect(consolidate({ ...promised, nowMs: 1e15 })).toMatchObject(kept({ kind: 'holds-guaranteed-job', jobId: 'x' }));
    expect(() => consolidate(since(500))).toThrow("nowMs must be given when job 'x' has minRuntimeMs");
    expect(() => consolidate({ ...since(NaN), nowMs: 0 })).toThrow('startedAtMs');
  });

  it('moves a job onto a node that is kept for it, and none onto one kept for others', () => {
    const reserved = (...jobIds: readonly string[]) => ({
      ...HALF_EMPTY,
      nodes: [node('a', [A, A], { isCordoned: true }), node('b', [A, A], { reservedFor: { jobIds } })],
    });

    expect(consolidate(reserved('x')).moves).toMatchObject([{ jobId: 'x', to: { nodeId: 'b' } }]);
    // '>x' is what x could be called while it holds two places.
    expect(consolidate(reserved('>x'))).toMatchObject({
      moves: [],
      kept: [
        {
          nodeId: 'a',
          reason: {
            kind: 'no-room-elsewhere',
            reason: { kind: 'cordoned', barred: { nodeId: 'b', barriers: [{ rule: 'reservation', jobIds: ['>x'] }] } },
          },
        },
        { nodeId: 'b' },
      ],
    });
  });

  it('drains a cordoned node and fills no cordoned one', () => {
    const nodes = [node('a', [A, A]), node('b', [A, A], { isCordoned: true })];

    expect(consolidate({ ...HALF_EMPTY, nodes }).emptied).toEqual([{ nodeId: 'b', weight: 1 }]);
  });

  it('stays within each budget, and says which one stopped it', () => {
    const jobs = [movable('x', 1, { tenant: 'red' }), movable('y', 1, { tenant: 'blue' })];
    const nobody = { maxMoves: 0 };
    const noRed = { maxMoves: 0, tenant: 'red' };

    expect(consolidate({ ...HALF_EMPTY, jobs, budgets: [nobody] }).kept[0]).toEqual({
      nodeId: 'a',
      reason: { kind: 'over-budget', budget: nobody, moves: 1, left: 0 },
    });
    expect(consolidate({ ...HALF_EMPTY, jobs, budgets: [noRed] }).moves.map(({ jobId }) => jobId)).toEqual(['y']);
  });

  it('says what found no room when nothing can be emptied', () => {
    const jobs = [movable('x', 2), movable('y', 1)];
    const placements = [at('x', 'a', 0, 1), at('y', 'b', 1)];

    const { moves, kept } = consolidate({ ...HALF_EMPTY, jobs, placements });

    expect(moves).toEqual([]);
    expect(kept.map(({ nodeId, reason }) => [nodeId, reason.kind])).toEqual([
      ['a', 'no-room-elsewhere'],
      ['b', 'no-room-elsewhere'],
    ]);
  });

  it('takes no room for a node that it cannot empty', () => {
    const gpus = [A, A, A, A];
    const nodes = [node('a', gpus), node('b', gpus), node('c', gpus)];
    // `p` would find room on `a`, but `q` finds none, so both stay and `a` takes in the two of `c`.
    const jobs = [
      job('fixed', 2),
      movable('p', 1),
      movable('q', 0, { cpuMilli: 15_000 }),
      movable('y', 1),
      movable('z', 1),
    ];
    const placements = [at('fixed', 'a', 0, 1), at('p', 'b', 0), at('q', 'b'), at('y', 'c', 0), at('z', 'c', 1)];

    const { moves, emptied } = consolidate({ nodes, jobs, placements });

    expect(emptied.map(({ nodeId }) => nodeId)).toEqual(['c']);
    expect(moves.map(({ jobId, to }) => [jobId, to.nodeId])).toEqual([
      ['y', 'a'],
      ['z', 'a'],
    ]);
  });

  it('has nothing to do in an empty fleet', () => {
    expect(consolidate({ nodes: [], jobs: [], placements: [] })).toEqual({
      moves: [],
      emptied: [],
      saved: 0,
      savedBound: 0,
      gapRatio: 0,
      kept: [],
      weightBefore: 0,
    });
  });

  it('proves with its bound what cannot be emptied: too full, too few moves, fixed, or nowhere else to go', () => {
    const boundOf = (part: Partial<ConsolidateInput>) => consolidate({ ...HALF_EMPTY, ...part }).savedBound;
    const full = [movable('x', 2), movable('y', 1)];

    expect(boundOf({ jobs: full, placements: [at('x', 'a', 0, 1), at('y', 'b', 1)] })).toBe(0);
    expect(boundOf({ budgets: [{ maxMoves: 0 }] })).toBe(0);
    expect(boundOf({ jobs: [job('x', 1), movable('y', 1)] })).toBe(1);
    expect(boundOf({ jobs: [job('x', 1), job('y', 1)] })).toBe(0);
    expect(boundOf({ nodes: [node('a', [A, A]), node('b', [{ model: 'B' }, { model: 'B' }])] })).toBe(1);
    const onlyB = [movable('x', 1, { gpuModels: ['A'] }), movable('y', 1, { gpuModels: ['B'] })];
    expect(boundOf({ nodes: [node('a', [A, A]), node('b', [{ model: 'B' }, { model: 'B' }])], jobs: onlyB })).toBe(0);
  });

  it('does not count on a place for a job that its own node would not admit anew', () => {
    const B = { model: 'B' };
    const nodes = [node('a', [B]), node('b', [A, A]), node('c', [A, A])];
    // `x` runs on a model it does not ask for and may stay there; with it on `b` or `c` neither could be emptied.
    const jobs = [movable('x', 1, { gpuModels: ['A'] }), movable('y', 1), movable('z', 1)];
    const placements = [at('x', 'a', 0), at('y', 'b', 0), at('z', 'c', 0)];
    const used = nodes.map((entry, index) => ({
      node: entry,
      weight: index === 0 ? 1 : 5,
      running: [{ job: jobs[index]!, placement: placements[index]! }],
    }));

    expect(savedBound(used, { nodes, jobs, placements })).toBeGreaterThanOrEqual(5);
  });

  it('says how far the plan may be from the best', () => {
    // Two nodes have as many GPUs as the three jobs ask for, but hold only one job of two GPUs each.
    const gpus = [A, A, A];
    const nodes = [node('a', gpus), node('b', gpus), node('c', gpus)];
    const jobs = ['p', 'q', 'r'].map((id) => movable(id, 2));
    const placements = [at('p', 'a', 0, 1), at('q', 'b', 0, 1), at('r', 'c', 0, 1)];

    const { saved, savedBound, gapRatio } = consolidate({ nodes, jobs, placements });
    expect([saved, savedBound, gapRatio]).toEqual([0, 1, 1]);
  });

  it.each<[string, Partial<ConsolidateInput>, RegExp]>([
    ['a job without a placement', { placements: [at('x', 'a', 0)] }, /jobs must each have a placement, got 'y'/],
    ['a placement without a job', { jobs: [movable('x', 1)] }, /placements must be of jobs that are given, got 'y'/],
    ['a job in two places', { placements: [at('x', 'a', 0), at('x', 'a', 1), at('y', 'b', 1)] }, /once, got 'x'/],
    ['an overfull GPU', { placements: [at('x', 'a', 0), at('y', 'a', 0)] }, /running\[1\]/],
    ['a budget of half a move', { budgets: [{ maxMoves: 0.5 }] }, /budgets\[0\]\.maxMoves must be a whole number >= 0/],
  ])('refuses %s', (_, part, message) => {
    expect(() => consolidate({ ...HALF_EMPTY, ...part })).toThrow(message);
  });

  it('refuses to weigh by a number that a node in use lacks', () => {
    expect(() => consolidate(HALF_EMPTY, { weight: 'price' })).toThrow(/priceUsdPerHour of node 'a'/);
  });
});
