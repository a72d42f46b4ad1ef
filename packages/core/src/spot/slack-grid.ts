/**
 * The grid of slack, in ticks. Slack decides what is still allowed: a fifth of a tick apart near zero, so that the edges
 * (multiples of a restart and of a tick) lie on the grid or close to it, a tick further out, four ticks where little
 * depends on it.
 */
const [FINE_END, MIDDLE_END] = [12, 48];
const FINE_STEPS = 5;
const COARSE_TICKS = 4;
const FINE_ROWS = FINE_END * FINE_STEPS;
const MIDDLE_ROWS = FINE_ROWS + MIDDLE_END - FINE_END;

/** Absolute slack of comparisons between times, in ticks. */
export const EPSILON_TICKS = 1e-6;

/** Points of the grid up to a largest slack, in ticks, ascending. */
export function slackGrid(largest: number): Float64Array {
  const coarse = Math.max(0, Math.ceil((largest + COARSE_TICKS - MIDDLE_END) / COARSE_TICKS));
  return Float64Array.from({ length: MIDDLE_ROWS + Math.max(2, coarse) }, (_, row) => {
    if (row < FINE_ROWS) return row / FINE_STEPS;
    return row < MIDDLE_ROWS ? FINE_END + row - FINE_ROWS : MIDDLE_END + (row - MIDDLE_ROWS) * COARSE_TICKS;
  });
}

/** The row at or below a slack, so that the row after it exists too. */
export function slackRow(slack: number, rowCount: number): number {
  const row =
    slack < FINE_END
      ? Math.floor(slack * FINE_STEPS + EPSILON_TICKS)
      : slack < MIDDLE_END
        ? FINE_ROWS + Math.floor(slack - FINE_END + EPSILON_TICKS)
        : MIDDLE_ROWS + Math.floor((slack - MIDDLE_END) / COARSE_TICKS + EPSILON_TICKS);
  return Math.max(0, Math.min(rowCount - 2, row));
}
