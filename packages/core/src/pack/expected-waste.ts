import { GPU_MILLI } from '../units.ts';
import type { FleetState } from './fleet-state.ts';
import { STREAM_COUNT, STREAM_LENGTH, type MixShape } from './task-streams.ts';
import { createWasteTable } from './waste-table.ts';

/** CPU is looked at in steps of this part of the largest node: states that differ by less share their estimate. */
const CPU_STEPS = 43;
/** Node states remembered. They are computed anew after that, with the same result. */
const MAX_REMEMBERED = 1 << 17;

/**
 * Expected final waste: milli-GPU that will stay idle on a node for good. A node in its present state is offered each stream of
 * random jobs and takes whatever fits, a share on the GPU with the least left; what is idle at the end is the waste, and
 * the mean over the streams the expectation. Main memory is left out.
 */
export interface ExpectedWaste {
  /** Milli-GPU, from 0 to what is idle now. `cpuFree` stands in for the node's. `O(GPUs × streams × length)`, remembered. */
  readonly waste: (node: number, cpuFree: number) => number;
}

/**
 * Prepares the estimate for a fleet.
 *
 * @param streamsOf - by node, the streams it is tried on; nodes with the same streams share what is remembered.
 */
export function createExpectedWaste(
  state: FleetState,
  largestCpuMilli: number,
  shapes: readonly MixShape[],
  streamsOf: (node: number) => Uint32Array,
): ExpectedWaste {
  const { gpuStart, gpuType, gpuFree, gpuMemoryFree } = state;
  const cpuStep = Math.max(1, Math.floor(largestCpuMilli / CPU_STEPS));
  const cpuNeed = Float64Array.from(shapes, ({ demand }) => demand.cpuMilli);
  const gpuNeed = Int32Array.from(shapes, ({ demand }) => demand.gpuMilli);
  const countNeed = Int32Array.from(shapes, ({ demand }) => demand.gpuCount);
  const memoryNeed = Float64Array.from(shapes, ({ demand }) => demand.gpuMemoryMib);
  const eligible = shapes.map(({ demand }) => demand.isGpuEligible);
  const usesMemory = memoryNeed.some((need) => need > 0);
  // A node with less CPU than every job with a GPU needs keeps what is idle.
  const leastCpu = shapes.reduce(
    (least, { demand }) => (demand.gpuMilli > 0 ? Math.min(least, demand.cpuMilli) : least),
    Infinity,
  );
  const numberOf = new Map<Uint32Array, number>();

  const mostGpus = gpuStart.reduce((most, end, n) => (n === 0 ? most : Math.max(most, end - gpuStart[n - 1]!)), 0);
  // GPUs with something left: the node as it is, and as it fills up.
  let rows = 0;
  const milli = new Int32Array(mostGpus);
  const type = new Int32Array(mostGpus);
  const memory = new Float64Array(mostGpus);
  const left = new Int32Array(mostGpus);
  const memoryLeft = new Float64Array(mostGpus);

  // Streams, CPU steps, then of each GPU its type with what is left of it, and its memory left.
  const width = 2 + (usesMemory ? 2 : 1) * mostGpus;
  const row = new Float64Array(width);
  const table = createWasteTable(width, MAX_REMEMBERED);

  /** Collects the GPUs in a fixed order, so that nodes with the same GPUs in another order are one state. */
  const collect = (node: number): number => {
    rows = 0;
    let idle = 0;
    for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
      const free = gpuFree[g]!;
      if (free <= 0) continue;
      idle += free;
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
    return idle;
  };
  const describe = (streams: Uint32Array, steps: number): void => {
    let number = numberOf.get(streams);
    if (number === undefined) numberOf.set(streams, (number = numberOf.size));
    row.fill(0);
    row[0] = number;
    row[1] = steps;
    for (let g = 0; g < rows; g++) {
      row[2 + g] = milli[g]! + type[g]! * (GPU_MILLI + 1);
      // Unknown memory is -1.
      if (usesMemory) row[2 + mostGpus + g] = memory[g]! + 1;
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

  // The state that is estimated now.
  let idle = 0;
  let cpu = 0;
  let streams: Uint32Array = new Uint32Array(0);
  const estimate = (): number => {
    let sum = 0;
    for (let stream = 0; stream < STREAM_COUNT; stream++) sum += fill(streams, stream * STREAM_LENGTH, cpu, idle);
    return sum / STREAM_COUNT;
  };
  const waste = (node: number, cpuFree: number): number => {
    idle = collect(node);
    if (idle === 0 || shapes.length === 0) return idle;
    const steps = Math.floor(cpuFree / cpuStep);
    cpu = steps * cpuStep;
    if (cpu < leastCpu) return idle;
    streams = streamsOf(node);
    describe(streams, steps);
    return table.get(row, estimate);
  };
  return { waste };
}
