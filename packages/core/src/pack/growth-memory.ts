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
/** Binary digits of the states of a page. */
const PAGE_DIGITS = 9;
const PAGE_SIZE = 1 << PAGE_DIGITS;

/**
 * Remembers growths: multiples of 1/32 below 2^19 in size, which a number of 32 bits holds exactly; what it does not hold is not
 * remembered. Those of one shape lie side by side, in pages that come when they are needed. Begins anew when too many states
 * have been seen, after `onForget`.
 */
export function createGrowthMemory(onForget: () => void): GrowthMemory {
  const numbers = createNumberTable(MAX_STATES);
  let count = 0;
  let byShape: (Float32Array | undefined)[][] = [];
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
      const page = byShape[shape]?.[state >> PAGE_DIGITS];
      return page === undefined ? NaN : page[state & (PAGE_SIZE - 1)]!;
    },
    set: (state, shape, growth) => {
      if (Math.fround(growth) !== growth) return;
      const pages = (byShape[shape] ??= Array.from<Float32Array | undefined>({ length: MAX_STATES >> PAGE_DIGITS }));
      const page = (pages[state >> PAGE_DIGITS] ??= new Float32Array(PAGE_SIZE).fill(NaN));
      page[state & (PAGE_SIZE - 1)] = growth;
    },
  };
}
