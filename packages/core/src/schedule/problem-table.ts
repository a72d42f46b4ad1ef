import { hoursFromMs } from '../units.ts';
import { createLinks } from './links.ts';
import type { Links } from './links.ts';
import { createMoves } from './moves.ts';
import type { Moves } from './moves.ts';
import type { Site } from './site.ts';
import type { PreviousPlan, ScheduleJob, ScheduleObjective, SlotGrid } from './types.ts';
import type { Window } from './window.ts';

/** The ways in which a job can use slots, as small numbers for the inner loops. */
export const CONTIGUOUS = 0;
const PINNED = 1;
export const MIGRATABLE = 2;
export const ELASTIC = 3;
export const RUNS = 4;

/** Less than this share of a slot, or of a GPU, is rounding. */
export const EPSILON = 1e-9;

/**
 * Jobs that compete for GPUs, in columns. A cell is one slot of one location: `cell = location * slotCount + slot`. The
 * objective value of `x` GPU-slots of job `j` in cell `i` is `x * (energy[j] * signal[i] + bill[i])`, and `moves.cost[j]` more
 * for each where the previous plan does not have it.
 */
export interface ProblemTable {
  readonly jobCount: number;
  readonly slotCount: number;
  readonly cellCount: number;
  /**
   * Rows of capacity: the GPUs of every cell, and where a location has a power cap the power of every cell after them. The
   * power of cell `i` is row `cellCount + i`, in the power of a mean GPU.
   */
  readonly rowCount: number;
  /** What a kWh of the machines adds to the objective, PUE included, by cell. */
  readonly signal: Float64Array;
  /** What a GPU-slot adds to the objective apart from its energy, by cell. */
  readonly bill: Float64Array;
  /** What there is, by row. */
  readonly capacity: Float64Array;
  /** 1 for cells in which nothing runs, not even without GPUs; undefined when there are none. */
  readonly closed: Uint8Array | undefined;
  /** Watts at the meter that one unit of power is, by cell; empty without power caps. */
  readonly unitWatts: Float64Array;
  readonly mode: Uint8Array;
  /** GPUs of one replica, > 0; 1 for a job without GPUs. */
  readonly width: Float64Array;
  /** What one unit of width takes of the row of GPUs: 1, or 0 for a job without; and of the row of power. */
  readonly gpus: Float64Array;
  readonly draw: Float64Array;
  /** KWh of the machines for one GPU-slot. */
  readonly energy: Float64Array;
  /** Run time in slots, on one replica. */
  readonly work: Float64Array;
  /** Slots that a run takes at least, and that each but the first takes before work goes on; 0 but for mode `RUNS`. */
  readonly minRun: Float64Array;
  readonly resume: Float64Array;
  /** First slot of the window, and the slot after its last. */
  readonly first: Int32Array;
  readonly end: Int32Array;
  /** Share of the window's last slot that lies before the deadline, in (0, 1]. */
  readonly tail: Float64Array;
  /** Last slot at which a job in one piece can start. */
  readonly lastStart: Int32Array;
  /** Locations of job `j`: `allowed[allowedFrom[j]]` up to `allowedTo[j]`, ascending. */
  readonly allowed: Int32Array;
  readonly allowedFrom: Int32Array;
  readonly allowedTo: Int32Array;
  /** What each further replica adds to the speed; `[1]` but for elastic jobs. */
  readonly curve: readonly Float64Array[];
  /** What a GPU-slot typically costs: makes steps and prices free of units. > 0. */
  readonly scale: number;
  readonly meanWidth: number;
  /** What it is worth that a job runs. */
  readonly value: Float64Array;
  /** What moves away from the previous plan cost; undefined where they are free. */
  readonly moves: Moves | undefined;
  /** True without power rows, moves and jobs without GPUs: the inner loops then do without asking. */
  readonly isPlain: boolean;
  /** Which jobs wait for which; undefined when none does. */
  readonly links: Links | undefined;
  /** Ends of the windows as if no job had to leave time for those after it. */
  readonly loose: Pick<ProblemTable, 'end' | 'tail' | 'lastStart'>;
}

