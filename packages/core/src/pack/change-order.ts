/** Nodes in the order of their latest change, so that what has changed since a moment is found without the rest. */
export interface ChangeOrder {
  /** By node: the one that changed last before it, -1 when there is none. */
  readonly older: Int32Array;
  /** By node: the number of its latest change, from 1; 0: it never changed. */
  readonly changedAt: Float64Array;
  /** The node that changed last, -1 when there is none. */
  readonly newest: () => number;
  /** Changes so far. */
  readonly count: () => number;
  /** The node has changed. `O(1)` */
  readonly note: (node: number) => void;
}

/** Creates the order of nodes that never changed. A list linked both ways. */
export function createChangeOrder(nodeCount: number): ChangeOrder {
  const older = new Int32Array(nodeCount).fill(-1);
  const newer = new Int32Array(nodeCount).fill(-1);
  const changedAt = new Float64Array(nodeCount);
  let newest = -1;
  let count = 0;
  return {
    older,
    changedAt,
    newest: () => newest,
    count: () => count,
    note: (node) => {
      changedAt[node] = ++count;
      if (node === newest) return;
      const [before, after] = [older[node]!, newer[node]!];
      if (after >= 0) older[after] = before;
      if (before >= 0) newer[before] = after;
      older[node] = newest;
      newer[node] = -1;
      if (newest >= 0) newer[newest] = node;
      newest = node;
    },
  };
}
