import { GPU_MILLI } from '../units.ts';
import { createRandom } from '../random.ts';
import type { FleetState } from './fleet-state.ts';
import { STREAM_COUNT, STREAM_LENGTH, type MixShape } from './task-streams.ts';
import { createWasteTable } from './waste-table.ts';

/** CPU is looked at in steps of this part of the largest node: states that differ by less share their estimate. */
const CPU_STEPS = 43;
/** Node states remembered. They are computed anew after that, with the same result. */
const MAX_REMEMBERED = 1 << 17;
/** Any number does. */
const HASH_SEED = 4_711;

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
  const leastGpu = gpuNeed.reduce((least, need) => (need > 0 ? Math.min(least, need) : least), GPU_MILLI);
  const numberOf = new Map<Uint32Array, number>();

  const mostGpus = gpuStart.reduce((most, end, n) => (n === 0 ? most : Math.max(most, end - gpuStart[n - 1]!)), 0);
  // GPUs with something left: the node as it is, and as it fills up.
  let rows = 0;
  const milli = new Int32Array(mostGpus);
  const type = new Int32Array(mostGpus);
  const memory = new Float64Array(mostGpus);
  const left = new Int32Array(mostGpus);
  const memoryLeft = new Float64Array(mostGpus);

  // Two hashes of a state: the sums of random numbers of its GPUs, so that their order does not matter and none needs sorting, and of
  // its streams and CPU. Of a million states no two are mixed up but once in tens of millions of fleets.
  const random = createRandom(HASH_SEED);
  const draw = (length: number) => Int32Array.from({ length }, () => random.integer(2 ** 32) | 0);
  const gpuTypes = gpuType.reduce((most, kind) => Math.max(most, kind + 1), 0);
  const [first, second] = [draw(gpuTypes * (GPU_MILLI + 1)), draw(gpuTypes * (GPU_MILLI + 1))];
  const table = createWasteTable(MAX_REMEMBERED);

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
    // Rows from `begin` up to `end` can still serve a job of the mix: whole GPUs lead and go first, the fullest come last.
    let begin = 0;
    let end = rows;
    for (let g = 0; g < rows; g++) left[g] = milli[g]!;
    if (usesMemory) memoryLeft.set(memory);
    while (end > begin && left[end - 1]! < leastGpu) end--;
    for (let k = from; k < from + STREAM_LENGTH && begin < end && cpu >= leastCpu; k++) {
      const shape = streams[k]!;
      if (cpuNeed[shape]! > cpu) continue;
      const count = countNeed[shape]!;
      const need = gpuNeed[shape]!;
      const mib = memoryNeed[shape]!;
      const isEligible = eligible[shape]!;
      if (need === GPU_MILLI) {
        let whole = 0;
        for (let g = begin; g < end && whole < count; g++) {
          if (left[g] === GPU_MILLI && isEligible[type[g]!] === 1) whole++;
        }
        if (whole < count) continue;
        for (let g = begin; whole > 0; g++) {
          if (left[g] !== GPU_MILLI || isEligible[type[g]!] === 0) continue;
          left[g] = 0;
          whole--;
        }
        while (begin < end && left[begin]! < leastGpu) begin++;
      } else if (need > 0) {
        let tightest = -1;
        let least = GPU_MILLI + 1;
        for (let g = begin; g < end; g++) {
          const free = left[g]!;
          if (free < need || free >= least || isEligible[type[g]!] === 0) continue;
          if (mib > 0 && memoryLeft[g]! < mib) continue;
          least = free;
          tightest = g;
        }
        if (tightest < 0) continue;
        left[tightest]! -= need;
        if (mib > 0) memoryLeft[tightest]! -= mib;
        while (end > begin && left[end - 1]! < leastGpu) end--;
      }
      cpu -= cpuNeed[shape]!;
      idle -= count * need;
    }
    return idle;
  };

  const estimate = (node: number, cpu: number, idle: number, streams: Uint32Array): number => {
    collect(node);
    let sum = 0;
    for (let stream = 0; stream < STREAM_COUNT; stream++) sum += fill(streams, stream * STREAM_LENGTH, cpu, idle);
    return sum / STREAM_COUNT;
  };
  const waste = (node: number, cpuFree: number): number => {
    let idle = 0;
    let a = 0;
    let b = 0;
    for (let g = gpuStart[node]!, end = gpuStart[node + 1]!; g < end; g++) {
      const free = gpuFree[g]!;
      if (free <= 0) continue;
      idle += free;
      const at = gpuType[g]! * (GPU_MILLI + 1) + free;
      a += usesMemory ? scramble(first[at]! ^ gpuMemoryFree[g]!) : first[at]!;
      b += usesMemory ? scramble(second[at]! ^ gpuMemoryFree[g]!) : second[at]!;
    }
    const steps = Math.floor(cpuFree / cpuStep);
    const cpu = steps * cpuStep;
    if (idle === 0 || shapes.length === 0 || cpu < leastCpu) return idle;
    const streams = streamsOf(node);
    let number = numberOf.get(streams);
    if (number === undefined) numberOf.set(streams, (number = numberOf.size));
    const place = number * (CPU_STEPS + 1) + steps;
    a = scramble(a + place);
    b = scramble(b ^ place);
    const known = table.get(a, b);
    if (!Number.isNaN(known)) return known;
    const value = estimate(node, cpu, idle, streams);
    table.set(a, b, value);
    return value;
  };
  return { waste };
}

/** Spreads the bits of a number over 32; different numbers stay different. Source: the finalizer of MurmurHash3, public domain. */
function scramble(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}
