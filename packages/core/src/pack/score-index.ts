import type { Demand } from './demand.ts';
import { capableKinds, type Fleet } from './fleet.ts';
import { createLimitTrees } from './limit-trees.ts';
import type { NodeScorer } from './node-scorer.ts';
import type { Found, Limits, ScoreTree } from './score-tree.ts';
import { fits, shortfall } from './shortfall.ts';

/** Shapes whose trees are kept; beyond them the one asked for longest ago makes room. */
const MAX_TREES = 256;
/** Jobs placed in a row after which a shape is no longer expected to fail. */
const PLACED_IN_ROW = 64;

const NONE: Found = { node: -1, key: -Infinity };

/** Finds the best node for a demand without looking at all of them. */
export interface ScoreIndex {
  /**
   * The tree of a shape, built at the first request and brought up to date at each. `make` gives the demand when there is
   * no tree yet; its main memory must not exceed that of any job of the shape.
   */
  readonly treeOf: (key: string, make: () => Demand) => ScoreTree;
  /** The node of the largest key within the limits, the smallest id of equals. `O(log nodes)` where memory seldom binds. */
  readonly best: (tree: ScoreTree, limits: Limits) => Found;
  /** The node of the largest key among some nodes, ascending, that holds the job; the smallest id of equals. -1: none does. */
  readonly bestAmong: (tree: ScoreTree, nodes: Int32Array, limits: Limits) => number;
  /** The node's amounts or its cordon have changed. `O(1)` */
  readonly changed: (node: number) => void;
}

/**
 * Creates an index over a fleet.
 *
 * A placement changes one node, so a tree re-scores only the nodes changed since it was last asked: `O(log nodes)` each, and
 * a node that changed often is scored once. `O(nodes)` for a shape that is new or that missed more changes than there are
 * nodes. Space `O(shapes × nodes)` for at most 256 shapes. The answers are those of a scan over all nodes.
 */
export function createScoreIndex(fleet: Fleet, scorer: NodeScorer): ScoreIndex {
  const { state, isCordoned } = fleet;
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
  const limitTrees = createLimitTrees(fleet, leafCount);

  const keyOf = (node: number, { demand, capable, hasShortfalls }: ScoreTree): number => {
    if (capable[kindOf[node]!] === 0 || isCordoned[node] === 1) return -Infinity;
    if (demand.isAdmitted[ruleSetOf[node]!] === 0) return -Infinity;
    if (fits(state, node, demand)) return scorer.score(node, demand);
    return hasShortfalls ? -shortfall(state, node, demand) : -Infinity;
  };

  const build = (tree: ScoreTree): void => {
    const { keys, demand, isFit } = tree;
    kindKey.fill(NaN);
    for (let node = 0; node < nodeCount; node++) {
      // Empty nodes of one kind share their key, unless a cordon or a rule tells them apart.
      const isOpen = isCordoned[node] === 0 && demand.isAdmitted[ruleSetOf[node]!] === 1;
      const isPlain = isOpen && !tellsTwinsApart && jobCount[node] === 0;
      const kind = kindOf[node]!;
      let key = isPlain ? kindKey[kind]! : keyOf(node, tree);
      if (Number.isNaN(key)) kindKey[kind] = key = keyOf(node, tree);
      keys[leafCount + node] = key;
      isFit[node] = key >= 0 ? 1 : 0;
    }
    keys.fill(-Infinity, leafCount + nodeCount);
    for (let k = leafCount - 1; k > 0; k--) {
      const left = keys[2 * k]!;
      const right = keys[2 * k + 1]!;
      keys[k] = left > right ? left : right;
    }
  };

  const update = (tree: ScoreTree): void => {
    const { keys, isFit, demand, hasShortfalls } = tree;
    for (let entry = tree.seen; entry < logged; entry++) {
      const node = log[entry & (leafCount - 1)]!;
      if (updatedAt[node] === requests) continue;
      updatedAt[node] = requests;
      // Most changes make a full node fuller.
      if (isFit[node] === 0 && !hasShortfalls && !fits(state, node, demand)) continue;
      const key = keyOf(node, tree);
      isFit[node] = key >= 0 ? 1 : 0;
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
    if (trees.size < MAX_TREES) return new Float64Array(2 * leafCount);
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
      tree = {
        demand,
        capable: capableKinds(fleet, demand),
        keys: takeKeys(),
        isFit: new Uint8Array(nodeCount),
        hasShortfalls: false,
        placedInRow: 0,
        seen: -Infinity,
        usedAt: 0,
      };
      trees.set(key, tree);
    }
    if (logged - tree.seen > leafCount) build(tree);
    else update(tree);
    tree.seen = logged;
    tree.usedAt = requests;
    return tree;
  };

  const search = (tree: ScoreTree, limits: Limits): Found => {
    const { keys } = tree;
    const top = keys[1]!;
    if (top === -Infinity) return NONE;
    let k = 1;
    while (k < leafCount) {
      k *= 2;
      if (keys[k] !== top) k++;
    }
    const node = k - leafCount;
    return limitTrees.isWithin(node, limits) ? { node, key: top } : limitTrees.best(tree, limits);
  };
  const best: ScoreIndex['best'] = (tree, limits) => {
    if (nodeCount === 0) return NONE;
    const found = search(tree, limits);
    if (found.key >= 0) {
      if (tree.hasShortfalls && ++tree.placedInRow === PLACED_IN_ROW) tree.hasShortfalls = false;
      return found;
    }
    tree.placedInRow = 0;
    if (tree.hasShortfalls) return found;
    tree.hasShortfalls = true;
    // Out of date until it is built: a scorer of the user may throw half way.
    tree.seen = -Infinity;

    build(tree);
    tree.seen = logged;
    return search(tree, limits);
  };

  const bestAmong: ScoreIndex['bestAmong'] = ({ keys }, nodes, limits) => {
    let found = -1;
    let largest = -Infinity;
    for (const node of nodes) {
      const key = keys[leafCount + node]!;
      if (key < 0 || key <= largest || !limitTrees.isWithin(node, limits)) continue;
      found = node;
      largest = key;
    }
    return found;
  };

  const note = (node: number): void => {
    log[logged & (leafCount - 1)] = node;
    logged++;
  };
  const changed = (node: number): void => {
    note(node);
    limitTrees.changed(node);
    scorer.changed(node, note);
  };
  return { treeOf, best, bestAmong, changed };
}
