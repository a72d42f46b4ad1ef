import { checkNumber, checkOptionalNumber, InvalidInputError } from '@spillway/core';
import { checkSeasons } from './check.ts';
import { usableSeasons } from './models/seasons.ts';
import { median, medianDistance } from './numeric/median.ts';

/** One measurement. */
export interface CleanSample {
  /** Start of its step, ms since the Unix epoch; wall-clock time read as UTC is fine. */
  readonly atMs: number;
  /** `null` when the sensor gave none. */
  readonly value: number | null;
}

/** How to look at the samples. */
export interface CleanOptions {
  /** Length of a step, ms, > 0. */
  readonly stepMs: number;
  /** Lengths of seasons, in steps, whole, >= 1: a daily peak is then no spike. @defaultValue [] */
  readonly seasons?: readonly number[];
  /** How many times the usual distance from its like makes a value a spike, > 0. @defaultValue 8 */
  readonly spikeThreshold?: number;
  /** Equal values in a row that count as stuck, whole, >= 2. @defaultValue 12 */
  readonly stuckSteps?: number;
  /** Findings whose values are taken out of `values`. @defaultValue [] */
  readonly remove?: readonly ('spike' | 'stuck')[];
}

/** What was found. Steps count from the first one; nothing is changed without a finding that says so. */
export type CleanFinding =
  /** No sample for these steps: a hole, or the hour that is skipped in spring in wall-clock time. */
  | { readonly kind: 'gap'; readonly step: number; readonly stepCount: number }
  /** Several samples for this step, of which the mean was taken: the hour that comes twice in autumn in wall-clock time. */
  | { readonly kind: 'repeated'; readonly step: number; readonly sampleCount: number }
  /** A value far from its like; `expected` is their median, `deviations` how many times the usual distance. */
  | {
      readonly kind: 'spike';
      readonly step: number;
      readonly value: number;
      readonly expected: number;
      readonly deviations: number;
    }
  /** The same value for longer than this sensor ever shows it. */
  | { readonly kind: 'stuck'; readonly step: number; readonly stepCount: number; readonly value: number };

/** A uniform history, ready to forecast, and what was wrong with the samples. */
export interface CleanResult {
  /** Start of the first step, ms since the Unix epoch; 0 without samples. */
  readonly startAtMs: number;
  /** One value a step, `null` where none is known or it was removed. */
  readonly values: readonly (number | null)[];
  /** By step, then kind. */
  readonly findings: readonly CleanFinding[];
}

/** Cycles, or steps, on either side whose values are the like of one. */
const NEIGHBOURS = 3;

/** From a median of distances to a standard deviation, for normal noise. */
const DEVIATIONS_PER_MEDIAN = 1.4826;

/** Steps at most, so that a wrong `stepMs` is an error and not a full memory. */
const MAX_STEPS = 10_000_000;

/**
 * Puts samples on uniform steps and reports what is wrong with them: gaps, repeated steps, spikes and stuck sensors. Values are
 * kept unless `remove` names what to take out; forecasts fill what is missing by themselves.
 *
 * A spike is judged by its like: the values of the same phase of the longest usable season up to three cycles away, or three
 * steps away without a season. Its distance from their median is compared with the median distance over the whole series.
 * A level that changes for good is no spike for long. Stuck are equal values in a row, when the row is three times as long as any
 * other row of equal values; a service without load at night is not stuck.
 *
 * Source: Hampel, "The Influence Curve and Its Role in Robust Estimation", JASA 1974; Pearson, "Outliers in process modeling
 * and identification", IEEE Transactions on Control Systems Technology 2002, doi 10.1109/87.974338 (the Hampel filter).
 *
 * @param samples - in any order.
 * @returns values and findings; both empty without samples. `O(samples log samples + steps)`.
 * @throws InvalidInputError on a value or time that is not finite, a time off the grid of the first sample by a fraction of a
 * step, or an option out of range.
 *
 * @example
 * ```ts
 * const { values, findings } = clean([{ atMs: 0, value: 5 }, { atMs: 7_200_000, value: 6 }], { stepMs: 3_600_000 });
 * values; // [5, null, 6]
 * findings; // [{ kind: 'gap', step: 1, stepCount: 1 }]
 * ```
 */
export function clean(samples: readonly CleanSample[], options: CleanOptions): CleanResult {
  check(samples, options);
  if (samples.length === 0) return { startAtMs: 0, values: [], findings: [] };
  const { stepMs, seasons = [], spikeThreshold = 8, stuckSteps = 12, remove = [] } = options;
  const { startAtMs, values, findings: onGrid } = gather(samples, stepMs);
  const stuck = findStuck(values, stuckSteps);
  const spikes = findSpikes(values, usableSeasons(seasons, values.length).at(-1) ?? 1, spikeThreshold);
  const removed = new Set<number>();
  if (remove.includes('spike')) for (const { step } of spikes) removed.add(step);
  if (remove.includes('stuck')) {
    for (const { step, stepCount } of stuck) for (let k = 0; k < stepCount; k++) removed.add(step + k);
  }
  const kindOrder = ['gap', 'repeated', 'spike', 'stuck'];
  return {
    startAtMs,
    values: values.map((value, step) => (removed.has(step) ? null : value)),
    findings: [...onGrid, ...spikes, ...stuck].sort(
      (x, y) => x.step - y.step || kindOrder.indexOf(x.kind) - kindOrder.indexOf(y.kind),
    ),
  };
}

