import type { CoverProblem, CoverState } from './cover-problem.ts';
import { boundOf, dualPrices, type Prices } from './dual-prices.ts';

/** Prices kept; each node that none of them cuts off may add some, until there are so many. */
const MAX_PRICES = 48;

/** The best answer found, and what no answer can beat. */
export interface CoverResult {
  readonly cost: number;
  readonly lowerBound: number;
  readonly chosen: readonly { readonly classIndex: number; readonly optionIndex: number }[];
  /** Missed instances by profile. */
  readonly missed: readonly number[];
}

interface Branch extends CoverState {
  readonly cost: number;
  readonly bound: number;
  readonly choice?: CoverResult['chosen'][number];
  readonly missed?: readonly [profile: number, count: number];
}

/**
 * Branch and bound over the options. At a state, the first profile with demand left must be met by some card or missed:
 * each option of each class that adds to it is a branch, and to miss all of it is one more. States come again in another
 * order of the same cards, and are then cut off; so are those that prices of the linear relaxation show to be no better
 * than the best answer. Branches with the least bound go first, ties in the order of classes and options.
 *
 * @param start - profiles in the order to branch on, hardest to place first.
 * @param ceiling - only answers that cost less are looked for. When there is none, the result chooses nothing, misses
 * everything and costs `ceiling`; it is a proof when that is also its `lowerBound`.
 */
export function cover(problem: CoverProblem, start: CoverState, maxSteps: number, ceiling = Infinity): CoverResult {
  const prices: Prices[] = [dualPrices(problem, start)];
  const seen = new Map<string, number>();
  // What is met too much is of use only to answers that take something away elsewhere.
  const floor = problem.classes.some(({ options }) => options.some(({ net }) => net.some((n) => n < 0)))
    ? -Infinity
    : 0;
  let steps = 0;
  let isStopped = false as boolean;
  let best: Omit<CoverResult, 'lowerBound'> = {
    cost: ceiling,
    chosen: [],
    missed: start.demand.map((count) => Math.max(0, count)),
  };
  const chosen: CoverResult['chosen'][number][] = [];
  const missed = start.demand.map(() => 0);
  const bound = (state: CoverState): number => prices.reduce((most, price) => Math.max(most, boundOf(price, state)), 0);

  const visit = (state: CoverState, cost: number): void => {
    const profile = state.demand.findIndex((count) => count > 0);
    if (profile < 0) {
      if (cost < best.cost) best = { cost, chosen: [...chosen], missed: [...missed] };
      return;
    }
    // The first dive ends in an answer however few steps are allowed.
    if (steps >= maxSteps && best.cost < Infinity) {
      isStopped = true;
      return;
    }
    steps++;
    const key = `${state.demand.join()}|${state.available.join()}`;
    if ((seen.get(key) ?? Infinity) <= cost) return;
    seen.set(key, cost);
    if (cost + bound(state) >= best.cost) return;
    if (prices.length < MAX_PRICES && steps > 1) {
      prices.push(dualPrices(problem, state));
      if (cost + bound(state) >= best.cost) return;
    }
    for (const branch of branches(problem, state, profile, floor, bound)) {
      if (cost + branch.cost + branch.bound >= best.cost) continue;
      if (branch.choice !== undefined) chosen.push(branch.choice);
      if (branch.missed !== undefined) missed[branch.missed[0]]! += branch.missed[1];
      visit(branch, cost + branch.cost);
      if (branch.choice !== undefined) chosen.pop();
      if (branch.missed !== undefined) missed[branch.missed[0]]! -= branch.missed[1];
    }
  };
  visit(start, 0);
  return { ...best, lowerBound: isStopped ? Math.min(best.cost, bound(start)) : best.cost };
}

/** The ways to go on from a state, least bound first. */
function branches(
  { classes, missCost }: CoverProblem,
  { demand, available }: CoverState,
  profile: number,
  floor: number,
  bound: (state: CoverState) => number,
): readonly Branch[] {
  const found: Branch[] = [];
  const add = (state: CoverState, cost: number, how: Pick<Branch, 'choice' | 'missed'>) => {
    found.push({ ...state, cost, bound: bound(state), ...how });
  };
  classes.forEach(({ options }, classIndex) => {
    if (available[classIndex] === 0) return;
    const left = available.map((count, k) => (k === classIndex ? count - 1 : count));
    options.forEach(({ cost, net }, optionIndex) => {
      if (net[profile]! <= 0) return;
      const rest = demand.map((count, i) => Math.max(floor, count - net[i]!));
      add({ demand: rest, available: left }, cost, { choice: { classIndex, optionIndex } });
    });
  });
  const count = demand[profile]!;
  const rest = demand.map((value, i) => (i === profile ? 0 : value));
  add({ demand: rest, available }, missCost * count, { missed: [profile, count] });
  return found.sort((x, y) => x.cost + x.bound - (y.cost + y.bound));
}
