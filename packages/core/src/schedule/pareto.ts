import { checkOptionalNumber } from '../check-number.ts';
import { tonnesFromGrams } from '../units.ts';
import { schedule } from './schedule.ts';
import type { ScheduleObjective, ScheduleOptions, ScheduleProblem, ScheduleResult } from './types.ts';

/** How many plans, and how to search for each. */
export interface ParetoOptions extends ScheduleOptions {
  /** Plans to compute at most, whole, >= 2; those that another one beats are left out of the answer. @defaultValue 9 */
  readonly maxPoints?: number;
}

/** A plan that no other plan of the front beats in both carbon and cost. */
export interface ParetoPoint {
  /** What the plan was made for. */
  readonly objective: ScheduleObjective;
  readonly carbonGrams: number;
  readonly costUsd: number;
  readonly result: ScheduleResult;
}

/**
 * Plans the same jobs for several balances of carbon and cost: what a tonne less costs, step by step.
 *
 * The two ends are the least carbon and the least cost. Between two neighbours the next plan is made at the carbon price
 * at which both would be worth the same, where the gap between neighbours is widest first; so the plans spread where the
 * front bends. Points inside the hull of the front are not found by any price.
 *
 * Source: Cohon, Church and Sheer, "Generating multiobjective trade-offs: an algorithm for bicriterion problems" (NISE),
 * Water Resources Research 15(5), 1979, doi 10.1029/WR015i005p01001.
 *
 * @param problem - as for `schedule`; its objective is not read.
 * @returns plans that leave out the fewest jobs, by falling carbon and rising cost; one when carbon and cost do not
 * conflict.
 * @throws InvalidInputError as `schedule`.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const hours = { startAtMs: 0, stepMs: HOUR } as const;
 * const signal = { ...hours, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct' } as const;
 * const front = paretoFront({
 *   slots: { ...hours, count: 3 },
 *   locations: [{
 *     id: 'de',
 *     carbon: { ...signal, values: [400, 250, 100] },
 *     energyPrice: { ...hours, unit: 'USD/kWh', values: [0.1, 0.12, 0.3] },
 *   }],
 *   jobs: [{ id: 'train', runtimeMs: HOUR, powerWatts: 1_000, mode: 'contiguous' }],
 * });
 * front.map(({ carbonGrams, costUsd }) => [carbonGrams, costUsd]); // [[400, 0.1], [250, 0.12], [100, 0.3]]
 * ```
 */
export function paretoFront(problem: ScheduleProblem, options: ParetoOptions = {}): readonly ParetoPoint[] {
  const { maxPoints = 9, ...rest } = options;
  checkOptionalNumber(() => 'maxPoints', options.maxPoints, { min: 2, isWhole: true });
  const plan = (objective: ScheduleObjective): ParetoPoint => {
    const result = schedule({ ...problem, objective }, rest);
    const { carbonGrams, costUsd } = result.totals;
    return { objective, carbonGrams, costUsd, result };
  };

  let front = withoutBeaten([plan({ kind: 'cost' }), plan({ kind: 'carbon' })]);
  const tried = new Set<number>();
  for (let planned = 2; planned < maxPoints; planned++) {
    const price = nextPrice(front, tried);
    if (price === undefined) break;
    tried.add(price);
    front = withoutBeaten([...front, plan({ kind: 'weighted', carbonPriceUsdPerTonne: price })]);
  }
  return front;
}

/** The carbon price at which the widest two neighbours are worth the same, of those not tried yet. */
function nextPrice(front: readonly ParetoPoint[], tried: ReadonlySet<number>): number | undefined {
  const first = front[0]!;
  const last = front.at(-1)!;
  let widest = 0;
  let price: number | undefined;
  for (let k = 1; k < front.length; k++) {
    const dirty = front[k - 1]!;
    const clean = front[k]!;
    const saved = dirty.carbonGrams - clean.carbonGrams;
    const paid = clean.costUsd - dirty.costUsd;
    // Both as shares of the whole front, so that neither unit counts for more.
    const width = saved / (first.carbonGrams - last.carbonGrams) + paid / (last.costUsd - first.costUsd);
    const candidate = paid / tonnesFromGrams(saved);
    if (width <= widest || tried.has(candidate)) continue;
    widest = width;
    price = candidate;
  }
  return price;
}

/** Of the plans that leave out the fewest jobs, those that none beats; by falling carbon, equal ones once. */
function withoutBeaten(points: readonly ParetoPoint[]): readonly ParetoPoint[] {
  const leftOut = Math.min(...points.map(({ result }) => result.unplaceable.length));
  const fullest = points.filter(({ result }) => result.unplaceable.length === leftOut);
  const byCarbon = [...fullest].sort((x, y) => x.carbonGrams - y.carbonGrams || x.costUsd - y.costUsd);
  const kept: ParetoPoint[] = [];
  for (const point of byCarbon) if (kept.length === 0 || point.costUsd < kept.at(-1)!.costUsd) kept.push(point);
  return kept.reverse();
}
