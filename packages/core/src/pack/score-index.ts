import { createChangeOrder } from './change-order.ts';
import type { Demand } from './demand.ts';
import type { Fleet } from './fleet.ts';
import { createNodeClasses } from './node-classes.ts';
import type { NodeScorer } from './node-scorer.ts';
import { blocksOf, firstOfLargest, setKey, type Found, type Limits, type ShapeScores } from './shape-scores.ts';
import { fits, shortfall } from './shortfall.ts';
import { createTwins } from './twins.ts';

/** Shapes whose scores are kept; beyond them the one asked for longest ago makes room. */
const MAX_SHAPES = 256;
/** Jobs placed in a row after which a shape is no longer expected to fail. */
const PLACED_IN_ROW = 64;

/** Finds the best node for a demand without looking at all of them. */
export interface ScoreIndex {
  /**
   * The scores of a shape, computed at the first request and brought up to date at each. `make` gives the demand when there are
   * none yet; its main memory must not exceed that of any job of the shape.
   */
  readonly scoresOf: (key: string, make: () => Demand) => ShapeScores;
  /** The node of the largest key within the limits, the smallest id of equals. `O(∛nodes)` where limits seldom bind, `O(nodes)` at worst. */
  readonly best: (scores: ShapeScores, limits: Limits) => Found;
  /** The node of the largest key among some nodes, ascending, that holds the job; the smallest id of equals. -1: none does. */
  readonly bestAmong: (scores: ShapeScores, nodes: Int32Array, limits: Limits) => number;
  /** The node's amounts or its cordon have changed. `O(1)` */
  readonly changed: (node: number) => void;
}

/**
 * Creates an index over a fleet.
 *
 * A placement changes one node, so a shape scores again only the nodes changed since it was last asked for: `O(1)` each,
 * and a node that changed often is scored once. `O(nodes)` for a shape that is new. Space `O(shapes × nodes)` for at most
 * 256 shapes. The answers are those of a scan over all nodes.
 */
