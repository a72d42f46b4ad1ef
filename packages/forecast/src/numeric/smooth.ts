/**
 * The mean over one period around each value, so that a season of this period cancels; an even period counts its two ends half.
 * The ends of the series repeat the nearest mean. Shorter series than a period have their mean everywhere. `O(values)`.
 */
export function centredMean(values: Float64Array, period: number): Float64Array {
  const count = values.length;
  const half = period >> 1;
  const isEven = period % 2 === 0;
  const result = new Float64Array(count);
  const width = isEven ? period + 1 : period;
  if (count < width) return result.fill(values.reduce((sum, value) => sum + value, 0) / Math.max(1, count));
  const running = new Float64Array(count + 1);
  for (let at = 0; at < count; at++) running[at + 1] = running[at]! + values[at]!;
  for (let at = half; at < count - half; at++) {
    const from = at - half;
    const to = at + half;
    const ends = isEven ? (values[from]! + values[to]!) / 2 : 0;
    result[at] = (running[to + 1]! - running[from]! - ends) / period;
  }
  result.fill(result[half]!, 0, half);
  result.fill(result[count - half - 1]!, count - half);
  return result;
}

/**
 * Local straight lines: each value is the one, at its place, of the line fitted to its `span` nearest neighbours, weighted by
 * the tricube of their distance.
 *
 * Source: Cleveland, "Robust Locally Weighted Regression and Smoothing Scatterplots", JASA 1979, doi
 * 10.1080/01621459.1979.10481038. `O(values × span)`.
 */
export function loess(values: Float64Array, span: number): Float64Array {
  const count = values.length;
  const width = Math.min(span, count);
  const result = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const from = Math.min(Math.max(0, at - (width >> 1)), count - width);
    const reach = Math.max(at - from, from + width - 1 - at) * Math.max(1, span / count) + 1e-9;
    let [weights, xs, ys, xxs, xys] = [0, 0, 0, 0, 0];
    for (let near = from; near < from + width; near++) {
      const x = near - at;
      const distance = Math.abs(x) / reach;
      const share = 1 - distance * distance * distance;
      const weight = share * share * share;
      const y = values[near]!;
      weights += weight;
      xs += weight * x;
      ys += weight * y;
      xxs += weight * x * x;
      xys += weight * x * y;
    }
    const determinant = weights * xxs - xs * xs;
    const hasSlope = determinant > 1e-9 * weights * weights;
    result[at] = hasSlope ? (xxs * ys - xs * xys) / determinant : ys / weights;
  }
  return result;
}
