import type { Random } from '../random.ts';
import { bestReply } from './best-reply.ts';
import { refreshColumns, setHard, setTerms } from './congestion.ts';
import { install, isOver, isRowOver, remove, runsOn } from './game.ts';
import type { Game } from './game.ts';
import { CONTIGUOUS } from './problem-table.ts';

/**
 * Ejection chains: a job that finds no room takes the place that hurts least, and whoever is in the way leaves and queues
 * up. Cells that keep causing ejections become dearer, so that chains do not cycle. No cell is over capacity afterwards;
 * jobs still in the queue when the steps are used up have no place.
 *
 * Source: Glover, "Ejection chains, reference structures and alternating path methods", Discrete Applied Mathematics 65,
 * 1996, doi 10.1016/0166-218X(94)00037-E.
 */
export function makeRoom(game: Game, prices: Float64Array, random: Random): void {
  const { table, congestion, reply, plan } = game;
  const maxSteps = 1_000 + 2 * table.jobCount;
  const queue: number[] = [];
  setTerms(table, congestion, { prices, wall: 1 });
  for (let i = 0; i < table.cellCount; i++) clearCell(game, i, -1, queue, random);
  for (let j = 0; j < table.jobCount; j++) if (plan.count[j] === 0 && !queue.includes(j)) queue.push(j);
  const size = (job: number) => table.width[job]! * table.work[job]!;
  queue.sort((a, b) => size(b) - size(a) || a - b);
  for (let step = 0, next = 0; next < queue.length && step < maxSteps; step++) {
    const job = queue[next++]!;
    setHard(table, congestion, true);
    const hasRoom = bestReply(table, congestion, reply, job, Infinity, -1) < Infinity;
    setHard(table, congestion, false);
    if (hasRoom) {
      install(game, job);
      continue;
    }
    if (bestReply(table, congestion, reply, job, Infinity, -1) === Infinity) continue;
    install(game, job);
    const from = game.from[job]!;
    let isDearer = false;
    for (let x = from; x < from + plan.count[job]!; x++) {
      const cell = plan.cells[x]!;
      if (!isOver(game, cell)) continue;
      const row = overRow(game, cell);
      congestion.wall[row] = congestion.wall[row]! * 1.2 + 0.2 * table.scale;
      isDearer = true;
      clearCell(game, cell, job, queue, random);
    }
    if (isDearer) refreshColumns(table, congestion);
  }
}

/**
 * Takes jobs off a cell until it is not over: the narrowest that is enough, rather one that finds another place easily,
 * with a random element.
 */
function clearCell(game: Game, cell: number, except: number, queue: number[], random: Random): void {
  const { table, congestion } = game;
  while (isOver(game, cell)) {
    const row = overRow(game, cell);
    const take = row === cell ? table.gpus : table.draw;
    const over = congestion.load[row]! - table.capacity[row]!;
    let pick = -1;
    let least = Infinity;
    for (const job of holdersOf(game, cell)) {
      const width = table.width[job]! * take[job]!;
      if (job === except || width === 0) continue;
      const tightness = table.work[job]! / (table.end[job]! - table.first[job]!);
      const fit = width >= over ? width : 1_000 - width;
      const regret = fit * tightness * (table.mode[job] === CONTIGUOUS ? 3 : 1) * (0.5 + random.next());
      if (regret >= least) continue;
      least = regret;
      pick = job;
    }
    if (pick < 0) return;
    remove(game, pick);
    queue.push(pick);
  }
}

/** The row of an over-full cell that is over. */
export function overRow(game: Game, cell: number): number {
  return isRowOver(game, cell) ? cell : game.table.cellCount + cell;
}

/** Jobs on a cell. `O(jobs + cells of those whose window holds the slot)`. */
function holdersOf(game: Game, cell: number): number[] {
  const { table } = game;
  const slot = cell % table.slotCount;
  const holders: number[] = [];
  for (let j = 0; j < table.jobCount; j++) {
    if (slot < table.first[j]! || slot >= table.end[j]!) continue;
    if (runsOn(game, j, cell)) holders.push(j);
  }
  return holders;
}
