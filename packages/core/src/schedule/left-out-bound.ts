import { ascend } from './ascend.ts';
import type { ProblemTable } from './problem-table.ts';
import { boundAt, createRelaxation } from './relaxation.ts';

const STEPS = 60;

/**
 * What any plan must leave out, at least. The same relaxation with another objective: a job costs its weight when it is
 * left out and nothing when it runs; the prices of GPUs start as a multiple
 * of those given, and of prices that are alike everywhere.
 *
 * `O(150 × jobs × answer)`.
 */
export function leftOutBound(table: ProblemTable, prices: Float64Array, weights: Float64Array): number {
  const { cellCount, jobCount, rowCount } = table;
  const free = new Float64Array(cellCount);
  const relaxation = createRelaxation({ ...table, ...table.loose, signal: free, bill: free, moves: undefined });
  const terms = { rejection: weights };
  // A price at which a typical job is worth running: one over its GPU-slots.
  let gpuSlots = 0;
  for (let j = 0; j < jobCount; j++) gpuSlots += table.work[j]! * table.width[j]!;
  const unit = weights.reduce((sum, weight) => sum + weight, 0) / gpuSlots;
  const mean = prices.reduce((sum, price) => sum + price, 0) / rowCount;
  const flat = new Float64Array(rowCount).fill(unit);
  const shapes = mean > 0 ? [flat, prices.map((price) => (price / mean) * unit)] : [flat];
  let bound = 0;
  for (const shape of shapes) {
    let start = shape;
    let best = -Infinity;
    for (let factor = 4; factor >= 1 / 64; factor /= 1.4) {
      const scaled = shape.map((price) => price * factor);
      const value = boundAt(relaxation, scaled, terms);
      if (value <= best) continue;
      best = value;
      // The method climbs better from above, where fewer jobs are indifferent.
      start = scaled.map((price) => price * 1.4);
    }
    bound = Math.max(
      bound,
      best,
      ascend(relaxation, start, { step: 0.02 * unit, steps: STEPS, restarts: 2 }, terms).bound,
    );
  }
  // Whole weights add up to a whole number; what is less than a millionth is rounding.
  return Math.max(0, weights.every(Number.isSafeInteger) ? Math.ceil(bound - 1e-6) : bound);
}
