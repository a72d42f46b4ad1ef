import fc from 'fast-check';
import type {
  ScheduleJob,
  ScheduleLocation,
  ScheduleObjective,
  ScheduleProblem,
  SlotGrid,
} from '../src/schedule/index.ts';
import type { Series } from '../src/time-series.ts';
import { HOUR_MS, MINUTE_MS } from '../src/units.ts';

/** 2023-11-14T22:00:00Z, a whole hour. */
const START_AT_MS = 1_699_999_200_000;
const LOCATION_IDS = ['de', 'fr', 'no', 'us'];

export interface ProblemShape {
  readonly maxSlots: number;
  readonly maxJobs: number;
  readonly maxLocations: number;
}

/** Valid problems by construction: hourly grids, series in other steps, windows of whole minutes, small whole values. */
export function problems(shape: ProblemShape): fc.Arbitrary<ScheduleProblem> {
  return fc.integer({ min: 1, max: shape.maxSlots }).chain((count) => {
    const slots: SlotGrid = { startAtMs: START_AT_MS, stepMs: HOUR_MS, count };
    return fc.record({
      slots: fc.constant(slots),
      locations: fc
        .subarray(LOCATION_IDS.slice(0, shape.maxLocations), { minLength: 1 })
        .chain((ids) => fc.tuple(...ids.map((id) => locations(id, slots)))),
      jobs: fc
        .array(jobs(slots), { maxLength: shape.maxJobs })
        .map((list) => list.map((job, index) => ({ ...job, id: `job-${index}` }))),
      objective: objectives(),
    });
  });
}

function objectives(): fc.Arbitrary<ScheduleObjective> {
  return fc.oneof(
    fc.constant({ kind: 'carbon' } as const),
    fc.constant({ kind: 'cost' } as const),
    fc.record({ kind: fc.constant('weighted' as const), carbonPriceUsdPerTonne: fc.integer({ min: 0, max: 500 }) }),
  );
}

function locations(id: string, slots: SlotGrid): fc.Arbitrary<ScheduleLocation> {
  return fc
    .record({
      carbon: covering(slots, { min: 0, max: 30 }),
      energyPrice: fc.option(covering(slots, { min: -3, max: 9 }), { nil: undefined }),
      priceUsdPerGpuHour: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
      pueRatio: fc.option(
        fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom(1, 1.25, 1.5) },
          covering(slots, { min: 1, max: 3 }).map((series) => ({ ...series, unit: 'ratio' as const })),
        ),
        { nil: undefined },
      ),
    })
    .map(({ carbon, energyPrice, priceUsdPerGpuHour, pueRatio }) => ({
      id,
      carbon: { ...carbon, unit: 'gCO2e/kWh' as const, kind: 'average' as const, scope: 'life-cycle' as const },
      ...(energyPrice && { energyPrice: { ...energyPrice, unit: 'USD/kWh' as const } }),
      ...(priceUsdPerGpuHour !== undefined && { priceUsdPerGpuHour }),
      ...(pueRatio !== undefined && { pueRatio }),
    }));
}

/** A series in its own step, from up to two of its slots before the grid to at least the grid's end. */
function covering(slots: SlotGrid, range: { min: number; max: number }): fc.Arbitrary<Omit<Series, 'unit'>> {
  return fc
    .tuple(fc.constantFrom(20, 30, 60, 60, 60, 90, 120), fc.integer({ min: 0, max: 2 }))
    .chain(([stepMinutes, before]) => {
      const stepMs = stepMinutes * MINUTE_MS;
      const length = before + Math.ceil((slots.count * slots.stepMs) / stepMs);
      return fc
        .array(fc.integer(range), { minLength: length, maxLength: length + 2 })
        .map((values) => ({ startAtMs: slots.startAtMs - before * stepMs, stepMs, values }));
    });
}

