import { InvalidInputError } from '../errors.ts';
import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import type { NumberRule } from '../check-number.ts';
import { checkIds, checkList } from '../internal/check.ts';
import { checkSeries, seriesEndAtMs } from '../time-series.ts';
import type { Series, SeriesUnit } from '../time-series.ts';
import { checkConstraints } from './check-constraints.ts';
import { orderOf } from './precedence.ts';
import type {
  PreviousPlan,
  ScheduleJob,
  ScheduleLocation,
  ScheduleObjective,
  ScheduleOptions,
  ScheduleProblem,
  ShadowPrices,
  SlotGrid,
} from './types.ts';

/**
 * Checks a problem before any work is done with it. `O(slots × locations + jobs)`.
 *
 * @throws InvalidInputError on a number out of its range, a duplicate or empty id, a series of the wrong unit or
 * one that does not cover the grid, carbon series of two kinds or scopes, a deadline before the earliest start, or an
 * unknown mode or objective.
 */
export function checkProblem(problem: ScheduleProblem): void {
  const { slots } = problem;
  checkNumber(() => 'slots.startAtMs', slots.startAtMs, { isWhole: true });
  checkNumber(() => 'slots.stepMs', slots.stepMs, { min: 1, isWhole: true });
  checkNumber(() => 'slots.count', slots.count, { min: 1, isWhole: true });
  checkIds('locations', problem.locations);
  for (const location of problem.locations) checkLocation(location, slots);
  checkOneSignal(problem.locations);
  checkIds('jobs', problem.jobs);
  for (const job of problem.jobs) checkJob(job);
  checkOrder(problem.jobs);
  if (problem.objective !== undefined) checkObjective(problem.objective);
  if (problem.previous !== undefined) checkPrevious(problem.previous);
  if (problem.constraints !== undefined) checkConstraints(problem.constraints, problem.locations);
}

/** Every predecessor is a job, and no job waits for itself, directly or not. */
function checkOrder(jobs: readonly ScheduleJob[]): void {
  if (jobs.every(({ after }) => after === undefined)) return;
  const ids = new Set(jobs.map(({ id }) => id));
  for (const { id, after = [] } of jobs) {
    checkList(() => `after of job '${id}'`, after, 'Pass predecessors, for example [{ jobId }].');
    after.forEach(({ jobId, lagMs }, index) => {
      const field = `after[${index}]`;
      checkOptionalNumber(() => `${field}.lagMs of job '${id}'`, lagMs, { min: 0 });
      if (ids.has(jobId)) return;
      throw new InvalidInputError(`${field}.jobId of job '${id}'`, 'must be the id of a job', jobId, {
        hint: 'Leave out predecessors that are done, and let earliestStartAtMs say when.',
      });
    });
  }
  const { cycle } = orderOf(jobs);
  if (cycle === undefined) return;
  const names = cycle.map((id) => `'${id}'`).join(' before ');
  throw new InvalidInputError(`after of job '${cycle[0]!}'`, 'must not lead back to the job', names, {
    hint: 'Take out one of these.',
  });
}

function checkPrevious({ assignments, movePenalty }: PreviousPlan): void {
  checkOptionalNumber(() => 'previous.movePenalty', movePenalty, { min: 0 });
  checkList(() => 'previous.assignments', assignments, 'Pass the assignments of a ScheduleResult.');
  assignments.forEach(({ startAtMs, durationMs, replicaCount }, index) => {
    const field = (name: string) => () => `previous.assignments[${index}].${name}`;
    checkNumber(field('startAtMs'), startAtMs);
    checkNumber(field('durationMs'), durationMs, { above: 0 });
    checkOptionalNumber(field('replicaCount'), replicaCount, { min: 1, isWhole: true });
  });
}

function checkPrices(prices: readonly ShadowPrices[]): void {
  checkList(() => 'startPrices', prices, 'Pass the shadowPrices of a ScheduleResult.');
  for (const { locationId, values, wattValues = [] } of prices) {
    for (const [name, list] of [
      ['values', values],
      ['wattValues', wattValues],
    ] as const) {
      const field = `startPrices.${name} of location '${locationId}'`;
      checkList(() => field, list, 'One number a slot of the grid.');
      list.forEach((price, slot) => {
        checkNumber(() => `${field}[${slot}]`, price, { min: 0 });
      });
    }
  }
}

