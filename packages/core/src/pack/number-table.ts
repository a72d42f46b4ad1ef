/** Numbers by name; see {@link createNumberTable}. */
export interface NumberTable {
  /** The number of a name, NaN when it is not known. */
  readonly get: (first: number, second: number) => number;
  /** Remembers the number of a name that is not known. */
  readonly set: (first: number, second: number, value: number) => void;
}

/** Places at the start, a power of two. */
const FIRST_CAPACITY = 1 << 12;

/**
 * A hash table in typed arrays, from names of two times 32 bits, the first of them well spread. Holds `maxNames` at most and then
 * begins anew, so a number may be computed twice.
 */
export function createNumberTable(maxNames: number): NumberTable {
  let capacity = FIRST_CAPACITY;
  let count = 0;
  let firsts = new Int32Array(capacity);
  let seconds = new Int32Array(capacity);
  let values = new Float64Array(capacity).fill(NaN);

  /** Slot of the name, or the empty slot where it belongs. */
  const slotOf = (first: number, second: number): number => {
    let slot = first & (capacity - 1);
    while (!Number.isNaN(values[slot]) && (firsts[slot] !== first || seconds[slot] !== second)) {
      slot = (slot + 1) & (capacity - 1);
    }
    return slot;
  };
  const put = (first: number, second: number, value: number): void => {
    const slot = slotOf(first, second);
    firsts[slot] = first;
    seconds[slot] = second;
    values[slot] = value;
  };
  const grow = (): void => {
    const [oldFirsts, oldSeconds, oldValues] = [firsts, seconds, values];
    capacity *= 2;
    firsts = new Int32Array(capacity);
    seconds = new Int32Array(capacity);
    values = new Float64Array(capacity).fill(NaN);
    oldValues.forEach((value, slot) => {
      if (!Number.isNaN(value)) put(oldFirsts[slot]!, oldSeconds[slot]!, value);
    });
  };

  return {
    get: (first, second) => values[slotOf(first, second)]!,
    set: (first, second, value) => {
      if (count === maxNames) {
        values.fill(NaN);
        count = 0;
      } else if (2 * count >= capacity) grow();
      count++;
      put(first, second, value);
    },
  };
}
