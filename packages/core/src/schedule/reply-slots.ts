import { gpusOf, powerOf, replicaCost } from './congestion.ts';
import type { Congestion } from './congestion.ts';
import { EPSILON } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';
import { amountCost, costsOf, markHomes, moveCost, offsetOf, siftDown, takeScratch } from './reply.ts';
import type { Reply } from './reply.ts';

/** In any slots of one location. */
export function slotsAt(
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
export function replyAnywhere(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  limit: number,
): number {
  const { row, cellOfSlot, heapCost, heapSlot, isHome } = reply.scratch;
  const { signal } = table;
  const first = table.first[job]!;
  const end = table.end[job]!;
  const width = table.width[job]!;
  const gpus = gpusOf(table, job);
  const power = powerOf(table, job);
  const perReplica = table.energy[job]! * width;
  const column = congestion.columnOf[job]!;
  const move = moveCost(table, job);
  markHomes(table, reply, job, 1);
  for (let t = first; t < end; t++) row[t] = Infinity;
  for (let x = table.allowedFrom[job]!; x < table.allowedTo[job]!; x++) {
    const base = table.allowed[x]! * table.slotCount;
    const offset = column * table.cellCount + base;
    reply.looks++;
    for (let t = first; t < end; t++) {
      const cell = base + t;
      const room = column < 0 ? replicaCost(table, congestion, cell, gpus, power) : congestion.costs[offset + t]!;
      const own = move === 0 || isHome[cell] === 1 ? room : room + width * move;
      const cost = perReplica * signal[base + t]! + own;
      if (cost < row[t]!) {
        row[t] = cost;
        cellOfSlot[t] = base + t;
      }
    }
  }
  markHomes(table, reply, job, 0);
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
