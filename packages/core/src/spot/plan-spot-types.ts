import type { SpotZoneModel } from './types.ts';

/** How replicas are spread over spot zones and on-demand capacity. */
export interface PlanSpotConfig {
  /** Time from an order to a replica that serves, ms, > 0. */
  readonly coldStartMs: number;
  /** Price of a spot replica, > 0. */
  readonly spotPriceUsdPerHour: number;
  /** Price of an on-demand replica, > 0. */
  readonly onDemandPriceUsdPerHour: number;
  /**
   * What it is worth not to have fewer ready replicas than wanted, in spot replicas for the time at risk, >= 0: larger
   * buys availability. @defaultValue 250
   */
  readonly shortfallWeight?: number;
  /** Replicas in one zone at most, whole, >= 1. @defaultValue no limit */
  readonly maxPerZone?: number;
  /** Spare replicas at most, whole, 0 to 4. @defaultValue 2 */
  readonly maxSpare?: number;
  /** How availability comes and goes. @defaultValue {@link SPOT_ZONES} */
  readonly zones?: SpotZoneModel;
}

/** What runs in a zone. */
export interface SpotZoneSight {
  readonly id: string;
  /** Replicas that run, ready or starting, whole, >= 0. */
  readonly running: number;
  /** Those of them that serve, whole, 0 to `running`. */
  readonly ready: number;
}

/** What is seen. */
export interface PlanSpotObservation {
  /** Ms since the Unix epoch; never goes back. */
  readonly nowMs: number;
  /** Ready replicas wanted, whole, 0 to 16. */
  readonly target: number;
  /** Every zone that may be used; ids are unique. */
  readonly zones: readonly SpotZoneSight[];
  readonly onDemand: { readonly running: number; readonly ready: number };
}

/** What is remembered. Plain JSON. */
export interface PlanSpotState {
  readonly version: 1;
  readonly lastMs: number | null;
  readonly zones: readonly PlanSpotZone[];
}

/** What is remembered of one zone. */
export interface PlanSpotZone {
  readonly id: string;
  /** Probability of each hidden state in each kind of zone, all together 1. */
  readonly odds: readonly (readonly number[])[];
  /** Replicas asked for by the last decision, and running then. */
  readonly asked: number;
  readonly running: number;
  /** The zone gave no more than `cap` until this time; `null` when no limit is known. */
  readonly cap: { readonly count: number; readonly untilMs: number } | null;
  /** When the zone was last asked to see whether it has capacity; `null` never. */
  readonly triedAtMs: number | null;
}

/** Why the plan is what it is. */
export type PlanSpotReason =
  /** The cheapest plan: what it costs an hour, and the chance of falling short within one cold start. */
  | { readonly kind: 'plan'; readonly costUsdPerHour: number; readonly shortfallProbability: number }
  /** The zone gave fewer than asked for. */
  | { readonly kind: 'zone-refused'; readonly zoneId: string; readonly given: number; readonly asked: number }
  /** What runs is kept until its successors are ready. */
  | { readonly kind: 'make-before-break'; readonly readyCount: number; readonly neededCount: number }
  /** Spot is short: on-demand fills in at once, and these zones are asked too. */
  | { readonly kind: 'spot-short'; readonly missing: number; readonly zoneIds: readonly string[] };

/** The answer of {@link planSpot}. */
export interface PlanSpotResult {
  readonly state: PlanSpotState;
  readonly decision: {
    /** Replicas there should be in each zone, in the order of the observation. */
    readonly spot: readonly { readonly zoneId: string; readonly replicas: number }[];
    readonly onDemand: number;
  };
  readonly reasons: readonly PlanSpotReason[];
}
