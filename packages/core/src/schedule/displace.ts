import type { Random } from '../random.ts';
import { bestReply } from './best-reply.ts';
import { refreshColumns } from './congestion.ts';
import { addLoad, copyPlace, isOver, jobValue, overload } from './game.ts';
import type { Game, Place } from './game.ts';
import { overRow } from './make-room.ts';
import { unitCost } from './reply.ts';
import { entryOf, markCell, markPlace, priceRoom, priceRooms, readPlan, stepAside } from './room-prices.ts';
import type { Rooms } from './room-prices.ts';
import { shuffleInPlace } from './shuffle.ts';

/** A round that gains less than this share of what all have gained is the last. */
const LEAST_SHARE = 0.01;
/** Of five answers, four look at the shortlist alone. */
const SHARE_OF_SHORT = 0.8;

/**
 * Moves jobs to where they want to be when others step aside. Room has a price: nothing where there is some, and where there is none
 * what it costs the cheapest of those there to do its work in another slot. Every job answers at these prices; whoever is in
 * the way steps aside, and what does not pay is undone. Jobs without a place take one at any price. No cell is over capacity before
 * or after.
 *
 * Source: Glover, "Ejection chains, reference structures and alternating path methods", Discrete Applied Mathematics 65,
 * 1996; the chains have two links here, and are priced for all cells at once.
 */
export function displace(rooms: Rooms, order: Int32Array, random: Random): void {
  const { game } = rooms;
  readPlan(rooms);
  let gained = 0;
  for (let gain = Infinity; gain > LEAST_SHARE * gained;) {
    for (let depth = 0; depth <= 1; depth++) priceRooms(rooms, depth);
    shuffleInPlace(order, random);
    gain = 0;
    for (const job of order) gain += tryPlace(rooms, job, random.next() < SHARE_OF_SHORT);
    gained += gain;
  }
  refreshColumns(game.table, game.congestion);
}

/**
 * Brings the cells that are over capacity inside, each at the smallest price of room there is; deeper where that is not enough.
 *
 * @param isLast - whole jobs may move too, which costs more.
 * @returns true when no cell is over.
 */
export function drain(rooms: Rooms, isLast: boolean): boolean {
  const { game, levels } = rooms;
  readPlan(rooms);
  priceRooms(rooms, 0);
  let isDone = overload(game) === 0;
  for (let depth = 0; depth < levels.length + (isLast ? 1 : 0) && !isDone; depth++) {
    const isWhole = depth === levels.length;
    if (depth > 0 && !isWhole) priceRooms(rooms, depth);
    isDone = true;
    for (let cell = 0; cell < game.table.cellCount; cell++) {
      if (!isOver(game, cell)) continue;
      begin(rooms);
      if (!clear(rooms, cell, -1, isWhole ? 1 : depth, isWhole)) {
        undo(rooms);
        isDone = false;
      }
      const deepest = Math.min(depth, levels.length - 1);
      for (const other of rooms.touched) for (let k = 0; k <= deepest; k++) priceRoom(rooms, other, k);
    }
  }
  refreshColumns(game.table, game.congestion);
  return isDone;
}

/** Gives a job the place it wants at the prices of room; returns what that gains, or 0 when it is undone. */
function tryPlace(rooms: Rooms, job: number, isShort: boolean): number {
  const { game } = rooms;
  const { table, plan, from } = game;
  const wasLeftOut = plan.count[job] === 0;
  const present = jobValue(game, job);
  const limit = wasLeftOut ? Infinity : present - 1e-9 * (Math.abs(present) + table.scale);
  if (answer(rooms, job, -1, 1, limit, isShort && !wasLeftOut) === Infinity) return 0;
  begin(rooms);
  take(rooms, job);
  let isDone = true;
  for (let x = from[job]!; x < from[job]! + plan.count[job]! && isDone; x++) {
    isDone = clear(rooms, plan.cells[x]!, job, 0, wasLeftOut);
  }
  let gain = 0;
  for (const place of rooms.places) gain += placeValue(game, place) - jobValue(game, place.job);
  if (!isDone || (gain <= 1e-9 * table.scale && !wasLeftOut)) {
    undo(rooms);
    gain = 0;
  }
  for (const cell of rooms.touched) for (let depth = 0; depth <= 1; depth++) priceRoom(rooms, cell, depth);
  return wasLeftOut ? 0 : gain;
}

function placeValue({ table }: Game, { job, cells, amounts }: Place): number {
  return cells.reduce((sum, cell, x) => sum + amounts[x]! * unitCost(table, job, cell), 0);
}

/** Makes those in an over-full cell step aside, the cheapest first, until it is not over; true when that is done. */
function clear(rooms: Rooms, cell: number, except: number, depth: number, isWhole: boolean): boolean {
  const { game, holders } = rooms;
  while (isOver(game, cell)) {
    let pick = -1;
    let to = -1;
    let best = Infinity;
    for (const job of holders[cell]!) {
      if (job === except) continue;
      const relief = reliefOf(game, job, cell);
      if (relief === 0 || !stepAside(rooms, job, cell, depth)) continue;
      const score = rooms.targetCost / relief;
      if (score >= best) continue;
      best = score;
      pick = job;
      to = rooms.target;
    }
    if (pick >= 0) {
      moveUnit(rooms, pick, cell, to);
      if (isOver(game, to) && (depth === 0 || !clear(rooms, to, pick, depth - 1, isWhole))) return false;
    } else if (!isWhole || !moveAway(rooms, cell, except, depth)) return false;
  }
  return true;
}

