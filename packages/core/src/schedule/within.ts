import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { tonnesFromGrams } from '../units.ts';
import { schedule } from './schedule.ts';
import type { ScheduleObjective, ScheduleOptions, ScheduleProblem, ScheduleResult, ShadowPrices } from './types.ts';

/** What a plan may come to. At least one. */
export interface ScheduleLimits {
  /** Carbon of all jobs, g, >= 0. */
  readonly carbonGrams?: number;
  /** Cost of all jobs, USD. */
  readonly costUsd?: number;
}

/** How many plans, and how to search for each. */
export interface WithinOptions extends ScheduleOptions {
  /** Plans to compute at most, whole, >= 2. @defaultValue 8 */
  readonly maxPlans?: number;
}

/** The best plan found inside limits, and what none can beat. */
export interface WithinResult {
  /**
   * `optimal`: inside the limits, and nothing inside them is better. `feasible`: inside the limits. `infeasible`: proven that
   * no plan of these jobs is inside. `unknown`: none found, and not proven that there is none.
   */
  readonly status: 'optimal' | 'feasible' | 'infeasible' | 'unknown';
  /** The plan; where none is inside the limits, the one that exceeds them least. Its own objective is that of `proof`. */
  readonly result: ScheduleResult;
  /** What the plan comes to in the problem's objective. */
  readonly objective: number;
  /** What no plan of its jobs inside the limits can beat. */
  readonly bound: number;
  /** `(objective - bound) / |objective|`, 0 when the objective is 0. */
  readonly gapRatio: number;
  /** What proves `bound`: `verifyBound` for this objective at these prices gives `value`, and `bound` is `value * factor - limits`. */
  readonly proof: {
    readonly objective: ScheduleObjective;
    readonly shadowPrices: readonly ShadowPrices[];
    readonly value: number;
    readonly factor: number;
    /** What the limits are worth at their multipliers, in the objective's unit. */
    readonly limits: number;
  };
}

/**
 * Plans so that carbon, cost or both stay inside limits, and the problem's objective is small.
 *
 * A limit gets a multiplier, which makes the objective a weighted one: cost plus carbon at a price. The price is searched
 * between that of the objective and the end that meets the limit, each time at the price at which the two nearest plans would
 * be worth the same. Every price proves a bound by weak duality: the weighted bound less what the limits are worth. Plans
 * inside the hull of carbon and cost are best at no price and are not found: the gap says how much that can be.
 *
 * Source: Geoffrion, "Lagrangean relaxation for integer programming", Mathematical Programming Study 2, 1974.
 *
 * @param problem - as for `schedule`, without a `movePenalty`: its unit would change with the weights.
 * @throws InvalidInputError as `schedule`, or when there is no limit.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const hours = { startAtMs: 0, stepMs: HOUR } as const;
 * const plan = scheduleWithin(
 *   {
 *     slots: { ...hours, count: 2 },
 *     locations: [{
 *       id: 'de',
 *       carbon: { ...hours, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values: [400, 100] },
 *       energyPrice: { ...hours, unit: 'USD/kWh', values: [0.1, 0.3] },
 *     }],
 *     jobs: [{ id: 'train', runtimeMs: HOUR, powerWatts: 1_000, mode: 'contiguous' }],
 *     objective: { kind: 'cost' },
 *   },
 *   { carbonGrams: 200 },
 * );
 * plan.objective; // 0.3: the cheap hour would be 400 g
 * ```
 */
