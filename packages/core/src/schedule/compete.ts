import { planFirstFit, planGreedily } from './baselines.ts';
import { bestReply } from './best-reply.ts';
import { setTerms } from './congestion.ts';
import { createGame, install, jobValue, leftOutCount } from './game.ts';
import type { Game } from './game.ts';
import { leftOutBound } from './left-out-bound.ts';
import { createProblemTable, EPSILON } from './problem-table.ts';
import type { Competitor, ProblemTable } from './problem-table.ts';
import { createRelaxation } from './relaxation.ts';
import { certify, solve } from './solve.ts';
import type { Site } from './site.ts';
import { amountsOfStretches, stretchesOfPlan } from './stretches.ts';
import type { Stretch } from './stretches.ts';
import { sumAmounts } from './amounts.ts';
import type { BaselineAmounts, ScheduleObjective, ScheduleOptions, ScheduleResult, SlotGrid } from './types.ts';

/** What became of the jobs that compete. */
export interface Competition {
  /** By competitor; empty when it is left out. */
  readonly stretches: readonly (readonly Stretch[])[];
  /** What no plan of the placed ones can beat; undefined when each has the best place it could have alone. */
  readonly bound: number | undefined;
  /** By cell, locations in the order of the sites. */
  readonly prices: Float64Array;
  /** Competitors that find too few GPUs even alone. */
  readonly impossible: ReadonlySet<number>;
  /** Competitors left out though each has a place alone, and how many any plan must leave out. */
  readonly leftOutCount: number;
  readonly provenLeftOut: number;
  readonly stoppedBy: ScheduleResult['stoppedBy'];
  readonly firstFit: BaselineAmounts;
  readonly greedy: BaselineAmounts;
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
  options: ScheduleOptions,
  alone: (index: number) => readonly Stretch[] | undefined,
): Competition {
  const everyone = createProblemTable(competitors, sites, slots, objective);
  const impossible = findImpossible(everyone);
  const possible = competitors.map((_, index) => index).filter((index) => !impossible.has(index));
  const table =
    impossible.size === 0
      ? everyone
      : createProblemTable(
          possible.map((index) => competitors[index]!),
          sites,
          slots,
          objective,
        );
  const stretchesOf = (game: Game, j: number) =>
    stretchesOfPlan(game.table, game.from, game.plan, j, competitors[possible[j]!]!, sites, slots);
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

  const { cellCount, jobCount } = table;
  const free = placeAlone(table, (j) => alone(possible[j]!), stretchesOf, sites, slots);
  if (free !== undefined) {
    const stretches = spread((j) => free[j]!);
    const prices = new Float64Array(cellCount);
    return { ...rest, stretches, bound: undefined, prices, leftOutCount: 0, provenLeftOut: 0, stoppedBy: 'optimal' };
  }
  const {
    seed = 1,
    maxSteps = Math.min(20_000 * jobCount, 1_400_000 + 1_000 * jobCount),
    targetGapRatio = 0.0005,
    shouldStop,
  } = options;
  const terms = { seed, maxSteps, targetGapRatio, ...(shouldStop && { shouldStop }) };
  const solution = solve(table, terms, greedy);
  const { game, stoppedBy } = solution;
  const leftOut = leftOutCount(game);
  const certificate = certify(solution);
  return {
    ...rest,
    stretches: spread((j) => stretchesOf(game, j)),
    bound: certificate.bound,
    prices: certificate.prices,
    leftOutCount: leftOut,
    provenLeftOut: leftOut === 0 ? 0 : Math.min(leftOut, leftOutBound(table, solution.prices)),
    stoppedBy,
  };
}

/** Jobs without any plan in an empty fleet. */
function findImpossible(table: ProblemTable): ReadonlySet<number> {
  const { congestion, reply } = createRelaxation(table);
  setTerms(table, congestion, {});
  const impossible = new Set<number>();
  for (let j = 0; j < table.jobCount; j++) {
    if (bestReply(table, congestion, reply, j, Infinity, -1) === Infinity) impossible.add(j);
  }
  return impossible;
}

/** The best place of each job alone, when all fit together; undefined when they do not. */
function placeAlone(
  table: ProblemTable,
  alone: (j: number) => readonly Stretch[] | undefined,
  stretchesOf: (game: Game, j: number) => readonly Stretch[],
  sites: readonly Site[],
  slots: SlotGrid,
): readonly (readonly Stretch[])[] | undefined {
  const game = createGame(table);
  setTerms(table, game.congestion, {});
  const load = new Float64Array(table.cellCount);
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
      const gpus = replicaCount * table.width[j]!;
      load[cell]! += (durationMs / slots.stepMs) * gpus;
      if (Math.max(load[cell]!, gpus) > table.capacity[cell]! + EPSILON) return undefined;
    }
    places.push(stretches);
  }
  return places;
}
