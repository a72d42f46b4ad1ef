import { without, type CardState } from './cards.ts';
import { fits } from './grid.ts';
import type { MigUnplacedReason } from './types.ts';

/**
 * The place on a card that needs the least moved to take one more instance of a profile that some card has: fewest pinned
 * instances, fewest instances, fewest memory slices of theirs, smaller card id, lower start. Tries every set of instances
 * of every card: `O(cards × starts × 2^instances)`.
 */
export function nearestMiss(cards: readonly CardState[], profile: string): MigUnplacedReason {
  let best: { readonly key: readonly number[]; readonly reason: MigUnplacedReason } | undefined;
  cards.forEach((card, cardIndex) => {
    const { grid, instances } = card;
    const index = grid.profiles.findIndex(({ name }) => name === profile);
    const places = grid.places.filter((place) => place.profile === index);
    for (let set = 1; places.length > 0 && set < 2 ** instances.length; set++) {
      const isGone = (i: number) => ((set >> i) & 1) === 1;
      const blockers = instances.filter((_, i) => isGone(i));
      const needs = [
        blockers.filter(({ isMovable }) => isMovable !== true).length,
        blockers.length,
        blockers.reduce((sum, { profile: name }) => sum + grid.profiles.find((p) => p.name === name)!.memorySlices, 0),
        cardIndex,
      ];
      if (best !== undefined && isLess(best.key, needs)) continue;
      const rest = without(card, isGone);
      // Places come by start, so that the first that fits is the lowest.
      const place = places.find((candidate) => fits(grid, rest, candidate));
      if (place === undefined) continue;
      const key = [...needs, place.start];
      if (best !== undefined && !isLess(key, best.key)) continue;
      const slot = { cardId: card.id, profile, start: place.start };
      best = { key, reason: { kind: 'no-room', nearest: { ...slot, blockers: blockers.map((one) => ({ ...one })) } } };
    }
  });
  // Every profile has a start on an empty card, and the set of all instances empties it.
  return best!.reason;
}

/** Lexicographic, as far as both go. */
function isLess(x: readonly number[], y: readonly number[]): boolean {
  const length = Math.min(x.length, y.length);
  for (let i = 0; i < length; i++) if (x[i] !== y[i]) return x[i]! < y[i]!;
  return false;
}
