import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkList } from '../internal/check.ts';
import { resample } from '../time-series.ts';
import { objectiveValue } from './amounts.ts';
import { checkProblem } from './check.ts';
import { schedule } from './schedule.ts';
import type { ScheduleOptions, ScheduleProblem, ScheduleResult } from './types.ts';
import { verifySchedule } from './verify.ts';

/** One way in which carbon and prices may turn out. */
export interface SampledPath {
  /** Locations that it says nothing about keep the series of the problem. */
  readonly locations: readonly {
    readonly locationId: string;
    /** One number a slot of the grid, >= 0. */
    readonly carbonGramsPerKwh?: readonly number[];
    /** One number a slot of the grid. */
    readonly energyPriceUsdPerKwh?: readonly number[];
  }[];
}

/** Which path to plan on, and how to search. */
export interface OnPathsOptions extends ScheduleOptions {
  /** Quantile of the paths to plan on, slot by slot, 0..1. @defaultValue 0.5 */
  readonly quantileRatio?: number;
}

/** What the plan comes to on one path, in the objective's unit, move penalties apart. */
export interface PathOutcome {
  readonly objective: number;
  /** What planning with knowledge of the path would have come to; absent when such a plan runs other jobs. */
  readonly bestObjective?: number;
  /** `objective - bestObjective`, 0 when the search for the best did worse; absent with it. */
  readonly regret?: number;
}

/** A plan made before it is known which path comes. */
export interface OnPathsResult {
  /** The problem with the quantile path for its series; `result` is a plan of it. */
  readonly problem: ScheduleProblem;
  readonly result: ScheduleResult;
  /** In the order of the paths. */
  readonly outcomes: readonly PathOutcome[];
  /** Mean of what the plan comes to. */
  readonly meanObjective: number;
  /** Mean and largest regret over the paths that have one; 0 when none has. */
  readonly meanRegret: number;
  readonly largestRegret: number;
}

/**
 * Plans on a quantile of sampled paths, and says what not knowing the path costs: the plan is charged on every path and
 * compared with one made for that path. The quantile is taken slot by slot: it is no path that may come, but a price for
 * every slot; above 0.5 it makes uncertain slots dearer than certain ones.
 *
 * One plan, and one more for each path.
 *
 * @param problem - as for `schedule`; its series are those of locations that the paths say nothing about.
 * @param paths - at least one, for example from a forecast; each as likely as the others.
 * @throws InvalidInputError as `schedule`; without a path; on values that are not one number a slot; or a price for a
 * location that has none in the problem.
 *
 * @example
 * ```ts
 * const HOUR = 3_600_000;
 * const grid = { startAtMs: 0, stepMs: HOUR, count: 2 } as const;
 * const carbon = { ...grid, unit: 'gCO2e/kWh', kind: 'average', scope: 'direct', values: [0, 0] } as const;
 * const { outcomes, meanRegret } = scheduleOnPaths(
 *   {
 *     slots: grid,
 *     locations: [{ id: 'de', carbon }],
 *     jobs: [{ id: 'train', runtimeMs: HOUR, powerWatts: 1_000, mode: 'contiguous' }],
 *   },
 *   [[100, 300], [100, 300], [500, 300]].map((carbonGramsPerKwh) => ({
 *     locations: [{ locationId: 'de', carbonGramsPerKwh }],
 *   })),
 * );
 * outcomes.map(({ regret }) => regret); // [0, 0, 200]: the median says hour 0
 * ```
 */
export function scheduleOnPaths(
  problem: ScheduleProblem,
  paths: readonly SampledPath[],
  options: OnPathsOptions = {},
): OnPathsResult {
  const { quantileRatio = 0.5, ...rest } = options;
  checkOptionalNumber(() => 'quantileRatio', options.quantileRatio, { min: 0, max: 1 });
  checkProblem(problem);
  checkPaths(problem, paths);
  const possible = paths.map((path) => problemOn(problem, path));
  const expected = quantileOf(possible, problem, quantileRatio);
  const result = schedule(expected, rest);
  const jobsOf = ({ perJob }: ScheduleResult) => perJob.map(({ jobId }) => jobId).join('\n');
  const outcomes = possible.map((known): PathOutcome => {
    const { objective = { kind: 'carbon' } } = known;
    const value = objectiveValue(objective, verifySchedule(known, result).totals);
    const best = schedule(known, rest);
    if (jobsOf(best) !== jobsOf(result)) return { objective: value };
    const bestObjective = objectiveValue(objective, best.totals);
    const lost = value - bestObjective;
    // Less than this is the rounding of two sums.
    return { objective: value, bestObjective, regret: lost > 1e-9 * Math.abs(value) ? lost : 0 };
  });
  const regrets = outcomes.flatMap(({ regret }) => (regret === undefined ? [] : [regret]));
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return {
    problem: expected,
    result,
    outcomes,
    meanObjective: mean(outcomes.map(({ objective }) => objective)),
    meanRegret: mean(regrets),
    largestRegret: regrets.reduce((most, regret) => Math.max(most, regret), 0),
  };
}

