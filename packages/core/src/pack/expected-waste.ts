import { GPU_MILLI } from '../units.ts';
import { createRandom } from '../random.ts';
import type { FleetState } from './fleet-state.ts';
import { createStreamFill } from './stream-fill.ts';
import { servableShares } from './servable-share.ts';
import type { MixShape } from './task-streams.ts';
import { createNumberTable } from './number-table.ts';

/** CPU is looked at in steps of this part of the largest node: states that differ by less share their estimate. */
const CPU_STEPS = 43;
/** Node states remembered. They are computed anew after that, with the same result. */
const MAX_REMEMBERED = 1 << 17;
/** Any number does. */
const HASH_SEED = 4_711;

/**
 * Expected final waste: milli-GPU that will stay idle on a node for good. A node in its present state is offered each stream of
 * random jobs and takes whatever fits, a share on the GPU with the least left; what is idle at the end is the waste, and
 * the mean over the streams the expectation. Main memory is left out, and so is CPU below a whole step.
 */
export interface ExpectedWaste {
  /** Milli-GPU, from 0 to what is idle now. `cpuFree` stands in for the node's. `O(GPUs × streams × length)`, remembered. */
  readonly waste: (node: number, cpuFree: number) => number;
  /** Whole steps of CPU. */
  readonly stepsOf: (cpuMilli: number) => number;
  /**
   * Gives the names of the state of a node, two numbers of 32 bits, to a function and returns what it returns. On nodes with the same
   * names, and on them alone, waste grows the same with any job that {@link goesByName} and takes as many steps. `O(GPUs)`
   */
  readonly nameOf: (node: number, use: (first: number, second: number) => number) => number;
  /** False: names do not tell whether a GPU of the node has so much left. */
  readonly goesByName: (node: number, gpuMilli: number) => boolean;
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
  const { nodeCount, gpuStart, gpuType, gpuFree, gpuMemoryFree, cpuFree: cpuLeft } = state;
  const cpuStep = Math.max(1, Math.floor(largestCpuMilli / CPU_STEPS));
  const stepsOf = (cpuMilli: number) => Math.floor(cpuMilli / cpuStep);
  const cpuLevels = stepsOf(largestCpuMilli) + 1;
  const { estimate, leastCpu, usesMemory } = createStreamFill(state, shapes);
  const numbers = new Map<Uint32Array, number>();
  /** By node: the number of its streams. */
  const numberOf = Int32Array.from({ length: nodeCount }, (_, node) => {
    const streams = streamsOf(node);
    const number = numbers.get(streams) ?? numbers.size;
    numbers.set(streams, number);
    return number;
  });
  const sharesIn = (streams: Uint32Array): readonly number[] => {
    const drawn = new Set(streams);
    const amounts = shapes.filter((_, position) => drawn.has(position)).map(({ demand }) => demand.gpuMilli);
    return [...new Set(amounts)].filter((milli) => milli > 0 && milli < GPU_MILLI);
  };
  const whole = Int32Array.from({ length: GPU_MILLI + 1 }, (_, left) => left);
  /** By number of streams. What GPU memory is left goes with every share, so nothing is left out where jobs ask for it. */
  const servable = Array.from(numbers.keys(), (streams) => (usesMemory ? whole : servableShares(sharesIn(streams))));

  // Two hashes of a state: the sums of random numbers of its GPUs, so that their order does not matter and none needs sorting, and of
  // its streams and CPU. Of a million states no two are mixed up but once in tens of millions of fleets.
  const random = createRandom(HASH_SEED);
  const draw = (length: number) => Int32Array.from({ length }, () => random.integer(2 ** 32) | 0);
  const gpuTypes = gpuType.reduce((most, kind) => Math.max(most, kind + 1), 0);
  const [first, second] = [draw(gpuTypes * (GPU_MILLI + 1)), draw(gpuTypes * (GPU_MILLI + 1))];
  const table = createNumberTable(MAX_REMEMBERED);

  // Of the state looked at last, milli-GPU: what is idle, and what of it no share can use.
  let idle = 0;
  let unservable = 0;
  let firstName = 0;
  let secondName = 0;
  const look = (node: number, steps: number): void => {
    idle = 0;
    unservable = 0;
    let a = 0;
    let b = 0;
    const number = numberOf[node]!;
    const served = servable[number]!;
    for (let g = gpuStart[node]!, end = gpuStart[node + 1]!; g < end; g++) {
      const free = gpuFree[g]!;
      if (free <= 0) continue;
      idle += free;
      const use = served[free]!;
      unservable += free - use;
      if (use === 0) continue;
      const at = gpuType[g]! * (GPU_MILLI + 1) + use;
      a += usesMemory ? scramble(first[at]! ^ gpuMemoryFree[g]!) : first[at]!;
      b += usesMemory ? scramble(second[at]! ^ gpuMemoryFree[g]!) : second[at]!;
    }
    const place = number * cpuLevels + steps;
    firstName = scramble(a + place);
    secondName = scramble(b ^ place);
  };
  const waste = (node: number, cpuFree: number): number => {
    const steps = stepsOf(cpuFree);
    const cpu = steps * cpuStep;
    look(node, steps);
    if (idle === 0 || shapes.length === 0 || cpu < leastCpu) return idle;
    const known = table.get(firstName, secondName);
    if (!Number.isNaN(known)) return known + unservable;
    const value = estimate(node, cpu, streamsOf(node));
    table.set(firstName, secondName, value - unservable);
    return value;
  };
  return {
    waste,
    stepsOf,
    nameOf: (node, use) => {
      look(node, stepsOf(cpuLeft[node]!));
      return use(firstName, secondName);
    },
    goesByName: (node, gpuMilli) => servable[numberOf[node]!]![gpuMilli] === gpuMilli,
  };
}

/** Spreads the bits of a number over 32; different numbers stay different. Source: the finalizer of MurmurHash3, public domain. */
function scramble(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}
