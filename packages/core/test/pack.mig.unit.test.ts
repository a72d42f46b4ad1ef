import { describe, expect, it } from 'vitest';
import {
  createPacker,
  explainUnplaced,
  fewestNodes,
  migCards,
  migGeometry,
  pack,
  planPreemption,
  repartitionMig,
  type Gpu,
  type InvalidInputError,
  type MigGeometry,
  type PlaceResult,
  type WorkloadShape,
} from '../src/index.ts';
import { A, job, node, reasonOf } from './pack-builders.ts';

const H100: Gpu = { model: 'H100-80GB', migGeometry: 'H100-80GB' };
const mig = (id: string, migProfile: string, fields = {}) => job(id, 1, { migProfile, ...fields });
const migOf = (result: PlaceResult) => ('placement' in result ? result.placement.mig : undefined);
const only = (profile: string): WorkloadShape[] => [{ job: mig('', profile), weight: 1 }];
const card = (memorySlices: number, sizes: Readonly<Record<string, readonly [number, readonly number[]]>>): Gpu => {
  const profiles = Object.entries(sizes).map(([name, [slices, starts]]) => {
    return { name, computeSlices: 1, memorySlices: slices, starts };
  });
  return {
    model: 'A',
    migGeometry: { name: 'own', memorySlices, computeSlices: 7, profiles, startsSource: 'assumed' },
  };
};
const errorOf = (run: () => unknown): Partial<InvalidInputError> => {
  try {
    run();
  } catch (error) {
    return error as InvalidInputError;
  }
  throw new Error('nothing was thrown');
};

