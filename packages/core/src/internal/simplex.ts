/** A column of a linear program: its entries in the rows given, and its cost. */
export interface SimplexColumn {
  readonly cost: number;
  readonly rows: readonly number[];
  readonly values: readonly number[];
}

/** A linear program `min c x, A x = b, x >= 0` whose columns may come one by one. */
export interface Simplex {
  readonly add: (column: SimplexColumn) => void;
  /** Pivots until no known column improves or the pivots are spent. Returns the pivots made. */
  readonly solve: (maxPivots: number) => number;
  /** Prices of the rows at the present basis. Valid until the next call. */
  readonly duals: () => Float64Array;
  readonly objective: () => number;
}

/** A reduced cost must be below this to enter, a pivot above it to leave; rows are scaled so that entries are near 1. */
const TOLERANCE = 1e-9;
/** The inverse is computed anew after so many updates. */
const REFRESH_AFTER = 150;

/**
 * Primal simplex with an explicit inverse and Dantzig's rule. Good for some hundred rows; what it finds is near an optimum and
 * not proven to be one, so use the duals only where any duals are valid.
 *
 * @param rightSide - `b`, all > 0; small distinct amounts instead of 0 keep it from cycling.
 * @param basis - a first basis: one column for each row, with the single entry 1 there.
 */
export function createSimplex(rightSide: Float64Array, basis: readonly SimplexColumn[]): Simplex {
  const size = rightSide.length;
  const columns: SimplexColumn[] = [...basis];
  const isBasic: boolean[] = basis.map(() => true);
  const inBasis = Int32Array.from(basis, (_, row) => row);
  let inverse = identity(size);
  const amounts = Float64Array.from(rightSide);
  const duals = Float64Array.from(basis, ({ cost }) => cost);
  const entering = new Float64Array(size);
  let updates = 0;

  const reducedCost = ({ cost, rows, values }: SimplexColumn): number => {
    let reduced = cost;
    for (let i = 0; i < rows.length; i++) reduced -= duals[rows[i]!]! * values[i]!;
    return reduced;
  };
  const cheapest = (): number => {
    let least = -TOLERANCE;
    let chosen = -1;
    for (let j = 0; j < columns.length; j++) {
      if (isBasic[j]) continue;
      const reduced = reducedCost(columns[j]!);
      if (reduced >= least) continue;
      least = reduced;
      chosen = j;
    }
    return chosen;
  };
  const refresh = (): void => {
    const matrix = new Float64Array(size * size);
    inBasis.forEach((j, k) => {
      const { rows, values } = columns[j]!;
      rows.forEach((row, i) => (matrix[row * size + k] = values[i]!));
    });
    inverse = inverted(matrix, size) ?? inverse;
    duals.fill(0);
    for (let k = 0; k < size; k++) {
      const cost = columns[inBasis[k]!]!.cost;
      let amount = 0;
      for (let row = 0; row < size; row++) {
        amount += inverse[k * size + row]! * rightSide[row]!;
        duals[row]! += cost * inverse[k * size + row]!;
      }
      amounts[k] = Math.max(0, amount);
    }
    updates = 0;
  };
  const pivot = (j: number): boolean => {
    const { rows, values } = columns[j]!;
    let leaving = -1;
    let step = Infinity;
    for (let k = 0; k < size; k++) {
      let entry = 0;
      for (let i = 0; i < rows.length; i++) entry += inverse[k * size + rows[i]!]! * values[i]!;
      entering[k] = entry;
      if (entry <= TOLERANCE) continue;
      const ratio = amounts[k]! / entry;
      // Of nearly equal rows the one with the larger pivot leaves: it keeps the inverse accurate.
      if (ratio < step - 1e-12 || (ratio < step + 1e-12 && leaving >= 0 && entry > entering[leaving]!)) {
        step = Math.min(step, ratio);
        leaving = k;
      }
    }
    if (leaving < 0) return false;
    const reduced = reducedCost(columns[j]!);
    const start = leaving * size;
    const divisor = entering[leaving]!;
    for (let row = 0; row < size; row++) {
      const value = inverse[start + row]! / divisor;
      inverse[start + row] = value;
      duals[row]! += reduced * value;
    }
    for (let k = 0; k < size; k++) {
      const factor = entering[k]!;
      if (k === leaving || factor === 0) continue;
      const at = k * size;
      for (let row = 0; row < size; row++) inverse[at + row]! -= factor * inverse[start + row]!;
      amounts[k] = Math.max(0, amounts[k]! - factor * step);
    }
    amounts[leaving] = step;
    isBasic[inBasis[leaving]!] = false;
    isBasic[j] = true;
    inBasis[leaving] = j;
    if (++updates >= REFRESH_AFTER) refresh();
    return true;
  };
  return {
    add: (column) => {
      columns.push(column);
      isBasic.push(false);
    },
    solve: (maxPivots) => {
      for (let pivots = 0; pivots < maxPivots; pivots++) {
        const j = cheapest();
        if (j < 0 || !pivot(j)) return pivots;
      }
      return maxPivots;
    },
    duals: () => duals,
    objective: () => inBasis.reduce((sum, j, k) => sum + columns[j]!.cost * amounts[k]!, 0),
  };
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let k = 0; k < size; k++) matrix[k * size + k] = 1;
  return matrix;
}

/** Gauss-Jordan with row pivots; `undefined` when the matrix is singular to working precision. `O(size^3)`. */
function inverted(matrix: Float64Array, size: number): Float64Array | undefined {
  const result = identity(size);
  const swap = (list: Float64Array, x: number, y: number): void => {
    const row = list.slice(x * size, (x + 1) * size);
    list.copyWithin(x * size, y * size, (y + 1) * size);
    list.set(row, y * size);
  };
  for (let k = 0; k < size; k++) {
    let best = k;
    for (let row = k + 1; row < size; row++) {
      if (Math.abs(matrix[row * size + k]!) > Math.abs(matrix[best * size + k]!)) best = row;
    }
    const divisor = matrix[best * size + k]!;
    if (Math.abs(divisor) < 1e-12) return undefined;
    if (best !== k) {
      swap(matrix, k, best);
      swap(result, k, best);
    }
    for (let column = 0; column < size; column++) {
      matrix[k * size + column]! /= divisor;
      result[k * size + column]! /= divisor;
    }
    for (let row = 0; row < size; row++) {
      const factor = matrix[row * size + k]!;
      if (row === k || factor === 0) continue;
      for (let column = 0; column < size; column++) {
        matrix[row * size + column]! -= factor * matrix[k * size + column]!;
        result[row * size + column]! -= factor * result[k * size + column]!;
      }
    }
  }
  return result;
}
