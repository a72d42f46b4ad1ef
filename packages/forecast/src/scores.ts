/**
 * The in-sample mean absolute difference of values a season apart, the unit of MASE; `null` when it is zero or there is no
 * such pair. Missing values are left out.
 */
export function absoluteScale(history: readonly (number | null)[], season: number): number | null {
  let [sum, count] = [0, 0];
  for (let at = season; at < history.length; at++) {
    const value = history[at] ?? null;
    const before = history[at - season] ?? null;
    if (value === null || before === null) continue;
    sum += Math.abs(value - before);
    count++;
  }
  return sum === 0 ? null : sum / count;
}

/**
 * The pinball loss of a quantile: what is missing above weighs by its probability, what is too much by the rest.
 *
 * Source: Koenker and Bassett, "Regression Quantiles", Econometrica 1978.
 */
export function pinballLoss(actual: number, quantile: number, probability: number): number {
  const error = actual - quantile;
  return error >= 0 ? probability * error : (probability - 1) * error;
}

/** `null` in place of a division by nothing. */
export function ratioOrNull(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