export function scheduleWithin(
  problem: ScheduleProblem,
  limits: ScheduleLimits,
  options: WithinOptions = {},
): WithinResult {
  checkLimits(problem, limits);
  const { maxPlans = 8, ...rest } = options;
  checkOptionalNumber(() => 'maxPlans', options.maxPlans, { min: 2, isWhole: true });
  const plans = new Map<number, Plan>();
  const planAt = (price: number): Plan => {
    const known = plans.get(price);
    if (known !== undefined) return known;
    const result = schedule({ ...problem, objective: objectiveAt(price) }, rest);
    const plan = { price, result, tonnes: tonnesFromGrams(result.totals.carbonGrams), usd: result.totals.costUsd };
    plans.set(price, plan);
    return plan;
  };
  const home = priceOf(problem.objective ?? { kind: 'carbon' });
  const first = planAt(home);
  const { carbonGrams = Infinity, costUsd = Infinity } = limits;
  const isOverCarbon = first.result.totals.carbonGrams > carbonGrams;
  const isOverCost = first.usd > costUsd;
  if (isOverCarbon !== isOverCost) {
    const meets = ({ result, usd }: Plan) => (isOverCarbon ? result.totals.carbonGrams <= carbonGrams : usd <= costUsd);
    let out = first;
    let inside = planAt(isOverCarbon ? Infinity : 0);
    while (plans.size < maxPlans && meets(inside)) {
      const price = (inside.usd - out.usd) / (out.tonnes - inside.tonnes);
      if (!(price > 0) || price === Infinity || plans.has(price)) break;
      const plan = planAt(price);
      if (meets(plan)) inside = plan;
      else out = plan;
    }
  }
  return summarize([...plans.values()], home, limits);
}

/** What to make small first, and how much of it may be given away for the other. */
export interface LexicographicOrder {
  readonly first: 'carbon' | 'cost';
  /** Share of the smallest value found by which it may be exceeded, >= 0. @defaultValue 0 */
  readonly toleranceRatio?: number;
}

/**
 * Makes carbon small and then, within a tolerance, cost; or the other way round: a plan for the first alone, and then
 * {@link scheduleWithin} that limit. The plan for the first alone is the answer where nothing better is found.
 *
 * @param problem - as for `scheduleWithin`; its objective is not read.
 * @returns the objective is that of the second; `result.totals` has both.
 * @throws InvalidInputError as `scheduleWithin`, or on a negative tolerance.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const hours = { startAtMs: 0, stepMs: HOUR } as const;
 * const problem = {
 *   slots: { ...hours, count: 3 },
 *   locations: [{
 *     id: 'de',
 *     carbon: { ...hours, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values: [400, 105, 100] },
 *     energyPrice: { ...hours, unit: 'USD/kWh', values: [0.1, 0.2, 0.3] },
 *   }],
 *   jobs: [{ id: 'train', runtimeMs: HOUR, powerWatts: 1_000, mode: 'contiguous' }],
 * } as const;
 * scheduleLexicographic(problem, { first: 'carbon', toleranceRatio: 0.1 }).objective; // 0.2: 5 % more carbon, a third less cost
 * ```
 */
export function scheduleLexicographic(
  problem: ScheduleProblem,
  order: LexicographicOrder,
  options: WithinOptions = {},
): WithinResult {
  const { first, toleranceRatio = 0 } = order;
  checkNumber('toleranceRatio', toleranceRatio, { min: 0 });
  if (!['carbon', 'cost'].includes(first)) {
    throw new InvalidInputError('first', "must be 'carbon' or 'cost'", first, { hint: 'Check the spelling.' });
  }
  const { totals } = schedule({ ...problem, objective: { kind: first } }, options);
  // Money may be negative: the tolerance is a share of its size.
  const most = (value: number) => value + (toleranceRatio + 1e-12) * Math.abs(value);
  const limits = first === 'carbon' ? { carbonGrams: most(totals.carbonGrams) } : { costUsd: most(totals.costUsd) };
  const second = first === 'carbon' ? 'cost' : 'carbon';
  return scheduleWithin({ ...problem, objective: { kind: second } }, limits, options);
}

interface Plan {
  /** Carbon price, USD per tonne; Infinity is carbon alone, 0 is cost alone. */
  readonly price: number;
  readonly result: ScheduleResult;
  readonly tonnes: number;
  readonly usd: number;
}

function checkLimits({ previous }: ScheduleProblem, { carbonGrams, costUsd }: ScheduleLimits): void {
  checkOptionalNumber(() => 'limits.carbonGrams', carbonGrams, { min: 0 });
  checkOptionalNumber(() => 'limits.costUsd', costUsd);
  if (carbonGrams === undefined && costUsd === undefined) {
    throw new InvalidInputError('limits', 'must limit carbonGrams or costUsd', undefined, {
      hint: 'Use schedule where there is no limit.',
    });
  }
  if ((previous?.movePenalty ?? 0) === 0) return;
  throw new InvalidInputError('previous.movePenalty', 'must be 0 or absent within limits', previous!.movePenalty, {
    hint: 'Its unit is that of the objective, which changes with the weights.',
  });
}

