import { planFirstFit, planGreedily } from './baselines.ts';
import { bestReply } from './best-reply.ts';
import { gpusOf, powerOf, setTerms } from './congestion.ts';
import { createGame, install, jobValue, leftOutCount, leftOutValue, planValue } from './game.ts';
import type { Game } from './game.ts';
import { leftOutBound } from './left-out-bound.ts';
import { keepPrevious } from './keep-previous.ts';
import { tightenWindows } from './precedence.ts';
import { createProblemTable, EPSILON } from './problem-table.ts';
import type { Competitor, ProblemTable } from './problem-table.ts';
import { boundAt, createRelaxation } from './relaxation.ts';
import { certify, solve } from './solve.ts';
import type { Solution } from './solve.ts';
import type { Site } from './site.ts';
import { amountsOfStretches, stretchesOfPlan } from './stretches.ts';
import type { Stretch } from './stretches.ts';
import { sumAmounts } from './amounts.ts';
import type {
  BaselineAmounts,
  PreviousPlan,
  ScheduleObjective,
  ScheduleOptions,
  ScheduleResult,
  ShadowPrices,
  SlotGrid,
} from './types.ts';
import { windowOf } from './window.ts';

/** What became of the jobs that compete. */
export interface Competition {
  /** By competitor; empty when it is left out. */
  readonly stretches: readonly (readonly Stretch[])[];
  /** What no plan of the placed ones can beat; undefined when each has the best place it could have alone. */
  readonly bound: number | undefined;
  /** By cell, locations in the order of the sites: of a GPU, and of a watt at the meter where a location has a power cap. */
  readonly prices: Float64Array;
  readonly wattPrices: Float64Array | undefined;
  /** Competitors without a place even alone, and what there is too little of. */
  readonly impossible: ReadonlyMap<number, 'gpus' | 'power' | 'predecessor'>;
  /** What is left out though each has a place alone, and what any plan must leave out. */
  readonly leftOut: LeftOut;
  readonly stoppedBy: ScheduleResult['stoppedBy'];
  readonly firstFit: BaselineAmounts;
  readonly greedy: BaselineAmounts;
}

/** Jobs left out: what they are worth, how many any plan must leave out, and what those are worth. */
interface LeftOut {
  readonly value: number;
  readonly provenCount: number;
  readonly provenValue: number;
}

/**
 * Plans the jobs that compete for GPUs. `alone` gives the best place a job would have without the others, or undefined
 * to have it searched here; when these places fit together nothing better exists.
 */
