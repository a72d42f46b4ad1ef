import { describe, expect, it } from 'vitest';
import {
  explainMig,
  InvalidInputError,
  isLegalLayout,
  migGeometry,
  migLayouts,
  packMig,
  placeMig,
  repartitionMig,
  type MigCard,
  type MigCardInstance,
  type MigGeometry,
} from '../src/index.ts';

const card = (id: string, model: string, ...instances: readonly MigCardInstance[]): MigCard => ({
  id,
  model,
  instances,
});
const one = (profile: string, start: number, isMovable = false): MigCardInstance => ({ profile, start, isMovable });
const jobs = (...profiles: readonly string[]) => profiles.map((profile, index) => ({ id: `j${index}`, profile }));

describe('the geometry of a card', () => {
  it.each([
    ['NVIDIA A100-SXM4-40GB', 'A100-40GB'],
    ['NVIDIA A100 80GB PCIe', 'A100-80GB'],
    ['a100-80', 'A100-80GB'],
    ['NVIDIA H100 80GB HBM3', 'H100-80GB'],
    ['NVIDIA H100 PCIe', 'H100-80GB'],
    ['NVIDIA H200 NVL', 'H200-141GB'],
    ['B200', 'B200-180GB'],
    ['NVIDIA A30', 'A30-24GB'],
  ])('is found by the name %s', (model, name) => {
    expect(migGeometry(model).name).toBe(name);
  });

  it.each(['A100', 'NVIDIA H100 NVL', 'H100-96GB', 'GH200', 'L40S', 'A100-SXM-64GB', ''])(
    'is not guessed for %s',
    (model) => {
      expect(() => migGeometry(model)).toThrow(InvalidInputError);
    },
  );

  it('says which starts were seen on a device, and what the driver gives, not what the name says', () => {
    const sources = ['A100-40GB', 'H100', 'H200', 'B200', 'A30'].map((model) => migGeometry(model).startsSource);
    const memory = (model: string, name: string) => migGeometry(model).profiles.find((p) => p.name === name)!.memoryMib;

    expect(sources).toEqual(['driver', 'driver', 'assumed', 'assumed', 'driver']);
    expect([memory('A100-40GB', '1g.5gb'), memory('H100', '1g.10gb'), memory('H200', '1g.18gb')]).toEqual([
      4864, 9984, 16384,
    ]);
    expect(memory('B200', '1g.23gb')).toBeUndefined();
  });

  it('can be that of a card of your own', () => {
    const half: MigGeometry = {
      name: 'half',
      memorySlices: 2,
      computeSlices: 2,
      profiles: [{ name: 'half', computeSlices: 1, memorySlices: 1, starts: [0, 1], maxInstances: 1 }],
      startsSource: 'assumed',
    };

    expect(migLayouts(half).patterns).toEqual([[{ profile: 'half', start: 0 }], [{ profile: 'half', start: 1 }]]);
    expect(
      isLegalLayout(half, [
        { profile: 'half', start: 0 },
        { profile: 'half', start: 1 },
      ]),
    ).toBe(false);
  });
});

describe('a layout', () => {
  it('can be impossible though the slices add up', () => {
    // 2g at slice 3 is not a start; 3 + 3 + 1 compute slices need 9 memory slices.
    expect(isLegalLayout('H100', [one('2g.20gb', 3)])).toBe(false);
    expect(isLegalLayout('H100', [one('3g.40gb', 0), one('3g.40gb', 4), one('1g.10gb', 3)])).toBe(false);
    expect(isLegalLayout('H100', [one('3g.40gb', 0), one('3g.40gb', 4)])).toBe(true);
    expect(isLegalLayout('H100', [one('4g.40gb', 0), one('3g.40gb', 4)])).toBe(true);
  });

  it('has one instance with media engines at most', () => {
    expect(isLegalLayout('H100', [one('1g.10gb+me', 0), one('1g.10gb', 1)])).toBe(true);
    expect(isLegalLayout('H100', [one('1g.10gb+me', 0), one('1g.10gb+me', 1)])).toBe(false);
    expect(isLegalLayout('A30', [one('1g.6gb+me', 0), one('2g.12gb+me', 2)])).toBe(false);
  });

  it('lists the 12 largest multisets of the classic profiles', () => {
    const profiles = ['1g.10gb', '2g.20gb', '3g.40gb', '4g.40gb', '7g.80gb'];
    const { maximalMultisets } = migLayouts('H100', { profiles });
    const has = (multiset: Readonly<Record<string, number>>) =>
      maximalMultisets.some((other) => JSON.stringify(other) === JSON.stringify(multiset));

    // The two that a list of named layouts in the field misses.
    expect(has({ '1g.10gb': 4, '3g.40gb': 1 })).toBe(true);
    expect(has({ '3g.40gb': 1, '4g.40gb': 1 })).toBe(true);
  });
});