function priceOf(objective: ScheduleObjective): number {
  if (objective.kind === 'carbon') return Infinity;
  return objective.kind === 'cost' ? 0 : objective.carbonPriceUsdPerTonne;
}

function objectiveAt(price: number): ScheduleObjective {
  if (price === Infinity) return { kind: 'carbon' };
  return price === 0 ? { kind: 'cost' } : { kind: 'weighted', carbonPriceUsdPerTonne: price };
}

/** The best plan inside, the best bound of its jobs, and whether the limits can be met at all. */
function summarize(plans: readonly Plan[], home: number, limits: ScheduleLimits): WithinResult {
  const { carbonGrams = Infinity, costUsd = Infinity } = limits;
  const valueOf = ({ result: { totals }, usd, tonnes }: Plan) =>
    home === Infinity ? totals.carbonGrams : usd + home * tonnes;
  // Limits are in different units; what is over is compared as a share.
  const excess = ({ result: { totals }, usd }: Plan) =>
    Math.max(0, totals.carbonGrams / carbonGrams - 1 || 0) + Math.max(0, (usd - costUsd) / Math.abs(costUsd) || 0);
  const isInside = ({ result: { totals }, usd }: Plan) => totals.carbonGrams <= carbonGrams && usd <= costUsd;
  const leftOut = ({ result }: Plan) => result.unplaceable.length;
  const best = [...plans].sort(
    (x, y) =>
      leftOut(x) - leftOut(y) ||
      Number(isInside(y)) - Number(isInside(x)) ||
      (isInside(x) ? 0 : excess(x) - excess(y)) ||
      valueOf(x) - valueOf(y),
  )[0]!;
  const keyOf = ({ result }: Plan) => result.perJob.map(({ jobId }) => jobId).join('\n');
  const sameJobs = plans.filter((plan) => keyOf(plan) === keyOf(best));
  const proofs = sameJobs.flatMap((plan) => proofOf(plan, home, limits));
  const { bound, ...proof } = proofs.reduce((most, other) => (other.bound > most.bound ? other : most));
  const objective = valueOf(best);
  const isImpossible = sameJobs.some(({ price, result: { bound: value } }) => {
    if (price === Infinity) return value > carbonGrams * (1 + 1e-9);
    const most = costUsd + (price === 0 ? 0 : price * tonnesFromGrams(carbonGrams));
    return value > most + 1e-9 * Math.abs(most);
  });
  const gap = Math.max(0, objective - bound);
  const isOptimal = gap <= 1e-9 * Math.abs(objective) && best.result.unplaceable.length === 0;
  const statusInside = isOptimal ? 'optimal' : 'feasible';
  return {
    status: isInside(best) ? statusInside : isImpossible ? 'infeasible' : 'unknown',
    result: best.result,
    objective,
    bound,
    gapRatio: objective === 0 ? 0 : (objective - bound) / Math.abs(objective),
    proof,
  };
}

/**
 * The bound on the objective that a weighted one proves. `U + home * C` inside `C <= B` is at least
 * `min (U + price * C) - (price - home) * B` for a higher price; for a lower one the cost is limited, and the whole is
 * scaled so that carbon has its price again.
 */
function proofOf(
  { price, result: { bound: value, shadowPrices } }: Plan,
  home: number,
  { carbonGrams, costUsd }: ScheduleLimits,
): (WithinResult['proof'] & { readonly bound: number })[] {
  const proof = { objective: objectiveAt(price), shadowPrices, value };
  if (price === home) return [{ ...proof, factor: 1, limits: 0, bound: value }];
  if (price > home) {
    // Carbon alone proves nothing about cost.
    if (price === Infinity || carbonGrams === undefined) return [];
    const worth = (price - home) * tonnesFromGrams(carbonGrams);
    return [{ ...proof, factor: 1, limits: worth, bound: value - worth }];
  }
  if (price === 0 || costUsd === undefined) return [];
  // Grams where carbon is the objective, USD otherwise.
  const factor = home === Infinity ? 1 / tonnesFromGrams(price) : home / price;
  const worth = (home === Infinity ? factor : factor - 1) * costUsd;
  return [{ ...proof, factor, limits: worth, bound: factor * value - worth }];
}
