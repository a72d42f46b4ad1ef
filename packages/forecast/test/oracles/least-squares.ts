/**
 * The coefficients with the least sum of squared errors, by Householder reflections of the rows themselves: no normal equations, so
 * that nothing is shared with the code under test. Penalties enter as rows of their own.
 */
function leastSquares(rows: readonly (readonly number[])[], targets: readonly number[]): readonly number[] {
  const a = rows.map((row) => [...row]);
  const b = [...targets];
  const size = a[0]!.length;
  for (let k = 0; k < size; k++) {
    const norm = Math.hypot(...a.slice(k).map((row) => row[k]!));
    const alpha = a[k]![k]! > 0 ? -norm : norm;
    const v = a.map((row, i) => (i < k ? 0 : i === k ? row[k]! - alpha : row[k]!));
    const length = v.reduce((sum, value) => sum + value * value, 0);
    if (length === 0) continue;
    const reflect = (column: (i: number) => number, set: (i: number, value: number) => void) => {
      let dot = 0;
      for (let i = k; i < a.length; i++) dot += v[i]! * column(i);
      for (let i = k; i < a.length; i++) set(i, column(i) - (2 * dot * v[i]!) / length);
    };
    for (let j = k; j < size; j++) {
      reflect(
        (i) => a[i]![j]!,
        (i, value) => (a[i]![j] = value),
      );
    }
    reflect(
      (i) => b[i]!,
      (i, value) => (b[i] = value),
    );
  }
  const x = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let j = i + 1; j < size; j++) sum -= a[i]![j]! * x[j]!;
    x[i] = sum / a[i]![i]!;
  }
  return x;
}

/** An autoregression straight from its definition: the rows, their coefficients, and the recursion forward. */
export function autoregressionByRows(
  history: readonly number[],
  horizon: number,
  terms: {
    readonly lags: readonly number[];
    readonly period: number;
    readonly waves: number;
    readonly ridge: number;
  },
): readonly number[] {
  const { lags, period, waves, ridge } = terms;
  const columnsAt = (values: readonly number[], at: number): number[] => [
    1,
    ...lags.map((lag) => values[at - lag]!),
    ...Array.from({ length: waves }, (_, k) => {
      const angle = (2 * Math.PI * (k + 1) * at) / period;
      return [Math.sin(angle), Math.cos(angle)];
    }).flat(),
  ];
  const first = Math.max(0, ...lags);
  const rows: (readonly number[])[] = [];
  const targets: number[] = [];
  for (let at = first; at < history.length; at++) {
    rows.push(columnsAt(history, at));
    targets.push(history[at]!);
  }
  const mean = history.reduce((sum, value) => sum + value, 0) / history.length;
  const variance = history.reduce((sum, value) => sum + (value - mean) ** 2, 0) / history.length;
  const size = rows[0]!.length;
  if (ridge > 0) {
    for (let k = 1; k < size; k++) {
      const weight = Math.sqrt(ridge * (k <= lags.length ? variance : 1));
      rows.push(Array.from({ length: size }, (_, j) => (j === k ? weight : 0)));
      targets.push(0);
    }
  }
  const coefficients = leastSquares(rows, targets);
  const values = [...history];
  // Unstable coefficients run away; no step goes further than eight standard deviations.
  const reach = 8 * Math.sqrt(variance);
  for (let step = 0; step < horizon; step++) {
    const columns = columnsAt(values, values.length);
    const next = columns.reduce((sum, value, k) => sum + value * coefficients[k]!, 0);
    values.push(Math.min(mean + reach, Math.max(mean - reach, next)));
  }
  return values.slice(history.length);
}