describe('a GPU that is cut as jobs come', () => {
  it('is cut at its end for small instances, so that large ones keep their starts', () => {
    const packer = createPacker({ nodes: [node('a', [H100])] });

    // The documented values: 6 loses 30.1 of 62.8, 0 loses 39.8; then the other 3g, then what is left beside both.
    expect(migOf(packer.place(mig('x', '1g.10gb')))).toEqual({ gpuIndex: 0, profile: '1g.10gb', start: 6 });
    expect(migOf(packer.place(mig('y', '3g.40gb')))?.start).toBe(0);
    expect(migOf(packer.place(mig('z', '2g.20gb')))?.start).toBe(4);
    expect(reasonOf(packer.place(mig('u', '1g.10gb')))?.kind).toBe('no-room');
  });

  it('gathers instances on cards in use, and takes the smaller id and the lower GPU of equal ones', () => {
    // Without a mix: where every profile is as likely as any other.
    const packer = createPacker({ nodes: [node('b', [H100, H100]), node('a', [A, H100])] }, { scorer: 'best-fit' });
    const place = (id: string) => packer.place(mig(id, '2g.20gb'));

    const placed = ['x', 'y', 'z', 'u'].map((id) => ('placement' in place(id) ? id : ''));
    const where = packer.snapshot().running.map(({ placement }) => `${placement.nodeId}${placement.mig!.gpuIndex}`);

    expect(placed).toEqual(['x', 'y', 'z', 'u']);
    expect(where).toEqual(['a1', 'a1', 'a1', 'b0']);
  });

  it('takes no job of GPUs or shares, and whole GPUs take no MIG job', () => {
    const packer = createPacker({ nodes: [node('a', [H100, A])] });

    expect(packer.place(job('share', 1, { gpuMilli: 500 }))).toMatchObject({ placement: { gpus: [{ index: 1 }] } });
    expect(reasonOf(packer.place(job('whole', 1)))).toMatchObject({ kind: 'no-room' });
    expect(reasonOf(packer.place(job('two', 2)))).toMatchObject({ kind: 'exceeds-every-node' });
    expect(migOf(packer.place(mig('slice', '7g.80gb')))?.gpuIndex).toBe(0);
    expect(packer.stats()).toMatchObject({ gpuMilliTotal: 1_000, gpuMilliAllocated: 500 });
  });

  it('comes after an instance that stays', () => {
    const stays: Gpu = { model: 'H100-80GB', migInstances: [{ profile: '1g.10gb', start: 0 }] };
    const packer = createPacker({ nodes: [node('a', [H100]), node('b', [H100, stays])] });

    expect(packer.place(mig('x', '1g.10gb'))).toMatchObject({ placement: { nodeId: 'b', mig: { gpuIndex: 1 } } });
    expect(packer.place(mig('y', '1g.10gb'))).toMatchObject({ placement: { nodeId: 'a' } });
  });

  it('keeps room for a profile that the mix does not name', () => {
    const packer = createPacker({ nodes: [node('a', [H100])], workload: only('1g.10gb') });

    // By the mix alone all starts of a 1g are alike, and 0 would be taken.
    expect(migOf(packer.place(mig('x', '1g.10gb')))?.start).toBe(6);
  });

  it('serves by the usable memory of the profile', () => {
    const packer = createPacker({ nodes: [node('a', [H100])] });

    expect(reasonOf(packer.place(mig('x', '1g.10gb', { gpuMemoryMib: 10_240 })))).toEqual({
      kind: 'exceeds-every-node',
      limit: { nodeId: 'a', misses: [{ resource: 'gpu-memory-mib', needed: 10_240, available: 9_984 }] },
    });
    expect(migOf(packer.place(mig('y', '1g.10gb', { gpuMemoryMib: 9_984 })))).toBeDefined();
  });

  it('is restored from a snapshot in JSON, with names of cards and with geometries', () => {
    const gpus = [H100, { model: 'A100', migGeometry: migGeometry('A100-80GB') }];
    const packer = createPacker({ nodes: [node('a', gpus)], workload: only('2g.20gb') });
    for (const id of ['x', 'y', 'z', 'u']) packer.place(mig(id, '2g.20gb'));
    const text = JSON.stringify(packer.snapshot());

    const again = createPacker(JSON.parse(text) as ReturnType<typeof packer.snapshot>);

    expect(JSON.stringify(again.snapshot())).toBe(text);
    expect(again.place(mig('v', '2g.20gb'))).toEqual(packer.place(mig('v', '2g.20gb')));
  });

  it('does not change when the geometry passed in changes', () => {
    const own = structuredClone(migGeometry('A30')) as unknown as { profiles: { starts: number[] }[] };
    const packer = createPacker({ nodes: [node('a', [{ model: 'A30', migGeometry: own as unknown as MigGeometry }])] });
    own.profiles[4]!.starts.length = 0;
    packer.addNode(node('b', []));

    expect(migOf(packer.place(mig('x', '4g.24gb')))?.start).toBe(0);
  });

  it('says what is in the way', () => {
    const packer = createPacker({ nodes: [node('b', [H100]), node('a', [H100])] });
    for (const id of ['p', 'q']) packer.place(mig(id, '7g.80gb'));
    packer.release('q');
    for (const id of ['r', 's']) packer.place(mig(id, '1g.10gb'));
    const reason = reasonOf(packer.place(mig('x', '4g.40gb')));
    const large = reasonOf(packer.place(mig('y', '7g.80gb')));

    expect(reason).toBeUndefined();
    const nearest = {
      gpuIndex: 0,
      profile: '7g.80gb',
      start: 0,
      blockers: [
        { profile: '4g.40gb', start: 0 },
        { profile: '1g.10gb', start: 4 },
        { profile: '1g.10gb', start: 6 },
      ],
    };
    const misses = [{ resource: 'mig-slices', needed: 8, available: 2, nearest }];
    expect(large).toEqual({ kind: 'no-room', nearest: { nodeId: 'b', misses } });
    expect(explainUnplaced(large!)).toBe(
      "No room now: node 'b' is nearest, with 2 of 8 memory slices for 7g.80gb at slice 0 of GPU 0. " +
        'Free 4g.40gb at slice 0 and 1g.10gb at slice 4 and 1g.10gb at slice 6 of GPU 0 there, or add a node.',
    );
  });

  it('says so when the slices are free and the card allows no more', () => {
    const packer = createPacker({ nodes: [node('a', [H100])] });
    packer.place(mig('x', '1g.10gb+me'));
    const reason = reasonOf(packer.place(mig('y', '1g.10gb+me')));

    const nearest = { gpuIndex: 0, profile: '1g.10gb+me', start: 0, blockers: [{ profile: '1g.10gb+me', start: 6 }] };
    expect(reason).toEqual({
      kind: 'no-room',
      nearest: { nodeId: 'a', misses: [{ resource: 'mig-instance', needed: 1, available: 0, nearest }] },
    });
    expect(explainUnplaced(reason!)).toContain('with 0 of 1 MIG instance for 1g.10gb+me at slice 0 of GPU 0.');
    expect(reasonOf(packer.place(mig('z', '1g.5gb')))).toEqual({
      kind: 'no-such-profile',
      wanted: '1g.5gb',
      present: ['1g.10gb', '1g.10gb+me', '1g.20gb', '2g.20gb', '3g.40gb', '4g.40gb', '7g.80gb'],
    });
  });

  it('holds a gang whose members would be in the way of each other one by one', () => {
    // Kept for 1g: the ends. A 2g in the middle is in the way of no 1g, and of the other 2g.
    const same = card(4, { '1g': [1, [0, 3]], '2g': [2, [0, 1, 2]] });
    const twins = ['x', 'y'].map((id) => mig(id, '2g', { gang: 'g' }));
    // Kept for 1g: the end. A 3g at 0 is in the way of the 2g.
    const different = card(5, { '1g': [1, [4]], '2g': [2, [0]], '3g': [3, [0, 2]] });
    const pair = [mig('x', '3g', { gang: 'g' }), mig('y', '2g', { gang: 'g' })];
    const startsOn = (gpu: Gpu, jobs: typeof pair) =>
      createPacker({ nodes: [node('a', [gpu])], workload: only('1g') })
        .placeGang(jobs)
        .map((result) => migOf(result)?.start);

    expect(startsOn(same, twins).sort()).toEqual([0, 2]);
    expect(startsOn(different, pair)).toEqual([2, 0]);
  });

  it('is switched on no more often than needed, and makes room by preemption', () => {
    const nodes = ['a', 'b', 'c'].map((id) => node(id, [H100]));
    const jobs = ['1g.10gb', '3g.40gb', '1g.10gb', '4g.40gb', '2g.20gb'].map((profile, k) => mig(`j${k}`, profile));

    // 11 of 7 + 7 compute slices and 12 of 8 + 8 memory slices.
    expect(fewestNodes({ nodes, jobs })).toMatchObject({ nodeIds: { length: 2 }, lowerBound: 2, unplaced: [] });

    const held = ['1g.10gb', '1g.10gb', '3g.40gb'].map((profile, k) =>
      mig(`h${k}`, profile, { isPreemptible: true, priority: k === 1 ? 1 : 0 }),
    );
    const running = [6, 4, 0].map((start, k) => ({
      job: held[k]!,
      placement: {
        jobId: `h${k}`,
        nodeId: 'a',
        gpus: [],
        mig: { gpuIndex: 0, profile: held[k]!.migProfile!, start },
      },
    }));
    const plan = planPreemption({
      nodes: [node('a', [H100])],
      running,
      job: mig('new', '4g.40gb', { priority: 2 }),
    });
    expect(plan).toMatchObject({ placement: { mig: { start: 0 } }, victims: [{ jobId: 'h2' }] });
  });
});

