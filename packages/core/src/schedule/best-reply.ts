import { congestionCost, replicaCost } from './congestion.ts';
import type { Congestion } from './congestion.ts';
import { CONTIGUOUS, ELASTIC, EPSILON, MIGRATABLE } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';

/** Room for the search of one job, and its last answer. Kept between calls so that nothing is allocated. */
export interface Reply {
  /** Cells of the answer and GPU-slots used in each; `count` of them. */
  count: number;
  readonly cells: Int32Array;
  readonly amounts: Float64Array;
  /** Locations evaluated so far: the unit of work. */
  looks: number;
  /** What the location looked at last costs at least. */
  estimate: number;
  /** The most promising locations of each job when all were looked at last, `SHORT` a job; -1 is none. */
  readonly shortlist: Int32Array;
  readonly shortCost: Float64Array;
  readonly scratch: Scratch;
}

/** Length of the shortlists. */
const SHORT = 3;

interface Scratch {
  readonly row: Float64Array;
  readonly heapCost: Float64Array;
  readonly heapSlot: Int32Array;
  readonly cellOfSlot: Int32Array;
  readonly level: Int32Array;
  readonly placeOfSlot: Int32Array;
  readonly cells: Int32Array;
  readonly amounts: Float64Array;
  count: number;
}

/** Cells that a plan of a job can use at most. */
export function mostCells(table: ProblemTable, job: number): number {
  return Math.ceil(table.work[job]!) + 2;
}

/** Room for the answers to a table. */
export function createReply(table: ProblemTable): Reply {
  let most = 1;
  for (let j = 0; j < table.jobCount; j++) most = Math.max(most, mostCells(table, j));
  const slots = table.slotCount;
  return {
    count: 0,
    cells: new Int32Array(most),
    amounts: new Float64Array(most),
    looks: 0,
    estimate: Infinity,
    shortlist: new Int32Array(SHORT * table.jobCount).fill(-1),
    shortCost: new Float64Array(SHORT),
    scratch: {
      row: new Float64Array(slots),
      heapCost: new Float64Array(slots + 1),
      heapSlot: new Int32Array(slots + 1),
      cellOfSlot: new Int32Array(slots),
      level: new Int32Array(slots),
      placeOfSlot: new Int32Array(slots),
      cells: new Int32Array(most + slots),
      amounts: new Float64Array(most + slots),
      count: 0,
    },
  };
}

/**
 * The cheapest plan of a job against the others' load, its own load taken off; into `reply`.
 *
 * The answer is exact where costs are linear (no spring, no walls), which is what the bound needs. With springs, whole
 * slots are exact and the part-used slot of a run time that is not whole slots is charged exactly but chosen as if whole.
 *
 * @param limit - an answer that costs this much or more is of no use; the search stops as soon as it knows.
 * @param home - a location to look at first, or -1.
 * @returns the cost of the answer, or Infinity when there is none below the limit (`reply.count` is then 0).
 *
 * `O(locations × w log w)` for a window of `w` slots; without the logarithm for jobs in one piece.
 */
export function bestReply(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  limit: number,
  home: number,
  isShort = false,
): number {
  reply.count = 0;
  const mode = table.mode[job]!;
  if (mode === MIGRATABLE) return replyAnywhere(table, congestion, reply, job, limit);
  let best = limit;
  if (home >= 0) best = lookAt(table, congestion, reply, job, home, best);
  const short = job * SHORT;
  if (isShort && reply.shortlist[short]! >= 0) {
    for (let x = short; x < short + SHORT; x++) {
      const location = reply.shortlist[x]!;
      if (location >= 0 && location !== home) best = lookAt(table, congestion, reply, job, location, best);
    }
    return reply.count > 0 ? best : Infinity;
  }
  const { shortlist, shortCost } = reply;
  shortCost.fill(Infinity);
  for (let x = table.allowedFrom[job]!; x < table.allowedTo[job]!; x++) {
    const location = table.allowed[x]!;
    if (location === home) continue;
    best = lookAt(table, congestion, reply, job, location, best);
    let y = SHORT - 1;
    if (!(reply.estimate < shortCost[y]!)) continue;
    for (; y > 0 && shortCost[y - 1]! > reply.estimate; y--) {
      shortCost[y] = shortCost[y - 1]!;
      shortlist[short + y] = shortlist[short + y - 1]!;
    }
    shortCost[y] = reply.estimate;
    shortlist[short + y] = location;
  }
  return reply.count > 0 ? best : Infinity;
}