/** A job that competes, with the sites where it may run, in the order of the table. */
export interface Competitor {
  readonly job: ScheduleJob;
  readonly window: Window;
  /** The window as if the job had to leave no time for those after it. @defaultValue window */
  readonly looseWindow?: Window;
  /** Indices of its locations, ascending. */
  readonly siteIndices: readonly number[];
}

/** Brings the problem into columns. `O(cells + jobs × locations)`. */
export function createProblemTable(
  competitors: readonly Competitor[],
  sites: readonly Site[],
  slots: SlotGrid,
  objective: ScheduleObjective,
  previous?: PreviousPlan,
): ProblemTable {
  const jobCount = competitors.length;
  const slotHours = hoursFromMs(slots.stepMs);
  const ends = () => ({
    end: new Int32Array(jobCount),
    tail: new Float64Array(jobCount),
    lastStart: new Int32Array(jobCount),
  });
  const columns = {
    mode: new Uint8Array(jobCount),
    width: new Float64Array(jobCount),
    gpus: new Float64Array(jobCount),
    draw: new Float64Array(jobCount),
    value: new Float64Array(jobCount),
    energy: new Float64Array(jobCount),
    work: new Float64Array(jobCount),
    minRun: new Float64Array(jobCount),
    resume: new Float64Array(jobCount),
    first: new Int32Array(jobCount),
    ...ends(),
    allowedFrom: new Int32Array(jobCount),
    allowedTo: new Int32Array(jobCount),
  };
  const curve: Float64Array[] = [];
  const allowed: number[] = [];
  const knownLists = new Map<string, number>();
  let totalWidth = 0;
  let totalEnergy = 0;
  let widestEnergy = 0;
  const loose = ends();
  const setEnd = (into: ReturnType<typeof ends>, j: number, { endAtMs }: Window, runtimeMs: number) => {
    const end = Math.ceil((endAtMs - slots.startAtMs) / slots.stepMs);
    into.end[j] = end;
    into.tail[j] = (endAtMs - (slots.startAtMs + (end - 1) * slots.stepMs)) / slots.stepMs;
    into.lastStart[j] = Math.floor((endAtMs - runtimeMs - slots.startAtMs) / slots.stepMs);
  };
  competitors.forEach(({ job, window, looseWindow = window, siteIndices }, j) => {
    const width = Math.max(1, job.gpuCount ?? 1);
    columns.mode[j] = modeOf(job);
    columns.width[j] = width;
    columns.gpus[j] = job.gpuCount === 0 ? 0 : 1;
    columns.value[j] = job.value ?? 1;
    columns.energy[j] = ((job.powerWatts / 1_000) * slotHours) / width;
    columns.work[j] = job.runtimeMs / slots.stepMs;
    columns.minRun[j] = (job.minRunMs ?? 0) / slots.stepMs;
    columns.resume[j] = (job.resumeMs ?? 0) / slots.stepMs;
    columns.first[j] = window.firstSlot;
    setEnd(columns, j, window, job.runtimeMs);
    setEnd(loose, j, looseWindow, job.runtimeMs);
    curve.push(Float64Array.from(job.marginalThroughput ?? [1]));
    const key = siteIndices.join();
    let from = knownLists.get(key);
    if (from === undefined) {
      from = allowed.length;
      knownLists.set(key, from);
      allowed.push(...siteIndices);
    }
    columns.allowedFrom[j] = from;
    columns.allowedTo[j] = from + siteIndices.length;
    const widest = width * Math.max(1, job.marginalThroughput?.length ?? 1);
    totalWidth += widest * columns.gpus[j];
    totalEnergy += columns.energy[j];
    widestEnergy += widest * columns.energy[j];
  });
  const cells = cellsOf(sites, slots, objective, totalWidth);
  const meanEnergy = jobCount === 0 ? 0 : totalEnergy / jobCount;
  const cellCount = sites.length * slots.count;
  const power = meanEnergy > 0 ? powerOf(sites, slots, meanEnergy, widestEnergy / meanEnergy) : undefined;
  if (power !== undefined) columns.draw = columns.energy.map((energy) => energy / meanEnergy);
  const moves = createMoves(competitors, columns.width, sites, slots, previous);
  const least = columns.work.map((work, j) => work / curve[j]!.reduce((sum, speed) => sum + speed, 0));
  return {
    jobCount,
    slotCount: slots.count,
    cellCount,
    rowCount: power === undefined ? cellCount : 2 * cellCount,
    ...cells,
    closed: closedCells(sites, slots),
    capacity: power === undefined ? cells.capacity : Float64Array.from([...cells.capacity, ...power.capacity]),
    unitWatts: power?.unitWatts ?? new Float64Array(0),
    ...columns,
    allowed: Int32Array.from(allowed),
    curve,
    scale: typicalCost(cells, meanEnergy),
    moves,
    loose,
    links: createLinks(competitors, least, slots),
    isPlain: power === undefined && moves === undefined && columns.gpus.every((gpus) => gpus === 1),
    meanWidth: columns.width.reduce((sum, width) => sum + width, 0) / Math.max(1, jobCount),
  };
}

