import { hoursFromMs, tonnesFromGrams } from '../units.ts';
import { checkProblem } from './check.ts';
import type { BoundVerification, ScheduleJob, ScheduleLocation, ScheduleProblem, ShadowPrices } from './types.ts';
import { capsIn, isPairAllowed } from './verify-constraints.ts';
import type { Cap } from './verify-constraints.ts';
import { pueBySlot, slotMeans } from './verify-amounts.ts';
import { cheapestPiece, cheapestRuns } from './verify-runs.ts';
import type { Offer } from './verify-runs.ts';
import { hasWindow, usableTime } from './verify-job.ts';
import { cutWindows } from './verify-order.ts';

/** What else a bound is checked against. */
export interface VerifyBoundOptions {
  /** The jobs it is for. @defaultValue all that fit into their window */
  readonly jobIds?: readonly string[];
  /** What is claimed, in the objective's unit: refused when the prices do not prove it. */
  readonly claimedBound?: number;
}

/**
 * Computes the bound that prices of GPUs prove, with arithmetic of its own: every job takes its cheapest plan at these
 * prices, however full the slots are, and what all GPUs are worth at them is taken off. No plan inside capacity can cost
 * less, whatever the prices, as long as none is negative (weak duality). Shares the checks of the input with the search,
 * and nothing else.
 *
 * @param problem - the problem the bound is for.
 * @param multipliers - `shadowPrices` of a `ScheduleResult`, or prices from anywhere else.
 * @returns the bound, in the objective's unit; `isValid` unless a price is negative, is for GPUs that nobody counts, or
 * `claimedBound` is more than they prove.
 * @throws InvalidInputError when the problem itself is not valid.
 *
 * `O(jobs × locations × w log w)` for windows of `w` slots, `w²` for jobs in one piece.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const carbon = { startAtMs: 0, stepMs: HOUR, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values: [300, 100] } as const;
 * const job = { runtimeMs: HOUR, powerWatts: 1_000, mode: 'contiguous' } as const;
 * const problem = {
 *   slots: { startAtMs: 0, stepMs: HOUR, count: 2 },
 *   locations: [{ id: 'de', carbon, gpuCount: 1 }],
 *   jobs: [{ id: 'a', ...job }, { id: 'b', ...job }],
 * };
 * // Both want the clean hour. At 200 g for its GPU they pay 300 g either way: 600 - 200 = 400 g, what the best plan costs.
 * verifyBound(problem, [{ locationId: 'de', values: [0, 200] }]).bound; // 400
 * ```
 */
export function verifyBound(
  problem: ScheduleProblem,
  multipliers: readonly ShadowPrices[],
  options: VerifyBoundOptions = {},
): BoundVerification {
  checkProblem(problem);
  const places = new Map(problem.locations.map((location) => [location.id, priced(location, problem)]));
  const violations: string[] = [];
  for (const { locationId, values, wattValues } of multipliers) {
    const place = places.get(locationId);
    if (place === undefined) violations.push(`'${locationId}' is not in the problem`);
    else {
      violations.push(...takePrices(locationId, values, place.gpus, place.price));
      if (wattValues !== undefined)
        violations.push(...takePrices(locationId, wattValues, place.watts, place.wattPrice));
    }
  }
  if (violations.length > 0) return { isValid: false, violations, bound: -Infinity };

  const isMeant = options.jobIds === undefined ? undefined : new Set(options.jobIds);
  let bound = 0;
  const ahead = cutWindows(problem.jobs, problem.slots, false);
  const meant = problem.jobs.filter((job, index) =>
    isMeant === undefined ? hasWindow(ahead[index]!, problem.slots, new Set(places.keys())) : isMeant.has(job.id),
  );
  // The jobs meant run together, so each leaves those before and after it their time.
  for (const job of cutWindows(meant, problem.slots, true)) bound += cheapest(problem, job, places);
  for (const { gpus, price, watts, wattPrice } of places.values()) {
    price.forEach((value, slot) => {
      if (value > 0) bound -= value * gpus[slot]!;
    });
    wattPrice.forEach((value, slot) => {
      if (value > 0) bound -= value * watts[slot]!;
    });
  }
  const { claimedBound } = options;
  if (claimedBound !== undefined && !(claimedBound <= bound + 1e-9 * Math.abs(bound) + 1e-9)) {
    violations.push(`${claimedBound} is claimed, ${bound} is proven`);
  }
  return { isValid: violations.length === 0, violations, bound };
}

/** Adds prices to those of a place; returns what is wrong with them. */
function takePrices(id: string, values: readonly number[], limits: readonly number[], into: number[]): string[] {
  if (values.length !== limits.length) return [`'${id}' has ${values.length} prices`];
  return values.flatMap((price, slot) => {
    if (!(price >= 0) || price === Infinity) return [`price ${price} in slot ${slot} of '${id}'`];
    if (price > 0 && limits[slot] === Infinity)
      return [`a price in slot ${slot} of '${id}', where there is room for all`];
    into[slot]! += price;
    return [];
  });
}

/** A location slot by slot: what a kWh of the machines, a GPU and the price of its GPUs come to, and how many it has. */
interface Place {
  readonly perKwh: readonly number[];
  readonly perGpu: number;
  readonly gpus: readonly number[];
  readonly price: number[];
  /** The same for power at the meter. */
  readonly watts: readonly number[];
  readonly wattPrice: number[];
  readonly isClosed: readonly boolean[];
  readonly pueRatio: readonly number[];
}

