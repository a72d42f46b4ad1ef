import { EPSILON } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';

/** Widths beyond this many get their costs computed when asked for; a move has to keep every column up to date. */
const MAX_COLUMNS = 12;

/**
 * What the others' load makes of a cell. The congestion price of a cell with load `x` is
 * `max(0, price + spring * (x - capacity))`, and `wall` more for what is over capacity; a job that adds load pays the
 * integral, and likewise in its row of power. The sum of all objective values and all integrals is a potential: every job that changes to a cheaper answer
 * lowers it by what it gains.
 */
export interface Congestion {
  readonly load: Float64Array;
  readonly price: Float64Array;
  readonly wall: Float64Array;
  /** Price by GPU of load above (or below) capacity. */
  spring: number;
  /** True: a cell without room is not offered at all. */
  isHard: boolean;
  /** Column of a job's replicas in `costs`, or -1. */
  readonly columnOf: Int32Array;
  /** By column: what one replica takes of the row of GPUs, and of the row of power. */
  readonly columnGpus: Float64Array;
  readonly columnPower: Float64Array;
  /** By column and cell: what one such replica pays, without its energy. Infinity where it is not offered. */
  readonly costs: Float64Array;
}

/** Empty cells without prices. `O(cells × widths + jobs)`. */
export function createCongestion(table: ProblemTable): Congestion {
  const { jobCount, rowCount, cellCount } = table;
  const classes = new Map<string, { gpus: number; power: number; count: number }>();
  const keyOf = (job: number) => `${gpusOf(table, job)}/${powerOf(table, job)}`;
  for (let job = 0; job < jobCount; job++) {
    const entry = classes.get(keyOf(job)) ?? { gpus: gpusOf(table, job), power: powerOf(table, job), count: 0 };
    entry.count++;
    classes.set(keyOf(job), entry);
  }
  const columns = [...classes.entries()]
    .sort(([, x], [, y]) => y.count - x.count || x.gpus - y.gpus || x.power - y.power)
    .slice(0, MAX_COLUMNS);
  const columnOfKey = new Map(columns.map(([key], index) => [key, index]));
  return {
    load: new Float64Array(rowCount),
    price: new Float64Array(rowCount),
    wall: new Float64Array(rowCount),
    spring: 0,
    isHard: false,
    columnOf: Int32Array.from({ length: jobCount }, (_, job) => columnOfKey.get(keyOf(job)) ?? -1),
    columnGpus: Float64Array.from(columns, ([, { gpus }]) => gpus),
    columnPower: Float64Array.from(columns, ([, { power }]) => power),
    costs: new Float64Array(columns.length * cellCount),
  };
}

/** What one replica of a job takes of the row of GPUs. */
export function gpusOf({ width, gpus }: ProblemTable, job: number): number {
  return width[job]! * gpus[job]!;
}

/** What one replica of a job takes of the row of power. */
export function powerOf({ width, draw }: ProblemTable, job: number): number {
  return width[job]! * draw[job]!;
}

/** True when a cell of an empty fleet, or of this one where full cells are not offered, has power for this much more. */
export function hasPower(table: ProblemTable, congestion: Congestion, cell: number, power: number): boolean {
  if (table.rowCount === table.cellCount) return true;
  const row = table.cellCount + cell;
  const taken = congestion.isHard ? congestion.load[row]! : 0;
  return power === 0 || taken + power <= table.capacity[row]! + EPSILON;
}

/** The terms of the next sweeps. Prices left out are zero. */
export interface Terms {
  readonly prices?: Float64Array;
  /** Factor on the prices. @defaultValue 1 */
  readonly share?: number;
  /** Spring in units of the table's scale by mean width. @defaultValue 0 */
  readonly spring?: number;
  /** Wall in units of the table's scale. @defaultValue 0 */
  readonly wall?: number;
  /** @defaultValue false */
  readonly isHard?: boolean;
}

/** Sets prices, spring and walls, and computes all columns anew. `O(cells × widths)`. */
export function setTerms(table: ProblemTable, congestion: Congestion, terms: Terms): void {
  const { prices, share = 1, spring = 0, wall = 0, isHard = false } = terms;
  if (prices === undefined) congestion.price.fill(0);
  else for (let i = 0; i < table.rowCount; i++) congestion.price[i] = share * prices[i]!;
  congestion.spring = (spring * table.scale) / table.meanWidth;
  congestion.wall.fill(wall * table.scale);
  congestion.isHard = isHard;
  refreshColumns(table, congestion);
}

/** Switches between offering full cells at a price and not offering them. `O(cells × widths)`. */
export function setHard(table: ProblemTable, congestion: Congestion, isHard: boolean): void {
  if (congestion.isHard === isHard) return;
  congestion.isHard = isHard;
  refreshColumns(table, congestion);
}

/** Computes all columns anew, after loads or walls have been changed in place. `O(cells × widths)`. */
export function refreshColumns(table: ProblemTable, congestion: Congestion): void {
  for (let column = 0; column < congestion.columnGpus.length; column++) {
    for (let i = 0; i < table.cellCount; i++) refreshCell(table, congestion, column, i);
  }
}

/** Computes one entry anew. `O(1)`. */
export function refreshCell(table: ProblemTable, congestion: Congestion, column: number, cell: number): void {
  const gpus = congestion.columnGpus[column]!;
  const power = congestion.columnPower[column]!;
  congestion.costs[column * table.cellCount + cell] = replicaCost(table, congestion, cell, gpus, power);
}

/** What one replica pays in a cell, without its energy; Infinity where it is not offered. `O(1)`. */
export function replicaCost(
  table: ProblemTable,
  congestion: Congestion,
  cell: number,
  gpus: number,
  power: number,
): number {
  const load = congestion.load[cell]!;
  const taken = congestion.isHard ? load : 0;
  if (taken + gpus > table.capacity[cell]! + EPSILON) return Infinity;
  if (table.closed?.[cell] === 1) return Infinity;
  const cost = congestionCost(table, congestion, cell, load, gpus) + gpus * table.bill[cell]!;
  if (table.rowCount === table.cellCount) return cost;
  if (!hasPower(table, congestion, cell, power)) return Infinity;
  const row = table.cellCount + cell;
  return cost + congestionCost(table, congestion, row, congestion.load[row]!, power);
}

/** The integral of the congestion price over `amount` more on the load of a row. `O(1)`. */
export function congestionCost(
  table: ProblemTable,
  congestion: Congestion,
  row: number,
  load: number,
  amount: number,
): number {
  const price = congestion.price[row]!;
  const spring = congestion.spring;
  const over = load - table.capacity[row]!;
  let cost: number;
  if (spring > 0) {
    let from = price + spring * over;
    let to = from + spring * amount;
    if (from < 0) from = 0;
    if (to < 0) to = 0;
    cost = ((to * to - from * from) * 0.5) / spring;
  } else {
    cost = price * amount;
  }
  const excess = over + amount;
  if (excess > EPSILON) cost += congestion.wall[row]! * (over > 0 ? amount : excess);
  return cost;
}

/** The congestion price of every row at its present load, without walls. `O(cells)`. */
export function marginalPrices(table: ProblemTable, congestion: Congestion, out: Float64Array): void {
  const { price, load, spring } = congestion;
  for (let i = 0; i < table.rowCount; i++) {
    const value = price[i]! + spring * (load[i]! - table.capacity[i]!);
    out[i] = value > 0 ? value : 0;
  }
}
