import type { Congestion } from './congestion.ts';
import { EPSILON } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';
import { amountCost, costsOf, offsetOf } from './reply.ts';
import type { Reply } from './reply.ts';

/**
 * In runs at one location, each of a least length, and all but the first with a time to resume. Runs are of whole slots; only
 * the end of the last may be a part.
 *
 * Exact where costs are linear, by a dynamic program: `ends[u][t]` is the least cost of `u` slots in so many runs of which the last
 * ends where slot `t` begins, and `upTo[u][t]` that of one that ends there or before. With a time to resume there is one such
 * table for every number of runs, since each run more is more to do; more runs are tried until they cannot be cheaper.
 *
 * `O(runs × w × work)` for a window of `w` slots.
 */
export function runsAt(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  base: number,
  limit: number,
): number {
  const first = table.first[job]!;
  const count = table.end[job]! - first;
  const tail = table.tail[job]!;
  const work = table.work[job]!;
  const resume = table.resume[job]!;
  const least = Math.max(table.minRun[job]!, resume);
  const shortest = Math.max(1, Math.ceil(least - EPSILON));
  const cost = slotCosts(table, congestion, reply, job, base);
  // The last slot of the window is whole only where the deadline is at its end.
  const whole = (t: number) => (t === count - 1 && tail < 1 - EPSILON ? Infinity : cost[t]!);
  const sorted = cost.slice().sort();
  const runCost = costsOfRuns(whole, count, shortest);
  const layers: Layer[] = [];
  const most = Math.min(count, Math.floor(work + count * resume + EPSILON));
  let best = limit;
  let found:
    { readonly end: number; readonly length: number; readonly slots: number; readonly part: number } | undefined;
  let pauses = 0;
  for (let k = 0; ; k++) {
    const total = work + k * resume;
    const slots = Math.floor(total + EPSILON);
    const rest = total - slots > EPSILON ? total - slots : 0;
    if (slots + (rest > 0 ? 1 : 0) + k > count) break;
    let bound = rest > 0 ? rest * sorted[slots]! : 0;
    for (let x = 0; x < slots; x++) bound += sorted[x]!;
    if (k === 0) reply.estimate = bound;
    if (bound >= best && sorted[0]! >= 0) break;
    // Where resuming takes no time, one table serves for any number of runs; else there is one for the runs before the last.
    if (resume === 0) layers.push(layerOf(whole, count, slots, shortest, runCost, 'any'));
    else if (k > 0) layers.push(layerOf(whole, count, most, shortest, runCost, layers[k - 2]));
    const before = layers.at(-1);
    const fewest = Math.max(0, Math.ceil(least - rest - EPSILON));
    for (let end = 0; end <= count - (rest > 0 ? 1 : 0); end++) {
      if (rest > 0 && end === count - 1 && rest > tail + EPSILON) continue;
      const cell = base + first + end;
      const part =
        rest === 0
          ? 0
          : cost[end] === Infinity
            ? Infinity
            : amountCost(table, congestion, job, cell, congestion.load[cell]!, rest * table.width[job]!);
      let sum = part;
      for (let length = 0; length <= Math.min(end, slots) && sum < Infinity; length++) {
        if (length > 0) sum += whole(end - length);
        const isFirst = length === slots && (k === 0 || resume === 0);
        const isLongEnough = length >= fewest && (length > 0 || rest > 0);
        const earlier = isLongEnough ? upTo(before, slots - length, end - length - 1) : Infinity;
        const value = sum + (isFirst ? 0 : earlier);
        if (!(value < best)) continue;
        best = value;
        found = { end, length, slots, part: rest };
        pauses = k;
      }
    }
    if (resume === 0) break;
  }
  if (found === undefined) return Infinity;
  const cells = found.part > 0 ? [{ slot: found.end, share: found.part }] : [];
  for (let x = 1; x <= found.length; x++) cells.push({ slot: found.end - x, share: 1 });
  let u = found.slots - found.length;
  let t = found.end - found.length - 1;
  for (let k = resume === 0 ? 0 : pauses - 1; u > 0; k -= resume === 0 ? 0 : 1) {
    const layer = layers[k]!;
    while (upTo(layer, u, t - 1) === upTo(layer, u, t)) t--;
    while (!isStart(layer, u, t)) {
      cells.push({ slot: t - 1, share: 1 });
      u--;
      t--;
    }
    for (let x = 0; x < shortest; x++) cells.push({ slot: --t, share: 1 });
    u -= shortest;
    t--;
  }
  const { scratch } = reply;
  cells.reverse().forEach(({ slot, share }, x) => {
    scratch.cells[x] = base + first + slot;
    scratch.amounts[x] = share * table.width[job]!;
  });
  scratch.count = cells.length;
  return best;
}

/** What runs cost that use `u` slots and end at `t` or before, for every `u` and `t`. */
interface Layer {
  readonly columns: number;
  /** By `u * columns + t`: the last run ends exactly there. */
  readonly ends: Float64Array;
  /** It ends there or before. */
  readonly upTo: Float64Array;
  /** 1 where the last run is of the shortest length. */
  readonly starts: Uint8Array;
}

/** One run more than in `before`: one where there are none before, or any number. */
function layerOf(
  whole: (t: number) => number,
  count: number,
  most: number,
  shortest: number,
  runCost: Float64Array,
  before: Layer | 'any' | undefined,
): Layer {
  const columns = count + 1;
  const size = (most + 1) * columns;
  const layer: Layer = {
    columns,
    ends: new Float64Array(size).fill(Infinity),
    upTo: new Float64Array(size).fill(Infinity),
    starts: new Uint8Array(size),
  };
  for (let u = shortest; u <= most; u++) {
    for (let t = u; t <= count; t++) {
      const at = u * columns + t;
      const isFirst = u === shortest && (before === undefined || before === 'any');
      const earlier = upTo(before === 'any' ? layer : before, u - shortest, t - shortest - 1);
      const fresh = runCost[t]! + (isFirst ? 0 : earlier);
      const longer = layer.ends[at - columns - 1]! + whole(t - 1);
      layer.starts[at] = fresh <= longer ? 1 : 0;
      layer.ends[at] = Math.min(fresh, longer);
      layer.upTo[at] = Math.min(layer.ends[at], layer.upTo[at - 1]!);
    }
  }
  return layer;
}

function upTo(layer: Layer | undefined, u: number, t: number): number {
  if (layer === undefined || t < 0) return Infinity;
  return layer.upTo[u * layer.columns + t]!;
}

function isStart(layer: Layer, u: number, t: number): boolean {
  return layer.starts[u * layer.columns + t] === 1;
}

/** What whole slots cost, by slot of the window. */
function slotCosts(table: ProblemTable, congestion: Congestion, reply: Reply, job: number, base: number): Float64Array {
  const costs = costsOf(table, congestion, reply, job, base);
  const offset = offsetOf(table, congestion, job, base);
  const perReplica = table.energy[job]! * table.width[job]!;
  const first = table.first[job]!;
  return Float64Array.from(
    { length: table.end[job]! - first },
    (_, t) => perReplica * table.signal[base + first + t]! + costs[offset + first + t]!,
  );
}

/** What a shortest run costs, by where it ends. */
function costsOfRuns(whole: (t: number) => number, count: number, shortest: number): Float64Array {
  return Float64Array.from({ length: count + 1 }, (_, end) => {
    if (end < shortest) return Infinity;
    let sum = 0;
    for (let t = end - shortest; t < end; t++) sum += whole(t);
    return sum;
  });
}
