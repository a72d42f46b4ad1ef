import type { Placement } from '../fleet/index.ts';
import type { NodeWeight } from './node-weight.ts';
import type { PackInput, UnplacedJob } from './types.ts';

/** What to hold, and on which nodes it may be held. */
export type FewestNodesInput = Omit<PackInput, 'workload'>;

/** How to go about it. */
export interface FewestNodesOptions {
  /** What is made small. @defaultValue 'count' */
  readonly weight?: NodeWeight;
  /** Starts of the greedy filling, whole, from 1 to 10; the best is improved. @defaultValue 10 */
  readonly maxStarts?: number;
  /** Rounds of emptying nodes and filling others after the best start, of each search, whole, >= 0. @defaultValue 1000 */
  readonly maxSteps?: number;
  /** Which nodes the rounds empty; a whole number. @defaultValue 1 */
  readonly seed?: number;
}

/** A small set of nodes that holds the jobs, and how far it is from the smallest. */
export interface FewestNodesResult {
  /** Nodes that are switched on, ascending: those that hold a job of `placements`, and those that ran jobs before. */
  readonly nodeIds: readonly string[];
  /** A place for every job that is held, ascending by job id; together they are valid as `running` of `pack`. */
  readonly placements: readonly Placement[];
  /** Jobs without a place, in the order tried. A reason counts all of `placements` as in place. */
  readonly unplaced: readonly UnplacedJob[];
  /** Sum of the weights of `nodeIds`: nodes, USD per hour or W. */
  readonly weightTotal: number;
  /** No set of nodes that holds the jobs of `placements`, beside those that run, weighs less. In the unit of `weightTotal`. */
  readonly lowerBound: number;
  /** `(weightTotal - lowerBound) / weightTotal`, from 0 to 1; 0 proves the answer the smallest. */
  readonly gapRatio: number;
  /** Which relaxation gave the bound: GPU patterns, or (for fleets of very many kinds of nodes) volumes alone. */
  readonly method: 'gpu-patterns' | 'volume';
}
