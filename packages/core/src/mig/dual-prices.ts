import type { CoverProblem, CoverState } from './cover-problem.ts';

/** Prices are whole multiples of 1 over this: 1 to 12 divide it, and vertices of these small programs have small denominators. */
const PRICE_SCALE = 27_720;
/** Pivots at most. The prices bound at any pivot, more pivots only raise the bound. */
const MAX_PIVOTS = 2_000;
const EPSILON = 1e-9;

/** Prices that bound every state of a problem from below; see {@link boundOf}. Whole numbers. */
export interface Prices {
  /** What one instance of each profile is worth, in cost / PRICE_SCALE. */
  readonly profiles: readonly number[];
  /** What one more card of each class would save. */
  readonly classes: readonly number[];
}

/**
 * Prices from the linear relaxation at a state: the dual, `max demand·y - cards·z` with `net·y - z <= cost` for every option
 * of every class, `y <= missCost`, `y, z >= 0`, by the simplex method with Bland's rule from `y = z = 0`.
 *
 * The simplex runs in floating point, the bound does not depend on it: `y` is rounded down to whole multiples, and `z` then
 * computed in whole numbers as the least that satisfies every constraint. So the prices are feasible exactly, and weak
 * duality holds for every state, not only for this one.
 */
export function dualPrices(problem: CoverProblem, state: CoverState): Prices {
  const { classes, missCost } = problem;
  const profileCount = state.demand.length;
  const y = solve(problem, state).slice(0, profileCount);
  const profiles = y.map((price) => Math.min(missCost * PRICE_SCALE, Math.floor(price * PRICE_SCALE + 1e-4)));
  return {
    profiles,
    classes: classes.map(({ options }) =>
      options.reduce((most, { cost, net }) => Math.max(most, dot(net, profiles) - cost * PRICE_SCALE), 0),
    ),
  };
}

/** Cost that a state needs at least, by weak duality, a whole number. */
export function boundOf({ profiles, classes }: Prices, { demand, available }: CoverState): number {
  return Math.ceil((dot(demand, profiles) - dot(available, classes)) / PRICE_SCALE);
}

function dot(x: readonly number[], y: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** The dual solution: prices of profiles, then of classes. */
function solve({ classes, missCost }: CoverProblem, { demand, available }: CoverState): readonly number[] {
  const profileCount = demand.length;
  const width = profileCount + classes.length;
  const rows: Float64Array[] = [];
  const add = (cost: number, fill: (row: Float64Array) => void) => {
    const row = new Float64Array(width + 1);
    fill(row);
    row[width] = cost;
    rows.push(row);
  };
  classes.forEach(({ options }, k) => {
    if (available[k] === 0) return;
    for (const { cost, net } of options) {
      add(cost, (row) => {
        row.set(net);
        row[profileCount + k] = -1;
      });
    }
  });
  for (let i = 0; i < profileCount; i++) add(missCost, (row) => (row[i] = 1));
  const objective = new Float64Array(width + 1);
  demand.forEach((count, i) => (objective[i] = count));
  available.forEach((count, k) => (objective[profileCount + k] = -count));

  // Dictionary form: column j stands for the variable nonBasic[j], row r for basic[r]; slack variables follow from width on.
  const nonBasic = Array.from({ length: width }, (_, j) => j);
  const basic = rows.map((_, r) => width + r);
  for (let pivots = 0; pivots < MAX_PIVOTS; pivots++) {
    let entering = -1;
    for (let j = 0; j < width; j++) {
      if (objective[j]! > EPSILON && (entering < 0 || nonBasic[j]! < nonBasic[entering]!)) entering = j;
    }
    if (entering < 0) break;
    let leaving = -1;
    for (let r = 0; r < rows.length; r++) {
      if (rows[r]![entering]! <= EPSILON) continue;
      if (leaving < 0) {
        leaving = r;
        continue;
      }
      const difference = rows[r]![width]! / rows[r]![entering]! - rows[leaving]![width]! / rows[leaving]![entering]!;
      if (difference < -EPSILON || (difference < EPSILON && basic[r]! < basic[leaving]!)) leaving = r;
    }
    // Without a row that limits it the price could grow for ever: a class with no cards left. It is not needed.
    if (leaving < 0) break;
    pivot(rows, objective, leaving, entering);
    [nonBasic[entering], basic[leaving]] = [basic[leaving]!, nonBasic[entering]!];
  }
  const solution = new Array<number>(width).fill(0);
  basic.forEach((variable, r) => {
    if (variable < width) solution[variable] = Math.max(0, rows[r]![width]!);
  });
  return solution;
}

function pivot(rows: readonly Float64Array[], objective: Float64Array, leaving: number, entering: number): void {
  const row = rows[leaving]!;
  const by = row[entering]!;
  row[entering] = 1;
  for (let j = 0; j < row.length; j++) row[j]! /= by;
  for (const other of [...rows, objective]) {
    if (other === row) continue;
    const factor = other[entering]!;
    if (factor === 0) continue;
    other[entering] = 0;
    for (let j = 0; j < row.length; j++) other[j]! -= factor * row[j]!;
  }
}