function checkLocation(location: ScheduleLocation, slots: SlotGrid): void {
  const field = (name: string) => `${name} of location '${location.id}'`;
  const { carbon, energyPrice } = location;
  checkCoveringSeries(field('carbon'), carbon, 'gCO2e/kWh', slots);
  checkWord(field('carbon.kind'), carbon.kind, ['average', 'marginal']);
  checkWord(field('carbon.scope'), carbon.scope, ['direct', 'life-cycle']);
  carbon.values.forEach((value, index) => {
    checkNumber(() => field(`carbon.values[${index}]`), value, {
      min: 0,
      hint: 'Intensities are never negative: raise what a noisy forecast brings below 0.',
    });
  });
  if (energyPrice !== undefined) checkCoveringSeries(field('energyPrice'), energyPrice, 'USD/kWh', slots);
  checkOptionalNumber(() => field('priceUsdPerGpuHour'), location.priceUsdPerGpuHour, { min: 0 });
  checkPue(field('pueRatio'), location.pueRatio, slots);
  checkBySlot(field('gpuCount'), location.gpuCount, slots, { min: 0, isWhole: true });
  checkBySlot(field('powerCapWatts'), location.powerCapWatts, slots, { min: 0 });
}

function checkPue(field: string, pueRatio: ScheduleLocation['pueRatio'], slots: SlotGrid): void {
  const rule = { min: 1, hint: 'PUE is energy at the meter over energy of the machines, for example 1.2.' };
  if (typeof pueRatio !== 'object') {
    checkOptionalNumber(() => field, pueRatio, rule);
    return;
  }
  checkCoveringSeries(field, pueRatio, 'ratio', slots);
  pueRatio.values.forEach((value, index) => {
    checkNumber(() => `${field}.values[${index}]`, value, rule);
  });
}

/** One number, or one a slot. */
function checkBySlot(
  field: string,
  value: number | readonly number[] | undefined,
  slots: SlotGrid,
  rule: NumberRule,
): void {
  if (value === undefined || typeof value === 'number') {
    checkOptionalNumber(() => field, value, rule);
    return;
  }
  checkList(() => field, value, 'Pass one number, or one a slot of the grid.');
  if (value.length !== slots.count) {
    throw new InvalidInputError(field, `must hold ${slots.count} numbers, one a slot`, value, {
      hint: 'One number stands for every slot.',
    });
  }
  value.forEach((item, slot) => {
    checkNumber(() => `${field}[${slot}]`, item, rule);
  });
}

function checkCoveringSeries(field: string, series: Series, unit: SeriesUnit, slots: SlotGrid): void {
  checkSeries(field, series, unit);
  const gridEndAtMs = slots.startAtMs + slots.count * slots.stepMs;
  const endAtMs = seriesEndAtMs(series);
  if (series.startAtMs <= slots.startAtMs && gridEndAtMs <= endAtMs) return;
  throw new InvalidInputError(
    field,
    `must cover the grid ${slots.startAtMs}..${gridEndAtMs}`,
    `${series.startAtMs}..${endAtMs}`,
    { hint: 'Shorten the grid, or extend the series with a forecast.' },
  );
}

/** Grams of different kinds or scopes answer different questions, so their sum would mean nothing. */
function checkOneSignal(locations: readonly ScheduleLocation[]): void {
  const first = locations[0];
  if (first === undefined) return;
  for (const { id, carbon } of locations) {
    for (const word of ['kind', 'scope'] as const) {
      if (carbon[word] === first.carbon[word]) continue;
      throw new InvalidInputError(
        `carbon.${word} of location '${id}'`,
        `must be '${first.carbon[word]}' as at location '${first.id}'`,
        carbon[word],
        { hint: 'Take average or marginal, and direct or life-cycle, from one source for every location.' },
      );
    }
  }
}

