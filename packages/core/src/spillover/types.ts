
/** How many replicas there should be. */
export interface PlaceReplicasRequest {
  /** Whole, >= 0. */
  readonly target: number;
}

/** Why replicas went where they went. */
export type PlaceReplicasReason =
  | { readonly kind: 'filled'; readonly tierId: string; readonly count: number; readonly priceUsdPerHour: number }
  | { readonly kind: 'tier-full'; readonly tierId: string; readonly capacity: number }
  | { readonly kind: 'drained'; readonly tierId: string; readonly count: number; readonly priceUsdPerHour: number }
  | { readonly kind: 'tier-over-capacity'; readonly tierId: string; readonly count: number; readonly capacity: number }
  | { readonly kind: 'unknown-tier'; readonly tierId: string; readonly count: number }
  | { readonly kind: 'no-capacity'; readonly missing: number; readonly capacity: number };

export interface PlaceReplicasResult {
  /** Replicas to start, tiers in filling order, counts >= 1. */
  readonly add: readonly { readonly tierId: string; readonly count: number }[];
  /** Replicas to stop, in the order to stop them. */
  readonly remove: readonly { readonly replicaId: string; readonly tierId: string; readonly reason: 'surplus' | 'tier-over-capacity' | 'unknown-tier' }[];
  /** Replicas wanted that no tier has room for. */
  readonly unplaced: number;
  readonly reasons: readonly PlaceReplicasReason[];
}

