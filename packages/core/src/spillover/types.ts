/** How many replicas there should be. */
export interface PlaceReplicasRequest {
  /** Whole, >= 0. */
  readonly target: number;
}

/** Why replicas went where they went. */
export type PlaceReplicasReason =
  /** All replicas of a tier that is not in the list are removed. */
  | { readonly kind: 'unknown-tier'; readonly tierId: string; readonly count: number }
  /** The tier holds `count` replicas more than its capacity; they are removed. */
  | { readonly kind: 'tier-over-capacity'; readonly tierId: string; readonly count: number; readonly capacity: number }
  /** More replicas than wanted: `count` of this tier are removed. */
  | { readonly kind: 'drained'; readonly tierId: string; readonly count: number; readonly priceUsdPerHour: number }
  /** Fewer replicas than wanted: `count` are added to this tier. */
  | { readonly kind: 'filled'; readonly tierId: string; readonly count: number; readonly priceUsdPerHour: number }
  /** The tier has no room left for what is still wanted. */
  | { readonly kind: 'tier-full'; readonly tierId: string; readonly capacity: number }
  /** All tiers together hold `capacity` replicas, `missing` fewer than wanted. */
  | { readonly kind: 'no-capacity'; readonly missing: number; readonly capacity: number };

/** What to start and what to stop. After it is done, the same call has nothing to do. */
export interface PlaceReplicasResult {
  /** Replicas to start, tiers in filling order, counts >= 1. */
  readonly add: readonly { readonly tierId: string; readonly count: number }[];
  /** Replicas to stop, in the order to stop them: unknown tiers, tiers over capacity, then the surplus. */
  readonly remove: readonly {
    readonly replicaId: string;
    readonly tierId: string;
    readonly reason: 'surplus' | 'tier-over-capacity' | 'unknown-tier';
  }[];
  /** Replicas wanted that no tier has room for. */
  readonly unplaced: number;
  /** In the order applied: removals that must be, then draining or filling. */
  readonly reasons: readonly PlaceReplicasReason[];
}
