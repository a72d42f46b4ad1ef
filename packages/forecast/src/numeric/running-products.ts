/**
 * Creates running sums of the products of values that lie a distance apart. At `k` stands the sum over the first `k` values
 * of `values[t] * values[t - distance]`, so the sum of `values[t - near] * values[t - far]` over `from <= t < to` is the one of
 * distance `far - near` at `to - near`, less that at `from - near`.
 *
 * Pairs of lags that are as far apart share one. Seasonal lags lie in groups, so there are less than half as many distances as
 * pairs. The first `k` values alone decide what stands at `k`, to the last bit.
 *
 * @returns by distance, made once. `O(values)` time and space each.
 */
export function runningProducts(values: Float64Array): (distance: number) => Float64Array {
  const known = new Map<number, Float64Array>();
  return (distance) => {
    const found = known.get(distance);
    if (found !== undefined) return found;
    const sums = new Float64Array(values.length + 1);
    let sum = 0;
    for (let at = distance; at < values.length; at++) {
      sum += values[at]! * values[at - distance]!;
      sums[at + 1] = sum;
    }
    known.set(distance, sums);
    return sums;
  };
}
