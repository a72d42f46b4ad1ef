import type { MigGeometry, MigInstance } from '../fleet/index.ts';

/** An instance that is on a card. */
export interface MigCardInstance extends MigInstance {
  /** True: what runs there can be restarted elsewhere, so a plan may move it. @defaultValue false */
  readonly isMovable?: boolean;
}

/** A GPU in MIG mode and what is on it. Every instance counts as in use: leave out those that are destroyed anyway. */
export interface MigCard {
  /** Unique among the cards. */
  readonly id: string;
  /** A model that {@link MigGeometry} is known of, or the geometry itself. */
  readonly model: string | MigGeometry;
  /** @defaultValue none */
  readonly instances?: readonly MigCardInstance[];
}

/** Where an instance is, or is to be. */
export interface MigSlot {
  readonly cardId: string;
  readonly profile: string;
  /** First memory slice. */
  readonly start: number;
}

/** How often a profile is asked for. */
export interface MigWorkloadShape {
  readonly profile: string;
  /** Relative frequency, > 0. Weights need not sum to 1. */
  readonly weight: number;
}

/** One instance to place, and where it may go. */
export interface PlaceMigInput {
  readonly cards: readonly MigCard[];
  readonly profile: string;
  /** The mix of profiles to expect. Absent or empty: every profile without media engines is as likely as any other. */
  readonly workload?: readonly MigWorkloadShape[];
}

/** Why an instance finds no place. */
export type MigUnplacedReason =
  | { readonly kind: 'no-cards' }
  /** No card can be cut that way. `present`: profiles that can be had, ascending. */
  | { readonly kind: 'no-such-profile'; readonly wanted: string; readonly present: readonly string[] }
  /**
   * No card has room. `nearest` is the place that needs the least moved; with `blockers` gone from the card the instance fits
   * there. Places compare by pinned blockers, blockers, memory slices of the blockers, card id, start.
   */
  | { readonly kind: 'no-room'; readonly nearest: MigSlot & { readonly blockers: readonly MigCardInstance[] } }
  /** A batch does not fit as a whole, and this job is among those left over. */
  | { readonly kind: 'cards-full'; readonly wanted: string };

/** Where the instance goes, or why it goes nowhere. */
export type PlaceMigResult = { readonly placement: MigSlot } | { readonly unplaced: MigUnplacedReason };

/** A job that needs one instance. */
export interface MigJob {
  /** Unique among the jobs. */
  readonly id: string;
  readonly profile: string;
}

/** A batch of jobs, and the cards they may go to. */
export interface PackMigInput {
  readonly cards: readonly MigCard[];
  readonly jobs: readonly MigJob[];
}

/** How far to search. */
export interface MigSearchOptions {
  /** States of the search at most, whole, >= 1. @defaultValue 20000 */
  readonly maxSteps?: number;
}

/** Where every job of a batch goes, or why it goes nowhere. */
export interface PackMigResult {
  /** `optimal`: proven to leave the fewest jobs over and, among such answers, to switch on the fewest cards. */
  readonly status: 'optimal' | 'feasible';
  /** By job id. */
  readonly placements: readonly (MigSlot & { readonly jobId: string })[];
  /** By job id. */
  readonly unplaced: readonly { readonly jobId: string; readonly reason: MigUnplacedReason }[];
  /** Cards that were empty and are not any more. */
  readonly switchedOnCount: number;
  /** Cards that any answer which places as many jobs has to switch on. */
  readonly lowerBound: number;
  /**
   * 0 when optimal. Otherwise `(unplaced - least possible) / unplaced` when that is above 0, else
   * `(switchedOnCount - lowerBound) / switchedOnCount`.
   */
  readonly gapRatio: number;
}

/** What instances are wanted beside those that are there. */
export interface RepartitionMigInput {
  readonly cards: readonly MigCard[];
  /** Instances to make, on any card that allows the profile. */
  readonly wanted: readonly { readonly profile: string; readonly count: number }[];
}

/** How to go about repartitioning. */
export interface RepartitionMigOptions extends MigSearchOptions {
  /** Instances that may be moved at most, whole, >= 0. @defaultValue no limit */
  readonly maxMoves?: number;
}

/** One change of one card. Done one after another, every card has a legal layout after every step. */
export type MigStep = MigSlot & { readonly kind: 'create' | 'destroy' };

/** Why cards cannot be cut as wanted. */
export type RepartitionMigReason =
  | { readonly kind: 'no-such-profile'; readonly wanted: string; readonly present: readonly string[] }
  /** It takes more moves than allowed. */
  | { readonly kind: 'too-many-moves'; readonly neededMoves: number; readonly maxMoves: number }
  /** It takes moving instances that are not marked as movable, at least as many as these. */
  | { readonly kind: 'pinned'; readonly instances: readonly MigSlot[] }
  /** The cards cannot hold what is there and what is wanted, however they are cut. */
  | { readonly kind: 'too-little-capacity' }
  /** The search ended before it found a way or the proof that there is none. */
  | { readonly kind: 'max-steps'; readonly maxSteps: number };

/** What to destroy and create, in order; or why it cannot be done. */
export type RepartitionMigResult =
  | {
      /** `optimal`: no plan moves fewer instances. */
      readonly status: 'optimal' | 'feasible';
      readonly steps: readonly MigStep[];
      /** Each moved instance; `isDestroyedFirst`: there is a time when it is nowhere. */
      readonly moves: readonly { readonly from: MigSlot; readonly to: MigSlot; readonly isDestroyedFirst: boolean }[];
      /** The instances that were wanted. */
      readonly created: readonly MigSlot[];
    }
  | { readonly status: 'infeasible' | 'unknown'; readonly reason: RepartitionMigReason };
