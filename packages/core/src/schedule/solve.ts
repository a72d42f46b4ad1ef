import { createRandom } from '../random.ts';
import { ascend } from './ascend.ts';
import type { PricedBound } from './ascend.ts';
import { findEquilibrium } from './equilibrium.ts';
import type { EquilibriumTerms } from './equilibrium.ts';
import { displace } from './displace.ts';
import { exchange } from './exchange.ts';
import { createGame, leftOutCount, leftOutValue, planValue, restorePlan, savePlan } from './game.ts';
import type { Game, PlanColumns } from './game.ts';
import { MIGRATABLE } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';
import { createRelaxation } from './relaxation.ts';
import type { Relaxation } from './relaxation.ts';
import { rebuild } from './rebuild.ts';
import { dropOrphans, dropOutOfOrder, fillLeftOut } from './keep-order.ts';
import { relieve, worstOff } from './relieve.ts';
import { createRooms } from './room-prices.ts';
import { loosen, polish, settle } from './settle.ts';
import { inOrder } from './shuffle.ts';

/** How much to do, and when it is enough. */
export interface SolveTerms {
  readonly seed: number;
  /** Looks: one job at one location. */
  readonly maxSteps: number;
  readonly targetGapRatio: number;
  readonly shouldStop?: () => boolean;
  /** Prices by row to start from. */
  readonly startPrices?: Float64Array;
}

/** The best plan found, and the prices that prove how good it is. */
export interface Solution {
  /** Holds the plan. */
  readonly game: Game;
  readonly relaxation: Relaxation;
  readonly value: number;
  /** Bound of all jobs, whether they have a place or not. */
  readonly bound: number;
  readonly prices: Float64Array;
  readonly stoppedBy: 'target' | 'budget' | 'caller';
  /** Jobs whose window is the loose one of the table. */
  readonly filled: ReadonlySet<number>;
}

const SETTLE_SPRING = 0.02;
const FIRST_WALL = 0.05;
const LATER_WALL = 0.1;
/** How many may step aside one for the other where a plan is brought inside capacity. */
const DEPTH = 3;
/** Rounds in which every location is looked at; in the others each job looks at its shortlist. */
const ROUNDS_BETWEEN_FULL_LOOKS = 6;
const MIN_ROUNDS = 40;
const MAX_ROUNDS = 300;
/** Share of the work that goes into prices; the rest goes into plans. */
const SHARE_OF_PRICES = 0.4;
/** Rounds and the first spring where prices start from those of a plan: near the end of the way. */
const WARM_SHARE = 0.4;
const WARM_STIFFNESS = 0.02;
/** In small fleets, the share of the work before single plans are rebuilt; in large ones new plans gain more. */
const SHARE_BEFORE_REBUILDING = 0.6;
const SMALL_FLEET = 300;
const WARMTH = 0.005;
/** Chains tried at a time for jobs without a place. */
const MAX_CHAINS = 200;
/** A gap that more cycles may close, since some large job is where it should not be; and the share of the work for them. */
const FAR_RATIO = 0.05;
const SHARE_WHERE_FAR = 0.9;

/**
 * Plans jobs that compete for GPUs: first prices and an almost feasible plan together, then plans inside capacity again
 * and again from there, of which the best is kept; `known` are the first. What is left out is to be worth as little as
 * possible; then the smallest objective value is best.
 */