function checkPaths({ slots, locations }: ScheduleProblem, paths: readonly SampledPath[]): void {
  checkList(() => 'paths', paths, 'Pass at least one path.');
  if (paths.length === 0) throw new InvalidInputError('paths', 'must hold a path', paths, { hint: 'Use schedule.' });
  const locationById = new Map(locations.map((location) => [location.id, location]));
  paths.forEach((path, index) => {
    for (const { locationId, carbonGramsPerKwh, energyPriceUsdPerKwh } of path.locations) {
      const field = (name: string) => `paths[${index}].${name} of location '${locationId}'`;
      const location = locationById.get(locationId);
      if (location === undefined) {
        throw new InvalidInputError(`paths[${index}]`, 'must name locations of the problem', locationId, {
          hint: 'Check the id.',
        });
      }
      if (energyPriceUsdPerKwh !== undefined && location.energyPrice === undefined) {
        throw new InvalidInputError(
          field('energyPriceUsdPerKwh'),
          'must go with an energyPrice',
          energyPriceUsdPerKwh,
          {
            hint: 'Give the location an energyPrice.',
          },
        );
      }
      for (const [name, values, rule] of [
        ['carbonGramsPerKwh', carbonGramsPerKwh, { min: 0 }],
        ['energyPriceUsdPerKwh', energyPriceUsdPerKwh, {}],
      ] as const) {
        if (values === undefined) continue;
        checkList(() => field(name), values, 'One number a slot of the grid.');
        if (values.length !== slots.count) {
          throw new InvalidInputError(field(name), `must hold ${slots.count} numbers, one a slot`, values.length, {
            hint: 'Resample the path to the grid.',
          });
        }
        values.forEach((value, slot) => {
          checkNumber(() => `${field(name)}[${slot}]`, value, rule);
        });
      }
    }
  });
}

/** The problem with the series of a path. */
function problemOn(problem: ScheduleProblem, path: SampledPath): ScheduleProblem {
  const { startAtMs, stepMs } = problem.slots;
  const byId = new Map(path.locations.map((location) => [location.locationId, location]));
  return {
    ...problem,
    locations: problem.locations.map((location) => {
      const { carbonGramsPerKwh, energyPriceUsdPerKwh } = byId.get(location.id) ?? {};
      const { carbon, energyPrice } = location;
      return {
        ...location,
        ...(carbonGramsPerKwh && { carbon: { ...carbon, startAtMs, stepMs, values: carbonGramsPerKwh } }),
        ...(energyPriceUsdPerKwh &&
          energyPrice && { energyPrice: { ...energyPrice, startAtMs, stepMs, values: energyPriceUsdPerKwh } }),
      };
    }),
  };
}

/** Slot by slot the quantile of the paths; series that are the same on all stay as they are. */
function quantileOf(possible: readonly ScheduleProblem[], problem: ScheduleProblem, ratio: number): ScheduleProblem {
  const { startAtMs, stepMs, count } = problem.slots;
  const across = (valuesOf: (known: ScheduleProblem) => readonly number[]) =>
    Array.from({ length: count }, (_, slot) => {
      const sorted = possible.map((known) => valuesOf(known)[slot]!).sort((x, y) => x - y);
      const at = ratio * (sorted.length - 1);
      const below = sorted[Math.floor(at)]!;
      return below + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - below);
    });
  return {
    ...problem,
    locations: problem.locations.map((location, index) => {
      const { carbon, energyPrice } = location;
      const hasCarbon = possible.some((known) => known.locations[index]!.carbon !== carbon);
      const hasPrice = possible.some((known) => known.locations[index]!.energyPrice !== energyPrice);
      const own = resampled(problem, index);
      const carbonValues = () =>
        across(({ locations }) => (locations[index]!.carbon === carbon ? own.carbon : locations[index]!.carbon.values));
      const priceValues = () =>
        across(({ locations }) => {
          const known = locations[index]!.energyPrice!;
          return known === energyPrice ? own.price : known.values;
        });
      return {
        ...location,
        ...(hasCarbon && { carbon: { ...carbon, startAtMs, stepMs, values: carbonValues() } }),
        ...(hasPrice && energyPrice && { energyPrice: { ...energyPrice, startAtMs, stepMs, values: priceValues() } }),
      };
    }),
  };
}

/** The series of the problem itself, on the grid. */
function resampled({ slots, locations }: ScheduleProblem, index: number) {
  const { carbon, energyPrice } = locations[index]!;
  return {
    carbon: resample(carbon, slots).values,
    price: energyPrice === undefined ? [] : resample(energyPrice, slots).values,
  };
}