/** Compares one location with the best so far; returns the new best. */
function lookAt(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  location: number,
  best: number,
): number {
  const base = location * table.slotCount;
  const mode = table.mode[job]!;
  reply.looks++;
  reply.estimate = Infinity;
  let cost: number;
  if (mode === CONTIGUOUS) cost = pieceAt(table, congestion, reply, job, base, best);
  else if (mode === ELASTIC) cost = levelsAt(table, congestion, reply, job, base, best);
  else cost = slotsAt(table, congestion, reply, job, base, best);
  if (!(cost < best)) return best;
  reply.estimate = cost;
  takeScratch(reply);
  return cost;
}

function takeScratch(reply: Reply): void {
  const { scratch } = reply;
  reply.count = scratch.count;
  for (let x = 0; x < scratch.count; x++) {
    reply.cells[x] = scratch.cells[x]!;
    reply.amounts[x] = scratch.amounts[x]!;
  }
}

/** Costs of one replica of the job without its energy, and where in them the location begins. */
function costsOf(table: ProblemTable, congestion: Congestion, reply: Reply, job: number, base: number): Float64Array {
  if (congestion.columnOf[job]! >= 0) return congestion.costs;
  const { row } = reply.scratch;
  const width = table.width[job]!;
  for (let t = table.first[job]!; t < table.end[job]!; t++) {
    row[t] = replicaCost(table, congestion, base + t, width);
  }
  return row;
}

function offsetOf(table: ProblemTable, congestion: Congestion, job: number, base: number): number {
  const column = congestion.columnOf[job]!;
  return column < 0 ? 0 : column * table.cellCount + base;
}

/** What `amount` GPU-slots cost in a cell, energy and bill included. */
export function amountCost(
  table: ProblemTable,
  congestion: Congestion,
  job: number,
  cell: number,
  load: number,
  amount: number,
): number {
  const own = amount * (table.energy[job]! * table.signal[cell]! + table.bill[cell]!);
  return own + congestionCost(table, congestion, cell, load, amount);
}

/** In one piece: every start in the window is compared, by a sliding sum over the whole slots and the last part. */
function pieceAt(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  base: number,
  limit: number,
): number {
  const costs = costsOf(table, congestion, reply, job, base);
  const offset = offsetOf(table, congestion, job, base);
  const { signal } = table;
  const { heapCost } = reply.scratch;
  const width = table.width[job]!;
  const perReplica = table.energy[job]! * width;
  const first = table.first[job]!;
  const last = table.lastStart[job]!;
  const whole = Math.floor(table.work[job]! + EPSILON);
  const rest = table.work[job]! - whole;
  const hasRest = rest > EPSILON;
  let best = Infinity;
  let start = -1;
  let sum = 0;
  let run = 0;
  // `t` is the slot after the whole ones; with a part left it is the slot that is used in part.
  for (let t = first; t <= last + whole; t++) {
    const cost = hasRest || t < last + whole ? perReplica * signal[base + t]! + costs[offset + t]! : 0;
    if (run >= whole) {
      const at = t - whole;
      let total = sum;
      if (hasRest) {
        total =
          cost === Infinity
            ? Infinity
            : sum + amountCost(table, congestion, job, base + t, congestion.load[base + t]!, rest * width);
      }
      if (total < best) {
        best = total;
        start = at;
      }
    }
    if (cost === Infinity) {
      run = 0;
      sum = 0;
      continue;
    }
    heapCost[t] = cost;
    sum += cost;
    run++;
    if (run > whole) {
      sum -= heapCost[t - whole]!;
      run = whole;
    }
  }
  reply.estimate = best;
  if (start < 0 || best >= limit) return Infinity;
  const { scratch } = reply;
  for (let x = 0; x < whole; x++) {
    scratch.cells[x] = base + start + x;
    scratch.amounts[x] = width;
  }
  scratch.count = whole;
  if (hasRest) {
    scratch.cells[whole] = base + start + whole;
    scratch.amounts[whole] = rest * width;
    scratch.count++;
  }
  return best;
}

