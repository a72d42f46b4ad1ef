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

/**
 * The keys of all nodes for one shape: the score of a node that holds it (>= 0), minus the shortfall of one that could if it
 * were emptier (< 0), and -Infinity for all others. Most changes make a full node another full node, so shortfalls are
 * looked after only while jobs of the shape fail; at other times the keys of nodes that do not hold it mean nothing.
 *
 * Nodes stand in blocks and blocks in groups of as many, about the cube root of the nodes each, and no key is larger than the
 * bound of its block and group. Keys that fall leave the bounds as they are: one that is too large is found out when it comes
 * first, and set right. So a change costs `O(1)` and touches little memory, the best node `O(∛nodes)`.
 */
export interface ShapeScores {
  readonly demand: Demand;
  /** By class of nodes: 1 when an empty one holds the demand. */
  readonly isCapable: Uint8Array;
  /** By node. */
  readonly keys: Float64Array;
  /** By block: no key of it is larger. */
  readonly blockBounds: Float64Array;
  /** By group of blocks. */
  readonly groupBounds: Float64Array;
  /** By group of empty nodes that are alike, see {@link Twins}: the key of each of them. Out of date when there is none. */
  readonly twinKeys: Float64Array;
  /** By node: 1 when it holds the shape now and stands for itself. Small enough to stay near the processor, which the keys of all shapes are not. */
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

/** How the nodes of a fleet stand in blocks and groups. */
export interface Blocks {
  /** Binary digits of a position in a block, and of one in a group. */
  readonly digits: number;
  readonly blockCount: number;
  readonly groupCount: number;
}

/** Divides positions into blocks and groups. */
export function blocksOf(nodeCount: number): Blocks {
  const digits = Math.max(1, Math.ceil(Math.log2(Math.max(nodeCount, 1)) / 3));
  const blockCount = Math.ceil(nodeCount / 2 ** digits);
  return { digits, blockCount, groupCount: Math.ceil(blockCount / 2 ** digits) };
}

/** Sets the key of one node. `O(1)` */
export function setKey(scores: ShapeScores, { digits }: Blocks, node: number, key: number): void {
  const { keys, blockBounds, groupBounds } = scores;
  keys[node] = key;
  const block = node >> digits;
  if (key <= blockBounds[block]!) return;
  blockBounds[block] = key;
  if (key > groupBounds[block >> digits]!) groupBounds[block >> digits] = key;
}

/** The node of the largest key, the smallest of equals; -1 when there is none above -Infinity. `O(∛nodes)`, and as much for each bound that is too large. */
export function firstOfLargest(scores: ShapeScores, { digits }: Blocks): number {
  const { keys, holds, blockBounds, groupBounds, hasShortfalls } = scores;
  for (;;) {
    const group = positionOfLargest(groupBounds, 0, groupBounds.length);
    const bound = groupBounds.length === 0 ? -Infinity : groupBounds[group]!;
    if (bound === -Infinity) return -1;
    const block = positionOfLargest(blockBounds, group << digits, Math.min((group + 1) << digits, blockBounds.length));
    if (blockBounds[block]! < bound) {
      groupBounds[group] = blockBounds[block]!;
      continue;
    }
    let largest = -Infinity;
    for (let node = block << digits, end = Math.min((block + 1) << digits, keys.length); node < end; node++) {
      const key = keys[node]!;
      if (key <= largest || (!hasShortfalls && holds[node] === 0)) continue;
      if (key === bound) return node;
      largest = key;
    }
    blockBounds[block] = largest;
  }
}

function positionOfLargest(values: Float64Array, start: number, end: number): number {
  let position = start;
  for (let k = start + 1; k < end; k++) if (values[k]! > values[position]!) position = k;
  return position;
}
