import type { Random } from '../random.ts';
import { bestReply } from './best-reply.ts';
import { setTerms } from './congestion.ts';
import { copyPlace, install, isOver, jobValue, putBack, remove } from './game.ts';
import type { Game, Place } from './game.ts';
import { CONTIGUOUS } from './problem-table.ts';
import { boundAt } from './relaxation.ts';
import type { Relaxation } from './relaxation.ts';
import { unitCost } from './reply.ts';

/** Jobs that one attempt may displace, one after the other. */
const MAX_CHAIN = 800;

/**
 * Gives the jobs that are worst off another chance. A job's regret is what its place costs at the prices, over the
 * cheapest it could have there; the regrets and the unused priced capacity are all of the gap. One after the other, from
 * the largest regret, a job takes the place it wants; whoever is in the way takes the best place left, and so on. The
 * chain stays when the plan is better for it, and is undone otherwise. Jobs without a place come first of all; a chain that
 * gives one of them a place, and leaves nobody without, stays whatever it costs.
 *
 * @param tries - chains to try.
 * @returns what the objective has fallen by.
 */
export function relieve(
  game: Game,
  relaxation: Relaxation,
  prices: Float64Array,
  random: Random,
  tries: number,
): number {
  const leftOut: number[] = [];
  for (let j = 0; j < game.table.jobCount; j++) if (game.plan.count[j] === 0) leftOut.push(j);
  const order = [...leftOut, ...worstOff(game, relaxation, prices)];
  setTerms(game.table, game.congestion, { prices, isHard: true });
  const holders = holdersByCell(game);
  let gained = 0;
  for (let n = 0; n < Math.min(tries, 3 * order.length); n++) {
    const job = order[n % order.length]!;
    gained += tryChain(game, holders, job, random);
  }
  return gained;
}

/** Jobs with a regret, largest first. `O(jobs × answer)`. */
export function worstOff(game: Game, relaxation: Relaxation, prices: Float64Array): readonly number[] {
  const { table, plan } = game;
  const least = new Float64Array(table.jobCount);
  boundAt(relaxation, prices, { costs: least });
  const regret = least.map((cost, job) => pricedCost(game, prices, job) - cost);
  return Array.from({ length: table.jobCount }, (_, j) => j)
    .filter((j) => plan.count[j]! > 0 && regret[j]! > 1e-6 * table.scale)
    .sort((a, b) => regret[b]! - regret[a]! || a - b);
}

function pricedCost({ table, from, plan }: Game, prices: Float64Array, job: number): number {
  let cost = 0;
  for (let x = from[job]!; x < from[job]! + plan.count[job]!; x++) {
    const cell = plan.cells[x]!;
    const { gpus, draw, cellCount, rowCount } = table;
    let perUnit = unitCost(table, job, cell) + gpus[job]! * prices[cell]!;
    if (rowCount > cellCount) perUnit += draw[job]! * prices[cellCount + cell]!;
    cost += plan.amounts[x]! * perUnit;
  }
  return cost;
}

function holdersByCell({ table, from, plan }: Game): number[][] {
  const holders: number[][] = Array.from({ length: table.cellCount }, () => []);
  for (let j = 0; j < table.jobCount; j++) {
    for (let x = from[j]!; x < from[j]! + plan.count[j]!; x++) holders[plan.cells[x]!]!.push(j);
  }
  return holders;
}

/** One chain; returns what it gains, 0 when it was undone. */
function tryChain(game: Game, holders: number[][], first: number, random: Random): number {
  const { table, congestion, reply, plan } = game;
  const places: Place[] = [];
  const queue: number[] = [];
  let before = 0;
  let after = 0;
  const take = (job: number) => {
    const from = game.from[job]!;
    const to = from + plan.count[job]!;
    for (let x = from; x < to; x++) {
      const list = holders[plan.cells[x]!]!;
      list.splice(list.indexOf(job), 1);
    }
    if (!places.some((place) => place.job === job)) {
      places.push(copyPlace(game, job));
      before += jobValue(game, job);
    } else after -= jobValue(game, job);
    remove(game, job);
    queue.push(job);
  };
  const place = (job: number) => {
    install(game, job);
    for (let x = game.from[job]!; x < game.from[job]! + plan.count[job]!; x++) holders[plan.cells[x]!]!.push(job);
    after += jobValue(game, job);
  };
  const wasLeftOut = plan.count[first] === 0;
  take(first);
  let isDone = true;
  for (let step = 0; queue.length > 0; step++) {
    const size = (j: number) => table.width[j]! * table.work[j]!;
    if (step > 0) queue.sort((a, b) => size(b) - size(a) || a - b);
    const job = queue.shift()!;
    if (step > MAX_CHAIN) {
      isDone = false;
      break;
    }
    if (step > 0 && bestReply(table, congestion, reply, job, Infinity, -1) < Infinity) {
      place(job);
      continue;
    }
    if (softReply(game, job, random) === Infinity) {
      isDone = false;
      break;
    }
    place(job);
    for (let x = game.from[job]!; x < game.from[job]! + plan.count[job]!; x++) {
      const cell = plan.cells[x]!;
      while (isOver(game, cell)) {
        const victim = victimOf(game, holders[cell]!, job, random);
        if (victim < 0) break;
        take(victim);
      }
      if (isOver(game, cell)) isDone = false;
    }
    if (!isDone) break;
  }
  if (isDone && wasLeftOut) return before - after;
  if (isDone && after < before - 1e-9 * (Math.abs(before) + game.table.scale)) return before - after;
  undo(game, holders, places);
  return 0;
}

/** The job's answer when full cells are offered at a penalty. */
function softReply(game: Game, job: number, random: Random): number {
  const { table, congestion, reply } = game;
  const column = congestion.columnOf[job]!;
  congestion.wall.fill(table.scale * 0.3 * random.next());
  congestion.columnOf[job] = -1;
  congestion.isHard = false;
  const cost = bestReply(table, congestion, reply, job, Infinity, -1);
  congestion.columnOf[job] = column;
  congestion.isHard = true;
  return cost;
}

/** Who leaves an over-full cell: the narrowest that is enough, with a random element. */
function victimOf(game: Game, list: readonly number[], except: number, random: Random): number {
  const { table } = game;
  let pick = -1;
  let best = Infinity;
  for (const job of list) {
    if (job === except) continue;
    const width = table.width[job]!;
    const score = width * (0.5 + random.next()) * (table.mode[job] === CONTIGUOUS ? 8 : 1);
    if (score >= best) continue;
    best = score;
    pick = job;
  }
  return pick;
}

function undo(game: Game, holders: number[][], places: readonly Place[]): void {
  const { plan } = game;
  for (const { job } of places) {
    for (let x = game.from[job]!; x < game.from[job]! + plan.count[job]!; x++) {
      const list = holders[plan.cells[x]!]!;
      list.splice(list.indexOf(job), 1);
    }
    remove(game, job);
  }
  for (const place of places) {
    putBack(game, place);
    for (const cell of place.cells) holders[cell]!.push(place.job);
  }
}
