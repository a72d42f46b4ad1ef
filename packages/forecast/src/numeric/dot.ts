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

/**
 * Adds to four sums in a row the products of one stretch with four others, any of which may overlap. Each value of the one is read once for all
 * four: about 1.6 times as fast as four calls of {@link dot}.
 *
 * @param lags - the others start so many steps before `start`, four in a row from index `at` on.
 * @param sums - changed from index `into` on.
 */
export function addFourDots(
  values: Float64Array,
  { one, start, count }: { readonly one: number; readonly start: number; readonly count: number },
  lags: Int32Array,
  at: number,
  sums: Float64Array,
  into: number,
): void {
  let [a, b, c, d] = [0, 0, 0, 0];
  let [i, j, k, l] = [start - lags[at]!, start - lags[at + 1]!, start - lags[at + 2]!, start - lags[at + 3]!];
  const end = one + count;
  for (let p = one; p < end; p++, i++, j++, k++, l++) {
    const value = values[p]!;
    a += value * values[i]!;
    b += value * values[j]!;
    c += value * values[k]!;
    d += value * values[l]!;
  }
  sums[into]! += a;
  sums[into + 1]! += b;
  sums[into + 2]! += c;
  sums[into + 3]! += d;
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
