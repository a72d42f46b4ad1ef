/** What a job on one GPU pool can do for the next tick. */
export type SpotAction = 'wait' | 'spot' | 'on-demand';

/**
 * How availability of spot capacity comes and goes: a few kinds of zone, and in each short and long spells of both
 * availability and its absence. See {@link fitSpotZones}.
 */
export interface SpotZoneModel {
  /** Length of the tick that the probabilities are of, ms, > 0. */
  readonly tickMs: number;
  /** At least one. */
  readonly kinds: readonly SpotZoneKind[];
}

/**
 * One kind of zone: a Markov chain over four hidden states, in this order: in a short available spell, in a long
 * available spell, in a short spell without capacity, in a long spell without capacity.
 */
export interface SpotZoneKind {
  /** Share of zones of this kind, > 0; shares are relative to each other. */
  readonly weight: number;
  /** Probability of each state at a first look; four numbers > 0. */
  readonly start: readonly number[];
  /** `transition[from][to]`: probability of each state one tick later; four rows of four numbers >= 0 that add up to 1. */
  readonly transition: readonly (readonly number[])[];
}

/** One job with a deadline, that runs on spot or on-demand capacity of one zone. */
export interface DeadlineJobConfig {
  /** When the job could first run, ms since the Unix epoch. */
  readonly startAtMs: number;
  /** When it must be done, ms since the Unix epoch, after `startAtMs`. */
  readonly deadlineAtMs: number;
  /** Work of the whole job, in ms of running, > 0. */
  readonly workMs: number;
  /** Time that every launch takes before work goes on, ms, >= 0: provisioning, loading of the checkpoint. */
  readonly restartMs: number;
  /** Price of spot capacity, > 0. */
  readonly spotPriceUsdPerHour: number;
  /** Price of on-demand capacity, > 0. */
  readonly onDemandPriceUsdPerHour: number;
  /**
   * `learned`: least expected cost under `zones`, corrected by what this zone shows. `greedy`: spot whenever there is
   * some, on-demand when time runs out. `uniform-progress`: at or above the straight line from start to deadline.
   * @defaultValue 'learned'
   */
  readonly policy?: 'learned' | 'greedy' | 'uniform-progress';
  /** Time from one decision to the next, ms, > 0. Capacity is billed by the tick. @defaultValue 600_000 */
  readonly tickMs?: number;
  /** How availability comes and goes. @defaultValue {@link SPOT_ZONES} */
  readonly zones?: SpotZoneModel;
  /** From {@link createDeadlineTable} of the same configuration. Without it `learned` builds one at every step. */
  readonly table?: DeadlineTable;
}

/** Expected costs to the end of a job, over time left, slack, belief and what runs. Opaque; larger than a state. */
export interface DeadlineTable {
  /** The configuration it is of, to be compared with. */
  readonly fingerprint: string;
  /** Points of slack, in ticks. */
  readonly grid: Float64Array;
  /** Transitions over one tick of the job, by kind. */
  readonly steps: readonly Float64Array[];
  /** Costs, by kind of zone. */
  readonly kinds: readonly DeadlineKindTable[];
}

/** Expected costs where the zone is of one kind. */
export interface DeadlineKindTable {
  /** USD. */
  readonly costs: Float32Array;
  /** Index in `costs` of the first row of a layer, and the row of the slack grid it stands for. */
  readonly layerStart: Int32Array;
  readonly layerRow: Int32Array;
}

/** What is seen at a tick. */
export interface DeadlineObservation {
  /** Ms since the Unix epoch; never goes back. */
  readonly nowMs: number;
  /** Work not done yet, in ms of running, >= 0. */
  readonly workLeftMs: number;
  /** Whether spot capacity can be had for the next tick. */
  readonly isSpotAvailable: boolean;
  /** What the job has been running on until now; spot without availability has been preempted. */
  readonly running: 'none' | 'spot' | 'on-demand';
  /** Part of the last launch that is still to come, ms, >= 0. @defaultValue 0 */
  readonly restartLeftMs?: number;
}

/** What the policy remembers. Plain JSON. */
export interface DeadlineJobState {
  readonly version: 1;
  /** When it last decided; `null` before. */
  readonly lastMs: number | null;
  /** What it has seen of the zone; `null` before. */
  readonly zone: SpotZoneBelief | null;
}

/** What is believed of a zone after some ticks. */
export interface SpotZoneBelief {
  readonly isAvailable: boolean;
  /** Probability of each kind; they add up to 1. */
  readonly kinds: readonly number[];
  /** Probability that the spell now is a long one, for each kind. */
  readonly long: readonly number[];
}

/** Why a job waits or runs. */
export type DeadlineReason =
  | { readonly kind: 'finished' }
  /** Even on-demand capacity without a break ends `lateMs` after the deadline. */
  | { readonly kind: 'deadline-out-of-reach'; readonly lateMs: number }
  /** One tick without progress could cost the deadline. */
  | { readonly kind: 'no-slack-left'; readonly slackMs: number; readonly restartMs: number }
  | { readonly kind: 'spot-not-available' }
  /** Expected cost to the end of the job by what is done now; `null` where it is not allowed. */
  | {
      readonly kind: 'expected-cost';
      readonly waitUsd: number | null;
      readonly spotUsd: number | null;
      readonly onDemandUsd: number | null;
    }
  /** `greedy`: spot when there is some, otherwise wait. */
  | { readonly kind: 'slack-left'; readonly slackMs: number }
  /** `uniform-progress`: work done, and what the straight line asks for by now. */
  | { readonly kind: 'progress'; readonly doneMs: number; readonly lineMs: number };

/** The answer of {@link stepDeadlineJob}. */
export interface DeadlineJobResult {
  readonly state: DeadlineJobState;
  /** What to do until `nextEvalAtMs`. */
  readonly decision: { readonly action: SpotAction };
  readonly reasons: readonly DeadlineReason[];
  /** When to decide again, ms since the Unix epoch. */
  readonly nextEvalAtMs: number;
}
