import { GPU_MILLI } from '../units.ts';
import type { FleetState } from './fleet-state.ts';
import { STREAM_COUNT, STREAM_LENGTH, type MixShape } from './task-streams.ts';

/** Jobs of streams, in their order. Jobs of stream `s` are those from `start[s]` to `start[s + 1] - 1`. */
interface StreamJobs {
  readonly start: Int32Array;
  readonly cpuMilli: Float64Array;
  /** Whole GPUs; 0 for a share, or none. */
  readonly gpuCount: Int32Array;
  /** Milli-GPU of all GPUs together. */
  readonly milli: Int32Array;
}

/** The jobs of streams that one type of GPU can serve. */
interface ServedStreams {
  readonly all: StreamJobs;
  /** Those that need no whole GPU. */
  readonly small: StreamJobs;
  /** By job of all: where the small jobs after it begin. */
  readonly smallAfter: Int32Array;
}

/** What is left of a node: GPUs that have something left, none of them whole, CPU, and milli-GPU. */
interface Rest {
  readonly cut: number;
  readonly cpu: number;
  readonly idle: number;
}

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
  const cpuNeed = Float64Array.from(shapes, ({ demand }) => demand.cpuMilli);
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

  const served = new Map<Uint32Array, (ServedStreams | undefined)[]>();
  const servedBy = (kind: number, streams: Uint32Array): ServedStreams => {
    let byType = served.get(streams);
    if (byType === undefined) served.set(streams, (byType = []));
    return (byType[kind] ??= serve(kind, streams));
  };
  const serve = (kind: number, streams: Uint32Array): ServedStreams => {
    const isServed = (shape: number) => gpuNeed[shape] === 0 || eligible[shape]![kind] === 1;
    const isSmall = (shape: number) => isServed(shape) && gpuNeed[shape]! < GPU_MILLI;
    const smallAfter: number[] = [];
    let small = 0;
    for (const shape of streams) {
      if (isSmall(shape)) small++;
      if (isServed(shape)) smallAfter.push(small);
    }
    return { all: jobsOf(streams, isServed), small: jobsOf(streams, isSmall), smallAfter: Int32Array.from(smallAfter) };
  };
  const jobsOf = (streams: Uint32Array, isKept: (shape: number) => boolean): StreamJobs => {
    const start = new Int32Array(STREAM_COUNT + 1);
    const kept: number[] = [];
    streams.forEach((shape, at) => {
      if (isKept(shape)) kept.push(shape);
      if ((at + 1) % STREAM_LENGTH === 0) start[(at + 1) / STREAM_LENGTH] = kept.length;
    });
    return {
      start,
      cpuMilli: Float64Array.from(kept, (shape) => cpuNeed[shape]!),
      gpuCount: Int32Array.from(kept, (shape) => (gpuNeed[shape] === GPU_MILLI ? countNeed[shape]! : 0)),
      milli: Int32Array.from(kept, (shape) => gpuNeed[shape]! * countNeed[shape]!),
    };
  };

  /** Row of `left`, of the first `cut`, that holds the share and has the least; -1: none does. */
  const tightestRow = (need: number, cut: number): number => {
    let tightest = -1;
    let least = GPU_MILLI;
    for (let row = 0; row < cut; row++) {
      const free = left[row]!;
      if (free < need || free >= least) continue;
      least = free;
      tightest = row;
    }
    return tightest;
  };
  /** Takes a share from a row. Returns how many rows have something left; their order does not matter. */
  const takeFrom = (row: number, need: number, cut: number): number => {
    const rest = left[row]! - need;
    left[row] = rest > 0 ? rest : left[cut - 1]!;
    return rest > 0 ? cut : cut - 1;
  };
  const largestOf = (cut: number): number => {
    let largest = 0;
    for (let row = 0; row < cut; row++) if (left[row]! > largest) largest = left[row]!;
    return largest;
  };
  /** What is idle after jobs that need no whole GPU, when none is whole. Few of them fit, so it is told early that one does not. */
  const idleAfterSmall = (small: StreamJobs, from: number, end: number, rest: Rest): number => {
    const { cpuMilli, milli: asked } = small;
    let { cut, cpu, idle } = rest;
    let largest = largestOf(cut);
    for (let k = from; k < end && largest > 0 && cpu >= leastCpu; k++) {
      const need = asked[k]!;
      if (need > largest || cpuMilli[k]! > cpu) continue;
      cpu -= cpuMilli[k]!;
      if (need === 0) continue;
      idle -= need;
      const row = tightestRow(need, cut);
      const isLargest = left[row] === largest;
      cut = takeFrom(row, need, cut);
      if (isLargest) largest = largestOf(cut);
    }
    return idle;
  };
  /** As `fill`, for all streams, when all GPUs are of one type and nothing asks for GPU memory. The sum over the streams. */
  const fillAlike = ({ all, small, smallAfter }: ServedStreams, cpuFree: number, idleMilli: number): number => {
    const { start, cpuMilli, gpuCount, milli: asked } = all;
    let wholeRows = 0;
    while (wholeRows < rows && milli[wholeRows] === GPU_MILLI) wholeRows++;
    let sum = 0;
    for (let stream = 0; stream < STREAM_COUNT; stream++) {
      let whole = wholeRows;
      let cut = 0;
      for (let row = wholeRows; row < rows; row++) left[cut++] = milli[row]!;
      let cpu = cpuFree;
      let idle = idleMilli;
      let from = small.start[stream]!;
      for (let k = start[stream]!, end = start[stream + 1]!; k < end && whole > 0 && cpu >= leastCpu; k++) {
        from = smallAfter[k]!;
        const count = gpuCount[k]!;
        if (count > whole || cpuMilli[k]! > cpu) continue;
        const need = asked[k]!;
        cpu -= cpuMilli[k]!;
        idle -= need;
        whole -= count;
        if (count > 0 || need === 0) continue;
        const row = tightestRow(need, cut);
        if (row >= 0) cut = takeFrom(row, need, cut);
        else {
          whole--;
          left[cut++] = GPU_MILLI - need;
        }
      }
      const isOver = whole > 0 || cut === 0 || cpu < leastCpu;
      sum += isOver ? idle : idleAfterSmall(small, from, small.start[stream + 1]!, { cut, cpu, idle });
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
