import { checkNumber } from '../check-number.ts';
import { checkIds, checkText } from '../internal/check.ts';
import { readCards, type CardState } from './cards.ts';
import { cardClasses, type CardOption } from './card-classes.ts';
import { cover } from './cover.ts';
import { hardestFirst } from './hardest-first.ts';
import { unknownProfile } from './place-mig.ts';
import type { MigJob, MigSearchOptions, MigUnplacedReason, PackMigInput, PackMigResult } from './types.ts';

/** States of the search at most when nothing is said. Batches of 50 jobs take fewer than a hundred. */
export const DEFAULT_MAX_STEPS = 20_000;

/**
 * Places a batch of jobs, one instance each, on cards that may be in part in use: as many jobs as possible and, with these,
 * on as few cards as possible that are empty now. What runs stays where it is.
 *
 * Every card takes one of the largest multisets of profiles that go beside what it holds: a covering integer program over
 * patterns (Gilmore and Gomory, "A Linear Programming Approach to the Cutting-Stock Problem", Operations Research 1961,
 * 10.1287/opre.9.6.849), solved by branch and bound with prices of its linear relaxation. The bound is computed in whole
 * numbers, so that rounding cannot spoil the proof. The worst case is exponential in the number of profiles and cards;
 * `maxSteps` ends the search with the best answer so far and what it is short of at most. The order of `cards` and `jobs` plays
 * no part: equal cards are used by ascending id, jobs of one profile go by ascending id.
 *
 * @returns a place or a reason for every job. `status` is `optimal` unless `maxSteps` was reached.
 * @throws InvalidInputError when a card, its layout or a job is malformed, or a model is not known.
 *
 * @example
 * ```ts
 * const cards = [{ id: 'gpu-0', model: 'A30' }, { id: 'gpu-1', model: 'A30' }];
 * const jobs = ['a', 'b', 'c'].map((id) => ({ id, profile: id === 'c' ? '1g.6gb' : '2g.12gb' }));
 * const { status, switchedOnCount, lowerBound } = packMig({ cards, jobs });
 * // 'optimal', 2, 2: 5 of 4 slices cannot go on one card
 * ```
 */
export function packMig(input: PackMigInput, options: MigSearchOptions = {}): PackMigResult {
  const { maxSteps = DEFAULT_MAX_STEPS } = options;
  checkNumber('maxSteps', maxSteps, { min: 1, isWhole: true });
  const cards = readCards(input.cards);
  const jobs = readJobs(input.jobs);
  const unplaced: { jobId: string; reason: MigUnplacedReason }[] = [];
  const waiting = new Map<string, string[]>();
  for (const { id, profile } of jobs) {
    const reason = unknownProfile(cards, profile);
    if (reason !== undefined) unplaced.push({ jobId: id, reason });
    else if (waiting.get(profile)?.push(id) === undefined) waiting.set(profile, [id]);
  }

  const profiles = hardestFirst(cards, [...waiting.keys()]);
  const isEmpty = ({ instances }: CardState) => instances.length === 0;
  const missCost = cards.filter(isEmpty).length + 1;
  const classes = cardClasses(cards, profiles, (card) => [{ lifted: [], cost: isEmpty(card) ? 1 : 0 }]);
  const demand = profiles.map((profile) => waiting.get(profile)!.length);
  const available = classes.map(({ cards: alike }) => alike.length);
  const answer = cover({ classes, missCost }, { demand, available }, maxSteps);

  const placements: PackMigResult['placements'][number][] = [];
  for (const { card, option } of cardsOf(classes, answer.chosen)) {
    for (const { profile, start } of option.places) {
      const jobId = waiting.get(profile)!.shift();
      if (jobId !== undefined) placements.push({ jobId, cardId: card.id, profile, start });
    }
  }
  for (const [wanted, ids] of waiting) {
    for (const jobId of ids) unplaced.push({ jobId, reason: { kind: 'cards-full', wanted } });
  }

  const used = new Set(placements.map(({ cardId }) => cardId));
  const switchedOnCount = cards.filter((card) => isEmpty(card) && used.has(card.id)).length;
  const missed = [...waiting.values()].reduce((sum, ids) => sum + ids.length, 0);
  const leastMissed = Math.floor(answer.lowerBound / missCost);
  const lowerBound = Math.max(0, answer.lowerBound - missCost * missed);
  const gapRatio = missed > leastMissed ? (missed - leastMissed) / missed : ratio(switchedOnCount, lowerBound);
  return {
    status: gapRatio === 0 ? 'optimal' : 'feasible',
    placements: placements.sort(byJobId),
    unplaced: unplaced.sort(byJobId),
    switchedOnCount,
    lowerBound,
    gapRatio,
  };
}

/** The cards that take an option, each class by ascending card id. */
export function cardsOf(
  classes: ReturnType<typeof cardClasses>,
  chosen: readonly { readonly classIndex: number; readonly optionIndex: number }[],
): readonly { readonly card: CardState; readonly option: CardOption }[] {
  const taken = classes.map(() => 0);
  return [...chosen]
    .sort((x, y) => x.classIndex - y.classIndex || x.optionIndex - y.optionIndex)
    .map(({ classIndex, optionIndex }) => {
      const card = classes[classIndex]!.cards[taken[classIndex]!++]!;
      return { card, option: classes[classIndex]!.optionsOf(card)[optionIndex]! };
    });
}

function ratio(value: number, bound: number): number {
  return value === 0 ? 0 : Math.max(0, value - bound) / value;
}

function byJobId(x: { readonly jobId: string }, y: { readonly jobId: string }): number {
  return x.jobId < y.jobId ? -1 : 1;
}

/** By id. @throws InvalidInputError */
function readJobs(jobs: readonly MigJob[]): readonly MigJob[] {
  checkIds('jobs', jobs);
  for (const { id, profile } of jobs) checkText(() => `profile of job '${id}'`, profile);
  return [...jobs].sort((x, y) => (x.id < y.id ? -1 : 1));
}