export function compete(
  competitors: readonly Competitor[],
  sites: readonly Site[],
  slots: SlotGrid,
  objective: ScheduleObjective,
  previous: PreviousPlan | undefined,
  options: ScheduleOptions,
  alone: (index: number) => readonly Stretch[] | undefined,
): Competition {
  const everyone = createProblemTable(competitors, sites, slots, objective, previous);
  const impossible = findImpossible(everyone);
  const possible = competitors.map((_, index) => index).filter((index) => !impossible.has(index));
  const entrants = leaveTime(
    possible.map((index) => competitors[index]!),
    slots,
  );
  const isSame = impossible.size === 0 && everyone.links === undefined;
  const table = isSame ? everyone : createProblemTable(entrants, sites, slots, objective, previous);
  const isLoose = new Set(widenHopeless(table));
  const stretchesOf = (game: Game, j: number) => {
    const competitor = entrants[j]!;
    const { looseWindow = competitor.window } = competitor;
    const known = isLoose.has(j) ? { ...competitor, window: looseWindow } : competitor;
    return stretchesOfPlan(game.table, game.from, game.plan, j, known, sites, slots);
  };
  const baseline = (game: Game): BaselineAmounts => ({
    ...sumAmounts(possible.map((index, j) => amountsOfStretches(competitors[index]!.job, stretchesOf(game, j)))),
    leftOutCount: leftOutCount(game),
  });
  const greedy = planGreedily(table);
  const rest = { impossible, firstFit: baseline(planFirstFit(table)), greedy: baseline(greedy) };
  const spread = (places: (j: number) => readonly Stretch[]) => {
    const all: (readonly Stretch[])[] = competitors.map(() => []);
    possible.forEach((index, j) => {
      all[index] = places(j);
    });
    return all;
  };

  const { rowCount, jobCount } = table;
  const kept = previous && keepPrevious(table, entrants, sites, slots, previous);
  const isBest = kept !== undefined && isBestWithoutPrices(kept);
  const free = isBest
    ? possible.map((_, j) => stretchesOf(kept, j))
    : placeAlone(table, (j) => alone(possible[j]!), stretchesOf, sites, slots);
  if (free !== undefined) {
    const stretches = spread((j) => free[j]!);
    const leftOut = { value: 0, provenCount: 0, provenValue: 0 };
    return {
      ...rest,
      ...split(table, new Float64Array(rowCount)),
      stretches,
      bound: undefined,
      leftOut,
      stoppedBy: 'optimal',
    };
  }
  const {
    seed = 1,
    maxSteps = Math.min(20_000 * jobCount, 1_400_000 + 1_000 * jobCount),
    targetGapRatio = 0.0005,
    shouldStop,
    startPrices,
  } = options;
  const terms = {
    seed,
    maxSteps,
    targetGapRatio,
    ...(shouldStop && { shouldStop }),
    ...(startPrices && { startPrices: join(table, startPrices, sites) }),
  };
  const solution = solve(table, terms, kept === undefined ? [greedy] : [kept, greedy]);
  const { game, stoppedBy } = solution;
  for (const job of solution.filled) isLoose.add(job);
  const certificate = certify(solution);
  return {
    ...rest,
    ...split(table, certificate.prices),
    stretches: spread((j) => stretchesOf(game, j)),
    bound: certificate.bound,
    leftOut: proveLeftOut(solution),
    stoppedBy,
  };
}

/** The prices of GPUs, and those of power by watt at the meter. */
function split({ cellCount, rowCount, unitWatts }: ProblemTable, prices: Float64Array) {
  const wattPrices = rowCount === cellCount ? undefined : unitWatts.map((watts, i) => prices[cellCount + i]! / watts);
  return { prices: prices.subarray(0, cellCount), wattPrices };
}

/** The other way round: prices of locations as prices by row. */
function join(table: ProblemTable, prices: readonly ShadowPrices[], sites: readonly Site[]): Float64Array {
  const { slotCount, cellCount, rowCount, unitWatts } = table;
  const rows = new Float64Array(rowCount);
  const indexOf = new Map(sites.map(({ location }, index) => [location.id, index]));
  for (const { locationId, values, wattValues } of prices) {
    const site = indexOf.get(locationId);
    if (site === undefined) continue;
    const { location } = sites[site]!;
    for (let t = 0; t < slotCount; t++) {
      const cell = site * slotCount + t;
      if (location.gpuCount !== undefined) rows[cell] = values[t] ?? 0;
      if (rowCount > cellCount && location.powerCapWatts !== undefined) {
        rows[cellCount + cell] = (wattValues?.[t] ?? 0) * unitWatts[cell]!;
      }
    }
  }
  return rows;
}

function proveLeftOut({ game, prices }: Solution): LeftOut {
  const { table } = game;
  const count = leftOutCount(game);
  if (count === 0) return { value: 0, provenCount: 0, provenValue: 0 };
  const some = Math.min(count, leftOutBound(table, prices, new Float64Array(table.jobCount).fill(1)));
  const value = leftOutValue(game);
  const hasValues = table.value.some((worth) => worth !== 1);
  const provenValue = hasValues ? Math.min(value, leftOutBound(table, prices, table.value)) : some;
  return { value, provenCount: Math.max(some, provenValue > 1e-9 * value ? 1 : 0), provenValue };
}

/** The same jobs with windows that leave those before and after them their time. */
function leaveTime(competitors: readonly Competitor[], slots: SlotGrid): readonly Competitor[] {
  const jobs = competitors.map(({ job }) => job);
  const tightened = tightenWindows(jobs, slots, true);
  if (tightened === jobs) return competitors;
  return competitors.map((competitor, index) => ({
    ...competitor,
    window: windowOf(tightened[index]!, slots),
    looseWindow: competitor.window,
  }));
}

