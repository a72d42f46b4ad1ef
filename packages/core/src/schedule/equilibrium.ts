import type { Random } from '../random.ts';
import { marginalPrices, setTerms } from './congestion.ts';
import { sweep } from './game.ts';
import type { Game } from './game.ts';
import { boundAt } from './relaxation.ts';
import type { Relaxation } from './relaxation.ts';
import { shuffleInPlace } from './shuffle.ts';

/** Prices of the rows, the best bound found on the way, and the prices that prove it. */
export interface Equilibrium {
  readonly prices: Float64Array;
  readonly best: { bound: number; readonly prices: Float64Array };
}

/** How to reach it. Springs are in units of the table's scale by mean width, so that they fit fleets of any size. */
export interface EquilibriumTerms {
  readonly rounds: number;
  /** Spring of the first round: fast and coarse. */
  readonly stiff: number;
  /** Spring of the last rounds: prices near those of the linear program. */
  readonly soft: number;
  /** Where prices start, by row. */
  readonly start?: Float64Array;
  /** Every so many rounds all locations are looked at; in the others each job looks at its shortlist. */
  readonly fullEvery: number;
}

/** Share of the way that prices go towards the marginal price of their cell, each round. */
const FOLLOW = 0.3;
const ROUNDS_BETWEEN_BOUNDS = 20;

/**
 * Finds prices and an almost feasible plan together: a block-coordinate augmented Lagrangian method with whole answers.
 * In each round every job moves once to its cheapest answer at the congestion prices; then the price of every cell moves
 * towards what a further GPU would pay there. The spring that turns load into price falls over the rounds.
 *
 * `O(rounds × jobs × answer)`.
 */
export function findEquilibrium(
  game: Game,
  relaxation: Relaxation,
  order: Int32Array,
  random: Random,
  terms: EquilibriumTerms,
  shouldStop: () => boolean,
): Equilibrium {
  const { table } = game;
  const { rounds, stiff, soft } = terms;
  const prices = terms.start?.slice() ?? new Float64Array(table.rowCount);
  const marginal = new Float64Array(table.rowCount);
  const best = { bound: -Infinity, prices: new Float64Array(table.rowCount) };
  const look = (candidate: Float64Array) => {
    const bound = boundAt(relaxation, candidate);
    if (bound <= best.bound) return;
    best.bound = bound;
    best.prices.set(candidate);
  };
  look(prices);
  for (let round = 0; round < rounds && !shouldStop(); round++) {
    const done = Math.min(1, round / (0.8 * rounds));
    shuffleInPlace(order, random);
    setTerms(table, game.congestion, { prices, spring: stiff * (soft / stiff) ** done });
    sweep(game, order, round % terms.fullEvery !== 0);
    marginalPrices(table, game.congestion, marginal);
    if (round > 0) for (let i = 0; i < table.rowCount; i++) prices[i]! += FOLLOW * (marginal[i]! - prices[i]!);
    if (round > rounds / 2 && round % ROUNDS_BETWEEN_BOUNDS === 0) look(prices);
  }
  look(prices);
  look(marginal);
  return { prices, best };
}
