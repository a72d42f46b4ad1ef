import { bestReply } from './best-reply.ts';
import { createCongestion, refreshCell, refreshColumns, setHard } from './congestion.ts';
import type { Congestion } from './congestion.ts';
import type { Times } from './links.ts';
import { EPSILON } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';
import { amountCost, createReply, mostCells, unitCost } from './reply.ts';
import type { Reply } from './reply.ts';

/** Where every job runs: cells and GPU-slots of job `j` at `from[j]` onwards, `count[j]` of them; 0 is left out. */
export interface PlanColumns {
  readonly count: Int32Array;
  readonly cells: Int32Array;
  readonly amounts: Float64Array;
}

/** A plan under change: who runs where, the load that makes, and what the next move costs. */
export interface Game {
  readonly table: ProblemTable;
  readonly congestion: Congestion;
  readonly reply: Reply;
  readonly from: Int32Array;
  readonly plan: PlanColumns;
}

/** An empty plan. */
export function createGame(table: ProblemTable): Game {
  const from = new Int32Array(table.jobCount + 1);
  for (let j = 0; j < table.jobCount; j++) from[j + 1] = from[j]! + mostCells(table, j);
  const size = from[table.jobCount]!;
  const plan = {
    count: new Int32Array(table.jobCount),
    cells: new Int32Array(size),
    amounts: new Float64Array(size),
  };
  const game = { table, congestion: createCongestion(table), reply: createReply(table), from, plan };
  game.reply.times = timesOf(game);
  return game;
}

/** When the jobs of a plan start and end. */
function timesOf({ table, from, plan }: Pick<Game, 'table' | 'from' | 'plan'>): Times | undefined {
  const { links, slotCount } = table;
  if (links === undefined) return undefined;
  const over = (job: number, merge: (slot: number, x: number, so: number) => number, start: number) => {
    let value = start;
    for (let x = from[job]!; x < from[job]! + plan.count[job]!; x++)
      value = merge(plan.cells[x]! % slotCount, x, value);
    return value;
  };
  const endIn = (job: number, slot: number, x: number) => {
    const most = slot === table.end[job]! - 1 ? table.tail[job]! : 1;
    return slot + Math.min(most, plan.amounts[x]! / table.width[job]!);
  };
  return {
    links,
    heedsWaiting: true,
    isPlaced: (job) => plan.count[job]! > 0,
    start: (job) => over(job, (slot, _, so) => Math.min(slot, so), Infinity),
    finish: (job) => over(job, (slot, x, so) => Math.max(endIn(job, slot, x), so), -Infinity),
  };
}

/** Puts the last reply into the plan as the place of a job that has none. `O(cells × widths)`. */
export function install(game: Game, job: number): void {
  const { table, congestion, reply, plan } = game;
  const from = game.from[job]!;
  plan.count[job] = reply.count;
  for (let x = 0; x < reply.count; x++) {
    const cell = reply.cells[x]!;
    plan.cells[from + x] = cell;
    plan.amounts[from + x] = reply.amounts[x]!;
    addLoad(game, job, cell, reply.amounts[x]!);
    refreshAll(table, congestion, cell);
  }
}

/** Adds what an amount of a job takes to the rows of a cell. The columns are not kept up to date. */
export function addLoad({ table, congestion }: Game, job: number, cell: number, amount: number): void {
  congestion.load[cell]! += amount * table.gpus[job]!;
  if (table.rowCount > table.cellCount) congestion.load[table.cellCount + cell]! += amount * table.draw[job]!;
}

/** Takes a job out of the plan. `O(cells × widths)`. */
export function remove(game: Game, job: number): void {
  const { table, congestion, plan } = game;
  const from = game.from[job]!;
  for (let x = from; x < from + plan.count[job]!; x++) {
    const cell = plan.cells[x]!;
    addLoad(game, job, cell, -plan.amounts[x]!);
    refreshAll(table, congestion, cell);
  }
  plan.count[job] = 0;
}

function refreshAll(table: ProblemTable, congestion: Congestion, cell: number): void {
  for (let column = 0; column < congestion.columnGpus.length; column++) refreshCell(table, congestion, column, cell);
}

/** Adds a job's own load `sign` times; only the column of its width is kept up to date. */
function lift(game: Game, job: number, sign: number): void {
  const { table, congestion, plan } = game;
  const column = congestion.columnOf[job]!;
  const from = game.from[job]!;
  for (let x = from; x < from + plan.count[job]!; x++) {
    const cell = plan.cells[x]!;
    addLoad(game, job, cell, sign * plan.amounts[x]!);
    if (column >= 0) refreshCell(table, congestion, column, cell);
  }
}

/** What a job's present place costs on top of the others' load, its own load taken off. */
function presentCost(game: Game, job: number): number {
  const { table, congestion, plan } = game;
  const from = game.from[job]!;
  let cost = 0;
  for (let x = from; x < from + plan.count[job]!; x++) {
    const cell = plan.cells[x]!;
    cost += amountCost(table, congestion, job, cell, congestion.load[cell]!, plan.amounts[x]!);
  }
  return cost;
}

/**
 * Moves a job to its cheapest answer, or places one that has no place.
 *
 * @returns true when the plan has changed.
 */
