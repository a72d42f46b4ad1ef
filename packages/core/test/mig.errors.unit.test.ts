import { describe, expect, it } from 'vitest';
import {
  InvalidInputError,
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
const one = (profile: string, start: number): MigCardInstance => ({ profile, start });
const jobs = (...profiles: readonly string[]) => profiles.map((profile, index) => ({ id: `j${index}`, profile }));

describe('what is refused', () => {
  const a30 = card('a', 'A30');
  const geometry = (fields: Partial<MigGeometry>): MigGeometry => ({ ...migGeometry('A30'), ...fields });
  const profile = { name: 'p', computeSlices: 1, memorySlices: 1, starts: [0] };
  it.each([
    [
      'a start that does not exist',
      () => placeMig({ cards: [card('a', 'A30', one('2g.12gb', 1))], profile: 'x' }),
      "instances[0] of card 'a' must be legal on A30-24GB",
    ],
    [
      'instances that overlap',
      () => packMig({ cards: [card('a', 'A30', one('2g.12gb', 0), one('1g.6gb', 1))], jobs: [] }),
      "instances[1] of card 'a'",
    ],
    ['two cards of one id', () => packMig({ cards: [a30, a30], jobs: [] }), 'cards[1].id must be unique'],
    [
      'two jobs of one id',
      () => packMig({ cards: [a30], jobs: [...jobs('x'), ...jobs('x')] }),
      'jobs[1].id must be unique',
    ],
    ['a job without a profile', () => packMig({ cards: [a30], jobs: jobs('') }), "profile of job 'j0'"],
    ['no steps', () => packMig({ cards: [a30], jobs: [] }, { maxSteps: 0 }), 'maxSteps must be a whole number >= 1'],
    [
      'a weight of 0',
      () => placeMig({ cards: [a30], profile: 'x', workload: [{ profile: '1g.6gb', weight: 0 }] }),
      'workload[0].weight',
    ],
    [
      'a profile weighed twice',
      () =>
        placeMig({
          cards: [a30],
          profile: 'x',
          workload: [
            { profile: 'y', weight: 1 },
            { profile: 'y', weight: 1 },
          ],
        }),
      'workload[1].profile',
    ],
    [
      'half an instance',
      () => repartitionMig({ cards: [a30], wanted: [{ profile: '1g.6gb', count: 0.5 }] }),
      'wanted[0].count',
    ],
    ['a budget below 0', () => repartitionMig({ cards: [a30], wanted: [] }, { maxMoves: -1 }), 'maxMoves'],
    [
      'a flag in words',
      () => packMig({ cards: [card('a', 'A30', { ...one('1g.6gb', 0), isMovable: 'no' as never })], jobs: [] }),
      'isMovable',
    ],
    [
      'a profile of another card',
      () => migLayouts('A30', { profiles: ['1g.5gb'] }),
      'profiles[0] must be a profile of A30-24GB',
    ],
    ['too many slices', () => migGeometry(geometry({ memorySlices: 13 })), 'memorySlices'],
    ['a profile twice', () => migGeometry(geometry({ profiles: [profile, profile] })), 'profile name'],
    ['a start beyond the end', () => migGeometry(geometry({ profiles: [{ ...profile, starts: [4] }] })), 'starts[0]'],
    ['no start', () => migGeometry(geometry({ profiles: [{ ...profile, starts: [] }] })), 'must name a start'],
    ['starts out of order', () => migGeometry(geometry({ profiles: [{ ...profile, starts: [1, 0] }] })), 'starts[1]'],
  ])('%s', (_name, act, message) => {
    expect(act).toThrow(InvalidInputError);
    expect(act).toThrow(message);
  });
});
