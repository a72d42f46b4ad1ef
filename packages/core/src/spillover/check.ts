import type { HealthStatus, Replica, Tier } from '../fleet/types.ts';
import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { checkIds } from '../internal/check.ts';
import { InvalidInputError } from '../errors.ts';
import { checkDisruptionBudgets } from '../fleet/disruption-budget.ts';
import type { PlaceReplicasOptions, PlaceReplicasRequest } from './types.ts';

const HEALTH: readonly HealthStatus[] = ['starting', 'healthy', 'saturated', 'sick', 'unknown'];

/** Throws unless the numbers are in range and the ids unique. `O(tiers + replicas)`. */
export function checkPlaceReplicas(
  request: PlaceReplicasRequest,
  tiers: readonly Tier[],
  current: readonly Replica[],
  options: PlaceReplicasOptions,
): void {
  checkNumber(() => 'target', request.target, { min: 0, isWhole: true, hint: 'Pass 0 to stop all replicas.' });
  checkOptionalNumber('maxTarget', request.maxTarget, { min: request.target, isWhole: true });
  checkOptionalNumber('reliefRatio', options.reliefRatio, { above: 0, max: 1, hint: 'One for every four is 0.25.' });
  checkDisruptionBudgets(options.budgets ?? [], options.nowMs);
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
    checkOptionalNumber(field('minCount'), tier.minCount, { min: 0, isWhole: true });
    checkOptionalNumber(field('commitMs'), tier.commitMs, { min: 0, hint: 'An hour is 3_600_000.' });
    if ((tier.commitMs ?? 0) > 0 && options.nowMs === undefined) {
      throw new InvalidInputError('nowMs', 'must be given when a tier has commitMs', undefined, {
        hint: 'Pass the present, in ms since the Unix epoch.',
      });
    }
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
    if (replica.health !== undefined && !HEALTH.includes(replica.health)) {
      throw new InvalidInputError(field('health')(), `must be one of ${HEALTH.join(', ')}`, replica.health);
    }
    checkNumber(field('startedAtMs'), replica.startedAtMs, { hint: 'Pass when it was asked for, in ms.' });
  }
}