/** In any slots of one location. */
function slotsAt(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  base: number,
  limit: number,
): number {
  const costs = costsOf(table, congestion, reply, job, base);
  const offset = offsetOf(table, congestion, job, base);
  const { signal } = table;
  const { heapCost, heapSlot } = reply.scratch;
  const { row: slotCost } = reply.scratch;
  const perReplica = table.energy[job]! * table.width[job]!;
  const first = table.first[job]!;
  const end = table.end[job]!;
  let least = Infinity;
  for (let t = first; t < end; t++) {
    const cost = perReplica * signal[base + t]! + costs[offset + t]!;
    slotCost[t] = cost;
    if (cost < least) least = cost;
  }
  const ceiling = dearestOfUse(table, job, least, limit);
  let size = 0;
  for (let t = first; t < end; t++) {
    const cost = slotCost[t]!;
    if (cost >= ceiling) continue;
    size++;
    heapCost[size] = cost;
    heapSlot[size] = t;
  }
  return cheapestOf(table, congestion, reply, job, size, base, limit);
}

/**
 * A slot that costs this much or more cannot be part of an answer below the limit: the rest of the work costs at least
 * what the cheapest slot does, and the dearest slot is used for the part of the work that is not whole slots, or in full.
 */
function dearestOfUse(table: ProblemTable, job: number, least: number, limit: number): number {
  if (limit === Infinity || least === Infinity || table.tail[job]! < 1) return Infinity;
  const work = table.work[job]!;
  const part = work - Math.floor(work);
  if (part > 0) return Infinity;
  return limit - (work - 1) * least;
}

/** In any slots, each at its cheapest location. */
function replyAnywhere(table: ProblemTable, congestion: Congestion, reply: Reply, job: number, limit: number): number {
  const { row, cellOfSlot, heapCost, heapSlot } = reply.scratch;
  const { signal } = table;
  const first = table.first[job]!;
  const end = table.end[job]!;
  const width = table.width[job]!;
  const perReplica = table.energy[job]! * width;
  const isInColumn = congestion.columnOf[job]! >= 0;
  for (let t = first; t < end; t++) row[t] = Infinity;
  for (let x = table.allowedFrom[job]!; x < table.allowedTo[job]!; x++) {
    const base = table.allowed[x]! * table.slotCount;
    const offset = offsetOf(table, congestion, job, base);
    reply.looks++;
    for (let t = first; t < end; t++) {
      const own = isInColumn ? congestion.costs[offset + t]! : replicaCost(table, congestion, base + t, width);
      const cost = perReplica * signal[base + t]! + own;
      if (cost < row[t]!) {
        row[t] = cost;
        cellOfSlot[t] = base + t;
      }
    }
  }
  let size = 0;
  for (let t = first; t < end; t++) {
    if (row[t] === Infinity) continue;
    size++;
    heapCost[size] = row[t]!;
    heapSlot[size] = t;
  }
  const cost = cheapestOf(table, congestion, reply, job, size, -1, limit);
  if (cost >= limit) return Infinity;
  takeScratch(reply);
  return cost;
}

/** Takes the cheapest of `size` slots in the heap until the work is done; the dearest one taken may be used in part. */
function cheapestOf(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  size: number,
  base: number,
  limit: number,
): number {
  const { scratch } = reply;
  const { heapCost, heapSlot } = scratch;
  const width = table.width[job]!;
  const last = table.end[job]! - 1;
  const tail = table.tail[job]!;
  let left = table.work[job]!;
  if (size < left - 1) {
    reply.estimate = limit;
    return Infinity;
  }
  for (let x = size >> 1; x > 0; x--) siftDown(heapCost, heapSlot, x, size);
  let total = 0;
  let count = 0;
  while (left > EPSILON) {
    if (size === 0) return Infinity;
    const cost = heapCost[1]!;
    if (total + left * cost >= limit) {
      reply.estimate = total + left * cost;
      return Infinity;
    }
    const t = heapSlot[1]!;
    const cell = base < 0 ? scratch.cellOfSlot[t]! : base + t;
    let share = t === last ? tail : 1;
    if (left < share) share = left;
    total += share === 1 ? cost : amountCost(table, congestion, job, cell, congestion.load[cell]!, share * width);
    scratch.cells[count] = cell;
    scratch.amounts[count] = share * width;
    count++;
    left -= share;
    heapCost[1] = heapCost[size]!;
    heapSlot[1] = heapSlot[size]!;
    size--;
    siftDown(heapCost, heapSlot, 1, size);
  }
  scratch.count = count;
  return total;
}

