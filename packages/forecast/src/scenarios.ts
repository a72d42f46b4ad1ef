import { checkNumber, checkOptionalNumber, InvalidInputError } from '@spillway/core';
import { checkForecast, checkModel, checkPrediction } from './check.ts';
import { fill, type Filled } from './fill.ts';
import { predictFromOrigins } from './models/model-of.ts';
import { seasonalNaive } from './models/seasonal-naive.ts';
import { longestSeason, usableSeasons } from './models/seasons.ts';
import { rollingOrigins } from './rolling-origins.ts';
import type { Covariates, ForecastModel } from './types.ts';
import { sliceCovariates, withCovariates } from './with-covariates.ts';

/** One of the series that come together. */
export interface ScenarioSeries {
  /** As for a forecast. The last values of all series are of the same step. */
  readonly history: readonly (number | null)[];
  /** @defaultValue as for a forecast */
  readonly model?: ForecastModel;
  /** As for a forecast. @defaultValue none */
  readonly covariates?: Covariates;
  /** Cuts the paths off at zero. @defaultValue false */
  readonly nonNegative?: boolean;
  /** Cuts the paths off above, in the unit of the series. @defaultValue no limit */
  readonly maximum?: number;
}

/** How far ahead, and from how much of the past. */
export interface ScenarioOptions {
  /** Steps ahead, whole, >= 1. */
  readonly horizon: number;
  /** Lengths of seasons of all series, in steps, whole, >= 1. @defaultValue [] */
  readonly seasons?: readonly number[];
  /** Scenarios at most, whole, >= 1. @defaultValue 60 */
  readonly count?: number;
  /** Steps between the origins that scenarios come from, whole, >= 1. @defaultValue the shortest season, at most the horizon */
  readonly stride?: number;
}

/** Futures that are as likely as each other. */
export interface ScenarioResult<Name extends string> {
  /** Of each scenario one path a series, one number a step; from the oldest origin to the latest. */
  readonly scenarios: readonly Readonly<Record<Name, readonly number[]>>[];
  readonly reasons: readonly ScenarioReason[];
}

/** Why there are fewer scenarios than asked for. */
export type ScenarioReason =
  /** The shortest series has fewer values than a first origin needs. */
  | {
      readonly kind: 'history-too-short';
      readonly series: string;
      readonly historyCount: number;
      readonly neededCount: number;
    }
  /** So many origins were left out, because a value after them is missing in some series. */
  | { readonly kind: 'missing-values'; readonly originCount: number };

/**
 * Draws joint futures of several series: to the forecast of each, the errors that were made from one past origin are added, from the
 * same origin for all. What was off together then (demand up and price up) is off together now, over time and between series.
 *
 * Nothing is assumed on the shape of errors or on how they hang together; there are as many futures as there are origins.
 *
 * Source: the error paths are those of the empirical method of Pinson et al., "From probabilistic forecasts to statistical
 * scenarios of short-term wind power production", Wind Energy 2009, doi 10.1002/we.284, without its normal transform.
 *
 * @returns scenarios, fewer than asked for or none where the history is short, with a reason.
 * @throws InvalidInputError as a forecast, and when there is no series.
 *
 * @example
 * ```ts
 * const { scenarios: futures } = scenarios(
 *   { demand: { history: demand, nonNegative: true }, price: { history: price } },
 *   { horizon: 24, seasons: [24] },
 * );
 * futures[0]?.demand; // one number an hour
 * ```
 */
export function scenarios<const Name extends string>(
  series: Readonly<Record<Name, ScenarioSeries>>,
  options: ScenarioOptions,
): ScenarioResult<Name> {
  const { horizon, seasons = [], count = 60 } = options;
  const names = Object.keys(series) as Name[];
  if (names.length === 0) {
    throw new InvalidInputError('series', 'must have at least one series', series, { hint: 'For example { demand }.' });
  }
  for (const name of names) checkForecast(series[name].history, { ...series[name], horizon, seasons });
  checkNumber('count', count, { min: 1, isWhole: true });
  checkOptionalNumber('stride', options.stride, { min: 1, isWhole: true });

  const parts = names.map((name) => prepare(name, series[name], seasons));
  const shortest = parts.reduce((least, part) =>
    part.filled.values.length < least.filled.values.length ? part : least,
  );
  const historyCount = shortest.filled.values.length;
  const leastHistory = Math.max(...parts.map(({ leastHistory: least }) => least));
  const stride = options.stride ?? Math.min(horizon, ...seasons);
  const backs = rollingOrigins(historyCount, horizon, { origins: count, stride, leastHistory }).map(
    (origin) => historyCount - origin,
  );
  if (backs.length === 0) {
    const neededCount = leastHistory + horizon;
    return {
      scenarios: [],
      reasons: [{ kind: 'history-too-short', series: shortest.name, historyCount, neededCount }],
    };
  }
  const paths = parts.map((part) => pathsOf(part, backs, horizon));
  const complete = backs.map((_, k) => k).filter((k) => paths.every((list) => list[k] !== null));
  const missing = backs.length - complete.length;
  return {
    scenarios: complete.map((k) => {
      const paired = names.map((name, index) => [name, paths[index]![k]!] as const);
      return Object.fromEntries(paired) as unknown as Record<Name, readonly number[]>;
    }),
    reasons: missing === 0 ? [] : [{ kind: 'missing-values', originCount: missing }],
  };
}

interface Part {
  readonly name: string;
  readonly series: ScenarioSeries;
  readonly filled: Filled;
  readonly model: ForecastModel;
  readonly seasons: readonly number[];
  readonly leastHistory: number;
}

function prepare(name: string, series: ScenarioSeries, all: readonly number[]): Part {
  const filled = fill(series.history, all);
  const count = filled.values.length;
  const seasons = usableSeasons(all, count);
  const inner = series.model ?? seasonalNaive({ season: longestSeason(seasons, count, 2) });
  if (count > 0) checkModel(inner, count);
  const covariates = sliceCovariates(series.covariates ?? {}, series.history.length - count);
  const model = withCovariates(inner, filled.known, covariates);
  return { name, series, filled, model, seasons, leastHistory: Math.max(model.minHistory, ...seasons) };
}

/** The forecast plus the errors from each origin, counted in steps back from the end; `null` where a value is missing. */
function pathsOf({ series, filled, model, seasons }: Part, backs: readonly number[], horizon: number) {
  const { values, known } = filled;
  const { nonNegative = false, maximum = Infinity } = series;
  const origins = backs.map((back) => values.length - back);
  const predicted = predictFromOrigins(model, values, origins, horizon, seasons);
  const future = model.predict(values, horizon, seasons);
  checkPrediction(model, future, horizon);
  return predicted.map((path, k) => {
    checkPrediction(model, path, horizon);
    const actual = known.slice(origins[k], origins[k]! + horizon);
    if (actual.includes(null)) return null;
    return future.map((value, step) => {
      const shifted = value + ((actual[step] ?? NaN) - path[step]!);
      return Math.min(maximum, nonNegative ? Math.max(0, shifted) : shifted);
    });
  });
}
