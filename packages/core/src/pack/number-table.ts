/** Numbers by name; see {@link createNumberTable}. */
export interface NumberTable {
  /** The number of a name, NaN when it is not known. */
  readonly get: (first: number, second: number) => number;
  /** Remembers the number of a name that is not known. */
  readonly set: (first: number, second: number, value: number) => void;
}

/** Places at the start, a power of two. */
const FIRST_CAPACITY = 1 << 9;

/**
 * A hash table in typed arrays, from names of two times 32 bits, the first of them well spread. Holds `maxNames` at most and then
 * begins anew, so a number may be computed twice.
 */
export function createNumberTable(maxNames: number): NumberTable {
  let capacity = FIRST_CAPACITY;
  let count = 0;
  let values = new Float64Array(0);
  let names = new Int32Array(0);
  /** Name and value of a place lie side by side, so that one look at memory finds both. */
  const allocate = (): void => {
    values = new Float64Array(2 * capacity).fill(NaN);
    names = new Int32Array(values.buffer);
  };
  allocate();

  /** Place of the name, or the empty place where it belongs: its value is at twice that, its name at four times, and two on. */
  const placeOf = (first: number, second: number): number => {
    let place = first & (capacity - 1);
    while (!Number.isNaN(values[2 * place]) && (names[4 * place + 2] !== first || names[4 * place + 3] !== second)) {
      place = (place + 1) & (capacity - 1);
    }
    return place;
  };
  const put = (first: number, second: number, value: number): void => {
    const place = placeOf(first, second);
    values[2 * place] = value;
    names[4 * place + 2] = first;
    names[4 * place + 3] = second;
  };
  const grow = (): void => {
    const [oldCapacity, oldValues, oldNames] = [capacity, values, names];
    capacity *= 2;
    allocate();
    for (let place = 0; place < oldCapacity; place++) {
      if (Number.isNaN(oldValues[2 * place])) continue;
      put(oldNames[4 * place + 2]!, oldNames[4 * place + 3]!, oldValues[2 * place]!);
    }
  };

  return {
    get: (first, second) => values[2 * placeOf(first, second)]!,
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
