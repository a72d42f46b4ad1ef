/** An amount that may go to any of several sinks. */
export interface Supply {
  /** Sinks it may go to, by number. */
  readonly types: readonly number[];
  /** Whole, >= 0. */
  readonly milli: number;
}

/**
 * The largest total that the supplies can send to the sinks. All amounts are whole, so the result is exact.
 *
 * Augments along shortest paths. Source: Edmonds and Karp, "Theoretical Improvements in Algorithmic Efficiency for Network
 * Flow Problems", JACM 1972, §1.2. `O((supplies + sinks) × edges²)` at worst; both are few here.
 */
export function maximumFlow(supplies: readonly Supply[], capacity: readonly number[]): number {
  const left = supplies.map(({ milli }) => milli);
  const room = [...capacity];
  const flow = supplies.map(({ types }) => new Map(types.map((type) => [type, 0])));
  let total = 0;
  for (;;) {
    const path = shortestPath(supplies, left, room, flow);
    if (path === undefined) return total;
    // The path alternates supply, sink, supply, ..., sink: forward edges are unlimited, backward ones by their flow.
    let amount = Math.min(left[path[0]!]!, room[path.at(-1)!]!);
    for (let i = 1; i + 1 < path.length; i += 2) amount = Math.min(amount, flow[path[i + 1]!]!.get(path[i]!)!);
    left[path[0]!]! -= amount;
    room[path.at(-1)!]! -= amount;
    for (let i = 0; i < path.length; i += 2) {
      const forward = flow[path[i]!]!;
      forward.set(path[i + 1]!, forward.get(path[i + 1]!)! + amount);
      if (i > 0) forward.set(path[i - 1]!, forward.get(path[i - 1]!)! - amount);
    }
    total += amount;
  }
}

function shortestPath(
  supplies: readonly Supply[],
  left: readonly number[],
  room: readonly number[],
  flow: readonly ReadonlyMap<number, number>[],
): readonly number[] | undefined {
  const queue = left.flatMap((amount, supply) => (amount > 0 ? [{ supply, path: [supply] }] : []));
  const seenSupplies = new Set(queue.map(({ supply }) => supply));
  const seenSinks = new Set<number>();
  for (const { supply, path } of queue) {
    for (const sink of supplies[supply]!.types) {
      if (seenSinks.has(sink)) continue;
      seenSinks.add(sink);
      if (room[sink]! > 0) return [...path, sink];
      flow.forEach((sent, other) => {
        if (seenSupplies.has(other) || (sent.get(sink) ?? 0) === 0) return;
        seenSupplies.add(other);
        queue.push({ supply: other, path: [...path, sink, other] });
      });
    }
  }
  return undefined;
}
