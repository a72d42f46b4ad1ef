import { GPU_MILLI } from '../units.ts';
import type { FleetState } from './fleet-state.ts';
import { STREAM_COUNT, STREAM_LENGTH, type MixShape } from './task-streams.ts';

/**
 * What one type of GPU can serve of streams, as sets of jobs: bit `k` stands for job `k` of a stream, so that the next job that
 * fits is found without looking at those that do not.
 */
interface ServedStreams {
  /** By stream, then by job. */
  readonly cpuMilli: Int32Array;
  readonly gpuCount: Int32Array;
  /** Of all GPUs together. */
  readonly gpuMilli: Int32Array;
  /** By stream, then by how many levels of CPU demand are not above what is free. */
  readonly byCpu: Int32Array;
  /** By stream, then by how many levels of share are not above the largest free: also jobs without a GPU. */
  readonly byShare: Int32Array;
  /** By stream, then by whole GPUs free. */
  readonly byWhole: Int32Array;
}

/** Milli-cores that are more than any node has, so that whole numbers of 32 bits do. */
const MOST_CPU = 2 ** 31 - 1;
/** Steps of CPU between nothing and the largest demand. */
const RANK_STEPS = 1_024;

/** Offers streams of jobs to nodes; see {@link createStreamFill}. */
export interface StreamFill {
  /** Milli-GPU idle at the end, the mean over the streams. `cpuFree` stands in for the node's. `O(GPUs × streams × length)` */
  readonly estimate: (node: number, cpuFree: number, streams: Uint32Array) => number;
  /** A node with less CPU than this keeps what is idle. */
  readonly leastCpu: number;
  /** True: a job of the mix asks for GPU memory. */
  readonly usesMemory: boolean;
}

/**
 * Prepares to offer streams of random jobs to a node: it takes whatever fits, in turn, a share on the GPU with the least left. Main
 * memory is left out.
 */
