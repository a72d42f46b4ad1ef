import type { Congestion } from './congestion.ts';
import { earliestStart, latestFinish } from './links.ts';
import type { Times } from './links.ts';
import { CONTIGUOUS, ELASTIC, EPSILON, MIGRATABLE, RUNS } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';
import { SHORT, takeScratch } from './reply.ts';
import type { Reply } from './reply.ts';
import { levelsAt } from './reply-levels.ts';
import { pieceAt } from './reply-piece.ts';
import { runsAt } from './reply-runs.ts';
import { replyAnywhere, slotsAt } from './reply-slots.ts';

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
  if (reply.times === undefined) return searchReply(table, congestion, reply, job, limit, home, isShort);
  const { first, end, tail, lastStart } = table;
  const window = [first[job]!, end[job]!, tail[job]!, lastStart[job]!] as const;
  const hasTime = narrow(table, reply.times, job);
  if (!hasTime) reply.looks++;
  reply.count = 0;
  const cost = hasTime ? searchReply(table, congestion, reply, job, limit, home, isShort) : Infinity;
  [first[job], end[job], tail[job], lastStart[job]] = window;
  return cost;
}

/** Sets the window of a job to what the others leave it; false when that is too short. */
function narrow(table: ProblemTable, times: Times, job: number): boolean {
  const { first, end, tail, lastStart, mode, work } = table;
  const start = earliestStart(times, first, job);
  const last = end[job]! - 1 + tail[job]!;
  let finish = latestFinish(times, end, tail, job);
  // Only a job in one piece can end inside any slot.
  if (finish < last && mode[job] !== CONTIGUOUS) finish = Math.floor(finish + EPSILON);
  if (start + times.links.least[job]! > finish + EPSILON) return false;
  first[job] = start;
  if (finish === last) return true;
  end[job] = Math.ceil(finish - EPSILON);
  tail[job] = finish - (end[job] - 1);
  lastStart[job] = Math.floor(finish - work[job]! + EPSILON);
  return true;
}

function searchReply(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  limit: number,
  home: number,
  isShort: boolean,
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
  else if (mode === RUNS) cost = runsAt(table, congestion, reply, job, base, best);
  else cost = slotsAt(table, congestion, reply, job, base, best);
  if (!(cost < best)) return best;
  reply.estimate = cost;
  takeScratch(reply);
  return cost;
}
