import type { Congestion } from './congestion.ts';
import { EPSILON } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';
import { amountCost, costsOf, offsetOf } from './reply.ts';
import type { Reply } from './reply.ts';

/** In one piece: every start in the window is compared, by a sliding sum over the whole slots and the last part. */
export function pieceAt(
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
