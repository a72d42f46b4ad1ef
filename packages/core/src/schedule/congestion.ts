import { EPSILON } from './problem-table.ts';
import type { ProblemTable } from './problem-table.ts';

/** Widths beyond this many get their costs computed when asked for; a move has to keep every column up to date. */
const MAX_COLUMNS = 12;

/**
 * What the others' load makes of a cell. The congestion price of a cell with load `x` is
 * `max(0, price + spring * (x - capacity))`, and `wall` more for what is over capacity; a job that adds load pays the
 * integral. The sum of all objective values and all integrals is a potential: every job that changes to a cheaper answer
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
  /** Column of a job's width in `costs`, or -1. */
  readonly columnOf: Int32Array;
  readonly columnWidths: Float64Array;
  /** By column and cell: what one replica of that width pays, without its energy. Infinity where it is not offered. */
  readonly costs: Float64Array;
}

/** Empty cells without prices. `O(cells × widths + jobs)`. */
export function createCongestion(table: ProblemTable): Congestion {
  const frequency = new Map<number, number>();
  for (const width of table.width) frequency.set(width, (frequency.get(width) ?? 0) + 1);
  const widths = [...frequency].sort(([a, m], [b, n]) => n - m || a - b).slice(0, MAX_COLUMNS);
  const columnWidths = Float64Array.from(widths, ([width]) => width);
  const congestion: Congestion = {
    load: new Float64Array(table.cellCount),
    price: new Float64Array(table.cellCount),
    wall: new Float64Array(table.cellCount),
    spring: 0,
    isHard: false,
    columnOf: Int32Array.from(table.width, (width) => columnWidths.indexOf(width)),
    columnWidths,
    costs: new Float64Array(columnWidths.length * table.cellCount),
  };
  return congestion;
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
  else for (let i = 0; i < table.cellCount; i++) congestion.price[i] = share * prices[i]!;
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
  for (let column = 0; column < congestion.columnWidths.length; column++) {
    for (let i = 0; i < table.cellCount; i++) refreshCell(table, congestion, column, i);
  }
}

/** Computes one entry anew. `O(1)`. */
export function refreshCell(table: ProblemTable, congestion: Congestion, column: number, cell: number): void {
  const width = congestion.columnWidths[column]!;
  congestion.costs[column * table.cellCount + cell] = replicaCost(table, congestion, cell, width);
}

/** What one replica pays in a cell, without its energy; Infinity where it is not offered. `O(1)`. */
export function replicaCost(table: ProblemTable, congestion: Congestion, cell: number, width: number): number {
  const load = congestion.load[cell]!;
  const taken = congestion.isHard ? load : 0;
  if (taken + width > table.capacity[cell]! + EPSILON) return Infinity;
  return congestionCost(table, congestion, cell, load, width) + width * table.bill[cell]!;
}

/** The integral of the congestion price over `amount` more GPUs on a load. `O(1)`. */
export function congestionCost(
  table: ProblemTable,
  congestion: Congestion,
  cell: number,
  load: number,
  amount: number,
): number {
  const price = congestion.price[cell]!;
  const spring = congestion.spring;
  const over = load - table.capacity[cell]!;
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
  if (excess > EPSILON) cost += congestion.wall[cell]! * (over > 0 ? amount : excess);
  return cost;
}

/** The congestion price of every cell at its present load, without walls. `O(cells)`. */
export function marginalPrices(table: ProblemTable, congestion: Congestion, out: Float64Array): void {
  const { price, load, spring } = congestion;
  for (let i = 0; i < table.cellCount; i++) {
    const value = price[i]! + spring * (load[i]! - table.capacity[i]!);
    out[i] = value > 0 ? value : 0;
  }
}