export function createScoreIndex(fleet: Fleet, scorer: NodeScorer): ScoreIndex {
  const { state, isCordoned, kindState, expiresAtMs } = fleet;
  const { kindOf } = fleet.catalogue;
  const { classOf, capable } = createNodeClasses(fleet);
  const { nodeCount, memoryFree } = state;
  const { tellsTwinsApart = false } = scorer;
  const blocks = blocksOf(nodeCount);
  const twins = createTwins(fleet, !tellsTwinsApart);
  const { groupCount, groupOf, isTwin } = twins;
  // Groups come after the nodes.
  const { older, changedAt, newest, count, note } = createChangeOrder(nodeCount + groupCount);
  let requests = 0;
  const shapes = new Map<string, ShapeScores>();

  /** The key of a node: -Infinity if it does not hold the demand, or minus its shortfall. */
  const keyOf = (node: number, demand: Demand, hasShortfalls: boolean): number => {
    if (isCordoned[node] === 1) return -Infinity;
    const lack = hasShortfalls ? shortfall(state, node, demand) : 0;
    if (lack > 0) return -lack;
    return hasShortfalls || fits(state, node, demand) ? scorer.score(node, demand) : -Infinity;
  };
  const setTwinKey = ({ twinKeys, isCapable, demand, hasShortfalls }: ShapeScores, group: number): void => {
    const node = twins.first(group);
    if (node < 0) return;
    twinKeys[group] = isCapable[classOf[node]!] === 0 ? -Infinity : keyOf(node, demand, hasShortfalls);
  };
  const setNodeKey = (scores: ShapeScores, node: number): void => {
    const { holds, isCapable, demand, hasShortfalls } = scores;
    if (isCapable[classOf[node]!] === 0) return;
    const key = isTwin[node] === 1 ? -Infinity : keyOf(node, demand, hasShortfalls);
    // Most changes make a full node fuller, so they are kept from touching the keys.
    holds[node] = key >= 0 ? 1 : 0;
    if (key >= 0 || hasShortfalls) setKey(scores, blocks, node, key);
  };
  /** Sets the keys of the nodes that have changed since. */
  const refresh = (scores: ShapeScores): void => {
    const { seen } = scores;
    for (let node = newest(); node >= 0 && changedAt[node]! > seen; node = older[node]!) {
      if (node < nodeCount) setNodeKey(scores, node);
      else setTwinKey(scores, node - nodeCount);
    }
    scores.seen = count();
  };
  const build = (scores: ShapeScores): void => {
    // Out of date until all is done: a scorer of the user may throw half way.
    scores.seen = -1;
    scores.keys.fill(-Infinity);
    scores.blockBounds.fill(-Infinity);
    scores.groupBounds.fill(-Infinity);
    scores.holds.fill(0);
    for (let group = 0; group < groupCount; group++) setTwinKey(scores, group);
    for (let node = 0; node < nodeCount; node++) if (isTwin[node] === 0) setNodeKey(scores, node);
    scores.seen = count();
  };

  /** The arrays of the shape asked for longest ago, which is dropped, or new ones while there is room. */
  const takeArrays = (): Pick<ShapeScores, 'keys' | 'blockBounds' | 'groupBounds' | 'twinKeys' | 'holds'> => {
    if (shapes.size < MAX_SHAPES) {
      return {
        keys: new Float64Array(nodeCount),
        blockBounds: new Float64Array(blocks.blockCount),
        groupBounds: new Float64Array(blocks.groupCount),
        twinKeys: new Float64Array(groupCount),
        holds: new Uint8Array(nodeCount),
      };
    }
    let oldest: readonly [string, ShapeScores] | undefined;
    for (const entry of shapes) if (oldest === undefined || entry[1].usedAt < oldest[1].usedAt) oldest = entry;
    shapes.delete(oldest![0]);
    return oldest![1];
  };

  const scoresOf: ScoreIndex['scoresOf'] = (key, make) => {
    requests++;
    let scores = shapes.get(key);
    if (scores === undefined) {
      const { keys, blockBounds, groupBounds, twinKeys, holds } = takeArrays();
      const lists = { keys, blockBounds, groupBounds, twinKeys, holds };
      const demand = make();
      const isCapable = capable(demand);
      scores = { demand, isCapable, ...lists, hasShortfalls: false, placedInRow: 0, seen: -1, usedAt: 0 };
      shapes.set(key, scores);
    }
    if (scores.seen < 0) build(scores);
    else refresh(scores);
    scores.usedAt = requests;
    return scores;
  };

  const isWithin = (node: number, { memoryMib, neededUntilMs }: Limits): boolean =>
    memoryFree[node]! >= memoryMib && expiresAtMs[node]! >= neededUntilMs;
  /** As `search`, when the node of the largest key is out of limits: keys say at most what a node is worth within them. */
  const searchWithin = (scores: ShapeScores, { memoryMib, neededUntilMs }: Limits, near: number): Found => {
    const { keys, blockBounds, holds, hasShortfalls, demand } = scores;
    const whole = { ...demand, memoryMib };
    let node = -1;
    let largest = -Infinity;
    const look = (block: number): void => {
      const end = Math.min((block + 1) << blocks.digits, nodeCount);
      for (let other = block << blocks.digits; other < end; other++) {
        let key = keys[other]!;
        if (key < largest || key === -Infinity || expiresAtMs[other]! < neededUntilMs) continue;
        if (!hasShortfalls && holds[other] === 0) continue;
        if (memoryFree[other]! < memoryMib) {
          if (kindState.memoryFree[kindOf[other]!]! < memoryMib) continue;
          key = -shortfall(state, other, whole);
        }
        if (key < largest || (key === largest && other > node)) continue;
        node = other;
        largest = key;
      }
    };
    // A good node found early leaves out most blocks.
    look(near >> blocks.digits);
    for (let block = 0; block < blocks.blockCount; block++) {
      const bound = blockBounds[block]!;
      if (bound > largest || (bound === largest && block << blocks.digits < node)) look(block);
    }
    return { node, key: largest };
  };
  const search = (scores: ShapeScores, limits: Limits): Found => {
    const node = firstOfLargest(scores, blocks);
    const isFound = node < 0 || isWithin(node, limits);
    const key = node < 0 ? -Infinity : scores.keys[node]!;
    return orTwin(isFound ? { node, key } : searchWithin(scores, limits, node), scores, limits);
  };
  /** The node that stands for a group if it is better than what was found among those that stand for themselves. */
  const orTwin = (found: Found, { twinKeys }: ShapeScores, limits: Limits): Found => {
    let { node, key } = found;
    for (let group = 0; group < groupCount; group++) {
      const twinKey = twinKeys[group]!;
      if (twinKey < key || twinKey === -Infinity) continue;
      const twin = twins.first(group);
      // All nodes of a group have the same memory and end.
      if (twin < 0 || (twinKey === key && twin > node) || !isWithin(twin, limits)) continue;
      node = twin;
      key = twinKey;
    }
    return node === found.node ? found : { node, key };
  };
  const best: ScoreIndex['best'] = (scores, limits) => {
    const found = search(scores, limits);
    if (found.key >= 0) {
      if (scores.hasShortfalls && ++scores.placedInRow === PLACED_IN_ROW) scores.hasShortfalls = false;
      return found;
    }
    scores.placedInRow = 0;
    if (scores.hasShortfalls) return found;
    scores.hasShortfalls = true;
    build(scores);
    return search(scores, limits);
  };

  const bestAmong: ScoreIndex['bestAmong'] = ({ keys, twinKeys, holds }, nodes, limits) => {
    let found = -1;
    let largest = -Infinity;
    for (const node of nodes) {
      const own = holds[node] === 1 ? keys[node]! : -Infinity;
      const key = isTwin[node] === 1 ? twinKeys[groupOf[node]!]! : own;
      if (key < 0 || key <= largest || !isWithin(node, limits)) continue;
      found = node;
      largest = key;
    }
    return found;
  };

  const mark = (node: number): void => {
    note(isTwin[node] === 1 ? nodeCount + groupOf[node]! : node);
  };
  const changed = (node: number): void => {
    if (twins.changed(node)) note(nodeCount + groupOf[node]!);
    note(node);
    scorer.changed(node, mark);
  };
  return { scoresOf, best, bestAmong, changed };
}