function check(samples: readonly CleanSample[], options: CleanOptions): void {
  checkNumber('stepMs', options.stepMs, { above: 0, hint: 'One hour is 3_600_000.' });
  checkSeasons(options.seasons);
  checkOptionalNumber('spikeThreshold', options.spikeThreshold, { above: 0 });
  checkOptionalNumber('stuckSteps', options.stuckSteps, { min: 2, isWhole: true });
  if (!Array.isArray(samples)) {
    throw new InvalidInputError('samples', 'must be a list', samples, { hint: 'Pass { atMs, value } for each.' });
  }
  samples.forEach(({ atMs, value }: CleanSample, index) => {
    checkNumber(() => `samples[${index}].atMs`, atMs);
    if (value !== null) checkNumber(() => `samples[${index}].value`, value, { hint: 'A missing value is null.' });
  });
}

/** Values by step, the mean where there are several, and what that says. */
function gather(samples: readonly CleanSample[], stepMs: number) {
  const sorted = samples.toSorted((x, y) => x.atMs - y.atMs);
  const startAtMs = sorted[0]!.atMs;
  const stepOf = (atMs: number): number => {
    const step = Math.round((atMs - startAtMs) / stepMs);
    if (Math.abs(startAtMs + step * stepMs - atMs) <= stepMs * 1e-6 && step < MAX_STEPS) return step;
    throw new InvalidInputError('samples', `must lie whole steps of ${stepMs} ms after the first`, atMs, {
      hint: 'Average the samples of each step first, or pass the step they have.',
    });
  };
  const lists: (number | null)[][] = Array.from({ length: stepOf(sorted.at(-1)!.atMs) + 1 }, () => []);
  for (const { atMs, value } of sorted) lists[stepOf(atMs)]!.push(value);
  const values = lists.map((list) => {
    const known = list.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value / known.length, 0);
  });
  const findings: CleanFinding[] = runsOf(values, (value) => value === null).map(({ step, stepCount }) => ({
    kind: 'gap' as const,
    step,
    stepCount,
  }));
  lists.forEach((list, step) => {
    if (list.length > 1) findings.push({ kind: 'repeated', step, sampleCount: list.length });
  });
  return { startAtMs, values, findings };
}

function findSpikes(values: readonly (number | null)[], season: number, threshold: number) {
  const expected = values.map((_, step) => medianOfLike(values, step, season));
  const distances = values.map((value, step) => {
    const like = expected[step] ?? null;
    return value === null || like === null ? null : Math.abs(value - like);
  });
  const usual = DEVIATIONS_PER_MEDIAN * medianDistance(distances.filter((distance) => distance !== null));
  if (usual === 0) return [];
  return values.flatMap((value, step) => {
    const distance = distances[step] ?? null;
    if (value === null || distance === null || distance <= threshold * usual) return [];
    return [{ kind: 'spike' as const, step, value, expected: expected[step]!, deviations: distance / usual }];
  });
}

/** The median of the values of the same phase around a step, itself left out; `null` when there are fewer than three. */
function medianOfLike(values: readonly (number | null)[], step: number, season: number): number | null {
  const like: number[] = [];
  for (let away = -NEIGHBOURS; away <= NEIGHBOURS; away++) {
    const value = away === 0 ? null : (values[step + away * season] ?? null);
    if (value !== null) like.push(value);
  }
  return like.length < 3 ? null : median(like);
}

function findStuck(values: readonly (number | null)[], stuckSteps: number) {
  const runs = runsOf(values, (value, before) => value !== null && value === before).map(({ step, stepCount }) => ({
    kind: 'stuck' as const,
    step: step - 1,
    stepCount: stepCount + 1,
    value: values[step]!,
  }));
  const lengths = runs.map(({ stepCount }) => stepCount).sort((x, y) => y - x);
  const usual = lengths[1] ?? 1;
  return runs.filter(({ stepCount }) => stepCount >= stuckSteps && stepCount >= 3 * usual);
}

/** Longest stretches of steps that hold a condition on a value and the one before it. */
function runsOf(
  values: readonly (number | null)[],
  holds: (value: number | null, before: number | null | undefined) => boolean,
): { step: number; stepCount: number }[] {
  const runs: { step: number; stepCount: number }[] = [];
  values.forEach((value, step) => {
    if (!holds(value, values[step - 1])) return;
    const last = runs.at(-1);
    if (last !== undefined && last.step + last.stepCount === step) last.stepCount++;
    else runs.push({ step, stepCount: 1 });
  });
  return runs;
}
