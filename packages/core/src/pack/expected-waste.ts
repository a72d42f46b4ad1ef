import { GPU_MILLI } from '../units.ts';
import { createRandom } from '../random.ts';
import type { FleetState } from './fleet-state.ts';
import { createStreamFill } from './stream-fill.ts';
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
 * the mean over the streams the expectation. Main memory is left out.
 */
export interface ExpectedWaste {
  /** Milli-GPU, from 0 to what is idle now. `cpuFree` stands in for the node's. `O(GPUs × streams × length)`, remembered. */
  readonly waste: (node: number, cpuFree: number) => number;
  /**
   * Gives the names of the state of a node that has this CPU free, two numbers of 32 bits, to a function and returns what it
   * returns. On nodes with the same names, and on them alone, waste grows the same whatever is put there. `O(GPUs)`
   */
  readonly nameOf: (node: number, cpuFree: number, use: (first: number, second: number) => number) => number;
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
  const cpuLevels = largestCpuMilli + 1;
  const { estimate, leastCpu, usesMemory } = createStreamFill(state, shapes);
  const numberOf = new Map<Uint32Array, number>();

  // Two hashes of a state: the sums of random numbers of its GPUs, so that their order does not matter and none needs sorting, and of
  // its streams and CPU. Of a million states no two are mixed up but once in tens of millions of fleets.
  const random = createRandom(HASH_SEED);
  const draw = (length: number) => Int32Array.from({ length }, () => random.integer(2 ** 32) | 0);
  const gpuTypes = gpuType.reduce((most, kind) => Math.max(most, kind + 1), 0);
  const [first, second] = [draw(gpuTypes * (GPU_MILLI + 1)), draw(gpuTypes * (GPU_MILLI + 1))];
  const table = createNumberTable(MAX_REMEMBERED);

  // Of the state looked at last.
  let idle = 0;
  let firstName = 0;
  let secondName = 0;
  /** @param cpu - steps or milli-cores: their names are kept in tables of their own. */
  const look = (node: number, cpu: number): void => {
    idle = 0;
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
    const streams = streamsOf(node);
    let number = numberOf.get(streams);
    if (number === undefined) numberOf.set(streams, (number = numberOf.size));
    const place = number * cpuLevels + cpu;
    firstName = scramble(a + place);
    secondName = scramble(b ^ place);
  };
  const waste = (node: number, cpuFree: number): number => {
    const steps = Math.floor(cpuFree / cpuStep);
    const cpu = steps * cpuStep;
    look(node, steps);
    if (idle === 0 || shapes.length === 0 || cpu < leastCpu) return idle;
    const known = table.get(firstName, secondName);
    if (!Number.isNaN(known)) return known;
    const value = estimate(node, cpu, streamsOf(node));
    table.set(firstName, secondName, value);
    return value;
  };
  return {
    waste,
    nameOf: (node, cpuFree, use) => {
      look(node, cpuFree);
      return use(firstName, secondName);
    },
  };
}

/** Spreads the bits of a number over 32; different numbers stay different. Source: the finalizer of MurmurHash3, public domain. */
function scramble(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}
