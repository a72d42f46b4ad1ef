import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkList, checkObject, checkText } from '../internal/check.ts';
import { profilesOf, readCards, type CardState } from './cards.ts';
import { fits, withPlace } from './grid.ts';
import { nearestMiss } from './nearest-miss.ts';
import { lossOf, remainingValue } from './remaining-value.ts';
import type { MigProfile } from '../fleet/index.ts';
import type { MigSlot, MigUnplacedReason, MigWorkloadShape, PlaceMigInput, PlaceMigResult } from './types.ts';

/**
 * Chooses where to make one instance: the card and start that leave the most room for what is expected next.
 *
 * Room is counted over the profiles: weight times memory slices^1.5 times free places^0.75. The place that loses the least of it is
 * taken, where a card that has more room to lose counts 0.08 of that room as lost too, so that work gathers on cards in use.
 * Equal losses: the smaller card id by code units, then the lower start. The order of `cards` and of `workload` plays no part. Nothing is
 * moved. Time `O(cards × starts × places)`, a rejection `O(cards × starts × 2^instances)`, instances being those of one card.
 *
 * Weights are best whole numbers: sums of them are exact, so that no tie is decided by rounding.
 *
 * @returns the place; or why there is none and what would have to move.
 * @throws InvalidInputError when a card, its layout, the profile or the mix is malformed, or a model is not known.
 *
 * @example
 * ```ts
 * placeMig({ cards: [{ id: 'gpu-0', model: 'H100' }], profile: '1g.10gb' });
 * // { placement: { cardId: 'gpu-0', profile: '1g.10gb', start: 6 } }: the end of the card, which nothing large can use
 * ```
 */
export function placeMig(input: PlaceMigInput): PlaceMigResult {
  const cards = readCards(input.cards);
  const { profile } = input;
  checkText(() => 'profile', profile);
  const weightOf = readWorkload(input.workload);
  const reason = unknownProfile(cards, profile);
  if (reason !== undefined) return { unplaced: reason };

  const weights = new Map(cards.map(({ grid }) => [grid, grid.profiles.map(weightOf)]));
  let best: { readonly slot: MigSlot; readonly loss: number } | undefined;
  for (const { id, grid, occupancy } of cards) {
    const index = grid.profiles.findIndex(({ name }) => name === profile);
    const before = remainingValue(grid, occupancy, weights.get(grid)!);
    for (const place of grid.places) {
      if (place.profile !== index || !fits(grid, occupancy, place)) continue;
      const after = remainingValue(grid, withPlace(occupancy, place), weights.get(grid)!);
      const loss = lossOf(before, after);
      // Cards come by id and places by start, so that the first of equals stays.
      if (best !== undefined && loss >= best.loss) continue;
      best = { slot: { cardId: id, profile, start: place.start }, loss };
    }
  }
  return best === undefined ? { unplaced: nearestMiss(cards, profile) } : { placement: best.slot };
}

/** Why no card could ever hold the profile, if so. */
export function unknownProfile(cards: readonly CardState[], wanted: string): MigUnplacedReason | undefined {
  if (cards.length === 0) return { kind: 'no-cards' };
  const present = profilesOf(cards);
  return present.includes(wanted) ? undefined : { kind: 'no-such-profile', wanted, present };
}

/** The weight of each profile: that of the mix, or 1 for each size when there is none. @throws InvalidInputError */
function readWorkload(workload: readonly MigWorkloadShape[] = []): (profile: MigProfile) => number {
  checkList(() => 'workload', workload, 'Leave it out for a mix in which every profile is as likely.');
  const weights = new Map<string, number>();
  workload.forEach((shape, index) => {
    checkObject(() => `workload[${index}]`, shape);
    checkText(() => `workload[${index}].profile`, shape.profile);
    checkNumber(() => `workload[${index}].weight`, shape.weight, { above: 0, hint: 'Leave the profile out.' });
    if (weights.has(shape.profile)) {
      throw new InvalidInputError(`workload[${index}].profile`, 'must be unique', shape.profile, {
        hint: 'Add the two weights.',
      });
    }
    weights.set(shape.profile, shape.weight);
  });
  if (weights.size > 0) return ({ name }) => weights.get(name) ?? 0;
  // The media engines go with an instance of a size that counts already.
  return ({ hasMediaExtensions }) => (hasMediaExtensions === true ? 0 : 1);
}