export function createStreamFill(state: FleetState, shapes: readonly MixShape[]): StreamFill {
  const { gpuStart, gpuType, gpuFree, gpuMemoryFree } = state;
  const cpuNeed = Int32Array.from(shapes, ({ demand }) => Math.min(demand.cpuMilli, MOST_CPU));
  const gpuNeed = Int32Array.from(shapes, ({ demand }) => demand.gpuMilli);
  const countNeed = Int32Array.from(shapes, ({ demand }) => demand.gpuCount);
  const memoryNeed = Float64Array.from(shapes, ({ demand }) => demand.gpuMemoryMib);
  const eligible = shapes.map(({ demand }) => demand.isGpuEligible);
  const usesMemory = memoryNeed.some((need) => need > 0);
  const leastCpu = shapes.reduce(
    (least, { demand }) => (demand.gpuMilli > 0 ? Math.min(least, demand.cpuMilli) : least),
    Infinity,
  );
  const mostGpus = gpuStart.reduce((most, end, n) => (n === 0 ? most : Math.max(most, end - gpuStart[n - 1]!)), 0);
  // GPUs with something left: the node as it is, and as it fills up.
  let rows = 0;
  const milli = new Int32Array(mostGpus);
  const type = new Int32Array(mostGpus);
  const memory = new Float64Array(mostGpus);
  const left = new Int32Array(mostGpus);
  const memoryLeft = new Float64Array(mostGpus);

  /** Collects the GPUs in a fixed order, so that nodes with the same GPUs in another order are one state. */
  const collect = (node: number): void => {
    rows = 0;
    for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
      const free = gpuFree[g]!;
      if (free <= 0) continue;
      const kind = gpuType[g]!;
      const mib = usesMemory ? gpuMemoryFree[g]! : 0;
      let at = rows++;
      for (; at > 0; at--) {
        const order = milli[at - 1]! - free || type[at - 1]! - kind || memory[at - 1]! - mib;
        if (order >= 0) break;
        milli[at] = milli[at - 1]!;
        type[at] = type[at - 1]!;
        memory[at] = memory[at - 1]!;
      }
      milli[at] = free;
      type[at] = kind;
      memory[at] = mib;
    }
  };
  /** Idle milli-GPU after the stream that begins at `from`. */
  const fill = (streams: Uint32Array, from: number, cpu: number, idle: number): number => {
    left.set(milli);
    if (usesMemory) memoryLeft.set(memory);
    for (let k = from; k < from + STREAM_LENGTH && idle > 0 && cpu >= leastCpu; k++) {
      const shape = streams[k]!;
      if (cpuNeed[shape]! > cpu) continue;
      const count = countNeed[shape]!;
      const need = gpuNeed[shape]!;
      const mib = memoryNeed[shape]!;
      const isEligible = eligible[shape]!;
      if (need === GPU_MILLI) {
        let whole = 0;
        for (let g = 0; g < rows && whole < count; g++) {
          if (left[g] === GPU_MILLI && isEligible[type[g]!] === 1) whole++;
        }
        if (whole < count) continue;
        for (let g = 0; g < rows && whole > 0; g++) {
          if (left[g] !== GPU_MILLI || isEligible[type[g]!] === 0) continue;
          left[g] = 0;
          whole--;
        }
      } else if (need > 0) {
        let tightest = -1;
        let least = GPU_MILLI + 1;
        for (let g = 0; g < rows; g++) {
          const free = left[g]!;
          if (free < need || free >= least || isEligible[type[g]!] === 0) continue;
          if (mib > 0 && memoryLeft[g]! < mib) continue;
          least = free;
          tightest = g;
        }
        if (tightest < 0) continue;
        left[tightest]! -= need;
        if (mib > 0) memoryLeft[tightest]! -= mib;
      }
      cpu -= cpuNeed[shape]!;
      idle -= count * need;
    }
    return idle;
  };

  const cpuLevels = Int32Array.from(new Set(cpuNeed)).sort();
  const rankOf = rankIn(cpuLevels);
  const shareLevels = Int32Array.from(new Set(gpuNeed.filter((need) => need > 0 && need < GPU_MILLI))).sort();
  /** By milli-GPU: levels of share that are not above. */
  const shareRank = new Int32Array(GPU_MILLI + 1);
  for (let free = 1; free <= GPU_MILLI; free++) {
    shareRank[free] = shareRank[free - 1]! + (shareLevels.includes(free) ? 1 : 0);
  }
  const served = new Map<Uint32Array, (ServedStreams | undefined)[]>();
  const servedBy = (kind: number, streams: Uint32Array): ServedStreams => {
    let byType = served.get(streams);
    if (byType === undefined) served.set(streams, (byType = []));
    return (byType[kind] ??= serve(kind, streams));
  };
  const serve = (kind: number, streams: Uint32Array): ServedStreams => {
    /** For each number up to `most` the jobs whose own number, from 0, is not above; undefined: in no set. */
    const sets = (most: number, numberOf: (shape: number) => number | undefined): Int32Array => {
      const bits = new Int32Array(STREAM_COUNT * (most + 1));
      streams.forEach((shape, at) => {
        if (gpuNeed[shape]! > 0 && eligible[shape]![kind] === 0) return;
        const row = Math.floor(at / STREAM_LENGTH) * (most + 1);
        for (let k = numberOf(shape) ?? Infinity; k <= most; k++) bits[row + k]! |= 1 << (at % STREAM_LENGTH);
      });
      return bits;
    };
    return {
      cpuMilli: Int32Array.from(streams, (shape) => cpuNeed[shape]!),
      gpuCount: Int32Array.from(streams, (shape) => countNeed[shape]!),
      gpuMilli: Int32Array.from(streams, (shape) => countNeed[shape]! * gpuNeed[shape]!),
      byCpu: sets(cpuLevels.length, (shape) => rankOf(cpuNeed[shape]!)),
      byShare: sets(shareLevels.length, (shape) =>
        gpuNeed[shape]! < GPU_MILLI ? shareRank[gpuNeed[shape]!] : undefined,
      ),
      byWhole: sets(mostGpus, (shape) => (gpuNeed[shape] === GPU_MILLI ? countNeed[shape] : undefined)),
    };
  };

  /** Takes a share from the row of `left` with the least that holds it; one of the rows, ascending, must. What is used up stays as 0. */
  const takeShare = (need: number): void => {
    let row = 0;
    while (left[row]! < need) row++;
    insert(left[row]! - need, row);
  };
  /** Puts a row among the first `cut`, ascending. */
  const insert = (free: number, cut: number): void => {
    let row = cut;
    for (; row > 0 && left[row - 1]! > free; row--) left[row] = left[row - 1]!;
    left[row] = free;
  };
  /** As `fill`, for all streams, when all GPUs are of one type and nothing asks for GPU memory. The sum over the streams. */
  const fillAlike = (served: ServedStreams, cpuFree: number, idleMilli: number): number => {
    const { cpuMilli, gpuCount, gpuMilli, byCpu, byShare, byWhole } = served;
    let wholeRows = 0;
    while (wholeRows < rows && milli[wholeRows] === GPU_MILLI) wholeRows++;
    let sum = 0;
    for (let stream = 0; stream < STREAM_COUNT; stream++) {
      let whole = wholeRows;
      let cut = 0;
      for (let row = rows - 1; row >= wholeRows; row--) left[cut++] = milli[row]!;
      let cpu = cpuFree;
      let idle = idleMilli;
      // Jobs that have not been offered yet.
      let ahead = -1;
      const cpuRow = stream * (cpuLevels.length + 1);
      const shareRow = stream * (shareLevels.length + 1);
      const wholeRow = stream * (mostGpus + 1);
      while (idle > 0 && cpu >= leastCpu) {
        const largest = whole > 0 ? GPU_MILLI : left[cut - 1]!;
        const fitting = byShare[shareRow + shareRank[largest]!]! | byWhole[wholeRow + whole]!;
        const open = byCpu[cpuRow + rankOf(cpu)]! & fitting & ahead;
        if (open === 0) break;
        const next = 31 - Math.clz32(open & -open);
        ahead = -2 << next;
        const job = stream * STREAM_LENGTH + next;
        const need = gpuMilli[job]!;
        cpu -= cpuMilli[job]!;
        idle -= need;
        if (need >= GPU_MILLI) whole -= gpuCount[job]!;
        else if (need > 0) {
          if (cut > 0 && left[cut - 1]! >= need) takeShare(need);
          else {
            whole--;
            insert(GPU_MILLI - need, cut++);
          }
        }
      }
      sum += idle;
    }
    return sum;
  };

  const estimate: StreamFill['estimate'] = (node, cpuFree, streams) => {
    collect(node);
    let idle = 0;
    let isAlike = !usesMemory;
    for (let row = 0; row < rows; row++) {
      idle += milli[row]!;
      if (type[row] !== type[0]) isAlike = false;
    }
    if (isAlike) return fillAlike(servedBy(type[0]!, streams), cpuFree, idle) / STREAM_COUNT;
    let sum = 0;
    for (let stream = 0; stream < STREAM_COUNT; stream++) sum += fill(streams, stream * STREAM_LENGTH, cpuFree, idle);
    return sum / STREAM_COUNT;
  };
  return { estimate, leastCpu, usesMemory };
}

/** Counts the levels, ascending, that are not above a value: from a table of even steps, and on from there. */
function rankIn(levels: Int32Array): (value: number) => number {
  const largest = levels.at(-1) ?? 0;
  let shift = 0;
  while (largest >> shift > RANK_STEPS) shift++;
  const ranks = Int32Array.from({ length: (largest >> shift) + 1 }, (_, step) => {
    const above = levels.findIndex((level) => level > step * 2 ** shift);
    return above < 0 ? levels.length : above;
  });
  return (value) => {
    if (value >= largest) return levels.length;
    let rank = ranks[value >> shift]!;
    while (levels[rank]! <= value) rank++;
    return rank;
  };
}