describe('a card whose compute slices run out before its memory', () => {
  // On the known cards starts and memory alone keep the compute slices within the budget; here they do not.
  const lean: MigGeometry = {
    name: 'lean',
    memorySlices: 4,
    computeSlices: 3,
    profiles: [
      { name: 'one', computeSlices: 1, memorySlices: 1, starts: [0, 1, 2, 3] },
      { name: 'two', computeSlices: 2, memorySlices: 1, starts: [0, 1, 2, 3] },
    ],
    startsSource: 'assumed',
  };

  it('takes no more than its budget', () => {
    expect(isLegalLayout(lean, [one('one', 0), one('two', 1)])).toBe(true);
    expect(isLegalLayout(lean, [one('two', 0), one('two', 1)])).toBe(false);
    expect(migLayouts(lean).maximalMultisets).toEqual([{ one: 3 }, { one: 1, two: 1 }]);
    const cards = ['a', 'b', 'c'].map((id) => ({ id, model: lean }));
    expect(packMig({ cards, jobs: jobs('two', 'two', 'one', 'one') })).toMatchObject({
      switchedOnCount: 2,
      status: 'optimal',
    });
  });

  it('lacks compute though slices are free: what must move need not overlap', () => {
    const full = { id: 'a', model: lean, instances: [one('one', 0), one('two', 3)] };

    expect(placeMig({ cards: [full], profile: 'two' })).toMatchObject({
      unplaced: { kind: 'no-room', nearest: { start: 1, blockers: [{ profile: 'two', start: 3 }] } },
    });
  });
});

describe('placeMig', () => {
  it('puts a small instance where no large one can begin', () => {
    // On an empty card, slices lost: at 6: 1 + 2 + 4 + 8 = 15; at 4: 1 + 2 + 2 + 4 + 8 = 17; at 0: 1 + 2 + 2 + 4 + 4 + 8 = 21.
    expect(placeMig({ cards: [card('a', 'H100')], profile: '1g.10gb' })).toEqual({
      placement: { cardId: 'a', profile: '1g.10gb', start: 6 },
    });
  });

  it('fills a card in use and keeps the empty one whole', () => {
    const cards = [card('a', 'H100'), card('b', 'H100', one('3g.40gb', 4))];

    expect(placeMig({ cards, profile: '2g.20gb' })).toMatchObject({ placement: { cardId: 'b', start: 0 } });
  });

  it('follows the mix: what never comes is no loss', () => {
    const cards = [card('a', 'H100')];
    const workload = [{ profile: '3g.40gb', weight: 1 }];

    // Any start takes one of the two places of a 3g, and the lower start wins.
    expect(placeMig({ cards, profile: '1g.10gb', workload })).toMatchObject({ placement: { start: 0 } });
  });

  it('says what would have to move, movable instances first', () => {
    const cards = [
      card('a', 'A30', one('2g.12gb', 0), one('2g.12gb', 2)),
      card('b', 'A30', one('1g.6gb', 0, true), one('1g.6gb', 1, true), one('2g.12gb', 2)),
    ];
    const result = placeMig({ cards, profile: '2g.12gb' });

    expect(result).toEqual({
      unplaced: {
        kind: 'no-room',
        nearest: {
          cardId: 'b',
          profile: '2g.12gb',
          start: 0,
          blockers: [one('1g.6gb', 0, true), one('1g.6gb', 1, true)],
        },
      },
    });
    expect('unplaced' in result && explainMig(result.unplaced)).toBe(
      "No card has room for 2g.12gb. Nearest is card 'b' at slice 0, if 1g.6gb at 0 and 1g.6gb at 1 moved. " +
        'Move what is in the way, or add a card.',
    );
  });

  it('names the profiles that can be had when nobody has the one asked for', () => {
    expect(placeMig({ cards: [card('a', 'A30')], profile: '1g.5gb' })).toEqual({
      unplaced: {
        kind: 'no-such-profile',
        wanted: '1g.5gb',
        present: ['1g.6gb', '1g.6gb+me', '2g.12gb', '2g.12gb+me', '4g.24gb'],
      },
    });
    expect(placeMig({ cards: [], profile: '1g.5gb' })).toEqual({ unplaced: { kind: 'no-cards' } });
  });
});

