import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { schedule, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleJob, ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';

const CARBON = {
  startAtMs: 0,
  stepMs: HOUR_MS,
  unit: 'gCO2e/kWh',
  kind: 'average',
  scope: 'life-cycle',
  values: [1, 2],
} as const;
const SLOTS = { startAtMs: 0, stepMs: HOUR_MS, count: 2 };
const JOB: ScheduleJob = { id: 'train', runtimeMs: HOUR_MS, powerWatts: 700, mode: 'contiguous' };

const withLocation = (rest: object): ScheduleProblem => ({
  slots: SLOTS,
  locations: [{ id: 'de', carbon: CARBON, ...rest }],
  jobs: [JOB],
});
const withJob = (rest: object): ScheduleProblem => ({
  ...withLocation({}),
  jobs: [{ ...JOB, ...rest }],
});

const constraintCases = (cases: readonly (readonly [string, object, string])[]) =>
  cases.map(
    ([name, rest, message]) =>
      [
        `a constraint ${name}`,
        { ...withLocation({}), constraints: [{ id: 'works', ...rest }] } as unknown as ScheduleProblem,
        message,
      ] as const,
  );
const CASES: readonly (readonly [string, ScheduleProblem, string])[] = [
  [
    'an empty grid',
    { ...withLocation({}), slots: { ...SLOTS, count: 0 } },
    'slots.count must be a whole number >= 1, got 0',
  ],
  [
    'a step of nothing',
    { ...withLocation({}), slots: { ...SLOTS, stepMs: 0 } },
    'slots.stepMs must be a whole number >= 1, got 0',
  ],
  [
    'a grid that starts nowhere',
    { ...withLocation({}), slots: { ...SLOTS, startAtMs: NaN } },
    'slots.startAtMs must be a whole number, got NaN',
  ],
  ...constraintCases([
    [
      'of no kind',
      { kind: 'rest' },
      "kind of constraint 'works' must be 'blackout' or 'gpu-cap' or 'power-cap' or 'forbidden', got 'rest'",
    ],
    [
      'nowhere',
      { kind: 'blackout', locationId: 'mars' },
      "locationId of constraint 'works' must be the id of a location, got 'mars'",
    ],
    [
      'that ends first',
      { kind: 'blackout', locationId: 'de', startAtMs: 1, endAtMs: 1 },
      "endAtMs of constraint 'works' must be > startAtMs 1, got 1",
    ],
    [
      'with half a GPU',
      { kind: 'gpu-cap', locationId: 'de', gpuCount: 0.5 },
      "gpuCount of constraint 'works' must be a whole number >= 0, got 0.5",
    ],
    [
      'without watts',
      { kind: 'power-cap', locationId: 'de' },
      "powerCapWatts of constraint 'works' must be a finite number >= 0, got undefined",
    ],
    ['that forbids nothing', { kind: 'forbidden' }, "locationIds of constraint 'works' must be a list, got undefined"],
  ]),
  [
    'a power cap below zero',
    withLocation({ powerCapWatts: -1 }),
    "powerCapWatts of location 'de' must be a finite number >= 0, got -1",
  ],
  [
    'power caps for too few slots',
    withLocation({ powerCapWatts: [1] }),
    "powerCapWatts of location 'de' must hold 2 numbers, one a slot, got a list of 1",
  ],
  ['a run below zero', withJob({ minRunMs: -1 }), "minRunMs of job 'train' must be a finite number >= 0, got -1"],
  [
    'a job in one piece that resumes',
    withJob({ resumeMs: 1 }),
    "resumeMs of job 'train' must go with mode 'interruptible' and one replica, got 1",
  ],
  ['a job worth nothing', withJob({ value: 0 }), "value of job 'train' must be a finite number > 0, got 0"],
  ['a location without an id', withLocation({ id: '' }), "locations[0].id must be a non-empty string, got ''"],
  [
    'two locations of one name',
    { ...withLocation({}), locations: [...withLocation({}).locations, ...withLocation({}).locations] },
    "locations[1].id must be unique, got 'de'",
  ],
  [
    'a location without carbon',
    withLocation({ carbon: undefined }),
    "carbon of location 'de' must be a series, got undefined",
  ],
  [
    'a gap in the series',
    withLocation({ carbon: { ...CARBON, values: [1, NaN] } }),
    "carbon of location 'de'.values[1] must be a finite number, got NaN",
  ],
  [
    'an intensity below zero',
    withLocation({ carbon: { ...CARBON, values: [1, -2] } }),
    "carbon.values[1] of location 'de' must be a finite number >= 0, got -2",
  ],
  [
    'carbon in another unit',
    withLocation({ carbon: { ...CARBON, unit: 'USD/kWh' } }),
    "carbon of location 'de'.unit must be 'gCO2e/kWh', got 'USD/kWh'",
  ],
  [
    'an unknown kind',
    withLocation({ carbon: { ...CARBON, kind: 'mean' } }),
    "carbon.kind of location 'de' must be 'average' or 'marginal', got 'mean'",
  ],
  [
    'an unknown scope',
    withLocation({ carbon: { ...CARBON, scope: 'all' } }),
    "carbon.scope of location 'de' must be 'direct' or 'life-cycle', got 'all'",
  ],
  [
    'carbon that ends before the grid',
    withLocation({ carbon: { ...CARBON, values: [1] } }),
    "carbon of location 'de' must cover the grid 0..7200000, got '0..3600000'",
  ],
  [
    'a price that starts after the grid',
    withLocation({ energyPrice: { ...CARBON, unit: 'USD/kWh', startAtMs: 1 } }),
    "energyPrice of location 'de' must cover the grid 0..7200000, got '1..7200001'",
  ],
  [
    'a price in another unit',
    withLocation({ energyPrice: { ...CARBON, unit: '1' } }),
    "energyPrice of location 'de'.unit must be 'USD/kWh', got '1'",
  ],
  [
    'a PUE below one',
    withLocation({ pueRatio: 0.9 }),
    "pueRatio of location 'de' must be a finite number >= 1, got 0.9",
  ],
  [
    'a series of PUE that falls below one',
    withLocation({ pueRatio: { startAtMs: 0, stepMs: HOUR_MS, unit: 'ratio', values: [1.2, 0.9] } }),
    "pueRatio of location 'de'.values[1] must be a finite number >= 1, got 0.9",
  ],
  [
    'a negative GPU price',
    withLocation({ priceUsdPerGpuHour: -1 }),
    "priceUsdPerGpuHour of location 'de' must be a finite number >= 0, got -1",
  ],
  [
    'half a GPU at a location',
    withLocation({ gpuCount: 0.5 }),
    "gpuCount of location 'de' must be a whole number >= 0, got 0.5",
  ],
  [
    'GPUs for too few slots',
    withLocation({ gpuCount: [1] }),
    "gpuCount of location 'de' must hold 2 numbers, one a slot, got a list of 1",
  ],
  [
    'a negative number of GPUs in a slot',
    withLocation({ gpuCount: [1, -1] }),
    "gpuCount of location 'de'[1] must be a whole number >= 0, got -1",
  ],
  [
    'a curve of a job in one piece',
    withJob({ marginalThroughput: [1, 0.5] }),
    "marginalThroughput of job 'train' must go with mode 'interruptible', got 'contiguous'",
  ],
  [
    'a curve that does not start with 1',
    withJob({ mode: 'interruptible', marginalThroughput: [0.9] }),
    "marginalThroughput of job 'train' must be a list that starts with 1, got a list of 1",
  ],
  [
    'a curve that rises',
    withJob({ mode: 'interruptible', marginalThroughput: [1, 0.5, 0.6] }),
    "marginalThroughput[2] of job 'train' must be a finite number > 0 and <= 0.5, got 0.6",
  ],
  [
    'a migratable job without a GPU',
    withJob({ mode: 'migratable', gpuCount: 0 }),
    "gpuCount of job 'train' must be a whole number >= 1, got 0",
  ],
  ['two jobs of one name', { ...withLocation({}), jobs: [JOB, JOB] }, "jobs[1].id must be unique, got 'train'"],
  [
    'a job that takes no time',
    withJob({ runtimeMs: 0 }),
    "runtimeMs of job 'train' must be a finite number >= 1, got 0",
  ],
  ['negative power', withJob({ powerWatts: -1 }), "powerWatts of job 'train' must be a finite number >= 0, got -1"],
  ['half a GPU', withJob({ gpuCount: 0.5 }), "gpuCount of job 'train' must be a whole number >= 0, got 0.5"],
  [
    'a start that is not a number',
    withJob({ earliestStartAtMs: '1' }),
    "earliestStartAtMs of job 'train' must be a finite number, got '1'",
  ],
  [
    'an infinite deadline',
    withJob({ deadlineAtMs: Infinity }),
    "deadlineAtMs of job 'train' must be a finite number, got Infinity",
  ],
  [
    'a deadline before the start',
    withJob({ earliestStartAtMs: 5, deadlineAtMs: 4 }),
    "deadlineAtMs of job 'train' must be >= earliestStartAtMs 5, got 4",
  ],
  [
    'an unknown mode',
    withJob({ mode: 'elastic' }),
    "mode of job 'train' must be 'contiguous' or 'interruptible' or 'migratable', got 'elastic'",
  ],
  [
    'a list of no locations',
    withJob({ locationIds: [] }),
    "locationIds of job 'train' must be absent or name a location, got an empty list",
  ],
  [
    'a location that is a number',
    withJob({ locationIds: [1] }),
    "locationIds[0] of job 'train' must be a string, got 1",
  ],
  [
    'an unknown objective',
    { ...withLocation({}), objective: { kind: 'speed' } as never },
    "objective.kind must be 'carbon' or 'cost' or 'weighted', got 'speed'",
  ],
  [
    'a negative carbon price',
    { ...withLocation({}), objective: { kind: 'weighted', carbonPriceUsdPerTonne: -1 } },
    'objective.carbonPriceUsdPerTonne must be a finite number >= 0, got -1',
  ],
];

const thrownBy = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a problem that is not valid', () => {
  it.each(CASES)('is refused: %s', (_name, problem, message) => {
    const error = thrownBy(() => schedule(problem));

    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).message).toBe(message);
    expect(thrownBy(() => verifySchedule(problem, { assignments: [], perJob: [], unplaceable: [] }))).toEqual(error);
  });

  it.each([
    [{ seed: 0.5 }, 'seed must be a whole number, got 0.5'],
    [{ maxSteps: -1 }, 'maxSteps must be a finite number >= 0, got -1'],
    [{ targetGapRatio: 2 }, 'targetGapRatio must be a finite number from 0 to 1, got 2'],
    [{ shouldStop: true as never }, 'shouldStop must be a function, got true'],
  ])('is not even looked at with options that are wrong: %o', (options, message) => {
    const error = thrownBy(() => schedule(withLocation({}), options));

    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).message).toBe(message);
  });

  it.each([
    ['kind', { ...CARBON, kind: 'marginal' } as const, "'average' as at location 'de', got 'marginal'"],
    ['scope', { ...CARBON, scope: 'direct' } as const, "'life-cycle' as at location 'de', got 'direct'"],
  ])('is refused when locations mix carbon of two %ss, with the way out', (word, carbon, end) => {
    const problem = withLocation({});
    const mixed = { ...problem, locations: [...problem.locations, { id: 'fr', carbon }] };

    const error = thrownBy(() => schedule(mixed)) as InvalidInputError;

    expect(error.message).toBe(`carbon.${word} of location 'fr' must be ${end}`);
    expect(error.hint).toBe('Take average or marginal, and direct or life-cycle, from one source for every location.');
  });
});
