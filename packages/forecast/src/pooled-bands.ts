import { checkPrediction } from './check.ts';
import type { Filled } from './fill.ts';
import { predictFromOrigins } from './models/model-of.ts';
import { rollingOrigins } from './rolling-origins.ts';
import type { ConformalOptions, ForecastModel } from './types.ts';

/** Steps on either side whose errors count for the reach of a step. */
const SMOOTH_STEPS = 3;

/** Weight of the mean reach of all steps in the reach of one: few errors back each step. */
const SHRINK_RATIO = 0.3;

/** Errors this many steps apart count as independent. Chosen on half of M4 Hourly and the five series of `bench forecast domain`. */
const STEPS_PER_ERROR = 4;

/** Cycles of the shortest season, or horizons, that origins reach back over. */
const TESTED_CYCLES = 10;

/** Origins at most, unless asked for more: each may be a fit. */
const MAX_ORIGINS = 60;

/** Sizes of errors over how far errors of their step reach, and these reaches. */
export interface PooledErrors {
  /** Reach of each step, in the unit of the series, >= 0. */
  readonly reach: Float64Array;
  /** Sizes over reach, ascending. */
  readonly scores: Float64Array;
  readonly originCount: number;
  /** Errors that count as independent. */
  readonly independentCount: number;
}

/** Forecasts from the latest origins and pools the errors. `O(origins × horizon)` without the model, and a sort. */
export function pooledErrors(
  model: ForecastModel,
  { values, known }: Filled,
  horizon: number,
  seasons: readonly number[],
): PooledErrors {
  const origins = originsOf(values.length, horizon, seasons, model.minHistory, model.conformal ?? {});
  const paths = origins.length === 0 ? [] : predictFromOrigins(model, values, origins, horizon, seasons);
  // A missing value has no error: NaN, left out of every sum.
  const sizes = paths.map((path, index) => {
    checkPrediction(model, path, horizon);
    return path.map((value, step) => Math.abs((known[origins[index]! + step] ?? NaN) - value));
  });
  const reach = reachOf(sizes, horizon);
  const scores = Float64Array.from(
    sizes.flatMap((list) =>
      list.flatMap((size, step) => (Number.isNaN(size) ? [] : [reach[step]! > 0 ? size / reach[step]! : 0])),
    ),
  ).sort();
  const testedSteps = origins.length === 0 ? 0 : origins.at(-1)! - origins[0]! + horizon;
  return {
    reach,
    scores,
    originCount: origins.length,
    independentCount: Math.min(scores.length, Math.ceil(testedSteps / Math.min(STEPS_PER_ERROR, horizon))),
  };
}

/**
 * How many reaches a central band of a level extends to either side.
 *
 * @returns `undefined` when the errors that count as independent cannot back the level.
 */
export function pooledFactor({ scores, independentCount }: PooledErrors, level: number): number | undefined {
  const share = (level * (independentCount + 1)) / Math.max(1, independentCount);
  if (independentCount === 0 || share > 1) return undefined;
  return scores[Math.min(scores.length, Math.ceil(share * scores.length)) - 1]!;
}

/** The fewest errors that back a level by their size: 19 for 0.95, 4 for 0.8. */
export function pooledNeeded(level: number): number {
  return Math.ceil(level / (1 - level) - 1e-9);
}

/** The latest origins with enough past: two of the longest season or of the horizon, and the horizon. */
function originsOf(
  historyCount: number,
  horizon: number,
  seasons: readonly number[],
  minHistory: number,
  options: ConformalOptions,
): number[] {
  const fitting = seasons.filter((season) => season > 1 && 2 * season + horizon <= historyCount);
  const cycle = fitting.length === 0 ? horizon : Math.min(...fitting);
  const stride = options.stride ?? Math.min(cycle, horizon);
  const count = options.origins ?? Math.min(MAX_ORIGINS, Math.ceil((TESTED_CYCLES * cycle) / stride));
  const least = Math.max(minHistory, 2 * Math.max(horizon, ...fitting) + horizon);
  return rollingOrigins(historyCount, horizon, { origins: count, stride, leastHistory: least });
}

function reachOf(sizes: readonly (readonly number[])[], horizon: number): Float64Array {
  const sums = new Float64Array(horizon);
  const counts = new Float64Array(horizon);
  for (const list of sizes) {
    for (let step = 0; step < horizon; step++) {
      if (Number.isNaN(list[step]!)) continue;
      sums[step]! += list[step]!;
      counts[step]!++;
    }
  }
  const overall =
    sums.reduce((sum, value) => sum + value, 0) /
    Math.max(
      1,
      counts.reduce((sum, value) => sum + value, 0),
    );
  return sums.map((_, step) => {
    let [sum, count] = [0, 0];
    for (let near = Math.max(0, step - SMOOTH_STEPS); near <= Math.min(horizon - 1, step + SMOOTH_STEPS); near++) {
      sum += sums[near]!;
      count += counts[near]!;
    }
    return (1 - SHRINK_RATIO) * (count === 0 ? overall : sum / count) + SHRINK_RATIO * overall;
  });
}
