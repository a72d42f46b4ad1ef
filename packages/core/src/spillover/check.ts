import type { Replica, Tier } from '../fleet/types.ts';
import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { checkIds } from '../internal/check.ts';
import { InvalidInputError } from '../errors.ts';
import type { PlaceReplicasRequest } from './types.ts';

/** Throws unless the numbers are in range and the ids unique. `O(tiers + replicas)`. */
export function checkPlaceReplicas(
  request: PlaceReplicasRequest,
  tiers: readonly Tier[],
  current: readonly Replica[],
): void {
  checkNumber(() => 'target', request.target, { min: 0, isWhole: true, hint: 'Pass 0 to stop all replicas.' });
  checkIds('tiers', tiers);
  for (const tier of tiers) {
    const field = (name: string) => () => `${name} of tier '${tier.id}'`;
    if (tier.capacity !== null) {
      checkNumber(field('capacity'), tier.capacity, {
        min: 0,
        isWhole: true,
        hint: 'Pass null when no limit is known.',
      });
    }
    checkNumber(field('priceUsdPerHour'), tier.priceUsdPerHour, { min: 0, hint: 'It is the price of one replica.' });
    checkOptionalNumber(field('priority'), tier.priority, { hint: 'Leave it out to order by price.' });
  }
  checkIds('current', current);
  for (const replica of current) {
    const field = (name: string) => () => `${name} of replica '${replica.id}'`;
    if (typeof (replica.tierId as unknown) !== 'string') {
      throw new InvalidInputError(field('tierId')(), 'must be a string', replica.tierId, {
        hint: 'Name the tier that the replica runs on.',
      });
    }
    checkNumber(field('startedAtMs'), replica.startedAtMs, { hint: 'Pass when it was asked for, in ms.' });
  }
}