describe('packMig', () => {
  it('needs two cards where slices alone say one', () => {
    // 3g + 3g + 1g: 7 of 7 compute slices, but 9 of 8 memory slices. 2g + 2g + 2g + 1g fits one card.
    const cards = [card('a', 'H100'), card('b', 'H100')];

    expect(packMig({ cards, jobs: jobs('3g.40gb', '3g.40gb', '1g.10gb') })).toMatchObject({
      switchedOnCount: 2,
      lowerBound: 2,
    });
    expect(packMig({ cards, jobs: jobs('2g.20gb', '2g.20gb', '2g.20gb', '1g.10gb') })).toMatchObject({
      switchedOnCount: 1,
      status: 'optimal',
    });
  });

  it('uses what is switched on already, and equal cards by id', () => {
    const cards = [card('c', 'A30'), card('b', 'A30', one('1g.6gb', 3)), card('a', 'A30')];
    const { placements, switchedOnCount } = packMig({ cards, jobs: jobs('4g.24gb', '2g.12gb') });

    expect(switchedOnCount).toBe(1);
    expect(placements).toEqual([
      { jobId: 'j0', cardId: 'a', profile: '4g.24gb', start: 0 },
      { jobId: 'j1', cardId: 'b', profile: '2g.12gb', start: 0 },
    ]);
  });

  it('gives a reason for every job left over', () => {
    const { placements, unplaced, status } = packMig({
      cards: [card('a', 'A30', one('1g.6gb', 0))],
      jobs: jobs('4g.24gb', '2g.12gb', '1g.5gb'),
    });

    expect(status).toBe('optimal');
    expect(placements).toEqual([{ jobId: 'j1', cardId: 'a', profile: '2g.12gb', start: 2 }]);
    expect(unplaced.map(({ reason }) => explainMig(reason))).toEqual([
      'The batch does not fit on the cards, and a job for 4g.24gb is left over. Add a card.',
      'No card can be cut into 1g.5gb. Ask for one of what can be had: 1g.6gb, 1g.6gb+me, 2g.12gb, 2g.12gb+me, 4g.24gb.',
    ]);
  });

  it('answers with a bound when it has to stop early, and without work at once', () => {
    const cards = Array.from({ length: 9 }, (_, index) =>
      card(`c${index}`, index % 2 === 0 ? 'H100' : 'A100-80GB', one('1g.10gb', index % 7)),
    );
    const many = jobs(
      ...Array.from({ length: 40 }, (_, index) => ['1g.10gb', '1g.20gb', '2g.20gb', '3g.40gb'][index % 4]!),
    );
    const stopped = packMig({ cards, jobs: many }, { maxSteps: 1 });

    expect(stopped.placements.length + stopped.unplaced.length).toBe(40);
    expect(stopped.gapRatio).toBeGreaterThanOrEqual(0);
    expect(stopped.gapRatio).toBeLessThan(0.5);
    expect(packMig({ cards: [], jobs: [] })).toEqual({
      status: 'optimal',
      placements: [],
      unplaced: [],
      switchedOnCount: 0,
      lowerBound: 0,
      gapRatio: 0,
    });
    expect(packMig({ cards: [], jobs: jobs('1g.5gb') }).unplaced[0]!.reason).toEqual({ kind: 'no-cards' });
  });
});