function jobs(slots: SlotGrid): fc.Arbitrary<Omit<ScheduleJob, 'id'>> {
  const gridMinutes = slots.count * 60;
  const minutes = fc.oneof(
    fc.integer({ min: -1, max: slots.count + 1 }).map((hours) => hours * 60),
    fc.integer({ min: -90, max: gridMinutes + 90 }),
  );
  return fc
    .record({
      runtime: fc.oneof(
        fc.integer({ min: 1, max: slots.count }).map((hours) => hours * 60),
        fc.integer({ min: 1, max: gridMinutes }),
      ),
      powerWatts: fc.constantFrom(0, 300, 1_000, 5_600),
      gpuCount: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
      from: fc.option(minutes, { nil: undefined }),
      to: fc.option(minutes, { nil: undefined }),
      mode: fc.constantFrom('contiguous' as const, 'interruptible' as const),
      locationIds: fc.option(fc.shuffledSubarray([...LOCATION_IDS, 'mars'], { minLength: 1 }), { nil: undefined }),
    })
    .map(({ runtime, powerWatts, gpuCount, from, to, mode, locationIds }) => {
      const [early, late] = from !== undefined && to !== undefined && to < from ? [to, from] : [from, to];
      return {
        runtimeMs: runtime * MINUTE_MS,
        powerWatts,
        mode,
        ...(gpuCount !== undefined && { gpuCount }),
        ...(early !== undefined && { earliestStartAtMs: slots.startAtMs + early * MINUTE_MS }),
        ...(late !== undefined && { deadlineAtMs: slots.startAtMs + late * MINUTE_MS }),
        ...(locationIds !== undefined && { locationIds }),
      };
    });
}

/**
 * Valid problems in which jobs compete: every location has few GPUs, some none for a while, and jobs are of all modes.
 * With `isWhole` run times and windows are whole hours and no job is elastic, so that plans can be counted.
 */
export function competingProblems(shape: CompetingShape): fc.Arbitrary<ScheduleProblem> {
  return shape.hasLimits === true ? withLimits(roomFor(shape)) : roomFor(shape);
}

export interface CompetingShape extends ProblemShape {
  readonly isWhole?: boolean;
  /** Most locations have a power cap, most jobs a value, and some jobs no GPU. */
  readonly hasLimits?: boolean;
}

/** The same problems with jobs that wait for others: by order of their ids or against it, with lags. */
export function ordered(generated: fc.Arbitrary<ScheduleProblem>, lagHours: readonly number[]) {
  return generated.chain((problem) => {
    const { length } = problem.jobs;
    const pair = fc.record({ isLinked: fc.integer({ min: 0, max: 2 }), lag: fc.constantFrom(...lagHours) });
    return fc
      .record({
        pairs: fc.array(pair, { minLength: length * length, maxLength: length * length }),
        isReversed: fc.boolean(),
      })
      .map(({ pairs, isReversed }): ScheduleProblem => {
        const jobs = problem.jobs.map((job, k) => {
          const after = problem.jobs.flatMap(({ id }, other) => {
            const { isLinked, lag } = pairs[k * length + other]!;
            const isBefore = isReversed ? other > k : other < k;
            return isBefore && isLinked === 0 ? [{ jobId: id, ...(lag > 0 && { lagMs: lag * HOUR_MS }) }] : [];
          });
          return after.length === 0 ? job : { ...job, after };
        });
        return { ...problem, jobs };
      });
  });
}

/** The same problems with up to four named constraints on locations and jobs, some for a part of an hour. */
export function constrained(generated: fc.Arbitrary<ScheduleProblem>): fc.Arbitrary<ScheduleProblem> {
  return generated.chain((problem) => {
    const { slots, locations: places } = problem;
    const minute = fc.option(
      fc.oneof(
        fc.integer({ min: -1, max: slots.count }).map((hour) => hour * 60),
        fc.integer({ min: -90, max: slots.count * 60 + 30 }),
      ),
      { nil: undefined },
    );
    const rule = fc.constantFrom(
      { kind: 'blackout' } as const,
      ...[0, 1, 2].map((gpuCount) => ({ kind: 'gpu-cap', gpuCount }) as const),
      ...[0, 1_500, 7_000].map((powerCapWatts) => ({ kind: 'power-cap', powerCapWatts }) as const),
    );
    const jobIds = fc.subarray([...problem.jobs.map(({ id }) => id), 'gone']);
    const local = fc
      .record({ rule, place: fc.constantFrom(...places), from: minute, to: minute })
      .map(({ rule: { ...own }, place, from, to }) => {
        const [early, late] = from !== undefined && to !== undefined && to < from ? [to, from] : [from, to];
        return {
          ...own,
          locationId: place.id,
          ...(early !== undefined && { startAtMs: slots.startAtMs + early * MINUTE_MS }),
          ...(late !== undefined && late !== early && { endAtMs: slots.startAtMs + late * MINUTE_MS }),
        };
      });
    const pair = fc
      .record({ jobIds: fc.option(jobIds, { nil: undefined }), places: fc.subarray([...places], { minLength: 1 }) })
      .map(({ jobIds: ids, places: at }) => ({
        kind: 'forbidden' as const,
        locationIds: at.map(({ id }) => id),
        ...(ids && { jobIds: ids }),
      }));
    return fc
      .array(fc.oneof({ weight: 3, arbitrary: local }, pair), { maxLength: 4 })
      .map((list) => ({ ...problem, constraints: list.map((one, index) => ({ id: `rule-${index}`, ...one })) }));
  });
}

