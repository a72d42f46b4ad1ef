import type { Fleet } from './fleet.ts';

/** Groups beyond which nodes are looked at one by one: all groups are looked through for every job. */
const MAX_GROUPS = 128;

/**
 * Open nodes without jobs that no job can tell apart but by their ids: the same in kind, rules and end. One of them, the one with
 * the smallest id, stands for all, so most of an empty fleet needs no scores.
 */
export interface Twins {
  readonly groupCount: number;
  /** By node: its group; only for nodes that are {@link isTwin}. */
  readonly groupOf: Int32Array;
  /** By node: 1 when a group stands for it now. */
  readonly isTwin: Uint8Array;
  /** The smallest id of a group, -1 when there is none now. `O(nodes / 32)` at worst, mostly `O(1)`. */
  readonly first: (group: number) => number;
  /** The node's jobs or its cordon have changed. True when its group has a node now and had none before. */
  readonly changed: (node: number) => boolean;
}

/** Groups the nodes of a fleet. @param isOn - false: every node stands for itself. */
export function createTwins({ state, catalogue, expiresAtMs, isCordoned }: Fleet, isOn: boolean): Twins {
  const { nodeCount, jobCount } = state;
  const groups = new Map<string, number>();
  const groupOf = Int32Array.from({ length: isOn ? nodeCount : 0 }, (_, node) => {
    const key = `${catalogue.kindOf[node]}/${catalogue.ruleSetOf[node]}/${expiresAtMs[node]}`;
    const group = groups.get(key) ?? groups.size;
    groups.set(key, group);
    return group;
  });
  const groupCount = groups.size <= MAX_GROUPS ? groups.size : 0;
  const isTwin = new Uint8Array(nodeCount);
  // A bit for each node, those of a group side by side.
  const words = (nodeCount + 31) >> 5;
  const bits = new Int32Array(groupCount * words);
  // No word of the group before this one has a bit.
  const from = new Int32Array(groupCount).fill(words);

  const first = (group: number): number => {
    let word = from[group]!;
    while (word < words && bits[group * words + word] === 0) word++;
    from[group] = word;
    if (word === words) return -1;
    const lowest = bits[group * words + word]! & -bits[group * words + word]!;
    return 32 * word + 31 - Math.clz32(lowest);
  };
  const changed = (node: number): boolean => {
    if (groupCount === 0) return false;
    const isNow = jobCount[node] === 0 && isCordoned[node] === 0;
    if (isNow === (isTwin[node] === 1)) return false;
    const group = groupOf[node]!;
    const word = node >> 5;
    const wasNone = isNow && first(group) < 0;
    isTwin[node] = isNow ? 1 : 0;
    bits[group * words + word]! ^= 1 << (node & 31);
    if (isNow && word < from[group]!) from[group] = word;
    return wasNone;
  };
  for (let node = 0; node < nodeCount; node++) changed(node);
  return { groupCount, groupOf, isTwin, first, changed };
}
