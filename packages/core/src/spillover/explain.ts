import type { PlaceReplicasReason } from './types.ts';

const KEPT = {
  floor: 'it would fall below its least count',
  committed: 'they are paid for still',
  budget: 'the disruption budgets allow no more',
} as const;

/**
 * One readable line for a reason of {@link placeReplicas}, for logs and dashboards. The text may change; match on `kind`.
 *
 * @example
 * ```ts
 * explainPlaceReplicas({ kind: 'tier-full', tierId: 'own', capacity: 2 }); // "Tier 'own' is full at 2."
 * ```
 */
export function explainPlaceReplicas(reason: PlaceReplicasReason): string {
  switch (reason.kind) {
    case 'unknown-tier':
      return `Tier '${reason.tierId}' is not in the list: removes its ${reason.count}.`;
    case 'tier-over-capacity':
      return `Tier '${reason.tierId}' holds ${reason.count} above its capacity of ${reason.capacity}: removes them.`;
    case 'sick':
      return `Removes ${reason.count} sick from tier '${reason.tierId}'.`;
    case 'relief':
      return `With ${reason.saturated} saturated and ${reason.starting} starting, ${reason.wanted} are wanted.`;
    case 'kept':
      return `Keeps ${reason.count} of tier '${reason.tierId}': ${KEPT[reason.because]}.`;
    case 'surplus-kept':
      return `So ${reason.count} more than wanted stay.`;
    case 'drained':
      return `Drains ${reason.count} from tier '${reason.tierId}' at ${reason.priceUsdPerHour} USD/h each.`;
    case 'filled':
      return `Adds ${reason.count} to tier '${reason.tierId}' at ${reason.priceUsdPerHour} USD/h each.`;
    case 'tier-full':
      return `Tier '${reason.tierId}' is full at ${reason.capacity}.`;
    case 'no-capacity':
      return `All tiers together hold ${reason.capacity}: ${reason.missing} found no room.`;
  }
}
