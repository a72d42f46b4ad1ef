import { hasPower } from './congestion.ts';
import type { Congestion } from './congestion.ts';
import { EPSILON } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';
import { amountCost, costsOf, offsetOf, siftDown } from './reply.ts';
import type { Reply } from './reply.ts';

/**
 * Elastic, in any slots of one location: whole levels of replicas by cost per unit of work; the last one taken may be
 * used in part. Where a cell pays (a negative price), a level is taken to do the least work any level does: that can
 * only lower the cost, so a bound stays a bound.
 */
export function levelsAt(
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
    const hasRoom =
      q + 1 < curve.length &&
      taken + (q + 2) * width <= capacity[cell]! + EPSILON &&
      (table.isPlain || hasPower(table, congestion, cell, (q + 2) * width * table.draw[job]!));
    if (hasRoom) {
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