function withLimits(generated: fc.Arbitrary<ScheduleProblem>): fc.Arbitrary<ScheduleProblem> {
  return generated.chain((problem) => {
    const { count } = problem.slots;
    const watts = fc.constantFrom(0, 300, 1_500, 3_000, 7_000, 9_000);
    const cap = fc.option(fc.oneof(watts, fc.array(watts, { minLength: count, maxLength: count })), { nil: undefined });
    const value = fc.option(fc.constantFrom(0.5, 1, 2, 3, 10), { nil: undefined });
    const each = <T>(items: readonly unknown[], one: fc.Arbitrary<T>) =>
      fc.array(one, { minLength: items.length, maxLength: items.length });
    return fc
      .record({
        caps: each(problem.locations, cap),
        values: each(problem.jobs, value),
        hasNoGpu: each(problem.jobs, fc.integer({ min: 0, max: 5 })),
      })
      .map(({ caps, values, hasNoGpu }) => ({
        ...problem,
        locations: problem.locations.map((location, k) => ({
          ...location,
          ...(caps[k] !== undefined && { powerCapWatts: caps[k] }),
        })),
        jobs: problem.jobs.map((job, k) => ({
          ...job,
          ...(values[k] !== undefined && { value: values[k] }),
          ...(hasNoGpu[k] === 0 && job.mode === 'contiguous' && { gpuCount: 0 }),
        })),
      }));
  });
}

function roomFor(shape: CompetingShape): fc.Arbitrary<ScheduleProblem> {
  const gpus = fc.integer({ min: 1, max: 4 });
  return problems({ ...shape, maxJobs: 0 }).chain((problem) => {
    const { slots } = problem;
    const gpuCount = fc.oneof(
      { weight: 3, arbitrary: gpus },
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: slots.count, maxLength: slots.count }),
    );
    return fc
      .record({
        counts: fc.array(gpuCount, { minLength: problem.locations.length, maxLength: problem.locations.length }),
        list: fc.array(competingJobs(slots, shape.isWhole ?? false), { minLength: 2, maxLength: shape.maxJobs }),
      })
      .map(({ counts, list }) => ({
        ...problem,
        locations: problem.locations.map((location, index) => ({ ...location, gpuCount: counts[index]! })),
        jobs: list.map((job, index) => ({ ...job, id: `job-${index}` })),
      }));
  });
}

function competingJobs(slots: SlotGrid, isWhole: boolean): fc.Arbitrary<Omit<ScheduleJob, 'id'>> {
  const hours = fc.integer({ min: 1, max: Math.max(1, Math.ceil(slots.count / 2)) });
  const kinds = [
    { mode: 'contiguous' },
    { mode: 'interruptible' },
    { mode: 'migratable' },
    ...(isWhole ? [] : [{ mode: 'interruptible', marginalThroughput: [1, 0.75, 0.5] } as const]),
  ] as const;
  return fc
    .record({
      minutes: isWhole
        ? hours.map((count) => count * 60)
        : fc.oneof(
            hours.map((n) => n * 60),
            fc.integer({ min: 1, max: 30 * slots.count }),
          ),
      powerWatts: fc.constantFrom(300, 1_000, 5_600),
      gpuCount: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom(...kinds),
      deadline: fc.option(fc.integer({ min: 1, max: slots.count }), { nil: undefined }),
      locationIds: fc.option(fc.shuffledSubarray([...LOCATION_IDS], { minLength: 1 }), { nil: undefined }),
    })
    .map(({ minutes, powerWatts, gpuCount, kind, deadline, locationIds }) => ({
      runtimeMs: minutes * MINUTE_MS,
      powerWatts,
      gpuCount,
      ...kind,
      ...(deadline !== undefined && { deadlineAtMs: slots.startAtMs + deadline * slots.stepMs }),
      ...(locationIds !== undefined && { locationIds }),
    }));
}
