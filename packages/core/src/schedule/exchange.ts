import type { Random } from '../random.ts';
import { bestReply } from './best-reply.ts';
import { setHard, setTerms } from './congestion.ts';
import { copyPlace, install, isOver, putBack, remove, runsOn } from './game.ts';
import type { Game, Place } from './game.ts';

/** How much of the plan one call goes through. */
const MAX_TRIES = 200;

/**
 * Trades jobs that have a place for jobs that have none and are worth more. A job left out takes the place it wants, and
 * whoever is worth least there leaves; or a job leaves and as many left out as fit come in. All who are without a place
 * then look for another one. What is not worth more afterwards is undone. No cell is over capacity before or after.
 *
 * `O(tries × jobs)`.
 *
 * @returns true when the jobs left out are worth less than before.
 */
export function exchange(game: Game, prices: Float64Array, random: Random): boolean {
  const { table, plan } = game;
  let hasGained = false;
  setTerms(table, game.congestion, { prices, wall: 1, isHard: true });
  const perSize = (job: number) => table.value[job]! / (table.width[job]! * table.work[job]!);
  const leftOut = jobsWhere(game, (job) => plan.count[job] === 0).sort((a, b) => perSize(b) - perSize(a) || a - b);
  for (const job of leftOut.slice(0, MAX_TRIES)) {
    if (plan.count[job] === 0 && takeOver(game, job)) hasGained = true;
  }
  const placed = jobsWhere(game, (job) => plan.count[job]! > 0);
  for (const job of random.shuffle(placed).slice(0, MAX_TRIES)) {
    const waiting = leftOut.filter((other) => plan.count[other] === 0);
    if (waiting.length === 0) break;
    if (giveWay(game, job, waiting)) hasGained = true;
  }
  return hasGained;
}

/** A job left out comes in where it likes; those worth least leave until there is room. */
function takeOver(game: Game, job: number): boolean {
  const { table, congestion, reply, plan } = game;
  if (place(game, job)) return true;
  setHard(table, congestion, false);
  const isPossible = bestReply(table, congestion, reply, job, Infinity, -1) < Infinity;
  setHard(table, congestion, true);
  if (!isPossible) return false;
  install(game, job);
  const leaving: Place[] = [];
  for (let x = game.from[job]!; x < game.from[job]! + plan.count[job]!; x++) {
    const cell = plan.cells[x]!;
    if (!isOver(game, cell)) continue;
    const others = jobsWhere(game, (other) => other !== job && runsOn(game, other, cell));
    others.sort((a, b) => table.value[a]! - table.value[b]! || a - b);
    for (const other of others) {
      if (!isOver(game, cell)) break;
      leaving.push(copyPlace(game, other));
      remove(game, other);
    }
  }
  return settleTrade(game, [job], leaving);
}

/** A job leaves, and as many of those left out as fit come in. */
function giveWay(game: Game, job: number, waiting: readonly number[]): boolean {
  const leaving = [copyPlace(game, job)];
  remove(game, job);
  const coming = waiting.filter((other) => place(game, other));
  return settleTrade(game, coming, leaving);
}

/** Those who left look for another place, the most worth first; keeps the trade when it is worth more, or undoes it. */
function settleTrade(game: Game, coming: readonly number[], leaving: readonly Place[]): boolean {
  const { value } = game.table;
  let gained = coming.reduce((sum, job) => sum + value[job]!, 0);
  const byValue = [...leaving].sort((x, y) => value[y.job]! - value[x.job]! || x.job - y.job);
  for (const { job } of byValue) if (!place(game, job)) gained -= value[job]!;
  if (gained > 1e-9) return true;
  for (const job of coming) remove(game, job);
  for (const { job } of leaving) if (game.plan.count[job]! > 0) remove(game, job);
  for (const old of leaving) putBack(game, old);
  return false;
}

function place(game: Game, job: number): boolean {
  const { table, congestion, reply } = game;
  if (bestReply(table, congestion, reply, job, Infinity, -1) === Infinity) return false;
  install(game, job);
  return true;
}

function jobsWhere({ table }: Game, is: (job: number) => boolean): number[] {
  const jobs: number[] = [];
  for (let job = 0; job < table.jobCount; job++) if (is(job)) jobs.push(job);
  return jobs;
}
