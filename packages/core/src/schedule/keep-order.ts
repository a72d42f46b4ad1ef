import { bestReply } from './best-reply.ts';
import { setTerms } from './congestion.ts';
import { install, remove } from './game.ts';
import type { Game } from './game.ts';
import { isInOrder } from './links.ts';
import { inOrder } from './shuffle.ts';

/** Takes jobs out of the plan until all that are left are in order; jobs in the order of their windows. */
export function dropOutOfOrder(game: Game): void {
  const { times } = game.reply;
  if (times === undefined) return;
  const { first, jobCount } = game.table;
  const order = inOrder(jobCount).sort((a, b) => first[a]! - first[b]! || a - b);
  for (const job of order) if (times.isPlaced(job) && !isInOrder(times, job)) remove(game, job);
}

/** Takes out jobs whose predecessors have no place, and so on. */
export function dropOrphans(game: Game): void {
  const { table, plan } = game;
  if (table.links === undefined) return;
  const queue = [...plan.count.keys()].filter((job) => plan.count[job] === 0);
  // Jobs added on the way are visited too.
  for (const lost of queue) {
    for (const { job } of table.links.after[lost]!) {
      if (plan.count[job] === 0) continue;
      remove(game, job);
      queue.push(job);
    }
  }
}

/**
 * Gives jobs without a place what is free, now without regard to jobs after them that have none either.
 *
 * @returns those that have a place now; it may be one that leaves a job after them no time.
 */
export function fillLeftOut(game: Game): ReadonlySet<number> {
  const filled = new Set<number>();
  const { table, congestion, reply, plan } = game;
  const { times } = reply;
  if (times === undefined) return filled;
  const { first, end, tail, lastStart, loose } = table;
  setTerms(table, congestion, { isHard: true });
  times.heedsWaiting = false;
  for (const job of inOrder(table.jobCount).sort((a, b) => first[a]! - first[b]! || a - b)) {
    if (plan.count[job]! > 0 || times.links.before[job]!.some(({ job: other }) => plan.count[other] === 0)) continue;
    const strict = [end[job]!, tail[job]!, lastStart[job]!] as const;
    [end[job], tail[job], lastStart[job]] = [loose.end[job]!, loose.tail[job]!, loose.lastStart[job]!];
    if (bestReply(table, congestion, reply, job, Infinity, -1) < Infinity) {
      install(game, job);
      filled.add(job);
    } else [end[job], tail[job], lastStart[job]] = strict;
  }
  times.heedsWaiting = true;
  return filled;
}
