import { boundAt } from './relaxation.ts';
import type { BoundTerms, Relaxation } from './relaxation.ts';

/** A bound and the prices that prove it. */
export interface PricedBound {
  readonly bound: number;
  readonly prices: Float64Array;
}

/** How far to climb. */
export interface AscentTerms {
  /** What a price goes up by, at first, when twice the capacity is used. */
  readonly step: number;
  readonly steps: number;
  readonly restarts: number;
}

/**
 * Raises a bound by a subgradient method: prices go up where the answers use more than there is, down where less; 40
 * times the method starts again from the best prices, with 0.6 of the step.
 *
 * Source: Held, Wolfe and Crowder, "Validation of subgradient optimization", Mathematical Programming 6, 1974, doi
 * 10.1007/BF01580223; slack is scaled by capacity and averaged over steps.
 */
export function ascend(
  relaxation: Relaxation,
  from: Float64Array,
  { step, steps, restarts }: AscentTerms,
  terms: Omit<BoundTerms, 'use' | 'costs'>,
): PricedBound {
  const { rowCount, capacity } = relaxation.table;
  const use = new Float64Array(rowCount);
  const momentum = new Float64Array(rowCount);
  const now = from.slice();
  const best = from.slice();
  let bound = boundAt(relaxation, now, { ...terms, use });
  let length = step;
  const every = Math.max(1, Math.floor(steps / restarts));
  for (let k = 1; k <= steps; k++) {
    for (let i = 0; i < rowCount; i++) {
      const slack = (use[i]! - capacity[i]!) / Math.max(1, capacity[i]!);
      momentum[i] = 0.8 * momentum[i]! + 0.2 * Math.max(-1, Math.min(3, slack));
      now[i] = Math.max(0, now[i]! + length * momentum[i]!);
    }
    const value = boundAt(relaxation, now, { ...terms, use });
    if (value > bound) {
      bound = value;
      best.set(now);
    }
    if (k % every !== 0) continue;
    length *= 0.6;
    now.set(best);
    momentum.fill(0);
    boundAt(relaxation, now, { ...terms, use });
  }
  return { bound, prices: best };
}
