import { createNumberTable } from './number-table.ts';

/** Growths of waste by node state and shape; see {@link createGrowthMemory}. */
export interface GrowthMemory {
  /** The number of the state with these names, from 0. */
  readonly stateOf: (first: number, second: number) => number;
  /** NaN: not known. */
  readonly get: (state: number, shape: number) => number;
  readonly set: (state: number, shape: number, growth: number) => void;
}

/** States remembered. */
const MAX_STATES = 1 << 17;
/** Numbers of states for which a shape has room at first. */
const FIRST_ROOM = 1 << 10;

/**
 * Remembers growths: multiples of 1/32 below 2^19 in size, which a number of 32 bits holds exactly; what it does not hold is not
 * remembered. Those of one shape lie side by side. Begins anew when too many states have been seen, after `onForget`.
 */
export function createGrowthMemory(onForget: () => void): GrowthMemory {
  const numbers = createNumberTable(MAX_STATES);
  let count = 0;
  let byShape: Float32Array[] = [];
  return {
    stateOf: (first, second) => {
      const known = numbers.get(first, second);
      if (!Number.isNaN(known)) return known;
      if (count === MAX_STATES) {
        onForget();
        byShape = [];
        count = 0;
      }
      numbers.set(first, second, count);
      return count++;
    },
    get: (state, shape) => {
      const growths = byShape[shape];
      return growths === undefined || state >= growths.length ? NaN : growths[state]!;
    },
    set: (state, shape, growth) => {
      let growths = byShape[shape];
      if (growths === undefined || state >= growths.length) {
        const room = Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(state + 1)));
        const larger = new Float32Array(room).fill(NaN);
        if (growths !== undefined) larger.set(growths);
        byShape[shape] = growths = larger;
      }
      if (Math.fround(growth) === growth) growths[state] = growth;
    },
  };
}
