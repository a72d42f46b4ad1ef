import type { ProblemTable } from './problem-table.ts';
import { boundAt, createRelaxation } from './relaxation.ts';

const STEPS = 120;
const STEPS_BETWEEN_RESTARTS = 30;

/**
 * How many jobs any plan must leave out, at least. The same relaxation with another objective: a job costs 1 when it is
 * left out and nothing when it runs; prices of GPUs are raised by a subgradient method from those given.
 *
 * `O(120 × jobs × answer)`.
 */
export function leftOutBound(table: ProblemTable, prices: Float64Array): number {
  const { cellCount, jobCount } = table;
  const free = new Float64Array(cellCount);
  const relaxation = createRelaxation({ ...table, signal: free, bill: free });
  const use = new Float64Array(cellCount);
  const momentum = new Float64Array(cellCount);
  const now = new Float64Array(cellCount);
  const best = new Float64Array(cellCount);
  let bound = 0;
  const look = (): void => {
    const value = boundAt(relaxation, now, { use, rejection: 1 });
    if (value <= bound) return;
    bound = value;
    best.set(now);
  };

  // A price at which a typical job is worth running: one over its GPU-slots.
  let gpuSlots = 0;
  for (let j = 0; j < jobCount; j++) gpuSlots += table.work[j]! * table.width[j]!;
  const unit = jobCount / gpuSlots;
  const dearest = prices.reduce((most, price) => Math.max(most, price), 0);
  for (let factor = 64; dearest > 0 && factor >= 1 / 16; factor /= 2) {
    for (let i = 0; i < cellCount; i++) now[i] = (prices[i]! / dearest) * unit * factor;
    look();
  }
  now.set(best);
  look();
  let step = 0.3 * unit;
  for (let k = 1; k <= STEPS; k++) {
    for (let i = 0; i < cellCount; i++) {
      const slack = (use[i]! - table.capacity[i]!) / Math.max(1, table.capacity[i]!);
      momentum[i] = 0.8 * momentum[i]! + 0.2 * Math.max(-1, Math.min(3, slack));
      now[i] = Math.max(0, now[i]! + step * momentum[i]!);
    }
    look();
    if (k % STEPS_BETWEEN_RESTARTS !== 0) continue;
    step *= 0.5;
    now.set(best);
    momentum.fill(0);
    boundAt(relaxation, now, { use, rejection: 1 });
  }
  // A whole number of jobs; what is less than a millionth of one is rounding.
  return Math.max(0, Math.ceil(bound - 1e-6));
}
