import type { DisruptionBudget } from '../fleet/index.ts';

/** How many replicas there should be. */
export interface PlaceReplicasRequest {
  /** Whole, >= 0. */
  readonly target: number;
  /** With relief for saturated replicas at most so many, whole, >= `target`. @defaultValue twice the target */
  readonly maxTarget?: number;
}

/** How to go about it. */
export interface PlaceReplicasOptions {
  /** The present, ms since the Unix epoch; needed when a tier has `commitMs` or a budget a schedule. */
  readonly nowMs?: number;
  /** How many serving replicas may be stopped as surplus at a time. @defaultValue no limit */
  readonly budgets?: readonly DisruptionBudget[];
  /** Replicas more for each one that is saturated, > 0 and <= 1, rounded up. @defaultValue 0.25 */
  readonly reliefRatio?: number;
}

/** Why replicas went where they went. */
export type PlaceReplicasReason =
  /** All replicas of a tier that is not in the list are removed. */
  | { readonly kind: 'unknown-tier'; readonly tierId: string; readonly count: number }
  /** The tier holds `count` replicas more than its capacity; they are removed. */
  | { readonly kind: 'tier-over-capacity'; readonly tierId: string; readonly count: number; readonly capacity: number }
  /** Sick replicas of the tier are removed; no budget holds them, since they serve nobody. */
  | { readonly kind: 'sick'; readonly tierId: string; readonly count: number }
  /**
   * `saturated` replicas cannot take more: none is drained, and so many serve or start as are wanted now. `starting` ones will
   * relieve them too.
   */
  | { readonly kind: 'relief'; readonly saturated: number; readonly starting: number; readonly wanted: number }
  /** There is surplus, and `count` of this tier may not go: below `minCount`, before the end of `commitMs`, or for a budget. */
  | {
      readonly kind: 'kept';
      readonly tierId: string;
      readonly count: number;
      readonly because: 'floor' | 'committed' | 'budget';
    }
  /** `count` more than wanted stay. */
  | { readonly kind: 'surplus-kept'; readonly count: number }
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
  /** Replicas to stop, in the order to stop them: unknown tiers, sick ones, tiers over capacity, then the surplus. */
  readonly remove: readonly {
    readonly replicaId: string;
    readonly tierId: string;
    readonly reason: 'surplus' | 'tier-over-capacity' | 'unknown-tier' | 'sick';
  }[];
  /** Replicas wanted that no tier has room for. */
  readonly unplaced: number;
  /** In the order applied: removals that must be, then draining or filling. */
  readonly reasons: readonly PlaceReplicasReason[];
}
