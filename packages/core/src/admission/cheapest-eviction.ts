/** What an eviction loses, and how many jobs it stops: compared in this order. */
export interface Price {
  readonly loss: number;
  readonly jobs: number;
}

/** Units of which some have to go, in ascending order of id. All amounts are whole. */
export interface EvictionProblem {
  /** `[loss, jobs]` of every unit. */
  readonly weights: readonly [readonly number[], readonly number[]];
  readonly evict: (unit: number) => void;
  /** Undoes {@link EvictionProblem.evict}. */
  readonly restore: (unit: number) => void;
  /** True when what has been evicted is enough. More never makes it false. */
  readonly fits: () => boolean;
  /** No choice among the open units that is enough adds less of the weight `which`; Infinity: there is none. */
  readonly leastMore: (which: 0 | 1, isOpen: Uint8Array) => number;
}

/** Jobs that one step looks at; a search over more of them takes as many steps at a time. */
const UNITS_PER_STEP = 32;
/** A search goes as deep as there are units; beyond this the first choice known has to do. */
const MAX_UNITS = 1_000;

/** Steps left to a search; shared by the searches of one call. A step is a look at up to 32 units. */
export interface StepBudget {
  left: number;
}

/** The units to evict, by ascending number. */
export interface Eviction extends Price {
  readonly units: readonly number[];
  /** No choice loses less than this. */
  readonly bound: number;
  /** False: the budget ran out before loss and number were known to be least. */
  readonly isProven: boolean;
}

/** True when `x` is worse than `y`. */
export function isWorse(x: Price, y: Price): boolean {
  return x.loss > y.loss || (x.loss === y.loss && x.jobs > y.jobs);
}

/**
 * The choice with the least loss, of these the one with the fewest jobs, by branch and bound: dear units are spared first, and a
 * branch ends when its relaxation is no better than the best choice known. The first choice known evicts everything, or what is in one of
 * `starts`, and then spares what it can, dearest first. Exponential in the worst case; ends with the budget, and does not
 * begin with more than 1,000 units.
 *
 * @returns `undefined` when all together are not enough, or when every choice is worse than `ceiling`.
 */
export function cheapestEviction(
  problem: EvictionProblem,
  budget: StepBudget,
  ceiling: Price = { loss: Infinity, jobs: Infinity },
  starts: readonly (readonly number[])[] = [],
): Eviction | undefined {
  const { weights, evict, restore, fits } = problem;
  const [loss, jobs] = weights;
  const order = loss.map((_, unit) => unit).sort((x, y) => loss[y]! - loss[x]! || jobs[y]! - jobs[x]! || y - x);
  const isOpen = new Uint8Array(order.length).fill(1);
  const root = boundOf(problem, { loss: 0, jobs: 0 }, isOpen);
  if (root.loss === Infinity || isWorse(root, ceiling)) return undefined;
  let best = sparing(problem, order);
  if (best === undefined) return undefined;
  for (const start of starts) {
    const spared = sparing(problem, order, start);
    if (spared !== undefined && isWorse(best, spared)) best = spared;
  }

  const chosen = new Set<number>();
  const search = { isStopped: order.length > MAX_UNITS };
  const visit = (depth: number, price: Price): void => {
    if (budget.left <= 0) search.isStopped = true;
    if (search.isStopped) return;
    budget.left -= stepsFor(order.length);
    if (fits()) {
      if (isWorse(best!, price)) best = { ...price, units: ascending(chosen) };
      return;
    }
    const unit = order[depth];
    if (unit === undefined) return;
    const least = boundOf(problem, price, isOpen);
    if (!isWorse(best!, least) || isWorse(least, ceiling)) return;
    isOpen[unit] = 0;
    // Sparing it makes sense only if the rest can be enough.
    if (isEnough(problem, order, depth + 1)) visit(depth + 1, price);
    evict(unit);
    chosen.add(unit);
    visit(depth + 1, { loss: price.loss + loss[unit]!, jobs: price.jobs + jobs[unit]! });
    chosen.delete(unit);
    restore(unit);
    isOpen[unit] = 1;
  };
  visit(0, { loss: 0, jobs: 0 });
  // A search that was cut short may have left a choice from which one can be spared.
  const { units, ...price } = search.isStopped ? sparing(problem, order, best.units)! : best;
  if (isWorse(price, ceiling) && !search.isStopped) return undefined;
  return { ...price, units, bound: search.isStopped ? root.loss : price.loss, isProven: !search.isStopped };
}

