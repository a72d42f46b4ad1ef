import type { Demand } from './demand.ts';

/** What a job needs beyond its shape: jobs of one shape differ in it, and share a tree. */
export interface Limits {
  /** Main memory, MiB. */
  readonly memoryMib: number;
  /** The node must not expire before, ms since the Unix epoch; -Infinity: no matter. */
  readonly neededUntilMs: number;
}

/** A node and its key; see {@link ScoreTree}. */
export interface Found {
  /** -1: no open node could hold the job, even if it were emptier. */
  readonly node: number;
  /** >= 0: the score, the job fits there now. < 0: minus the shortfall of the node that lacks least. */
  readonly key: number;
}

/**
 * A maximum tree over the nodes for one shape. The key of a leaf is the score of a node that holds the shape (>= 0), minus
 * the shortfall of one that could if it were emptier (< 0), and -Infinity for all others. The leftmost leaf of the largest key
 * is the one with the smallest id. Most changes make a full node another full node, so shortfalls are looked after only
 * while jobs of the shape fail.
 */
export interface ScoreTree {
  readonly demand: Demand;
  /** By kind of node: 1 when an empty one holds the demand. */
  readonly capable: Uint8Array;
  /** Key `k` of the nodes `2k` and `2k + 1` below it; leaf of node `n` at `leafCount + n`. */
  readonly keys: Float64Array;
  /** By node: 1 when the key is >= 0. Small enough to stay near the processor, which the keys of all trees are not. */
  readonly isFit: Uint8Array;
  /** False: nodes that do not hold the shape have key -Infinity, or one out of date below 0. */
  hasShortfalls: boolean;
  /** Jobs placed since one failed. */
  placedInRow: number;
  /** Changes of the log that are in the keys. */
  seen: number;
  /** When it was last asked for, to find the one to drop. */
  usedAt: number;
}
