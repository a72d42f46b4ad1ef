import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { checkList, checkObject, checkText } from '../internal/check.ts';
import { cardClasses, type Lift } from './card-classes.ts';
import { profilesOf, readCards, type CardState } from './cards.ts';
import { cover } from './cover.ts';
import { hardestFirst } from './hardest-first.ts';
import { cardsOf, DEFAULT_MAX_STEPS } from './pack-mig.ts';
import { inOrder } from './steps.ts';
import type {
  MigCardInstance,
  MigSlot,
  RepartitionMigInput,
  RepartitionMigOptions,
  RepartitionMigResult,
} from './types.ts';

/**
 * Plans how to make the wanted instances beside those that are there: which instances to destroy and to create, in an order
 * in which every card has a legal layout after every step, moving as few instances as can be, and only movable ones.
 *
 * A moved instance is made at its new place first and destroyed after, so that work can go over; where that place is
 * blocked by instances that have to move themselves, it is destroyed first, and `moves` says so. Nothing is done here: a plan
 * is for a person or a runtime to carry out.
 *
 * Every card chooses a set of movable instances to lift and one of the largest multisets beside the rest: the integer program
 * of {@link packMig} with negative entries for what is lifted, and moves as cost. The worst case is exponential;
 * `maxSteps` ends it. The order of `cards`, of instances and of `wanted` plays no part.
 *
 * @returns the plan, or why there is none.
 * @throws InvalidInputError when a card, its layout, a wanted count or an option is malformed, or a model is not known.
 *
 * @example
 * ```ts
 * const instances = [{ profile: '1g.6gb', start: 1, isMovable: true }, { profile: '1g.6gb', start: 2 }];
 * const cards = [{ id: 'gpu-0', model: 'A30', instances }];
 * const plan = repartitionMig({ cards, wanted: [{ profile: '2g.12gb', count: 1 }] });
 * // plan.steps: create 1g.6gb at 3, destroy 1g.6gb at 1, create 2g.12gb at 0
 * ```
 */
export function repartitionMig(input: RepartitionMigInput, options: RepartitionMigOptions = {}): RepartitionMigResult {
  const { maxSteps = DEFAULT_MAX_STEPS, maxMoves } = options;
  checkNumber('maxSteps', maxSteps, { min: 1, isWhole: true });
  checkOptionalNumber('maxMoves', maxMoves, { min: 0, isWhole: true });
  const cards = readCards(input.cards);
  const wanted = readWanted(input.wanted);
  const present = profilesOf(cards);
  for (const profile of wanted.keys()) {
    if (!present.includes(profile)) {
      return { status: 'infeasible', reason: { kind: 'no-such-profile', wanted: profile, present } };
    }
  }

  const isMovable = (instance: MigCardInstance) => instance.isMovable === true;
  const found = search(cards, wanted, maxSteps, isMovable);
  const isAllowed = maxMoves === undefined || found.moved.length <= maxMoves;
  if (!found.isProven && !(found.isMet && isAllowed)) {
    return { status: 'unknown', reason: { kind: 'max-steps', maxSteps } };
  }
  if (!found.isMet) {
    const pinned = search(cards, wanted, maxSteps, () => true);
    if (!pinned.isMet) {
      if (!pinned.isProven) return { status: 'unknown', reason: { kind: 'max-steps', maxSteps } };
      return { status: 'infeasible', reason: { kind: 'too-little-capacity' } };
    }
    const instances = pinned.moved.filter(({ instance }) => !isMovable(instance)).map(({ slot }) => slot);
    return { status: 'infeasible', reason: { kind: 'pinned', instances } };
  }
  if (!isAllowed) {
    return { status: 'infeasible', reason: { kind: 'too-many-moves', neededMoves: found.moved.length, maxMoves } };
  }
  const sources = found.moved.map(({ slot }) => slot);
  return { status: found.isProven ? 'optimal' : 'feasible', ...inOrder(cards, sources, found.targets) };
}

/** With 1 instead, 5 of 700 random problems of 8 and 10 cards took more than 20,000 steps; with 100 none, see the tests. */
const MISS_FACTOR = 100;