/** How much less a cell is over without a job: what it takes there, as far as that counts. */
function reliefOf(game: Game, job: number, cell: number): number {
  const { table, plan, congestion } = game;
  const row = overRow(game, cell);
  const take = plan.amounts[entryOf(game, job, cell)]! * (row === cell ? table.gpus : table.draw)[job]!;
  return Math.min(take, congestion.load[row]! - table.capacity[row]!);
}

/** The whole job that leaves a cell at the least cost goes elsewhere. */
function moveAway(rooms: Rooms, cell: number, except: number, depth: number): boolean {
  const { game } = rooms;
  const { plan, from } = game;
  let pick = -1;
  let best = Infinity;
  for (const job of rooms.holders[cell]!) {
    if (job === except) continue;
    const cost = answer(rooms, job, cell, depth, Infinity, false);
    const score = (cost - jobValue(game, job)) / reliefOf(game, job, cell);
    if (!(score < best)) continue;
    best = score;
    pick = job;
  }
  if (pick < 0) return false;
  answer(rooms, pick, cell, depth, Infinity, false);
  take(rooms, pick);
  for (let x = from[pick]!; x < from[pick]! + plan.count[pick]!; x++) {
    const other = plan.cells[x]!;
    if (isOver(game, other) && (depth === 0 || !clear(rooms, other, pick, depth - 1, false))) return false;
  }
  return true;
}

/** A job's cheapest answer at the prices of room, its own place being free but for one cell. */
function answer(rooms: Rooms, job: number, except: number, depth: number, limit: number, isShort: boolean): number {
  const { game } = rooms;
  const { table, plan, from, reply } = game;
  const level = rooms.levels[depth]!;
  const begin = from[job]!;
  const end = begin + plan.count[job]!;
  const column = level.columnOf[job]! * table.cellCount;
  const kept: number[] = [];
  for (let x = begin; x < end; x++) {
    const cell = plan.cells[x]!;
    addLoad(game, job, cell, -plan.amounts[x]!);
    if (column < 0) continue;
    kept.push(level.costs[column + cell]!);
    level.costs[column + cell] = cell === except ? Infinity : table.width[job]! * table.gpus[job]! * table.bill[cell]!;
  }
  const home = end > begin && except < 0 ? Math.floor(plan.cells[begin]! / table.slotCount) : -1;
  const cost = bestReply(table, level, reply, job, limit, home, isShort);
  for (let x = begin; x < end; x++) {
    const cell = plan.cells[x]!;
    addLoad(game, job, cell, plan.amounts[x]!);
    if (column >= 0) level.costs[column + cell] = kept[x - begin]!;
  }
  return cost;
}

function begin(rooms: Rooms): void {
  rooms.places = [];
  rooms.touched = [];
}

function remember({ game, places }: Rooms, job: number): void {
  if (!places.some((place) => place.job === job)) places.push(copyPlace(game, job));
}

/** Gives a job the last reply as its place. */
function take(rooms: Rooms, job: number): void {
  const { reply } = rooms.game;
  remember(rooms, job);
  setPlace(rooms, job, reply.cells.subarray(0, reply.count), reply.amounts.subarray(0, reply.count));
}

function setPlace(rooms: Rooms, job: number, cells: Int32Array, amounts: Float64Array): void {
  const { game } = rooms;
  const { plan } = game;
  const from = game.from[job]!;
  markPlace(rooms, job, 0);
  shiftLoad(rooms, job, -1);
  plan.count[job] = cells.length;
  plan.cells.set(cells, from);
  plan.amounts.set(amounts, from);
  markPlace(rooms, job, 1);
  shiftLoad(rooms, job, 1);
}

function shiftLoad(rooms: Rooms, job: number, sign: number): void {
  const { from, plan } = rooms.game;
  for (let x = from[job]!; x < from[job]! + plan.count[job]!; x++) {
    addLoad(rooms.game, job, plan.cells[x]!, sign * plan.amounts[x]!);
    touch(rooms, plan.cells[x]!);
  }
}

function moveUnit(rooms: Rooms, job: number, cell: number, to: number): void {
  const { game, holders, isUsed } = rooms;
  const { plan, table } = game;
  remember(rooms, job);
  const x = entryOf(game, job, cell);
  plan.cells[x] = to;
  addLoad(game, job, cell, -plan.amounts[x]!);
  addLoad(game, job, to, plan.amounts[x]!);
  markCell(holders, isUsed, table.slotCount, job, cell, 0);
  markCell(holders, isUsed, table.slotCount, job, to, 1);
  touch(rooms, cell);
  touch(rooms, to);
}

/** Where there is room is known at once; what room costs else, when the change is over. */
function touch(rooms: Rooms, cell: number): void {
  rooms.touched.push(cell);
  priceRoom(rooms, cell, 0);
}

function undo(rooms: Rooms): void {
  for (const { job, cells, amounts } of rooms.places) setPlace(rooms, job, cells, amounts);
}