describe('a job without room', () => {
  it('gets it by the plan for the cards of the snapshot', () => {
    const packer = createPacker({ nodes: [node('a', [A, H100]), node('b', [H100])] }, { scorer: 'first-fit' });
    for (const id of ['p', 'q', 'r', 's']) packer.place(mig(id, '3g.40gb', { isPreemptible: id !== 'r' }));
    for (const id of ['q', 's']) packer.release(id);
    expect(reasonOf(packer.place(mig('new', '7g.80gb')))).toMatchObject({ kind: 'no-room', nearest: { nodeId: 'a' } });
    const { running } = packer.snapshot();
    const cards = migCards(packer.snapshot());

    const plan = repartitionMig({ cards, wanted: [{ profile: '7g.80gb', count: 1 }] });

    expect(cards.map(({ id }) => id)).toEqual(['a/1', 'b/0']);
    expect(running.map(({ job: { id } }) => id)).toEqual(['p', 'r']);
    expect(plan).toMatchObject({
      status: 'optimal',
      moves: [{ from: { cardId: 'a/1' }, to: { cardId: 'b/0' } }],
      created: [{ cardId: 'a/1', start: 0 }],
    });
  });
});

describe('bad input', () => {
  const withGpu = (gpu: unknown) => () => createPacker({ nodes: [node('a', [A, gpu as Gpu])] });

  it.each([
    [
      "gpus[1].migGeometry of node 'a'",
      { model: 'A', migGeometry: 'H100 NVL' },
      'must be a card whose MIG geometry is known',
    ],
    ["gpus[1].migGeometry of node 'a'", { model: 'A', migGeometry: '' }, 'must be a non-empty string'],
    ["gpus[1].migGeometry of node 'a'", { model: 'A', migGeometry: 7 }, 'must be a non-empty string'],
    [
      "gpus[1].migInstances of node 'a'",
      { ...H100, migInstances: [{ profile: '1g', start: 0 }] },
      'must be absent beside migGeometry',
    ],
    [
      "memorySlices of geometry 'x'",
      { model: 'A', migGeometry: { name: 'x', memorySlices: 0 } },
      'must be a whole number from 1 to 12',
    ],
  ])('is refused: %s %j', (field, gpu, requirement) => {
    const error = errorOf(withGpu(gpu));

    expect(error).toMatchObject({ code: 'SPILLWAY_INVALID_INPUT', field });
    expect(error.message).toContain(requirement);
  });

  it('is refused: running jobs whose instances are not legal together', () => {
    const at = (id: string, start: number) => ({
      job: mig(id, '3g.40gb'),
      placement: { jobId: id, nodeId: 'a', gpus: [], mig: { gpuIndex: 0, profile: '3g.40gb', start } },
    });

    for (const second of [0, 2]) {
      const error = errorOf(() =>
        pack({ nodes: [node('a', [H100])], jobs: [], running: [at('x', 0), at('y', second)] }),
      );
      expect(error).toMatchObject({ field: "running[1].placement.mig of job 'y'" });
    }
    expect(pack({ nodes: [node('a', [H100])], jobs: [], running: [at('x', 0), at('y', 4)] }).stats.nodesInUse).toBe(1);
  });
});
