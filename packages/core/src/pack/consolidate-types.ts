import type { GpuNode, Job, Placement } from '../fleet/index.ts';
import type { NodeWeight } from './node-weight.ts';
import type { UnplacedReason } from './types.ts';

/** How many moves are allowed. */
export interface MoveBudget {
  /** Moves at most, whole, >= 0. */
  readonly maxMoves: number;
  /** Counts the moves of this tenant's jobs only. Absent: of all jobs. */
  readonly tenant?: string;
}

/** Where a job runs, and since when. */
export interface RunningPlacement extends Placement {
  /** Ms since the Unix epoch. A job with `minRuntimeMs` that lacks it counts as just started. */
  readonly startedAtMs?: number;
}

/** A fleet as it runs. */
export interface ConsolidateInput {
  readonly nodes: readonly GpuNode[];
  /** What runs. A job is moved only if it says `isPreemptible`, is in no gang and has run its `minRuntimeMs`. */
  readonly jobs: readonly Job[];
  /** Where each job of `jobs` runs. */
  readonly placements: readonly RunningPlacement[];
  /** A move needs room in every budget that counts it. Absent: no limit. */
  readonly budgets?: readonly MoveBudget[];
  /**
   * The present, ms since the Unix epoch; needed when a node has `expiresAtMs` and a job has `runtimeMs`, and when a job that
   * could be moved has `minRuntimeMs` and a known start.
   */
  readonly nowMs?: number;
}

/** How to go about consolidating. */
export interface ConsolidateOptions {
  /** `count`: 1. `price`: `priceUsdPerHour`. `watts`: `idleWatts`. @defaultValue 'count' */
  readonly weight?: NodeWeight;
}

/** One job from one place to another. Both are free or its own when its turn comes. */
export interface Move {
  readonly jobId: string;
  readonly from: Placement;
  readonly to: Placement;
}

/** Why a node in use stays in use. */
export type KeptReason =
  /** A job on it must not be moved: it is not preemptible, or in a gang. */
  | { readonly kind: 'holds-fixed-job'; readonly jobId: string }
  /** A job on it has not run its `minRuntimeMs`. It has at `untilMs`; absent: its start is not known. */
  | { readonly kind: 'holds-guaranteed-job'; readonly jobId: string; readonly untilMs?: number }
  /** A job on it fits on no other node in use. */
  | { readonly kind: 'no-room-elsewhere'; readonly jobId: string; readonly reason: UnplacedReason }
  /** Emptying it takes more moves than a budget has left. */
  | { readonly kind: 'over-budget'; readonly budget: MoveBudget; readonly moves: number; readonly left: number }
  /** It takes in jobs of emptied nodes. */
  | { readonly kind: 'takes-in-moves' };

/** What to move, what it frees, and why the rest stays. */
export interface ConsolidateResult {
  /** In the order to make them: after each the fleet is valid, and no job moves twice. */
  readonly moves: readonly Move[];
  /** Nodes without a job after the moves that had one before, in the order they become empty. */
  readonly emptied: readonly { readonly nodeId: string; readonly weight: number }[];
  /** Sum of the emptied nodes' weights: nodes, USD per hour or W. */
  readonly saved: number;
  /** No moves of the jobs that may move now, between the nodes in use and within the budgets, save more. In the unit of `saved`. */
  readonly savedBound: number;
  /** `(savedBound - saved) / savedBound`, from 0 to 1; 0 proves the answer the best. */
  readonly gapRatio: number;
  /** Every other node in use, by id, with why. */
  readonly kept: readonly { readonly nodeId: string; readonly reason: KeptReason }[];
  /** Weight of the nodes in use before the moves. */
  readonly weightBefore: number;
}