/** True when each job of a plan has what it would have alone. */
function isBestWithoutPrices(game: Game): boolean {
  const { table } = game;
  if (leftOutCount(game) > 0) return false;
  const least = boundAt(createRelaxation(table), new Float64Array(table.rowCount));
  return planValue(game) <= least + 1e-12 * Math.abs(least);
}

/** Jobs without any plan in an empty fleet, and what there is too little of. */
export function findImpossible(strict: ProblemTable): ReadonlyMap<number, 'gpus' | 'power' | 'predecessor'> {
  const impossible = new Map<number, 'gpus' | 'power' | 'predecessor'>();
  const table = { ...strict, ...strict.loose };
  for (const j of withoutReply(table)) impossible.set(j, 'power');
  if (impossible.size === 0) return impossible;
  const { cellCount, links } = table;
  const powered = { ...table, capacity: table.capacity.map((most, row) => (row < cellCount ? most : Infinity)) };
  for (const j of withoutReply(powered)) impossible.set(j, 'gpus');
  // Entries added on the way are visited too.
  for (const [j] of impossible) {
    for (const { job } of links?.after[j] ?? []) if (!impossible.has(job)) impossible.set(job, 'predecessor');
  }
  return impossible;
}

/** Gives jobs that find no place early enough for those after them their whole window, so that they have an answer. */
function widenHopeless(table: ProblemTable): ReadonlySet<number> {
  const hopeless = new Set(table.links === undefined ? [] : withoutReply(table));
  for (const j of hopeless) {
    table.end[j] = table.loose.end[j]!;
    table.tail[j] = table.loose.tail[j]!;
    table.lastStart[j] = table.loose.lastStart[j]!;
  }
  return hopeless;
}

function withoutReply(table: ProblemTable): readonly number[] {
  const { congestion, reply } = createRelaxation(table);
  setTerms(table, congestion, {});
  const jobs = Array.from({ length: table.jobCount }, (_, j) => j);
  return jobs.filter((j) => bestReply(table, congestion, reply, j, Infinity, -1) === Infinity);
}

/** The best place of each job alone, when all fit together; undefined when they do not. */
function placeAlone(
  table: ProblemTable,
  alone: (j: number) => readonly Stretch[] | undefined,
  stretchesOf: (game: Game, j: number) => readonly Stretch[],
  sites: readonly Site[],
  slots: SlotGrid,
): readonly (readonly Stretch[])[] | undefined {
  if (table.links !== undefined) return undefined;
  const game = createGame(table);
  setTerms(table, game.congestion, {});
  const { cellCount, rowCount, capacity } = table;
  const load = new Float64Array(rowCount);
  const locationOf = new Map(sites.map((site, index) => [site, index]));
  const places: (readonly Stretch[])[] = [];
  for (let j = 0; j < table.jobCount; j++) {
    let stretches = alone(j);
    if (stretches === undefined) {
      const least = bestReply(table, game.congestion, game.reply, j, Infinity, -1);
      install(game, j);
      // At prices below zero the answer of an elastic job is only bounded, so nothing is proven here.
      if (jobValue(game, j) > least + 1e-9 * (Math.abs(least) + table.scale)) return undefined;
      stretches = stretchesOf(game, j);
    }
    for (const { site, slot, durationMs, replicaCount } of stretches) {
      const cell = locationOf.get(site)! * table.slotCount + slot;
      const share = durationMs / slots.stepMs;
      const gpus = replicaCount * gpusOf(table, j);
      load[cell]! += share * gpus;
      if (Math.max(load[cell]!, gpus) > capacity[cell]! + EPSILON || table.closed?.[cell] === 1) return undefined;
      if (rowCount === cellCount) continue;
      const power = replicaCount * powerOf(table, j);
      load[cellCount + cell]! += share * power;
      if (Math.max(load[cellCount + cell]!, power) > capacity[cellCount + cell]! + EPSILON) return undefined;
    }
    places.push(stretches);
  }
  return places;
}
