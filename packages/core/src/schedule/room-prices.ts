import { gpusOf, replicaCost } from './congestion.ts';
import type { Congestion } from './congestion.ts';
import { addLoad } from './game.ts';
import type { Game, Place } from './game.ts';
import { CONTIGUOUS, EPSILON, MIGRATABLE, RUNS } from './problem-table.ts';
import { unitCost } from './reply.ts';

/** What it costs to have one replica more in a cell when others step aside, and who is where. */
export interface Rooms {
  readonly game: Game;
  /** By how many may step aside one for the other: costs of room, Infinity where that is not enough. Level 0: where there is room. */
  readonly levels: readonly Congestion[];
  /** Jobs by cell. */
  readonly holders: readonly number[][];
  /** 1 where a job uses a slot, by job and slot. */
  readonly isUsed: Uint8Array;
  /** The cell found by `stepAside`, and what going there costs. */
  target: number;
  targetCost: number;
  /** Old places of the jobs that the change at hand has moved, and the cells it has touched. */
  places: Place[];
  touched: number[];
}

/** Looking through the slots of one location for one cell takes this share of the time of an answer. */
const LOOKS_BY_LOCATION = 0.25;
/** So does pricing a cell for one width. */
const LOOKS_BY_PRICE = 0.0625;

/** Room for prices up to a depth. */
export function createRooms(game: Game, depth: number): Rooms {
  const { table, congestion } = game;
  const none = new Float64Array(table.rowCount);
  const levels = Array.from({ length: depth + 1 }, () => {
    const costs = new Float64Array(congestion.costs.length);
    return { ...congestion, price: none, wall: none, spring: 0, isHard: true, costs };
  });
  const holders = Array.from({ length: table.cellCount }, (): number[] => []);
  const isUsed = new Uint8Array(table.jobCount * table.slotCount);
  return { game, levels, holders, isUsed, target: -1, targetCost: Infinity, places: [], touched: [] };
}

/** Reads who is where from the plan. `O(jobs × slots)`. */
export function readPlan(rooms: Rooms): void {
  rooms.isUsed.fill(0);
  for (const list of rooms.holders) list.length = 0;
  for (let job = 0; job < rooms.game.table.jobCount; job++) markPlace(rooms, job, 1);
}

/** Notes that a job is in its cells, or no longer. */
export function markPlace({ game, isUsed, holders }: Rooms, job: number, mark: 0 | 1): void {
  const { table, plan, from } = game;
  for (let x = from[job]!; x < from[job]! + plan.count[job]!; x++)
    markCell(holders, isUsed, table.slotCount, job, plan.cells[x]!, mark);
}

/** Notes that a job is in a cell, or no longer. */
export function markCell(
  holders: readonly number[][],
  isUsed: Uint8Array,
  slotCount: number,
  job: number,
  cell: number,
  mark: 0 | 1,
): void {
  isUsed[job * slotCount + (cell % slotCount)] = mark;
  const list = holders[cell]!;
  if (mark === 1) list.push(job);
  else list.splice(list.indexOf(job), 1);
}

/** Where in the plan a job has a cell. */
export function entryOf({ from, plan }: Game, job: number, cell: number): number {
  let x = from[job]!;
  while (plan.cells[x] !== cell) x++;
  return x;
}

/** Prices all cells at one depth. The depths below must have been priced. `O(cells × holders × slots)`. */
export function priceRooms(rooms: Rooms, depth: number): void {
  const { table, reply } = rooms.game;
  reply.looks += rooms.levels[0]!.columnGpus.length * table.cellCount * LOOKS_BY_PRICE;
  for (let cell = 0; cell < table.cellCount; cell++) priceRoom(rooms, cell, depth);
}

/** Prices one cell at one depth. */
export function priceRoom(rooms: Rooms, cell: number, depth: number): void {
  const { table, plan } = rooms.game;
  const level = rooms.levels[depth]!;
  const { columnGpus, columnPower, costs } = level;
  let isFull = false;
  for (let column = 0; column < columnGpus.length; column++) {
    const index = column * table.cellCount + cell;
    const cost =
      depth > 0
        ? rooms.levels[0]!.costs[index]!
        : replicaCost(table, level, cell, columnGpus[column]!, columnPower[column]!);
    costs[index] = cost;
    if (cost === Infinity) isFull = true;
  }
  if (!isFull || depth === 0) return;
  for (const job of rooms.holders[cell]!) {
    if (!stepAside(rooms, job, cell, depth - 1)) continue;
    const fee = Math.max(0, rooms.targetCost);
    const amount = plan.amounts[entryOf(rooms.game, job, cell)]!;
    addLoad(rooms.game, job, cell, -amount);
    for (let column = 0; column < columnGpus.length; column++) {
      const index = column * table.cellCount + cell;
      if (rooms.levels[0]!.costs[index] !== Infinity || costs[index]! <= fee) continue;
      const cost = fee + replicaCost(table, level, cell, columnGpus[column]!, columnPower[column]!);
      if (cost < costs[index]!) costs[index] = cost;
    }
    addLoad(rooms.game, job, cell, amount);
  }
}

/**
 * Finds the cheapest other slot for what a job does in a cell, where it does nothing yet: for its whole width in that slot, so
 * that run time and replicas stay as they are. Jobs in one piece or in runs, and jobs that others wait for, do not step aside.
 *
 * @returns true when there is one; it is then in `target` and `targetCost`.
 */
export function stepAside(rooms: Rooms, job: number, cell: number, depth: number): boolean {
  const { game, isUsed, levels } = rooms;
  const { table, plan, reply } = game;
  const { slotCount, cellCount, allowed, bill, mode, tail, first, end, links } = table;
  rooms.target = -1;
  rooms.targetCost = Infinity;
  const slot = cell % slotCount;
  // The last slot of a window may be open in part only.
  const last = end[job]! - (tail[job]! < 1 ? 1 : 0);
  if (mode[job] === CONTIGUOUS || mode[job] === RUNS || slot >= last) return false;
  if (links !== undefined && (links.before[job]!.length > 0 || links.after[job]!.length > 0)) return false;
  const amount = plan.amounts[entryOf(game, job, cell)]!;
  const column = levels[0]!.columnOf[job]!;
  const isOdd = column < 0 || amount > table.width[job]! + EPSILON;
  const { costs } = levels[depth]!;
  const gpus = gpusOf(table, job);
  const here = amount * unitCost(table, job, cell);
  const isAnywhere = mode[job] === MIGRATABLE;
  const from = isAnywhere ? table.allowedFrom[job]! : 0;
  const to = isAnywhere ? table.allowedTo[job]! : 1;
  reply.looks += (to - from) * LOOKS_BY_LOCATION;
  for (let x = from; x < to; x++) {
    const base = isAnywhere ? allowed[x]! * slotCount : cell - slot;
    for (let t = first[job]!; t < last; t++) {
      const other = base + t;
      if (other === cell || (t !== slot && isUsed[job * slotCount + t] === 1)) continue;
      // Several replicas, and widths without a column, find room but nobody steps aside for them.
      const room = isOdd
        ? replicaCost(table, levels[0]!, other, amount * table.gpus[job]!, amount * table.draw[job]!) -
          amount * table.gpus[job]! * bill[other]!
        : costs[column * cellCount + other]! - gpus * bill[other]!;
      if (room === Infinity) continue;
      const cost = amount * unitCost(table, job, other) + room - here;
      if (cost >= rooms.targetCost) continue;
      rooms.targetCost = cost;
      rooms.target = other;
    }
  }
  return rooms.target >= 0;
}