/** The fewest moves after which everything wanted has room: pinned instances last, then as few as can be. */
function search(
  cards: readonly CardState[],
  wanted: ReadonlyMap<string, number>,
  maxSteps: number,
  canMove: (instance: MigCardInstance) => boolean,
) {
  const movable = cards.flatMap(({ instances }) => instances.filter(canMove));
  const profiles = hardestFirst(cards, [...new Set([...wanted.keys(), ...movable.map(({ profile }) => profile)])]);
  // One pinned instance costs more than all movable ones, one missed instance far more than everything moved: the more, the
  // smaller a part of an instance missed in the linear relaxation proves that not everything has room.
  const pinnedCost = movable.length + 1;
  const costOf = ({ isMovable = false }: MigCardInstance) => (isMovable ? 1 : pinnedCost);
  const everythingCost = movable.reduce((sum, instance) => sum + costOf(instance), 0);
  const missCost = MISS_FACTOR * pinnedCost * pinnedCost;
  const liftsOf = ({ instances }: CardState): readonly Lift[] => {
    const indices = instances.flatMap((instance, index) => (canMove(instance) ? [index] : []));
    return Array.from({ length: 2 ** indices.length }, (_, set) => {
      const lifted = indices.filter((_index, bit) => ((set >> bit) & 1) === 1);
      return { lifted, cost: lifted.reduce((sum, index) => sum + costOf(instances[index]!), 0) };
    });
  };
  const classes = cardClasses(cards, profiles, liftsOf);
  const demand = profiles.map((profile) => wanted.get(profile) ?? 0);
  const available = classes.map(({ cards: alike }) => alike.length);
  // An answer that misses nothing moves everything at most: nothing else is looked for.
  const answer = cover({ classes, missCost }, { demand, available }, maxSteps, everythingCost + 1);

  const moved: { readonly slot: MigSlot; readonly instance: MigCardInstance }[] = [];
  const targets: MigSlot[] = [];
  for (const { card, option } of cardsOf(classes, answer.chosen)) {
    for (const index of option.lifted) {
      const instance = card.instances[index]!;
      moved.push({ slot: { cardId: card.id, profile: instance.profile, start: instance.start }, instance });
    }
    for (const place of option.places) targets.push({ cardId: card.id, ...place });
  }
  const isMet = answer.missed.every((count) => count === 0);
  const isProven = answer.lowerBound === answer.cost;
  const needed = new Map(wanted);
  for (const { instance } of moved) needed.set(instance.profile, (needed.get(instance.profile) ?? 0) + 1);
  return { moved: moved.sort((x, y) => bySlot(x.slot, y.slot)), targets: firstOf(targets, needed), isMet, isProven };
}

/** As many slots of each profile as needed, by card id and start: a largest multiset can hold more. */
function firstOf(slots: readonly MigSlot[], needed: ReadonlyMap<string, number>): readonly MigSlot[] {
  const left = new Map(needed);
  return [...slots].sort(bySlot).filter(({ profile }) => {
    const count = left.get(profile) ?? 0;
    left.set(profile, count - 1);
    return count > 0;
  });
}

function bySlot(x: MigSlot, y: MigSlot): number {
  if (x.cardId !== y.cardId) return x.cardId < y.cardId ? -1 : 1;
  return x.start - y.start;
}

/** Counts above 0 by profile, in the order of the names. @throws InvalidInputError */
function readWanted(wanted: RepartitionMigInput['wanted']): ReadonlyMap<string, number> {
  checkList(() => 'wanted', wanted, 'Pass a list of profiles with counts.');
  const counts = new Map<string, number>();
  wanted.forEach((item, index) => {
    checkObject(() => `wanted[${index}]`, item);
    checkText(() => `wanted[${index}].profile`, item.profile);
    checkNumber(() => `wanted[${index}].count`, item.count, { min: 0, isWhole: true });
    if (item.count > 0) counts.set(item.profile, (counts.get(item.profile) ?? 0) + item.count);
  });
  return new Map([...counts].sort(([x], [y]) => (x < y ? -1 : 1)));
}
