import type { Fleet } from './fleet.ts';
import type { Found, Limits, ScoreTree } from './score-tree.ts';
import { shortfall } from './shortfall.ts';
import type { Demand } from './demand.ts';

/** Searches score trees for nodes within limits that the keys know roughly or not at all; see {@link createLimitTrees}. */
export interface LimitTrees {
  /** True when the node has the main memory free and lasts long enough. */
  readonly isWithin: (node: number, limits: Limits) => boolean;
  /** As `best` of the index, by branch and bound. `O(nodes)` at worst, `O(log nodes)` as long as few nodes are out of limits. */
  readonly best: (tree: ScoreTree, limits: Limits) => Found;
  /** The node's main memory has changed. `O(1)` */
  readonly changed: (node: number) => void;
}

/**
 * Maximum trees over main memory free and over the end of the nodes, of the same form as the score trees, so that a part of
 * the tree whose keys or limits cannot beat the best node found is left out. The memory tree is brought up to date when a
 * search needs it.
 */
export function createLimitTrees({ state, catalogue, kindState, expiresAtMs }: Fleet, leafCount: number): LimitTrees {
  const { memoryFree, nodeCount } = state;
  const { kindOf } = catalogue;
  const raise = (keys: Float64Array, k: number): number => Math.max(keys[2 * k]!, keys[2 * k + 1]!);
  const treeOver = (leaves: Float64Array): Float64Array => {
    const keys = new Float64Array(2 * leafCount).fill(-Infinity);
    keys.set(leaves, leafCount);
    for (let k = leafCount - 1; k > 0; k--) keys[k] = raise(keys, k);
    return keys;
  };
  const memory = treeOver(memoryFree);
  const end = treeOver(expiresAtMs);
  const dirty: number[] = [];
  const isDirty = new Uint8Array(nodeCount);

  const refresh = (): void => {
    for (const node of dirty) {
      isDirty[node] = 0;
      memory[leafCount + node] = memoryFree[node]!;
      for (let k = (leafCount + node) >> 1; k > 0; k >>= 1) {
        const larger = raise(memory, k);
        if (memory[k] === larger) break;
        memory[k] = larger;
      }
    }
    dirty.length = 0;
  };

  // What the search in progress looks for, and the best it has found.
  let keys = memory;
  let demand: Demand;
  let bestKey = -Infinity;
  let bestNode = -1;

  /** No node below can do better; exact at a leaf. */
  const boundOf = (k: number): number => {
    const key = keys[k]!;
    if (key === -Infinity || key < bestKey || end[k]! < demand.neededUntilMs) return -Infinity;
    const { memoryMib } = demand;
    const free = memory[k]!;
    if (free >= memoryMib) return key;
    if (k < leafCount) return Math.min(key, (free - memoryMib) / memoryMib);
    const node = k - leafCount;
    return kindState.memoryFree[kindOf[node]!]! < memoryMib ? -Infinity : -shortfall(state, node, demand);
  };
  /** Looks below `k`, whose leftmost leaf is node `first`. Of equals the node on the left is kept. */
  const look = (k: number, bound: number, first: number, width: number): void => {
    if (bound < bestKey || bound === -Infinity || (bound === bestKey && first > bestNode)) return;
    if (width === 1) {
      bestKey = bound;
      bestNode = first;
      return;
    }
    const half = width / 2;
    const left = boundOf(2 * k);
    const right = boundOf(2 * k + 1);
    if (right > left) {
      look(2 * k + 1, right, first + half, half);
      look(2 * k, left, first, half);
    } else {
      look(2 * k, left, first, half);
      look(2 * k + 1, right, first + half, half);
    }
  };

  return {
    isWithin: (node, limits) => memoryFree[node]! >= limits.memoryMib && expiresAtMs[node]! >= limits.neededUntilMs,
    best: (tree, { memoryMib, neededUntilMs }) => {
      refresh();
      keys = tree.keys;
      demand = { ...tree.demand, memoryMib, neededUntilMs };
      bestKey = -Infinity;
      bestNode = -1;
      look(1, boundOf(1), 0, leafCount);
      return { node: bestNode, key: bestKey };
    },
    changed: (node) => {
      if (isDirty[node] === 1) return;
      isDirty[node] = 1;
      dirty.push(node);
    },
  };
}
