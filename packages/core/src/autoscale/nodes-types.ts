import type { DisruptionBudget, GpuNode, Job, Tier } from '../fleet/index.ts';
import type { Move, RunningJob } from '../pack/index.ts';

/** Machines that can be had: `capacity`, `minCount` and the price are of nodes. */
export interface NodeTier extends Tier {
  /** What a new node is like. */
  readonly node: Omit<GpuNode, 'id' | 'isCordoned'>;
}

/** When nodes come and go. */
export interface AutoscaleNodesConfig {
  /** Where nodes come from, taken by `priority`, then price, start-up time and id. */
  readonly tiers: readonly NodeTier[];
  /** GPU work that waits for so long gets nodes, and so does high use for so long, ms, >= 0. @defaultValue 120_000 */
  readonly pendingMs?: number;
  /** Use of the GPUs above which there should be more, > 0 and <= 1. @defaultValue 0.8 */
  readonly upUtilizationRatio?: number;
  /** How long a node must be quiet before it goes, ms, >= 0; at least the start-up time of its tier. @defaultValue 600_000 */
  readonly idleMs?: number;
  /** A node with less use is quiet, >= 0 and below `upUtilizationRatio`. @defaultValue 0.2 */
  readonly downUtilizationRatio?: number;
  /** How many nodes may be on their way out at a time. @defaultValue no limit */
  readonly budgets?: readonly DisruptionBudget[];
  /** Work that a job loses when it is moved, ms, >= 0. @defaultValue 600_000 */
  readonly moveCostMs?: number;
  /** What a node saves in this time must be more than its going costs, ms, > 0. @defaultValue 3_600_000 */
  readonly paybackMs?: number;
  /** A node that is not ready after so long is given up, ms, > 0. @defaultValue 900_000 */
  readonly startTimeoutMs?: number;
  /** Time to the next evaluation, ms, >= 1. @defaultValue 30_000 */
  readonly intervalMs?: number;
}

/** A node as it is. */
export interface NodeSight {
  readonly node: GpuNode;
  /** Where it came from. A node of no tier of the list takes work and never goes. */
  readonly tierId: string;
  /** When it was asked for, ms since the Unix epoch. */
  readonly launchedAtMs: number;
  /** False while it starts. @defaultValue true */
  readonly isReady?: boolean;
  /** Mean use of its GPUs, 0 to 1; `null` or absent when it could not be measured: then it stays. */
  readonly utilizationRatio?: number | null;
}

/** What is seen of the fleet. */
export interface AutoscaleNodesObservation {
  /** Ms since the Unix epoch; never goes back. */
  readonly nowMs: number;
  readonly nodes: readonly NodeSight[];
  /** All that runs on them. A job may be moved when it says `isPreemptible`, is in no gang, and has run its `minRuntimeMs`. */
  readonly running: readonly RunningJob[];
  /** All that waits, and since when. Jobs without GPUs start no node. */
  readonly pending: readonly { readonly job: Job; readonly pendingSinceMs: number }[];
}

/** What is remembered of the fleet. Plain JSON. */
export interface AutoscaleNodesState {
  readonly version: 1;
  /** When it last decided; `null` before. */
  readonly lastMs: number | null;
  /** Since when use has been high; `null` when it is not. */
  readonly busySinceMs: number | null;
  /** Nodes with little use, and since when, by id. */
  readonly quiet: readonly { readonly nodeId: string; readonly sinceMs: number }[];
  /** Nodes that this policy has cordoned and not seen to take work again, by id. A node that somebody else cordons is left alone. */
  readonly leaving: readonly string[];
}

/** What to do, in this order: each action can be done, and done again, without the ones after it. */
export type NodeAction =
  /** Let a node that was to go take work again. */
  | { readonly kind: 'uncordon'; readonly nodeId: string }
  | { readonly kind: 'launch'; readonly tierId: string; readonly count: number }
  | { readonly kind: 'cordon'; readonly nodeId: string }
  /** Move its jobs; there was room for each where it says. */
  | { readonly kind: 'drain'; readonly nodeId: string; readonly moves: readonly Move[] }
  /** Only for a node that was cordoned before and runs nothing, or never came up. */
  | { readonly kind: 'terminate'; readonly nodeId: string };

/** Why a node stays although it is quiet, or not known to be. */
export type NodeKept =
  | 'signal-missing'
  | 'not-quiet-for-long'
  | 'wanted-by-pending'
  | 'committed'
  | 'floor'
  | 'does-not-pay'
  | 'needed-for-load'
  | 'budget'
  | 'jobs-have-no-other-place'
  | 'takes-in-moves';

/** Why nodes come and go. */
export type AutoscaleNodesReason =
  /** So many jobs have waited for `pendingMs` or longer, `withRoom` of which fit on nodes that are there or coming. */
  | { readonly kind: 'pending'; readonly jobs: number; readonly withRoom: number }
  /** A job, or the gang it is in, fits on `count` new nodes of the tier, together with those before it. */
  | { readonly kind: 'needs-nodes'; readonly jobId: string; readonly tierId: string; readonly count: number }
  /** No tier can give a node for the job: none holds it, or those that do are full. */
  | { readonly kind: 'stays-pending'; readonly jobId: string; readonly because: 'no-tier-holds-it' | 'tiers-full' }
  /** Use has been above the limit since `sinceMs`: `count` nodes more bring it down. */
  | { readonly kind: 'busy'; readonly utilizationRatio: number; readonly sinceMs: number; readonly count: number }
  /** The tier had fewer nodes than it should always have. */
  | { readonly kind: 'below-floor'; readonly tierId: string; readonly count: number }
  /** The node goes: it has been quiet since `sinceMs`. */
  | {
      readonly kind: 'leaves';
      readonly nodeId: string;
      readonly because: 'empty' | 'underutilized';
      readonly sinceMs: number;
      readonly savedUsdPerHour: number;
    }
  /** The node stays; `jobId`: the job that has no other place. */
  | { readonly kind: 'kept'; readonly nodeId: string; readonly because: NodeKept; readonly jobId?: string }
  /** The node was to go and stays after all. */
  | {
      readonly kind: 'stays-after-all';
      readonly nodeId: string;
      readonly because: 'wanted-by-pending' | 'jobs-have-no-other-place';
    }
  /** The node was asked for at `launchedAtMs` and is not ready still: it does not count. */
  | { readonly kind: 'never-ready'; readonly nodeId: string; readonly launchedAtMs: number };

/** The answer of {@link autoscaleNodes}. */
export interface AutoscaleNodesResult {
  /** Pass it to the next call. */
  readonly state: AutoscaleNodesState;
  readonly decision: { readonly actions: readonly NodeAction[] };
  readonly reasons: readonly AutoscaleNodesReason[];
  /** When to decide again, ms since the Unix epoch. */
  readonly nextEvalAtMs: number;
}
