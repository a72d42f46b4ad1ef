import { describe, expect, it } from 'vitest';
import { explainSchedule, schedule } from '../src/schedule/index.ts';
import type { ScheduleJob, ScheduleLocation, ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';

const location = (id: string, values: readonly number[], rest: Partial<ScheduleLocation> = {}): ScheduleLocation => ({
  id,
  carbon: { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'life-cycle', values },
  ...rest,
});
const job = (rest: Partial<ScheduleJob> = {}): ScheduleJob => ({
  id: 'train',
  runtimeMs: 2 * HOUR_MS,
  powerWatts: 1_000,
  mode: 'contiguous',
  ...rest,
});
const problem = (
  locations: readonly ScheduleLocation[],
  jobs: readonly ScheduleJob[],
  rest: Partial<ScheduleProblem> = {},
): ScheduleProblem => ({
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: locations[0]?.carbon.values.length ?? 4 },
  locations,
  jobs,
  ...rest,
});
const slotsOf = (input: ScheduleProblem) => schedule(input).assignments.map(({ slot }) => slot);
const minutesBySlot = (input: ScheduleProblem) =>
  schedule(input).assignments.map(({ slot, durationMs }) => [slot, durationMs / 60_000]);

describe('schedule', () => {
  it('runs a contiguous job in its cheapest stretch', () => {
    const result = schedule(problem([location('de', [400, 300, 100, 200])], [job()]));

    expect(result.assignments).toEqual([
      { jobId: 'train', locationId: 'de', slot: 2, startAtMs: 7_200_000, durationMs: 3_600_000 },
      { jobId: 'train', locationId: 'de', slot: 3, startAtMs: 10_800_000, durationMs: 3_600_000 },
    ]);
    expect(result).toMatchObject({
      status: 'optimal',
      totals: { energyWattHours: 2_000, carbonGrams: 300, costUsd: 0 },
      baselines: { runNow: { energyWattHours: 2_000, carbonGrams: 700, costUsd: 0 } },
      objective: 300,
      bound: 300,
      gapRatio: 0,
    });
    expect(result.perJob[0]).toMatchObject({ startAtMs: 7_200_000, finishAtMs: 14_400_000, locationId: 'de' });
  });

  it('runs an interruptible job in its cheapest slots, in the order of time', () => {
    const values = [100, 400, 300, 50];

    expect(slotsOf(problem([location('de', values)], [job({ mode: 'interruptible' })]))).toEqual([0, 3]);
  });

  it('uses the last slot of a contiguous job in part', () => {
    const input = problem([location('de', [10, 100, 10, 60])], [job({ runtimeMs: 1.5 * HOUR_MS })]);

    expect(minutesBySlot(input)).toEqual([
      [2, 60],
      [3, 30],
    ]);
    expect(schedule(input).totals.carbonGrams).toBe(40);
  });

  it('uses the dearest slot of an interruptible job in part, not the last one', () => {
    const input = problem(
      [location('de', [30, 90, 10, 20])],
      [job({ mode: 'interruptible', runtimeMs: 2.5 * HOUR_MS })],
    );

    expect(minutesBySlot(input)).toEqual([
      [0, 30],
      [2, 60],
      [3, 60],
    ]);
    expect(schedule(input).totals.carbonGrams).toBe(45);
  });

  it('uses a slot cut by the deadline for the time before it', () => {
    const jobs = [job({ mode: 'interruptible', deadlineAtMs: 2.5 * HOUR_MS })];

    expect(minutesBySlot(problem([location('de', [50, 40, 10, 0])], jobs))).toEqual([
      [0, 30],
      [1, 60],
      [2, 30],
    ]);
  });

  it('starts in the first slot that begins at or after the earliest start', () => {
    const jobs = [job({ earliestStartAtMs: 1 })];

    expect(slotsOf(problem([location('de', [0, 10, 20, 30])], jobs))).toEqual([1, 2]);
  });

  it('lets an earliest start before the grid and a deadline after it be the grid', () => {
    const jobs = [job({ earliestStartAtMs: -HOUR_MS, deadlineAtMs: 99 * HOUR_MS })];

    expect(slotsOf(problem([location('de', [9, 9, 0, 0])], jobs))).toEqual([2, 3]);
  });

  it('moves to the cleaner of several locations, and compares with running at home', () => {
    const locations = [location('de', [400, 400]), location('no', [30, 20]), location('fr', [60, 50])];

    const { perJob } = schedule(problem(locations, [job({ locationIds: ['de', 'fr', 'no'] })]));

    expect(perJob[0]).toMatchObject({
      locationId: 'no',
      carbonGrams: 50,
      runNow: { locationId: 'de', carbonGrams: 800 },
    });
  });

  it('takes the first location that exists as home', () => {
    const { perJob } = schedule(
      problem([location('de', [4, 4]), location('no', [1, 1])], [job({ locationIds: ['mars', 'no'] })]),
    );

    expect(perJob[0]!.runNow.locationId).toBe('no');
  });

  it('counts PUE, the price of electricity and the price of GPUs', () => {
    const prices = { startAtMs: 0, stepMs: HOUR_MS, unit: 'USD/kWh', values: [0.1, 0.3] } as const;
    const rest = { energyPrice: prices, priceUsdPerGpuHour: 2, pueRatio: 1.5 };

    const { totals } = schedule(problem([location('de', [100, 100], rest)], [job({ gpuCount: 4 })]));

    expect(totals.energyWattHours).toBe(3_000);
    expect(totals.carbonGrams).toBe(300);
    expect(totals.costUsd).toBeCloseTo(0.6 + 16, 12);
  });

  it('runs when cooling is cheap, where PUE changes with the weather', () => {
    const pueRatio = { startAtMs: 0, stepMs: HOUR_MS, unit: 'ratio', values: [1.5, 1.1, 2] } as const;

    const { totals, assignments } = schedule(
      problem([location('de', [100, 120, 80], { pueRatio })], [job({ runtimeMs: HOUR_MS })]),
    );

    // At the meter the hours emit 150, 132 and 160 g.
    expect(assignments[0]!.slot).toBe(1);
    expect(totals.energyWattHours).toBeCloseTo(1_100, 9);
    expect(totals.carbonGrams).toBeCloseTo(132, 9);
  });

  it('takes one GPU for the bill when none is named', () => {
    const { totals } = schedule(problem([location('de', [1, 1], { priceUsdPerGpuHour: 3 })], [job()]));

    expect(totals.costUsd).toBe(6);
  });

  it('follows the objective: carbon, cost, or both at a carbon price', () => {
    const prices = { startAtMs: 0, stepMs: HOUR_MS, unit: 'USD/kWh', values: [0.3, 0.2, 0.1] } as const;
    const input = problem([location('de', [100, 300, 900], { energyPrice: prices })], [job({ runtimeMs: HOUR_MS })]);

    expect(slotsOf(input)).toEqual([0]);
    expect(slotsOf({ ...input, objective: { kind: 'cost' } })).toEqual([2]);
    // At 300 USD/t the slots cost 0.33, 0.29 and 0.37 USD.
    const weighted = { ...input, objective: { kind: 'weighted', carbonPriceUsdPerTonne: 300 } } as const;
    expect(slotsOf(weighted)).toEqual([1]);
    expect(schedule(weighted).objective).toBeCloseTo(0.29, 12);
  });

  it('earns money at negative prices', () => {
    const prices = { startAtMs: 0, stepMs: HOUR_MS, unit: 'USD/kWh', values: [0.1, -0.2] } as const;
    const input = problem([location('de', [1, 1], { energyPrice: prices })], [job({ runtimeMs: HOUR_MS })], {
      objective: { kind: 'cost' },
    });

    expect(schedule(input)).toMatchObject({ objective: -0.2, bound: -0.2, gapRatio: 0 });
  });

  it('meets hourly slots with half-hour and two-hour series', () => {
    const halfHourly = { ...location('de', []).carbon, stepMs: HOUR_MS / 2, values: [10, 30, 5, 7] };
    const twoHourly = { ...location('fr', []).carbon, startAtMs: -HOUR_MS, stepMs: 2 * HOUR_MS, values: [8, 4] };
    const locations = [
      { id: 'de', carbon: halfHourly },
      { id: 'fr', carbon: twoHourly },
    ];
    const slots = { startAtMs: 0, stepMs: HOUR_MS, count: 2 };

    const at = (id: string) => schedule({ slots, locations, jobs: [job({ locationIds: [id] })] }).totals.carbonGrams;

    expect(at('de')).toBe(20 + 6);
    expect(at('fr')).toBe(8 + 4);
  });

  it('starts at once where all slots are alike, even where sums round', () => {
    const flat = Array.from({ length: 200 }, () => 0.1);

    expect(slotsOf(problem([location('de', flat)], [job({ runtimeMs: 3 * HOUR_MS })]))).toEqual([0, 1, 2]);
    expect(slotsOf(problem([location('de', flat)], [job({ mode: 'interruptible' })]))).toEqual([0, 1]);
  });

  it('starts a job without power at once', () => {
    const jobs = [job({ powerWatts: 0, mode: 'interruptible' })];

    expect(slotsOf(problem([location('de', [9, 5, 1])], jobs))).toEqual([0, 1]);
  });

  it('breaks ties by start, then by location id', () => {
    const locations = [location('z', [5, 1, 1]), location('b', [1, 5, 5]), location('a', [5, 1, 9])];
    const one = [job({ runtimeMs: HOUR_MS })];

    expect(schedule(problem(locations, one)).perJob[0]!.locationId).toBe('b');
    expect(schedule(problem([locations[0]!, locations[2]!], one)).perJob[0]!.locationId).toBe('a');
  });

  it('plans the others when a job cannot be planned, and says by how much it is short', () => {
    const late = job({ id: 'late', earliestStartAtMs: HOUR_MS / 2, deadlineAtMs: 2 * HOUR_MS });
    const lost = job({ id: 'lost', locationIds: ['mars', 'venus'] });

    const result = schedule(problem([location('de', [1, 1, 1])], [late, job(), lost]));

    expect(result.status).toBe('infeasible');
    expect(result.perJob.map(({ jobId }) => jobId)).toEqual(['train']);
    expect(result.unplaceable).toEqual([
      { jobId: 'late', reason: { kind: 'window-too-short', neededMs: 7_200_000, availableMs: 3_600_000 } },
      { jobId: 'lost', reason: { kind: 'no-such-location', wanted: ['mars', 'venus'] } },
    ]);
  });

  it('finds no time in a window beside the grid', () => {
    const before = job({ id: 'before', deadlineAtMs: -1 });
    const after = job({ id: 'after', earliestStartAtMs: 9 * HOUR_MS });

    const { unplaceable } = schedule(problem([location('de', [1, 1])], [before, after]));

    expect(unplaceable.map(({ reason }) => reason)).toEqual([
      { kind: 'window-too-short', neededMs: 7_200_000, availableMs: 0 },
      { kind: 'window-too-short', neededMs: 7_200_000, availableMs: 0 },
    ]);
  });

  it('answers the empty questions', () => {
    expect(schedule(problem([location('de', [1])], []))).toMatchObject({
      status: 'optimal',
      objective: 0,
      gapRatio: 0,
    });
    expect(schedule(problem([], [job()])).unplaceable).toEqual([
      { jobId: 'train', reason: { kind: 'no-such-location', wanted: [] } },
    ]);
  });
});