function checkJob(job: ScheduleJob): void {
  const field = (name: string) => `${name} of job '${job.id}'`;
  checkNumber(() => field('runtimeMs'), job.runtimeMs, { min: 1 });
  checkNumber(() => field('powerWatts'), job.powerWatts, { min: 0 });
  checkOptionalNumber(() => field('gpuCount'), job.gpuCount, { min: 0, isWhole: true });
  checkOptionalNumber(() => field('earliestStartAtMs'), job.earliestStartAtMs);
  checkOptionalNumber(() => field('deadlineAtMs'), job.deadlineAtMs);
  checkOptionalNumber(() => field('value'), job.value, { above: 0 });
  checkWord(field('mode'), job.mode, ['contiguous', 'interruptible', 'migratable']);
  checkCurve(field, job);
  checkRuns(field, job);
  const { earliestStartAtMs, deadlineAtMs, locationIds } = job;
  if (earliestStartAtMs !== undefined && deadlineAtMs !== undefined && deadlineAtMs < earliestStartAtMs) {
    throw new InvalidInputError(
      field('deadlineAtMs'),
      `must be >= earliestStartAtMs ${earliestStartAtMs}`,
      deadlineAtMs,
      {
        hint: 'Both are ms since the Unix epoch.',
      },
    );
  }
  if (locationIds === undefined) return;
  if (!Array.isArray(locationIds) || locationIds.length === 0) {
    throw new InvalidInputError(field('locationIds'), 'must be absent or name a location', locationIds, {
      hint: 'Leave locationIds out to allow every location.',
    });
  }
  locationIds.forEach((id: unknown, index) => {
    if (typeof id === 'string') return;
    throw new InvalidInputError(field(`locationIds[${index}]`), 'must be a string', id, { hint: 'Pass location ids.' });
  });
}

/** Elastic and migratable jobs are planned by GPU, so they need one. */
function checkCurve(field: (name: string) => string, { mode, gpuCount, marginalThroughput }: ScheduleJob): void {
  const needsGpu = mode === 'migratable' || marginalThroughput !== undefined;
  if (needsGpu) checkOptionalNumber(() => field('gpuCount'), gpuCount, { min: 1, isWhole: true });
  if (marginalThroughput === undefined) return;
  if (mode !== 'interruptible') {
    throw new InvalidInputError(field('marginalThroughput'), "must go with mode 'interruptible'", mode, {
      hint: 'Only an interruptible job can change its width from slot to slot.',
    });
  }
  if (!Array.isArray(marginalThroughput) || marginalThroughput[0] !== 1) {
    throw new InvalidInputError(field('marginalThroughput'), 'must be a list that starts with 1', marginalThroughput, {
      hint: 'Each entry is what one more replica adds to the speed of the first.',
    });
  }
  marginalThroughput.forEach((speed: unknown, index) => {
    checkNumber(() => field(`marginalThroughput[${index}]`), speed, {
      above: 0,
      max: index === 0 ? 1 : (marginalThroughput as readonly number[])[index - 1]!,
      hint: 'A further replica adds no more than the one before it.',
    });
  });
}

function checkRuns(field: (name: string) => string, job: ScheduleJob): void {
  for (const name of ['minRunMs', 'resumeMs'] as const) {
    checkOptionalNumber(() => field(name), job[name], { min: 0 });
    if ((job[name] ?? 0) === 0) continue;
    if (job.mode !== 'interruptible' || (job.marginalThroughput?.length ?? 1) > 1) {
      throw new InvalidInputError(field(name), "must go with mode 'interruptible' and one replica", job[name], {
        hint: 'A job in one piece has one run; elastic and migratable jobs pause and move at no cost.',
      });
    }
  }
}

/**
 * Checks the options of a search.
 *
 * @throws InvalidInputError on a number out of its range or a `shouldStop` that is no function.
 */
export function checkOptions({ seed, maxSteps, targetGapRatio, shouldStop, startPrices }: ScheduleOptions): void {
  checkOptionalNumber(() => 'seed', seed, { isWhole: true });
  checkOptionalNumber(() => 'maxSteps', maxSteps, { min: 0 });
  checkOptionalNumber(() => 'targetGapRatio', targetGapRatio, { min: 0, max: 1 });
  if (startPrices !== undefined) checkPrices(startPrices);
  if (shouldStop === undefined || typeof shouldStop === 'function') return;
  throw new InvalidInputError('shouldStop', 'must be a function', shouldStop, { hint: 'Pass () => boolean.' });
}

function checkObjective(objective: ScheduleObjective): void {
  checkWord('objective.kind', objective.kind, ['carbon', 'cost', 'weighted']);
  if (objective.kind !== 'weighted') return;
  checkNumber(() => 'objective.carbonPriceUsdPerTonne', objective.carbonPriceUsdPerTonne, { min: 0 });
}

function checkWord(field: string, value: unknown, words: readonly string[]): void {
  if (words.includes(value as string)) return;
  const quoted = words.map((word) => `'${word}'`).join(' or ');
  throw new InvalidInputError(field, `must be ${quoted}`, value, { hint: 'Check the spelling.' });
}
