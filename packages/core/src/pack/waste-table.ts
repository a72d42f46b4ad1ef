/** Estimates by node state; see {@link createWasteTable}. */
export interface WasteTable {
  /** The estimate of the state that `state` holds, computed by `make` when it is not known. */
  readonly get: (state: Float64Array, make: () => number) => number;
}

/** States at the start, a power of two. */
const FIRST_CAPACITY = 1 << 12;

/**
 * A hash table from rows of numbers to numbers, in typed arrays: a decision asks it many times, and a string for a key would take longer
 * than all the rest. Holds `maxStates` at most and then begins anew, so an estimate may be computed twice.
 *
 * @param width - numbers in a row, all whole and >= 0.
 */
export function createWasteTable(width: number, maxStates: number): WasteTable {
  let capacity = FIRST_CAPACITY;
  let count = 0;
  let rows = new Float64Array(capacity * width);
  let values = new Float64Array(capacity).fill(NaN);

  /** Slot of the row that starts at `from`, or the empty slot where it belongs. */
  const slotOf = (row: Float64Array, from: number): number => {
    let hash = 0;
    for (let k = from; k < from + width; k++) {
      hash = Math.imul(hash ^ row[k]!, 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    let slot = hash & (capacity - 1);
    while (!Number.isNaN(values[slot])) {
      let k = 0;
      while (k < width && rows[slot * width + k] === row[from + k]) k++;
      if (k === width) return slot;
      slot = (slot + 1) & (capacity - 1);
    }
    return slot;
  };
  const grow = (): void => {
    const [oldRows, oldValues] = [rows, values];
    capacity *= 2;
    rows = new Float64Array(capacity * width);
    values = new Float64Array(capacity).fill(NaN);
    oldValues.forEach((value, slot) => {
      if (Number.isNaN(value)) return;
      const to = slotOf(oldRows, slot * width);
      rows.set(oldRows.subarray(slot * width, (slot + 1) * width), to * width);
      values[to] = value;
    });
  };

  return {
    get: (state, make) => {
      const known = values[slotOf(state, 0)]!;
      if (!Number.isNaN(known)) return known;
      const value = make();
      if (count === maxStates) {
        values.fill(NaN);
        count = 0;
      } else if (2 * count >= capacity) grow();
      count++;
      const slot = slotOf(state, 0);
      rows.set(state, slot * width);
      values[slot] = value;
      return value;
    },
  };
}
