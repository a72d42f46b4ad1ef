import { checkOptionalNumber } from '@spillway/core';
import { checkHistory } from './check.ts';
import { fill } from './fill.ts';
import { chanceOfSeason } from './numeric/chance-of-season.ts';
import { centredMean } from './numeric/smooth.ts';

/** How to look for seasons. */
export interface DetectSeasonsOptions {
  /** Longest season looked for, in steps, whole, >= 2. @defaultValue a third of the history */
  readonly maxSeason?: number;
  /** Seasons at most, whole, >= 1. @defaultValue 3 */
  readonly maxCount?: number;
}

/** A season and how much it shows. */
export interface DetectedSeason {
  /** Length in steps. */
  readonly season: number;
  /** Autocorrelation at this length after the shorter seasons are taken out, above 0, at most 1. */
  readonly strengthRatio: number;
}

/** Latest values that are looked at; what lies further back changes little and costs its square. */
const MAX_VALUES = 4_000;

/** A season must show at least this much. */
const MIN_STRENGTH = 0.2;

/** Standard errors of a correlation that chance does not reach at any of some hundred lengths. */
const CHANCE_DEVIATIONS = 4.5;

/** Chance of finding a season in a series without any, at most; shared out over all lengths tried (Bonferroni). */
const CHANCE = 0.01;

/** Peaks that are put to the test, at most. */
const MAX_TRIES = 12;

/** A further season is more than so many times as long: what drifts looks like twice or three times the season. */
const SPACING = 3;

/** Peaks whose lengths differ by less are one: the highest of them counts. */
const SAME_RATIO = 0.05;

/** The shortest peak within this share of the highest is the season; the others are its multiples. */
const NEAR_RATIO = 0.7;

/**
 * Finds the lengths of seasons: peaks of the autocorrelation, shortest first. Each one found is taken out (the mean of each phase)
 * before looking for the next, so that a week shows only by what the day does not explain; a further season is more than three times as long as the last.
 *
 * A peak counts when it is at least 0.2 and 4.5 standard errors, and when noise of any smooth spectrum would show as much power at
 * its frequencies, beyond those around, at none of the lengths tried in 99 of 100 series. Of a series with fewer than three
 * cycles of a season nothing can be said about it. Known seasons (a day, a week) are better stated than detected.
 *
 * @param history - as for a forecast.
 * @returns seasons, shortest first; empty when there are none, as for a constant history. `O(min(history, 4000)²)`.
 * @throws InvalidInputError on a value that is neither finite nor `null`, or an option out of range.
 *
 * @example
 * ```ts
 * detectSeasons(Array.from({ length: 48 }, (_, k) => [1, 5, 9, 2][k % 4]!)); // [{ season: 4, strengthRatio: 1 }], about
 * ```
 */
export function detectSeasons(
  history: readonly (number | null)[],
  options: DetectSeasonsOptions = {},
): readonly DetectedSeason[] {
  checkHistory(history);
  checkOptionalNumber('maxSeason', options.maxSeason, { min: 2, isWhole: true });
  checkOptionalNumber('maxCount', options.maxCount, { min: 1, isWhole: true });
  const { values } = fill(history, []);
  let rest = new Float64Array(values.slice(-MAX_VALUES));
  const longest = Math.min(options.maxSeason ?? Infinity, Math.floor(rest.length / 3));
  const variance = varianceOf(rest);
  const found: DetectedSeason[] = [];
  while (found.length < (options.maxCount ?? 3)) {
    // What rounding leaves of a series that is explained is no series.
    if (varianceOf(rest) <= 1e-12 * variance) break;
    const season = strongestPeak(rest, longest, found.at(-1)?.season ?? 0);
    if (season === undefined) break;
    found.push(season);
    rest = withoutPhases(rest, season.season);
  }
  return found;
}

/** The shortest of the highest peaks among seasons longer than `after`. */
function strongestPeak(values: Float64Array, longest: number, after: number): DetectedSeason | undefined {
  if (longest < 2 || varianceOf(values) === 0) return undefined;
  const correlation = autocorrelation(values, longest + 1);
  let peaks: DetectedSeason[] = [];
  for (let lag = Math.max(2, SPACING * after + 1); lag <= longest; lag++) {
    const here = correlation[lag]!;
    const isPeak = here >= correlation[lag - 1]! && here >= correlation[lag + 1]!;
    const least = Math.max(MIN_STRENGTH, CHANCE_DEVIATIONS / Math.sqrt(values.length - lag));
    if (isPeak && here >= least) peaks.push({ season: lag, strengthRatio: Math.min(1, here) });
  }
  for (let tries = 0; tries < MAX_TRIES && peaks.length > 0; tries++) {
    const highest = Math.max(...peaks.map(({ strengthRatio }) => strengthRatio));
    const shortest = peaks.find(({ strengthRatio }) => strengthRatio >= NEAR_RATIO * highest)!;
    const near = peaks.filter(({ season }) => Math.abs(season - shortest.season) <= shortest.season * SAME_RATIO);
    const best = near.reduce((one, peak) => (peak.strengthRatio > one.strengthRatio ? peak : one));
    if (chanceOfSeason(values, best.season, after) * longest <= CHANCE) return best;
    peaks = peaks.filter((peak) => !near.includes(peak));
  }
  return undefined;
}

/** Correlation of the detrended values with themselves, each lag over the pairs it has. */
function autocorrelation(values: Float64Array, maxLag: number): Float64Array {
  const trend = centredMean(values, Math.min(values.length, 2 * maxLag + 1));
  const centred = values.map((value, at) => value - trend[at]!);
  const overall = centred.reduce((sum, value) => sum + value, 0) / centred.length;
  const result = new Float64Array(maxLag + 1);
  for (let at = 0; at < centred.length; at++) centred[at]! -= overall;
  for (let lag = 0; lag <= maxLag; lag++) {
    let [products, early, late] = [0, 0, 0];
    for (let at = lag; at < centred.length; at++) {
      products += centred[at]! * centred[at - lag]!;
      late += centred[at]! ** 2;
      early += centred[at - lag]! ** 2;
    }
    result[lag] = early === 0 || late === 0 ? 0 : products / Math.sqrt(early * late);
  }
  return result;
}

function withoutPhases(values: Float64Array, season: number): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(season);
  const counts = new Float64Array(season);
  values.forEach((value, at) => {
    sums[at % season]! += value;
    counts[at % season]!++;
  });
  return Float64Array.from(values, (value, at) => value - sums[at % season]! / counts[at % season]!);
}

function varianceOf(values: Float64Array): number {
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