/**
 * Elastic, in any slots of one location: whole levels of replicas by cost per unit of work; the last one taken may be
 * used in part. Where a cell pays (a negative price), a level is taken to do the least work any level does: that can
 * only lower the cost, so a bound stays a bound.
 */
function levelsAt(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  base: number,
  limit: number,
): number {
  const { scratch } = reply;
  const { heapCost, heapSlot, level, placeOfSlot } = scratch;
  const { load, isHard } = congestion;
  const costs = costsOf(table, congestion, reply, job, base);
  const offset = offsetOf(table, congestion, job, base);
  const { signal, capacity } = table;
  const curve = table.curve[job]!;
  const least = curve[curve.length - 1]!;
  const width = table.width[job]!;
  const perReplica = table.energy[job]! * width;
  const end = table.end[job]!;
  const tail = table.tail[job]!;
  let cheapest = Infinity;
  let size = 0;
  for (let t = table.first[job]!; t < end; t++) {
    const cost = perReplica * signal[base + t]! + costs[offset + t]!;
    if (cost === Infinity) continue;
    level[t] = 0;
    placeOfSlot[t] = -1;
    size++;
    const ratio = cost < 0 ? cost / least : cost;
    heapCost[size] = ratio;
    heapSlot[size] = t;
    if (ratio < cheapest) cheapest = ratio;
  }
  if (table.work[job]! * cheapest >= limit) {
    reply.estimate = table.work[job]! * cheapest;
    return Infinity;
  }
  for (let x = size >> 1; x > 0; x--) siftDown(heapCost, heapSlot, x, size);
  let left = table.work[job]!;
  let total = 0;
  let count = 0;
  while (size > 0) {
    const ratio = heapCost[1]!;
    if (total + left * ratio >= limit) {
      reply.estimate = total + left * ratio;
      return Infinity;
    }
    const t = heapSlot[1]!;
    const cell = base + t;
    const q = level[t]!;
    const speed = curve[q]!;
    const most = t === end - 1 ? tail : 1;
    const share = left < most * speed ? left / speed : most;
    const below = load[cell]! + q * width * most;
    total +=
      share === 1 || ratio < 0 ? ratio * speed * share : amountCost(table, congestion, job, cell, below, share * width);
    let place = placeOfSlot[t]!;
    if (place < 0) {
      place = count++;
      placeOfSlot[t] = place;
      scratch.cells[place] = cell;
      scratch.amounts[place] = 0;
    }
    scratch.amounts[place]! += share * width;
    left -= share * speed;
    if (left <= EPSILON) {
      scratch.count = count;
      return total;
    }
    level[t] = q + 1;
    const taken = isHard ? load[cell]! : 0;
    if (q + 1 < curve.length && taken + (q + 2) * width <= capacity[cell]! + EPSILON) {
      const cost = amountCost(table, congestion, job, cell, below + width * most, width);
      heapCost[1] = cost < 0 ? cost / least : cost / curve[q + 1]!;
    } else {
      heapCost[1] = heapCost[size]!;
      heapSlot[1] = heapSlot[size]!;
      size--;
    }
    siftDown(heapCost, heapSlot, 1, size);
  }
  return Infinity;
}

/** Restores the order of a heap whose entry `x` may be too dear. Equal costs are ordered by slot. */
function siftDown(heapCost: Float64Array, heapSlot: Int32Array, x: number, size: number): void {
  if (x > size) return;
  const cost = heapCost[x]!;
  const slot = heapSlot[x]!;
  for (;;) {
    let child = 2 * x;
    if (child > size) break;
    if (child < size && heapCost[child + 1]! < heapCost[child]!) child++;
    if (heapCost[child]! >= cost) break;
    heapCost[x] = heapCost[child]!;
    heapSlot[x] = heapSlot[child]!;
    x = child;
  }
  heapCost[x] = cost;
  heapSlot[x] = slot;
}