export function solve(table: ProblemTable, terms: SolveTerms, known: readonly Game[] = []): Solution {
  const random = createRandom(terms.seed);
  const game = createGame(table);
  const relaxation = createRelaxation(table);
  const rooms = createRooms(game, DEPTH);
  const order = inOrder(table.jobCount);
  const shouldStop = terms.shouldStop ?? (() => false);
  const shareOfCycles = table.jobCount <= SMALL_FLEET ? SHARE_BEFORE_REBUILDING : 1;
  // Prices are those of the relaxation, which has no order; so is the plan they come with, until it is brought into order.
  const { times } = game.reply;
  game.reply.times = undefined;
  const equilibrium = findEquilibrium(game, relaxation, order, random, equilibriumTerms(table, terms), shouldStop);
  const { prices, best: proven } = equilibrium;
  game.reply.times = times;
  dropOutOfOrder(game);

  // No worse than what a simple rule finds or a previous plan has, whatever happens.
  let incumbent: { plan: PlanColumns; value: number; leftOut: number } | undefined;
  const consider = (candidate: Game) => {
    const value = planValue(candidate);
    const leftOut = leftOutValue(candidate);
    const isBetter =
      incumbent === undefined ||
      leftOut < incumbent.leftOut ||
      (leftOut === incumbent.leftOut && value < incumbent.value);
    if (isBetter) incumbent = { plan: savePlan(candidate), value, leftOut };
    return incumbent!;
  };
  for (const plan of known) consider(plan);
  for (let cycle = 0; ; cycle++) {
    const settleTerms = { spring: SETTLE_SPRING, wall: cycle === 0 ? FIRST_WALL : LATER_WALL };
    if (cycle > 0) loosen(game, prices, order, random, settleTerms);
    settle(rooms, prices, order, random, settleTerms);
    let waiting: number;
    do {
      waiting = leftOutValue(game);
      if (waiting === 0 && isWithin(planValue(game), proven.bound, terms)) break;
      displace(rooms, order, random);
      if (waiting === 0) break;
      relieve(game, relaxation, prices, random, Math.min(MAX_CHAINS, table.jobCount));
      exchange(game, prices, random);
    } while (leftOutValue(game) < waiting);
    dropOrphans(game);
    const best = consider(game);
    const looks = game.reply.looks + relaxation.reply.looks;
    const isEnough = best.leftOut === 0 && isWithin(best.value, proven.bound, terms);
    const isStopped = shouldStop();
    const isFar = best.leftOut === 0 && !isWithin(best.value, proven.bound, { targetGapRatio: FAR_RATIO });
    if (!isEnough && !isStopped && looks < terms.maxSteps * Math.max(shareOfCycles, isFar ? SHARE_WHERE_FAR : 0))
      continue;
    restorePlan(game, best.plan);
    if (!isEnough && !isStopped && looks < terms.maxSteps) {
      const worst = worstOff(game, relaxation, prices).slice(0, 20 + table.jobCount * 0.05);
      let plan = best.plan;
      const onBest = (improved: number) => {
        plan = savePlan(game);
        return shouldStop() || isWithin(improved, proven.bound, terms);
      };
      rebuild(game, prices, random, best.value, { looks: terms.maxSteps - looks, warmth: WARMTH, worst, onBest });
      restorePlan(game, plan);
      polish(game, order, random, 4);
      dropOrphans(game);
    }
    const filled = fillLeftOut(game);
    const reached = planValue(game);
    const isReached = leftOutCount(game) === 0 && isWithin(reached, proven.bound, terms);
    const stoppedBy = isReached ? 'target' : shouldStop() ? 'caller' : 'budget';
    return { game, relaxation, value: reached, bound: proven.bound, prices: proven.prices, stoppedBy, filled };
  }
}

function isWithin(value: number, bound: number, { targetGapRatio }: Pick<SolveTerms, 'targetGapRatio'>): boolean {
  return value - bound <= targetGapRatio * Math.abs(value);
}

/** Rounds that fit into the work allowed, and springs that fit the load. */
function equilibriumTerms(table: ProblemTable, { maxSteps, startPrices }: SolveTerms): EquilibriumTerms {
  let looks = 0;
  let demand = 0;
  let capacity = 0;
  for (let j = 0; j < table.jobCount; j++) {
    const locations = table.allowedTo[j]! - table.allowedFrom[j]!;
    const short = table.mode[j] === MIGRATABLE ? locations : Math.min(locations, 4);
    looks += short + (locations - short) / ROUNDS_BETWEEN_FULL_LOOKS;
    demand += table.work[j]! * table.width[j]!;
  }
  for (let i = 0; i < table.cellCount; i++) capacity += table.capacity[i]!;
  const stiff = demand > 0.7 * capacity || table.rowCount > table.cellCount ? 0.2 : 0.1;
  const rounds = Math.floor((SHARE_OF_PRICES * maxSteps) / Math.max(1, looks));
  return {
    rounds: Math.ceil(
      Math.max(MIN_ROUNDS, Math.min(MAX_ROUNDS, rounds)) * (startPrices === undefined ? 1 : WARM_SHARE),
    ),
    stiff: startPrices === undefined ? stiff : WARM_STIFFNESS,
    soft: 0.002,
    fullEvery: ROUNDS_BETWEEN_FULL_LOOKS,
    ...(startPrices && { start: startPrices }),
  };
}

/**
 * What no plan of the jobs that have a place can beat. Where some have none, the prices were made for more jobs than run,
 * and are brought in line with those that do; in a very small fleet there is time to sharpen them in any case.
 */
export function certify({ game, relaxation, prices, bound }: Solution): PricedBound {
  const { table, plan } = game;
  // Where nothing costs anything, one more GPU saves nothing, though it may let a job run.
  if (isFree(table)) return { bound: 0, prices: new Float64Array(table.rowCount) };
  const isComplete = leftOutCount(game) === 0;
  if (isComplete && table.jobCount > SMALL_FLEET) return { bound, prices };
  const only = (job: number) => plan.count[job]! > 0;
  const climb = isComplete
    ? { step: 0.02 * table.scale, steps: 400, restarts: 40 }
    : { step: 0.2 * table.scale, steps: 120, restarts: 4 };
  // Those that run need not leave time for those that do not.
  const loose = table.links === undefined || isComplete ? relaxation : createRelaxation({ ...table, ...table.loose });
  return ascend(loose, prices, climb, { only });
}

function isFree({ signal, bill, moves }: ProblemTable): boolean {
  return moves === undefined && signal.every((value) => value === 0) && bill.every((value) => value === 0);
}
