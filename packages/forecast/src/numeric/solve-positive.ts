import { dot } from './dot.ts';

/** A pivot below this share of its diagonal is rounding: the column depends on those before it. */
const DEPENDENT = 1e-11;

/**
 * Solves `A x = b` for a symmetric positive semidefinite matrix by Cholesky's factorisation. A column that depends on those
 * before it gets the coefficient 0.
 *
 * @param matrix - `n × n`, row by row; only the lower triangle is read. Overwritten.
 * @param right - `n` numbers. Overwritten.
 * @returns x. `O(n³ / 6)`.
 */
export function solvePositive(matrix: Float64Array, right: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const diagonal = matrix[row + i]!;
    for (let j = 0; j < i; j++) {
      const other = j * n;
      matrix[row + j] = (matrix[row + j]! - dot(matrix, row, other, j)) / matrix[other + j]!;
    }
    const pivot = diagonal - dot(matrix, row, row, i);
    // Dividing by infinity makes the whole column, and with it the coefficient, zero.
    matrix[row + i] = pivot > DEPENDENT * diagonal ? Math.sqrt(pivot) : Infinity;
  }
  for (let i = 0; i < n; i++) {
    let sum = right[i]!;
    for (let k = 0; k < i; k++) sum -= matrix[i * n + k]! * right[k]!;
    right[i] = sum / matrix[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = right[i]!;
    for (let k = i + 1; k < n; k++) sum -= matrix[k * n + i]! * right[k]!;
    right[i] = sum / matrix[i * n + i]!;
  }
  return right;
}