function modeOf({ mode, marginalThroughput, minRunMs = 0, resumeMs = 0 }: ScheduleJob): number {
  if (mode === 'contiguous') return CONTIGUOUS;
  if (mode === 'migratable') return MIGRATABLE;
  if (minRunMs > 0 || resumeMs > 0) return RUNS;
  return (marginalThroughput?.length ?? 1) > 1 ? ELASTIC : PINNED;
}

/** Columns of the cells. Where there is room for all, capacity is the widest that all jobs together can be. */
function cellsOf(sites: readonly Site[], slots: SlotGrid, objective: ScheduleObjective, totalWidth: number) {
  const cellCount = sites.length * slots.count;
  const signal = new Float64Array(cellCount);
  const bill = new Float64Array(cellCount);
  const capacity = new Float64Array(cellCount);
  const slotHours = hoursFromMs(slots.stepMs);
  sites.forEach((site, location) => {
    const { pueRatio = 1, priceUsdPerGpuHour = 0, gpuCount = Infinity } = site.location;
    // A series of PUE is in the signal already.
    const pueFactor = typeof pueRatio === 'number' ? pueRatio : 1;
    for (let slot = 0; slot < slots.count; slot++) {
      const cell = location * slots.count + slot;
      const gpus = typeof gpuCount === 'number' ? gpuCount : gpuCount[slot]!;
      signal[cell] = site.signal[slot]! * pueFactor;
      bill[cell] = objective.kind === 'carbon' ? 0 : priceUsdPerGpuHour * slotHours;
      capacity[cell] = Math.min(gpus, totalWidth);
    }
  });
  return { signal, bill, capacity };
}

function closedCells(sites: readonly Site[], slots: SlotGrid): Uint8Array | undefined {
  if (sites.every(({ closed }) => closed === undefined)) return undefined;
  const cells = new Uint8Array(sites.length * slots.count);
  sites.forEach(({ closed }, location) => {
    if (closed !== undefined) cells.set(closed, location * slots.count);
  });
  return cells;
}

/** Rows of power, when a location has a cap; where it has none, there is as much as all jobs together can draw. */
function powerOf(sites: readonly Site[], slots: SlotGrid, meanEnergy: number, most: number) {
  if (sites.every(({ location }) => location.powerCapWatts === undefined)) return undefined;
  const capacity = new Float64Array(sites.length * slots.count);
  const unitWatts = new Float64Array(sites.length * slots.count);
  sites.forEach(({ location: { powerCapWatts = Infinity }, pueRatio }, location) => {
    for (let slot = 0; slot < slots.count; slot++) {
      const cell = location * slots.count + slot;
      const watts = typeof powerCapWatts === 'number' ? powerCapWatts : powerCapWatts[slot]!;
      unitWatts[cell] = ((meanEnergy * 1_000) / hoursFromMs(slots.stepMs)) * pueRatio[slot]!;
      capacity[cell] = Math.min(watts / unitWatts[cell], most);
    }
  });
  return { capacity, unitWatts };
}

/** Mean size of what a GPU-slot costs; 1 where everything is free, so that a scale always exists. */
function typicalCost(cells: { signal: Float64Array; bill: Float64Array }, meanEnergy: number): number {
  let sum = 0;
  for (let i = 0; i < cells.signal.length; i++) sum += Math.abs(meanEnergy * cells.signal[i]! + cells.bill[i]!);
  return sum > 0 ? sum / cells.signal.length : 1;
}
