/** The middle value, or the mean of the two middle ones. At least one value; not changed. `O(n log n)`. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * The median of distances; when more than half are zero, that of the others, weighed by their share. 0 when all are zero or there
 * are none.
 */
export function medianDistance(distances: readonly number[]): number {
  if (distances.length === 0) return 0;
  const whole = median(distances);
  if (whole > 0) return whole;
  const positive = distances.filter((distance) => distance > 0);
  return positive.length === 0 ? 0 : (median(positive) * positive.length) / distances.length;
}
