import type { Demand } from './demand.ts';
import { capableKinds, type Fleet } from './fleet.ts';
import type { NodeScorer } from './node-scorer.ts';
import { shortfall } from './shortfall.ts';

/** Demands whose trees are kept; beyond them the one asked for longest ago makes room. */
const MAX_TREES = 256;

/** Finds the best node for a demand without looking at all of them. */
export interface ScoreIndex {
  /** The demand's tree, built at the first request and brought up to date at each. `make` runs when there is none. */
  readonly treeOf: (key: string, make: () => Demand) => ScoreTree;
  /** The node's amounts or its cordon have changed. `O(1)` */
  readonly changed: (node: number) => void;
}

/**
 * A maximum tree over the nodes for one demand. The key of a leaf is the score of a node that holds the demand (>= 0), minus
 * the shortfall of one that could if it were emptier (< 0), and -Infinity for all others: so the root knows the node to take,
 * or else the nearest miss. The leftmost leaf of the largest key is the one with the smallest id.
 */
export interface ScoreTree {
  readonly demand: Demand;
  /** By kind of node: 1 when an empty one holds the demand. */
  readonly capable: Uint8Array;
  /** Key `k` of the nodes `2k` and `2k + 1` below it; leaf of node `n` at `leafCount + n`. */
  readonly keys: Float64Array;
  /** Changes of the log that are in the keys. */
  seen: number;
  /** When it was last asked for, to find the one to drop. */
  usedAt: number;
}

/**
 * Creates an index over a fleet.
 *
 * A placement changes one node, so a tree re-scores only the nodes changed since it was last asked: `O(log nodes)` each, and
 * a node that changed often is scored once. `O(nodes)` for a demand that is new or that missed more changes than there are
 * nodes. Space `O(demands × nodes)` for at most 256 demands. The answers are those of a scan over all nodes.
 */
export function createScoreIndex(fleet: Fleet, scorer: NodeScorer, maxTrees = MAX_TREES): ScoreIndex {
  const { state, isCordoned, expiresAtMs } = fleet;
  const { kindOf, kindNodes, ruleSetOf } = fleet.catalogue;
  const { nodeCount, jobCount } = state;
  const { tellsTwinsApart = false } = scorer;
  const leafCount = 2 ** Math.ceil(Math.log2(Math.max(nodeCount, 1)));
  // Ring of changed nodes: one that missed a whole round is cheaper to build anew.
  const log = new Int32Array(leafCount);
  let logged = 0;
  let requests = 0;
  // Marks nodes already scored in this update.
  const updatedAt = new Float64Array(nodeCount);
  const kindKey = new Float64Array(kindNodes.length);
  const trees = new Map<string, ScoreTree>();

  const keyOf = (node: number, { demand, capable }: ScoreTree): number => {
    if (capable[kindOf[node]!] === 0 || isCordoned[node] === 1) return -Infinity;
    if (expiresAtMs[node]! < demand.neededUntilMs || demand.isAdmitted[ruleSetOf[node]!] === 0) return -Infinity;
    const lack = shortfall(state, node, demand);
    return lack > 0 ? -lack : scorer.score(node, demand);
  };

  const build = (tree: ScoreTree): void => {
    const { keys, demand } = tree;
    keys.fill(-Infinity);
    kindKey.fill(NaN);
    for (let node = 0; node < nodeCount; node++) {
      // Empty nodes of one kind share their key, unless the clock, a cordon or a rule tells them apart.
      const isOpen = isCordoned[node] === 0 && demand.isAdmitted[ruleSetOf[node]!] === 1;
      const isPlain = isOpen && !tellsTwinsApart && jobCount[node] === 0 && expiresAtMs[node]! >= demand.neededUntilMs;
      const kind = kindOf[node]!;
      if (!isPlain) keys[leafCount + node] = keyOf(node, tree);
      else {
        if (Number.isNaN(kindKey[kind])) kindKey[kind] = keyOf(node, tree);
        keys[leafCount + node] = kindKey[kind]!;
      }
    }
    for (let k = leafCount - 1; k > 0; k--) keys[k] = Math.max(keys[2 * k]!, keys[2 * k + 1]!);
  };

  const update = (tree: ScoreTree): void => {
    const { keys } = tree;
    for (let entry = tree.seen; entry < logged; entry++) {
      const node = log[entry & (leafCount - 1)]!;
      if (updatedAt[node] === requests) continue;
      updatedAt[node] = requests;
      const key = keyOf(node, tree);
      let k = leafCount + node;
      if (keys[k] === key) continue;
      keys[k] = key;
      for (k >>= 1; k > 0; k >>= 1) {
        const left = keys[2 * k]!;
        const right = keys[2 * k + 1]!;
        const larger = left > right ? left : right;
        if (keys[k] === larger) break;
        keys[k] = larger;
      }
    }
  };

  /** Keys of the tree asked for longest ago, which is dropped, or new ones while there is room. */
  const takeKeys = (): Float64Array => {
    if (trees.size < maxTrees) return new Float64Array(2 * leafCount);
    let oldest: readonly [string, ScoreTree] | undefined;
    for (const entry of trees) if (oldest === undefined || entry[1].usedAt < oldest[1].usedAt) oldest = entry;
    trees.delete(oldest![0]);
    return oldest![1].keys;
  };

  const treeOf: ScoreIndex['treeOf'] = (key, make) => {
    requests++;
    let tree = trees.get(key);
    if (tree === undefined) {
      const demand = make();
      tree = { demand, capable: capableKinds(fleet, demand), keys: takeKeys(), seen: -Infinity, usedAt: 0 };
      trees.set(key, tree);
    }
    if (logged - tree.seen > leafCount) build(tree);
    else update(tree);
    tree.seen = logged;
    tree.usedAt = requests;
    return tree;
  };

  const note = (node: number): void => {
    log[logged & (leafCount - 1)] = node;
    logged++;
  };
  const changed = (node: number): void => {
    note(node);
    scorer.changed(node, note);
  };
  return { treeOf, changed };
}

/** The node of the largest key, the smallest id of equals; its key tells whether it fits. -1 in a fleet without nodes. */
export function bestNode({ keys }: ScoreTree): number {
  const top = keys[1]!;
  if (keys.length < 2 || top === -Infinity) return -1;
  const leafCount = keys.length / 2;
  let k = 1;
  while (k < leafCount) {
    k *= 2;
    if (keys[k] !== top) k++;
  }
  return k - leafCount;
}

/** The node of the largest key among some nodes, ascending, that the demand fits; the smallest id of equals. -1: it fits none. */
export function bestAmong({ keys }: ScoreTree, nodes: Int32Array): number {
  const leafCount = keys.length / 2;
  let best = -1;
  let largest = -Infinity;
  for (const node of nodes) {
    const key = keys[leafCount + node]!;
    if (key < 0 || key <= largest) continue;
    best = node;
    largest = key;
  }
  return best;
}
