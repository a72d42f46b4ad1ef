import { boundAt } from './relaxation.ts';
import type { BoundTerms, Relaxation } from './relaxation.ts';

const STEPS_BETWEEN_RESTARTS = 30;

/** A bound and the prices that prove it. */
export interface PricedBound {
  readonly bound: number;
  readonly prices: Float64Array;
}

/**
 * Raises a bound by a subgradient method: prices go up where the answers use more than there is, down where less; every
 * 30 steps the method starts again from the best prices, with half the step.
 *
 * Source: Held, Wolfe and Crowder, "Validation of subgradient optimization", Mathematical Programming 6, 1974, doi
 * 10.1007/BF01580223; slack is scaled by capacity and averaged over steps.
 *
 * @param step - what a price goes up by at a slack of all of the capacity.
 */
export function ascend(
  relaxation: Relaxation,
  from: Float64Array,
  step: number,
  steps: number,
  terms: Omit<BoundTerms, 'use' | 'costs'>,
): PricedBound {
  const { cellCount, capacity } = relaxation.table;
  const use = new Float64Array(cellCount);
  const momentum = new Float64Array(cellCount);
  const now = from.slice();
  const best = from.slice();
  let bound = boundAt(relaxation, now, { ...terms, use });
  let length = step;
  for (let k = 1; k <= steps; k++) {
    for (let i = 0; i < cellCount; i++) {
      const slack = (use[i]! - capacity[i]!) / Math.max(1, capacity[i]!);
      momentum[i] = 0.8 * momentum[i]! + 0.2 * Math.max(-1, Math.min(3, slack));
      now[i] = Math.max(0, now[i]! + length * momentum[i]!);
    }
    const value = boundAt(relaxation, now, { ...terms, use });
    if (value > bound) {
      bound = value;
      best.set(now);
    }
    if (k % STEPS_BETWEEN_RESTARTS !== 0) continue;
    length *= 0.5;
    now.set(best);
    momentum.fill(0);
    boundAt(relaxation, now, { ...terms, use });
  }
  return { bound, prices: best };
}
