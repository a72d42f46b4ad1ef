/**
 * The sum of products of two stretches of an array, which may overlap. Four sums run side by side, because one would wait for
 * itself: two to three times as fast on the stretches of a regression.
 */
export function dot(values: Float64Array, one: number, other: number, count: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const end = one + count;
  const lastFour = end - 3;
  let p = one;
  let q = other;
  for (; p < lastFour; p += 4, q += 4) {
    a += values[p]! * values[q]!;
    b += values[p + 1]! * values[q + 1]!;
    c += values[p + 2]! * values[q + 2]!;
    d += values[p + 3]! * values[q + 3]!;
  }
  for (; p < end; p++, q++) a += values[p]! * values[q]!;
  return a + b + (c + d);
}

/** Lags of an array, an even number of them, and the sums of products of values so many steps back, row by row. */
export interface LagProducts {
  readonly lags: Int32Array;
  /** `lags.length` squared. */
  readonly sums: Float64Array;
}

/**
 * Adds the products of the steps from `from` to `to - 1` to four sums: those of the lags `row` and `row + 1` with the lags `column` and
 * `column + 1`. Four values are read for four products: twice as fast as four calls of {@link dot}.
 */
export function addFourProducts(
  values: Float64Array,
  from: number,
  to: number,
  { lags, sums }: LagProducts,
  row: number,
  column: number,
): void {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = from - lags[row]!;
  let j = from - lags[row + 1]!;
  let k = from - lags[column]!;
  let l = from - lags[column + 1]!;
  for (let at = from; at < to; at++, i++, j++, k++, l++) {
    const upper = values[i]!;
    const lower = values[j]!;
    const left = values[k]!;
    const right = values[l]!;
    a += upper * left;
    b += upper * right;
    c += lower * left;
    d += lower * right;
  }
  const into = row * lags.length + column;
  sums[into]! += a;
  sums[into + 1]! += b;
  sums[into + lags.length]! += c;
  sums[into + lags.length + 1]! += d;
}

/** The sum of a stretch, four sums side by side as in {@link dot}. */
export function sumOf(values: Float64Array, from: number, count: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const end = from + count;
  const lastFour = end - 3;
  let p = from;
  for (; p < lastFour; p += 4) {
    a += values[p]!;
    b += values[p + 1]!;
    c += values[p + 2]!;
    d += values[p + 3]!;
  }
  for (; p < end; p++) a += values[p]!;
  return a + b + (c + d);
}