describe('repartitionMig', () => {
  const spread = card('a', 'A30', one('1g.6gb', 1, true), one('1g.6gb', 2));

  it('makes the new instance before it destroys the old, then what was wanted', () => {
    expect(repartitionMig({ cards: [spread], wanted: [{ profile: '2g.12gb', count: 1 }] })).toEqual({
      status: 'optimal',
      steps: [
        { kind: 'create', cardId: 'a', profile: '1g.6gb', start: 3 },
        { kind: 'destroy', cardId: 'a', profile: '1g.6gb', start: 1 },
        { kind: 'create', cardId: 'a', profile: '2g.12gb', start: 0 },
      ],
      moves: [
        {
          from: { cardId: 'a', profile: '1g.6gb', start: 1 },
          to: { cardId: 'a', profile: '1g.6gb', start: 3 },
          isDestroyedFirst: false,
        },
      ],
      created: [{ cardId: 'a', profile: '2g.12gb', start: 0 }],
    });
  });

  it('destroys first where two instances have to trade places', () => {
    // Slice 7 is of use to a 1g with double memory only, so it goes to 6, the 1g from there to 4, and 5 is left for another.
    const full = card('a', 'H100', one('3g.40gb', 0), one('1g.20gb', 4, true), one('1g.10gb', 6, true));
    const plan = repartitionMig({ cards: [full], wanted: [{ profile: '1g.10gb', count: 1 }] });

    expect(plan).toMatchObject({
      status: 'optimal',
      steps: [
        { kind: 'destroy', profile: '1g.20gb', start: 4 },
        { kind: 'create', profile: '1g.10gb', start: 4 },
        { kind: 'destroy', profile: '1g.10gb', start: 6 },
        { kind: 'create', profile: '1g.20gb', start: 6 },
        { kind: 'create', profile: '1g.10gb', start: 5 },
      ],
      moves: [{ isDestroyedFirst: false }, { isDestroyedFirst: true }],
      created: [{ cardId: 'a', profile: '1g.10gb', start: 5 }],
    });
  });

  it('moves an instance into the room that another wanted one leaves beside it', () => {
    // The 2g fits at 2 of a only, and leaves slice 1 there: the one place for the 1g, whose leaving makes room at 6 of b.
    const a = card('a', 'H100', one('1g.10gb', 0), one('3g.40gb', 4));
    const b = card('b', 'H100', one('4g.40gb', 0), one('2g.20gb', 4), one('1g.10gb', 6, true));
    const wanted = ['2g.20gb', '1g.20gb'].map((profile) => ({ profile, count: 1 }));

    expect(repartitionMig({ cards: [a, b], wanted })).toMatchObject({
      status: 'optimal',
      moves: [{ from: { cardId: 'b', start: 6 }, to: { cardId: 'a', start: 1 } }],
      created: [
        { cardId: 'a', profile: '2g.20gb', start: 2 },
        { cardId: 'b', profile: '1g.20gb', start: 6 },
      ],
    });
  });

  it('keeps to its budget of moves and to what is movable', () => {
    const wanted = [{ profile: '2g.12gb', count: 1 }];
    const over = repartitionMig({ cards: [spread], wanted }, { maxMoves: 0 });
    const pinned = repartitionMig({ cards: [card('a', 'A30', one('1g.6gb', 1), one('1g.6gb', 2))], wanted });

    expect(over).toEqual({ status: 'infeasible', reason: { kind: 'too-many-moves', neededMoves: 1, maxMoves: 0 } });
    expect(pinned).toMatchObject({ status: 'infeasible', reason: { kind: 'pinned', instances: [{ cardId: 'a' }] } });
    expect('reason' in pinned && explainMig(pinned.reason)).toMatch(
      /^It takes moving instances that are not movable: 1g\.6gb at /,
    );
    expect('reason' in over && explainMig(over.reason)).toBe(
      'It takes 1 move, and 0 may be made. Allow more, or add a card.',
    );
  });

  it('says so when no cut can hold it all', () => {
    const result = repartitionMig({ cards: [spread], wanted: [{ profile: '4g.24gb', count: 1 }] });
    const unknown = repartitionMig({ cards: [spread], wanted: [{ profile: '7g.80gb', count: 1 }] });

    expect('reason' in result && result.reason).toEqual({ kind: 'too-little-capacity' });
    expect('reason' in result && explainMig(result.reason)).toMatch(/however they are cut/);
    expect('reason' in unknown && unknown.reason.kind).toBe('no-such-profile');
    expect(repartitionMig({ cards: [], wanted: [] })).toEqual({ status: 'optimal', steps: [], moves: [], created: [] });
    expect(explainMig({ kind: 'max-steps', maxSteps: 5 })).toBe(
      'No plan was found in 5 steps of search. Allow more with maxSteps.',
    );
    expect(explainMig({ kind: 'no-cards' })).toBe('There is no card. Add one in MIG mode.');
  });
});