function priced(location: ScheduleLocation, problem: ScheduleProblem): Place {
  const { slots, objective = { kind: 'carbon' } } = problem;
  const grams = slotMeans(location.carbon, slots);
  const usd = location.energyPrice === undefined ? grams.map(() => 0) : slotMeans(location.energyPrice, slots);
  const perKwh = grams.map((value, slot) => {
    if (objective.kind === 'carbon') return value;
    return objective.kind === 'cost'
      ? usd[slot]!
      : usd[slot]! + tonnesFromGrams(value) * objective.carbonPriceUsdPerTonne;
  });
  const { gpuCount = Infinity, powerCapWatts = Infinity } = location;
  const pueRatio = pueBySlot(location, slots);
  const caps = grams.map((_, slot) => capsIn(problem, location.id, slot));
  const least = (own: number, slot: number, of: (cap: Cap) => number) =>
    caps[slot]!.reduce((most, cap) => Math.min(most, of(cap)), own);
  return {
    perKwh: perKwh.map((value, slot) => value * pueRatio[slot]!),
    perGpu: objective.kind === 'carbon' ? 0 : (location.priceUsdPerGpuHour ?? 0) * hoursFromMs(slots.stepMs),
    gpus: grams.map((_, slot) =>
      least(typeof gpuCount === 'number' ? gpuCount : gpuCount[slot]!, slot, ({ gpus, isClosed }) =>
        isClosed ? 0 : gpus,
      ),
    ),
    price: grams.map(() => 0),
    watts: grams.map((_, slot) =>
      least(typeof powerCapWatts === 'number' ? powerCapWatts : powerCapWatts[slot]!, slot, ({ watts }) => watts),
    ),
    isClosed: caps.map((list) => list.some(({ isClosed }) => isClosed)),
    wattPrice: grams.map(() => 0),
    pueRatio,
  };
}

function cheapest(problem: ScheduleProblem, job: ScheduleJob, places: ReadonlyMap<string, Place>): number {
  const work = job.runtimeMs / problem.slots.stepMs;
  const offers = problem.locations
    .filter(({ id }) => (job.locationIds?.includes(id) ?? true) && isPairAllowed(problem, job.id, id))
    .map(({ id }) => withMoves(problem, job, id, offersOf(problem, job, places.get(id)!)));
  if (job.mode === 'migratable') {
    const bySlot = new Map<number, Offer>();
    for (const offer of offers.flat()) {
      if (!(offer.cost >= (bySlot.get(offer.slot)?.cost ?? Infinity))) bySlot.set(offer.slot, offer);
    }
    return fill(
      [...bySlot.values()].map(({ share, cost }) => ({ cost, work: share })),
      work,
    );
  }
  const atOnePlace = offers.map((list) => {
    if (job.mode === 'contiguous') return cheapestPiece(list, work);
    if ((job.minRunMs ?? 0) > 0 || (job.resumeMs ?? 0) > 0) return cheapestRuns(list, job, problem.slots.stepMs);
    const levels = list.flatMap(({ share, cost, replicas }) =>
      (job.marginalThroughput ?? [1])
        .filter((_, level) => level + 1 <= replicas)
        .map((speed) => ({ cost: cost / speed, work: share * speed })),
    );
    return fill(levels, work);
  });
  return Math.min(Infinity, ...atOnePlace);
}

/** The slots of a place that the window of a job offers and that are large enough for one replica. */
function offersOf({ slots }: ScheduleProblem, job: ScheduleJob, place: Place): readonly Offer[] {
  const { fromMs, toMs } = usableTime(job, slots);
  const width = job.gpuCount ?? 1;
  const kilowattHours = (job.powerWatts / 1_000) * hoursFromMs(slots.stepMs);
  return place.perKwh.flatMap((perKwh, slot) => {
    const startAtMs = slots.startAtMs + slots.stepMs * slot;
    const share = Math.min(1, (toMs - startAtMs) / slots.stepMs);
    const watts = job.powerWatts * place.pueRatio[slot]!;
    const byGpus = width === 0 ? Infinity : place.gpus[slot]! / width;
    const byPower = watts === 0 ? Infinity : (place.watts[slot]! / watts) * (1 + 1e-9);
    const replicas = Math.min(byGpus, byPower);
    if (startAtMs < fromMs || share <= 0 || replicas < 1 || place.isClosed[slot]) return [];
    const ofRoom = width * (place.perGpu + place.price[slot]!) + watts * place.wattPrice[slot]!;
    return [{ slot, share, cost: kilowattHours * perKwh + ofRoom, replicas }];
  });
}

/** The same offers, dearer where the previous plan has the job, but not here. */
function withMoves({ slots, previous }: ScheduleProblem, job: ScheduleJob, id: string, offers: readonly Offer[]) {
  const stretches = (previous?.assignments ?? []).filter(({ jobId }) => jobId === job.id);
  if (stretches.length === 0) return offers;
  const isHere = (slot: number) =>
    stretches.some(({ locationId, startAtMs }) => {
      const sinceMs = startAtMs - (slots.startAtMs + slots.stepMs * slot) + 1e-6 * slots.stepMs;
      return locationId === id && sinceMs >= 0 && sinceMs < slots.stepMs;
    });
  const { movePenalty = 0 } = previous!;
  return offers.map((offer) => (isHere(offer.slot) ? offer : { ...offer, cost: offer.cost + movePenalty }));
}

/** The least that `work` costs when it may be cut at will and dealt out to the offers. */
function fill(offers: readonly { readonly cost: number; readonly work: number }[], work: number): number {
  let left = work;
  let total = 0;
  for (const offer of [...offers].sort((x, y) => x.cost - y.cost)) {
    const part = Math.min(left, offer.work);
    total += part * offer.cost;
    left -= part;
    if (left <= 1e-12) break;
  }
  return left <= 1e-9 ? total : Infinity;
}