export function move(game: Game, job: number, isShort = false): boolean {
  const { table, congestion, reply, plan } = game;
  const count = plan.count[job]!;
  if (count === 0) {
    if (bestReply(table, congestion, reply, job, Infinity, -1) === Infinity) return false;
    install(game, job);
    return true;
  }
  const from = game.from[job]!;
  const home = Math.floor(plan.cells[from]! / table.slotCount);
  lift(game, job, -1);
  const present = presentCost(game, job);
  const limit = present - 1e-7 * Math.abs(present) - 1e-9 * table.scale;
  if (bestReply(table, congestion, reply, job, limit, home, isShort) === Infinity) {
    lift(game, job, 1);
    return false;
  }
  for (let x = from; x < from + count; x++) refreshAll(table, congestion, plan.cells[x]!);
  install(game, job);
  return true;
}

/** Lets every job move once, in this order. Returns how many did. */
export function sweep(game: Game, order: Int32Array, isShort = false): number {
  let moved = 0;
  for (const job of order) if (move(game, job, isShort)) moved++;
  return moved;
}

/** The objective value of a job's place, without congestion. */
export function jobValue({ table, from, plan }: Game, job: number): number {
  let value = 0;
  for (let x = from[job]!; x < from[job]! + plan.count[job]!; x++) {
    const cell = plan.cells[x]!;
    value += plan.amounts[x]! * unitCost(table, job, cell);
  }
  return value;
}

/** The objective value of the plan. */
export function planValue(game: Game): number {
  let value = 0;
  for (let j = 0; j < game.table.jobCount; j++) value += jobValue(game, j);
  return value;
}

/** True when more is taken of a row than there is. */
export function isRowOver({ table, congestion }: Game, row: number): boolean {
  return congestion.load[row]! > table.capacity[row]! + EPSILON;
}

/** True when more GPUs or more power are in use in a cell than there are. */
export function isOver(game: Game, cell: number): boolean {
  const { cellCount, rowCount } = game.table;
  return isRowOver(game, cell) || (rowCount > cellCount && isRowOver(game, cellCount + cell));
}

/** What is taken over capacity, in all rows. */
export function overload(game: Game): number {
  const { load } = game.congestion;
  let sum = 0;
  for (let i = 0; i < game.table.rowCount; i++) if (isRowOver(game, i)) sum += load[i]! - game.table.capacity[i]!;
  return sum;
}

/** Jobs without a place. */
export function leftOutCount({ plan }: Game): number {
  let count = 0;
  for (const cells of plan.count) if (cells === 0) count++;
  return count;
}

/** What the jobs without a place are worth. */
export function leftOutValue({ plan, table }: Game): number {
  let sum = 0;
  for (let j = 0; j < table.jobCount; j++) if (plan.count[j] === 0) sum += table.value[j]!;
  return sum;
}

/** A copy of the plan. */
export function savePlan({ plan }: Game): PlanColumns {
  return { count: plan.count.slice(), cells: plan.cells.slice(), amounts: plan.amounts.slice() };
}

/** Brings a saved plan back; loads are added up anew, so that no rounding is carried along. */
export function restorePlan(game: Game, saved: PlanColumns): void {
  const { table, congestion, plan } = game;
  plan.count.set(saved.count);
  plan.cells.set(saved.cells);
  plan.amounts.set(saved.amounts);
  congestion.load.fill(0);
  for (let j = 0; j < table.jobCount; j++) {
    const from = game.from[j]!;
    for (let x = from; x < from + plan.count[j]!; x++) addLoad(game, j, plan.cells[x]!, plan.amounts[x]!);
  }
  refreshColumns(table, congestion);
}

/** A job's place, to be put back. */
export interface Place {
  readonly job: number;
  readonly cells: Int32Array;
  readonly amounts: Float64Array;
}

/** A copy of a job's place. */
export function copyPlace({ from, plan }: Game, job: number): Place {
  const first = from[job]!;
  const end = first + plan.count[job]!;
  return { job, cells: plan.cells.slice(first, end), amounts: plan.amounts.slice(first, end) };
}

/** Gives a job without a place the one that was copied. */
export function putBack(game: Game, { job, cells, amounts }: Place): void {
  const { reply } = game;
  reply.count = cells.length;
  reply.cells.set(cells);
  reply.amounts.set(amounts);
  install(game, job);
}

/** Lets the jobs on over-full cells move to where there is room; true when no cell is over in the end. */
export function repair(game: Game, order: Int32Array): boolean {
  const { table, congestion, reply, plan } = game;
  const wasHard = congestion.isHard;
  let before = overload(game);
  setHard(table, congestion, true);
  for (let pass = 0; pass < 4 && before > 0; pass++) {
    for (const job of order) {
      if (!runsOnOver(game, job)) continue;
      lift(game, job, -1);
      if (bestReply(table, congestion, reply, job, Infinity, -1) === Infinity) {
        lift(game, job, 1);
        continue;
      }
      const from = game.from[job]!;
      for (let y = from; y < from + plan.count[job]!; y++) refreshAll(table, congestion, plan.cells[y]!);
      install(game, job);
    }
    const now = overload(game);
    if (now >= before) break;
    before = now;
  }
  setHard(table, congestion, wasHard);
  return before === 0;
}

/** True when a job uses a cell. */
export function runsOn({ from, plan }: Game, job: number, cell: number): boolean {
  for (let x = from[job]!; x < from[job]! + plan.count[job]!; x++) if (plan.cells[x] === cell) return true;
  return false;
}

/** True when a job uses an over-full cell. */
export function runsOnOver(game: Game, job: number): boolean {
  const from = game.from[job]!;
  for (let x = from; x < from + game.plan.count[job]!; x++) if (isOver(game, game.plan.cells[x]!)) return true;
  return false;
}