describe('explainSchedule', () => {
  const day = [...Array.from({ length: 7 }, () => 1_700), 600, 600];
  const explain = (input: ScheduleProblem) => {
    const { perJob, unplaceable } = schedule(input);
    return [...perJob, ...unplaceable].map(explainSchedule);
  };

  it('tells wait, place and what they change', () => {
    const locations = [
      location(
        'de',
        Array.from({ length: 9 }, () => 1_700),
      ),
      location('no', day),
    ];

    expect(explain(problem(locations, [job({ locationIds: ['de', 'no'] })]))).toEqual([
      "job 'train' starts 7 h later in 'no' instead of 'de': 1.2 kg instead of 3.4 kg CO2e, 0.00 USD as at once",
    ]);
  });

  it('tells pauses and prices', () => {
    const values = [1, 9, 2];
    const prices = { startAtMs: 0, stepMs: HOUR_MS, unit: 'USD/kWh', values: [1, 2.5, 1] } as const;

    expect(
      explain(problem([location('de', values, { energyPrice: prices })], [job({ mode: 'interruptible' })])),
    ).toEqual([
      "job 'train' starts at once in 'de', with pauses: 3 g instead of 10 g CO2e, 2.00 USD instead of 3.50 USD",
    ]);
  });

  it('tells when running now is best', () => {
    expect(explain(problem([location('de', [1e6, 2e6, 3e6])], [job()]))).toEqual([
      "job 'train' starts at once in 'de': 3 t CO2e, 0.00 USD; nothing else is better",
    ]);
  });

  it('tells why a job has no plan, and the way out', () => {
    const jobs = [
      job({ deadlineAtMs: HOUR_MS / 2 }),
      job({ id: 'lost', locationIds: ['mars', 'venus'] }),
      job({ id: 'long', runtimeMs: 72 * HOUR_MS, deadlineAtMs: 30_000 }),
    ];

    expect(explain(problem([location('de', [1, 1])], jobs))).toEqual([
      "job 'train' cannot be planned: it runs for 2 h and has 30 min until its deadline or the end of the grid; move one of them",
      "job 'lost' cannot be planned: no location is called 'mars' or 'venus'",
      "job 'long' cannot be planned: it runs for 3 d and has 30 s until its deadline or the end of the grid; move one of them",
    ]);
    expect(explain(problem([], [job()]))).toEqual(["job 'train' cannot be planned: the problem has no location"]);
  });
});