/**
 * Among the choices of a known price the one that comes first: at the first unit where two differ it has that unit.
 *
 * @returns `undefined` when the budget runs out first.
 */
export function firstEviction(
  problem: EvictionProblem,
  price: Price,
  budget: StepBudget,
): readonly number[] | undefined {
  const { weights, evict, restore, fits } = problem;
  const [loss, jobs] = weights;
  const order = loss.map((_, unit) => unit);
  const isOpen = new Uint8Array(order.length).fill(1);
  const chosen = new Set<number>();
  const found: (readonly number[])[] = [];
  if (order.length > MAX_UNITS) return undefined;
  const visit = (unit: number, spent: Price): void => {
    if (budget.left <= 0 || found.length > 0) return;
    budget.left -= stepsFor(order.length);
    if (isWorse(spent, price)) return;
    if (fits()) {
      found.push(ascending(chosen));
      return;
    }
    if (unit === order.length || isWorse(boundOf(problem, spent, isOpen), price)) return;
    isOpen[unit] = 0;
    evict(unit);
    chosen.add(unit);
    visit(unit + 1, { loss: spent.loss + loss[unit]!, jobs: spent.jobs + jobs[unit]! });
    chosen.delete(unit);
    restore(unit);
    if (found.length === 0 && isEnough(problem, order, unit + 1)) visit(unit + 1, spent);
    isOpen[unit] = 1;
  };
  visit(0, { loss: 0, jobs: 0 });
  return found[0];
}

function stepsFor(unitCount: number): number {
  return Math.ceil(unitCount / UNITS_PER_STEP);
}

/** Less than any choice below can cost. Loss is whole, so it is rounded up, less what adding in floating point may have added. */
function boundOf({ leastMore }: EvictionProblem, price: Price, isOpen: Uint8Array): Price {
  const roundedUp = (value: number) => (value === Infinity ? Infinity : Math.ceil(value * (1 - 1e-12) - 1e-6));
  const loss = roundedUp(leastMore(0, isOpen));
  if (loss === Infinity) return { loss, jobs: Infinity };
  return { loss: price.loss + loss, jobs: price.jobs + roundedUp(leastMore(1, isOpen)) };
}

/** True when what is evicted and all units from `depth` on would be enough. */
function isEnough({ evict, restore, fits }: EvictionProblem, order: readonly number[], depth: number): boolean {
  for (let k = depth; k < order.length; k++) evict(order[k]!);
  const result = fits();
  for (let k = depth; k < order.length; k++) restore(order[k]!);
  return result;
}

/** Evicts the units given and spares, in order, each that is not needed. `undefined`: not even all are enough. */
function sparing(
  { weights: [loss, jobs], evict, restore, fits }: EvictionProblem,
  order: readonly number[],
  from: readonly number[] = order,
): (Price & { readonly units: readonly number[] }) | undefined {
  const chosen = new Set(from);
  for (const unit of chosen) evict(unit);
  const isEnoughAtAll = fits();
  for (const unit of order) {
    if (!chosen.has(unit)) continue;
    restore(unit);
    if (fits()) chosen.delete(unit);
    else evict(unit);
  }
  for (const unit of chosen) restore(unit);
  if (!isEnoughAtAll) return undefined;
  const units = ascending(chosen);
  const sum = (weight: readonly number[]) => units.reduce((total, unit) => total + weight[unit]!, 0);
  return { loss: sum(loss), jobs: sum(jobs), units };
}

function ascending(units: ReadonlySet<number>): readonly number[] {
  return [...units].sort((x, y) => x - y);
}
