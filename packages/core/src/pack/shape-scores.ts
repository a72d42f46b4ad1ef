import type { Demand } from './demand.ts';

/** What a job needs beyond its shape: jobs of one shape differ in it, and share their scores. */
export interface Limits {
  /** Main memory, MiB. */
  readonly memoryMib: number;
  /** The node must not expire before, ms since the Unix epoch; -Infinity: no matter. */
  readonly neededUntilMs: number;
}

/** A node and its key; see {@link ShapeScores}. */
export interface Found {
  /** -1: no open node could hold the job, even if it were emptier. */
  readonly node: number;
  /** >= 0: the score, the job fits there now. < 0: minus the shortfall of the node that lacks least. */
  readonly key: number;
}

/** Whether a node holds a shape; see {@link ShapeScores}. */
export const HOLDS_NOT = 0;
export const HOLDS = 1;
export const NEVER_HOLDS = 2;
/** Its group stands for it. */
export const IS_TWIN = 3;

/**
 * The keys of all nodes for one shape: the score of a node that holds it (>= 0), minus the shortfall of one that could if it
 * were emptier (< 0), and -Infinity for all others. Most changes make a full node another full node, so shortfalls are
 * looked after only while jobs of the shape fail; at other times the keys of nodes that do not hold it mean nothing.
 *
 * Nodes stand in blocks, about as many as a block has nodes, with the largest key of each. A key that falls only marks its block;
 * the largest is looked for again when the block comes first. So a change costs `O(1)` and touches little memory, the best
 * node `O(√nodes)`.
 */
export interface ShapeScores {
  readonly demand: Demand;
  /** By node. */
  readonly keys: Float64Array;
  /** By block: no key of it is larger. */
  readonly tops: Float64Array;
  /** By block: 1 when its keys may all be smaller than `tops` says. */
  readonly isLoose: Uint8Array;
  /** By group of empty nodes, see {@link Twins}: the key of each of them. Out of date when there is none. */
  readonly twinKeys: Float64Array;
  /** By node: whether it holds the shape now. Small enough to stay near the processor, which the keys of all shapes are not. */
  readonly holds: Uint8Array;
  /** False: only nodes that hold the shape count. */
  hasShortfalls: boolean;
  /** Jobs placed since one failed. */
  placedInRow: number;
  /** Changes that are in the keys; see {@link ChangeOrder}. */
  seen: number;
  /** When it was last asked for, to find the one to drop. */
  usedAt: number;
}

/** Binary digits of the position in a block: blocks of about the square root of the nodes. */
export function blockDigits(nodeCount: number): number {
  return Math.ceil(Math.log2(Math.max(nodeCount, 1)) / 2);
}

/** Sets the key of one node. `O(1)` */
export function setKey({ keys, tops, isLoose }: ShapeScores, digits: number, node: number, key: number): void {
  const old = keys[node]!;
  keys[node] = key;
  const block = node >> digits;
  const top = tops[block]!;
  if (key >= top) {
    tops[block] = key;
    isLoose[block] = 0;
  } else if (old === top) isLoose[block] = 1;
}

/** Finds the largest key of every block, after `keys` was written to. `O(nodes)` */
export function setTops(scores: ShapeScores, digits: number): void {
  for (let block = 0; block < scores.tops.length; block++) tighten(scores, digits, block);
}

function tighten({ keys, holds, tops, isLoose, hasShortfalls }: ShapeScores, digits: number, block: number): void {
  const end = Math.min((block + 1) << digits, keys.length);
  let top = -Infinity;
  for (let node = block << digits; node < end; node++) {
    if (keys[node]! > top && (hasShortfalls || holds[node] === HOLDS)) top = keys[node]!;
  }
  tops[block] = top;
  isLoose[block] = 0;
}

/**
 * The node of the largest key, the smallest of equals; -1 when there is none above -Infinity. `O(√nodes)`, and as much for each
 * marked block that comes first.
 */
export function firstOfLargest(scores: ShapeScores, digits: number): number {
  const { keys, holds, tops, isLoose, hasShortfalls } = scores;
  for (;;) {
    let block = -1;
    let top = -Infinity;
    for (let other = 0; other < tops.length; other++) {
      if (tops[other]! <= top) continue;
      block = other;
      top = tops[other]!;
    }
    if (block < 0) return -1;
    if (isLoose[block] === 1) {
      tighten(scores, digits, block);
      continue;
    }
    let node = block << digits;
    while (keys[node] !== top || (!hasShortfalls && holds[node] !== HOLDS)) node++;
    return node;
  }
}
