import { congestionCost, gpusOf, powerOf, replicaCost } from './congestion.ts';
import type { Congestion } from './congestion.ts';
import type { Times } from './links.ts';
import type { ProblemTable } from './problem-table.ts';

/** Room for the search of one job, and its last answer. Kept between calls so that nothing is allocated. */
export interface Reply {
  /** Cells of the answer and GPU-slots used in each; `count` of them. */
  count: number;
  readonly cells: Int32Array;
  readonly amounts: Float64Array;
  /** Locations evaluated so far: the unit of work. */
  looks: number;
  /** What the location looked at last costs at least. */
  estimate: number;
  /** The most promising locations of each job when all were looked at last, `SHORT` a job; -1 is none. */
  readonly shortlist: Int32Array;
  readonly shortCost: Float64Array;
  readonly scratch: Scratch;
  /** Where the others are that the job waits for, or that wait for it; undefined: order does not matter. */
  times: Times | undefined;
}

/** Length of the shortlists. */
export const SHORT = 3;

interface Scratch {
  readonly row: Float64Array;
  readonly heapCost: Float64Array;
  readonly heapSlot: Int32Array;
  readonly cellOfSlot: Int32Array;
  readonly level: Int32Array;
  readonly placeOfSlot: Int32Array;
  /** 1 for cells in which the previous plan has the job at hand. */
  readonly isHome: Uint8Array;
  readonly cells: Int32Array;
  readonly amounts: Float64Array;
  count: number;
}

/** Cells that a plan of a job can use at most. */
export function mostCells(table: ProblemTable, job: number): number {
  const { work, resume, loose, first } = table;
  // With a time to resume, each run more is more to do.
  return resume[job]! > 0 ? loose.end[job]! - first[job]! : Math.ceil(work[job]!) + 2;
}

/** Room for the answers to a table. */
export function createReply(table: ProblemTable): Reply {
  let most = 1;
  for (let j = 0; j < table.jobCount; j++) most = Math.max(most, mostCells(table, j));
  const slots = table.slotCount;
  return {
    count: 0,
    cells: new Int32Array(most),
    amounts: new Float64Array(most),
    looks: 0,
    estimate: Infinity,
    shortlist: new Int32Array(SHORT * table.jobCount).fill(-1),
    shortCost: new Float64Array(SHORT),
    times: undefined,
    scratch: {
      row: new Float64Array(slots),
      heapCost: new Float64Array(slots + 1),
      heapSlot: new Int32Array(slots + 1),
      cellOfSlot: new Int32Array(slots),
      level: new Int32Array(slots),
      placeOfSlot: new Int32Array(slots),
      isHome: new Uint8Array(table.moves === undefined ? 0 : table.cellCount),
      cells: new Int32Array(most + slots),
      amounts: new Float64Array(most + slots),
      count: 0,
    },
  };
}

/** Makes what was found last the answer. */
export function takeScratch(reply: Reply): void {
  const { scratch } = reply;
  reply.count = scratch.count;
  for (let x = 0; x < scratch.count; x++) {
    reply.cells[x] = scratch.cells[x]!;
    reply.amounts[x] = scratch.amounts[x]!;
  }
}

/** What one GPU-slot of a job is worth in a cell: energy, bill, and the penalty where it has moved. */
export function unitCost(table: ProblemTable, job: number, cell: number): number {
  const cost = table.energy[job]! * table.signal[cell]! + table.gpus[job]! * table.bill[cell]!;
  return table.moves === undefined || table.moves.stays[job]!.has(cell) ? cost : cost + moveCost(table, job);
}

/** What a GPU-slot of a job costs more in a cell in which the previous plan does not have it. */
export function moveCost({ moves }: ProblemTable, job: number): number {
  return moves === undefined ? 0 : moves.cost[job]!;
}

/** True when the costs of a job are not those of its column. */
function hasOwnRow({ moves }: ProblemTable, congestion: Congestion, job: number): boolean {
  return congestion.columnOf[job]! < 0 || (moves !== undefined && moves.cost[job]! > 0);
}

/** Costs of one replica of the job without its energy; read them from `offsetOf` on. */
export function costsOf(
  table: ProblemTable,
  congestion: Congestion,
  reply: Reply,
  job: number,
  base: number,
): Float64Array {
  if (!hasOwnRow(table, congestion, job)) return congestion.costs;
  const { row } = reply.scratch;
  const gpus = gpusOf(table, job);
  const power = powerOf(table, job);
  const width = table.width[job]!;
  const column = congestion.columnOf[job]!;
  const from = column * table.cellCount + base;
  const { isHome } = reply.scratch;
  const move = moveCost(table, job);
  markHomes(table, reply, job, 1);
  for (let t = table.first[job]!; t < table.end[job]!; t++) {
    const cost = column < 0 ? replicaCost(table, congestion, base + t, gpus, power) : congestion.costs[from + t]!;
    row[t] = isHome[base + t] === 1 ? cost : cost + width * move;
  }
  markHomes(table, reply, job, 0);
  return row;
}

/** Marks the cells in which the previous plan has a job, or takes the marks off again. */
export function markHomes({ moves }: ProblemTable, { scratch }: Reply, job: number, mark: 0 | 1): void {
  if (moves !== undefined) for (const cell of moves.stays[job]!) scratch.isHome[cell] = mark;
}

/** Where in them the location begins, less its slot 0. */
export function offsetOf(table: ProblemTable, congestion: Congestion, job: number, base: number): number {
  return hasOwnRow(table, congestion, job) ? 0 : congestion.columnOf[job]! * table.cellCount + base;
}

/** What `amount` GPU-slots on a load of GPUs cost in a cell, energy and bill included. */
export function amountCost(
  table: ProblemTable,
  congestion: Congestion,
  job: number,
  cell: number,
  load: number,
  amount: number,
): number {
  if (table.isPlain) {
    const plain = amount * (table.energy[job]! * table.signal[cell]! + table.bill[cell]!);
    return plain + congestionCost(table, congestion, cell, load, amount);
  }
  const gpus = table.gpus[job]!;
  const own = amount * unitCost(table, job, cell);
  const cost = own + congestionCost(table, congestion, cell, load, gpus * amount);
  if (table.rowCount === table.cellCount) return cost;
  const row = table.cellCount + cell;
  const draw = table.draw[job]!;
  // The job's own replicas below this one draw power too.
  const below = congestion.load[row]! + (load - congestion.load[cell]!) * draw;
  return cost + congestionCost(table, congestion, row, below, draw * amount);
}

/** Restores the order of a heap whose entry `x` may be too dear. Equal costs are ordered by slot. */
export function siftDown(heapCost: Float64Array, heapSlot: Int32Array, x: number, size: number): void {
  if (x > size) return;
  const cost = heapCost[x]!;
  const slot = heapSlot[x]!;
  for (;;) {
    let child = 2 * x;
    if (child > size) break;
    if (child < size && heapCost[child + 1]! < heapCost[child]!) child++;
    if (heapCost[child]! >= cost) break;
    heapCost[x] = heapCost[child]!;
    heapSlot[x] = heapSlot[child]!;
    x = child;
  }
  heapCost[x] = cost;
  heapSlot[x] = slot;
}
