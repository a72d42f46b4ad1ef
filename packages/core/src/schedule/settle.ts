import type { Random } from '../random.ts';
import { refreshColumns, setTerms } from './congestion.ts';
import { isRowOver, move, overload, repair, runsOnOver, sweep } from './game.ts';
import type { Game } from './game.ts';
import { drain } from './displace.ts';
import { makeRoom } from './make-room.ts';
import type { Rooms } from './room-prices.ts';
import { shuffleInPlace } from './shuffle.ts';

/** How to settle. */
export interface SettleTerms {
  readonly spring: number;
  /** Penalty on the first load over capacity, in units of the table's scale. */
  readonly wall: number;
}

const MAX_ROUNDS = 60;
/** Every so many rounds everybody may move; in the others those on over-full cells, who have most reason to. */
const ROUNDS_BETWEEN_ALL = 8;
/** What is over by less than this share of the work, after as many rounds, is drained now and then. */
const NEARLY = 1e-3;
const ROUNDS_BEFORE_DRAINING = 20;
const ROUNDS_BETWEEN_DRAINS = 10;

/**
 * Brings an over-full plan inside capacity: a penalty on cells that stay over grows until none is; what is stuck then is
 * moved by ejection chains, and a job may end up left out. In the end jobs move greedily by their true objective value.
 * No cell is over capacity afterwards.
 */
export function settle(
  rooms: Rooms,
  prices: Float64Array,
  order: Int32Array,
  random: Random,
  terms: SettleTerms,
): void {
  const { game } = rooms;
  const { table, congestion } = game;
  let work = 0;
  for (let j = 0; j < table.jobCount; j++) work += table.work[j]! * table.width[j]!;
  setTerms(table, congestion, { prices, spring: terms.spring, wall: terms.wall });
  let isSettled = false;
  for (let round = 0; round < MAX_ROUNDS && !isSettled; round++) {
    shuffleInPlace(order, random);
    if (round % ROUNDS_BETWEEN_ALL === 0) sweep(game, order, round > 0);
    else for (const job of order) if (runsOnOver(game, job)) move(game, job);
    const over = overload(game);
    isSettled = over === 0;
    const isDue = round >= ROUNDS_BEFORE_DRAINING && (round + 1) % ROUNDS_BETWEEN_DRAINS === 0;
    if (!isSettled && isDue && over < NEARLY * work) isSettled = drain(rooms, false);
    for (let i = 0; i < table.rowCount; i++) {
      if (isRowOver(game, i)) congestion.wall[i] = congestion.wall[i]! * 1.3 + 0.05 * table.scale;
    }
    refreshColumns(table, congestion);
  }
  if (!isSettled && !drain(rooms, true) && !repair(game, order)) makeRoom(game, prices, random);
}

/** Moves jobs to their best place inside capacity, by objective value alone, until none wants to. */
export function polish(game: Game, order: Int32Array, random: Random, rounds: number): void {
  setTerms(game.table, game.congestion, { isHard: true });
  for (let round = 0; round < rounds; round++) {
    shuffleInPlace(order, random);
    if (sweep(game, order) === 0) return;
  }
}

/** Lets a settled plan go over capacity again at the prices, so that the next settling finds another way in. */
export function loosen(game: Game, prices: Float64Array, order: Int32Array, random: Random, terms: SettleTerms): void {
  shuffleInPlace(order, random);
  setTerms(game.table, game.congestion, { prices, spring: terms.spring });
  sweep(game, order);
  setTerms(game.table, game.congestion, { prices, spring: terms.spring, wall: 0.3 * terms.wall });
  sweep(game, order);
}
