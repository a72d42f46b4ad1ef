import { describe, expect, it } from 'vitest';
import { explainSchedule, schedule, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type { ScheduleJob, ScheduleLocation, ScheduleProblem } from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';

const location = (id: string, gpuCount: number | number[], values: readonly number[]): ScheduleLocation => ({
  id,
  gpuCount,
  carbon: { startAtMs: 0, stepMs: HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'life-cycle', values },
});
const job = (id: string, hours: number, rest: Partial<ScheduleJob> = {}): ScheduleJob => ({
  id,
  runtimeMs: hours * HOUR_MS,
  powerWatts: 1_000,
  mode: 'contiguous',
  ...rest,
});
const problem = (locations: readonly ScheduleLocation[], jobs: readonly ScheduleJob[]): ScheduleProblem => ({
  slots: { startAtMs: 0, stepMs: HOUR_MS, count: locations[0]!.carbon.values.length },
  locations,
  jobs,
});
const cellsOf = (input: ScheduleProblem, id: string) =>
  schedule(input)
    .assignments.filter(({ jobId }) => jobId === id)
    .map(({ locationId, slot }) => `${locationId}${slot}`);

describe('schedule with shared GPUs', () => {
  it('gives the one clean hour to one job, and prices its GPU', () => {
    const input = problem([location('de', 1, [300, 100])], [job('a', 1), job('b', 1)]);

    const result = schedule(input);

    expect(result).toMatchObject({ status: 'optimal', objective: 400, totals: { carbonGrams: 400 } });
    expect(result.bound).toBeCloseTo(400, 6);
    // Both would take hour 1 at 100 g; one more GPU there would save the 200 g that the other pays more.
    expect(result.shadowPrices[0]!.values[1]! - result.shadowPrices[0]!.values[0]!).toBeCloseTo(200, 6);
    expect(result.baselines.runNow.carbonGrams).toBe(600);
    expect(result.baselines.greedy).toMatchObject({ carbonGrams: 400, leftOutCount: 0 });
  });

  it('lets the job move that loses least', () => {
    const locations = [location('a', 1, [10, 500]), location('b', 1, [60, 500])];
    const jobs = [job('anywhere', 1, { deadlineAtMs: HOUR_MS }), job('home', 1, { locationIds: ['a'] })];

    expect(cellsOf(problem(locations, jobs), 'home')).toEqual(['a0']);
    expect(cellsOf(problem(locations, jobs), 'anywhere')).toEqual(['b0']);
  });

  it('keeps out of a blackout and of hours that are too small', () => {
    const input = problem([location('de', [2, 0, 1, 2, 2], [9, 1, 1, 5, 6])], [job('wide', 2, { gpuCount: 2 })]);

    expect(cellsOf(input, 'wide')).toEqual(['de3', 'de4']);
  });

  it('moves a migratable job to the cleanest location hour by hour', () => {
    const locations = [location('a', 1, [10, 90, 10]), location('b', 1, [80, 20, 80])];

    expect(cellsOf(problem(locations, [job('roaming', 3, { mode: 'migratable' })]), 'roaming')).toEqual([
      'a0',
      'b1',
      'a2',
    ]);
  });

  it('widens an elastic job in clean hours, one replica for a part of an hour', () => {
    const elastic = job('train', 4, { mode: 'interruptible', marginalThroughput: [1, 0.8, 0.5] });
    const input = problem([location('de', 3, [100, 1_000, 120])], [elastic]);

    const result = schedule(input);

    // Work by grams: hour 0 level 1 (100), hour 2 level 1 (120), hour 0 level 2 (125), hour 2 level 2 (150): 3.6 of 4. Then
    // hour 0 level 3 (200): 0.4 of its 0.5, which is 48 minutes.
    expect(
      result.assignments.map(({ slot, replicaCount, durationMs }) => [slot, replicaCount, durationMs / 60_000]),
    ).toEqual([
      [0, 3, expect.closeTo(48, 6)],
      [0, 2, expect.closeTo(12, 6)],
      [2, 2, 60],
    ]);
    expect(result.totals.carbonGrams).toBeCloseTo(100 + 120 + 100 + 120 + 80, 6);
    expect(verifySchedule(input, result).violations).toEqual([]);
  });

  it('shares the time of a GPU inside an hour', () => {
    const jobs = [job('a', 0.5), job('b', 0.5), job('c', 0.5)];

    const { assignments, status } = schedule(problem([location('de', 1, [1, 5])], jobs));

    expect(assignments.map(({ slot }) => slot).sort()).toEqual([0, 0, 1]);
    expect(status).toBe('optimal');
  });

  it('says when even an empty fleet is too small', () => {
    const { unplaceable, status, perJob } = schedule(
      problem([location('de', [4, 8, 4], [1, 1, 1])], [job('wide', 2, { gpuCount: 8 }), job('small', 1)]),
    );

    expect(status).toBe('infeasible');
    expect(perJob.map(({ jobId }) => jobId)).toEqual(['small']);
    expect(unplaceable).toEqual([
      { jobId: 'wide', reason: { kind: 'too-few-gpus', neededGpuCount: 8, largestGpuCount: 8 } },
    ]);
    expect(explainSchedule(unplaceable[0]!)).toContain('needs 8 GPUs at once');
  });

  it('plans as many as fit, and proves that one must stay out', () => {
    const jobs = ['a', 'b', 'c'].map((id) => job(id, 1));

    const { unplaceable, status, perJob } = schedule(problem([location('de', 1, [3, 2])], jobs));

    expect(status).toBe('infeasible');
    expect(perJob).toHaveLength(2);
    expect(unplaceable[0]!.reason).toEqual({ kind: 'no-room', isProven: true, provenCount: 1 });
    expect(explainSchedule(unplaceable[0]!)).toContain('it is proven that 1 must be left out');
  });

  it('has no price on GPUs that save nothing, although a job found none', () => {
    const jobs = ['a', 'b', 'c'].map((id) => job(id, 1));

    const result = schedule(problem([location('de', 1, [0, 0])], jobs));

    expect(result.unplaceable).toHaveLength(1);
    expect(result.shadowPrices).toEqual([{ locationId: 'de', values: [0, 0] }]);
    expect([result.objective, result.bound, result.gapRatio]).toEqual([0, 0, 0]);
  });

  it('says that nothing is proven where the relaxation cannot tell', () => {
    // Two jobs of 2 GPUs into 3 GPUs for one hour and 1 for the next: GPU-time is enough, whole jobs are too wide.
    const jobs = [job('a', 1, { gpuCount: 2 }), job('b', 1, { gpuCount: 2 })];

    const { unplaceable, status } = schedule(
      problem([location('de', [3, 2, 1], [1, 1, 1])], [...jobs, job('c', 1, { gpuCount: 2 })]),
    );

    expect(unplaceable).toHaveLength(1);
    expect(status === 'unknown' || status === 'infeasible').toBe(true);
  });

  it('proves nothing without prices but what each job costs alone', () => {
    const input = problem([location('de', 1, [300, 100])], [job('a', 1), job('b', 1)]);

    expect(verifyBound(input, []).bound).toBe(200);
    expect(verifyBound(input, [{ locationId: 'de', values: [0, 200] }]).bound).toBe(400);
    expect(verifyBound(input, [{ locationId: 'de', values: [0, 300] }]).bound).toBe(300);
  });

  it('stops at the gap asked for and says so', () => {
    const values = Array.from({ length: 24 }, (_, hour) => 100 + ((hour * 37) % 24));
    const jobs = Array.from({ length: 12 }, (_, index) =>
      job(`job-${index}`, 1 + (index % 3), { gpuCount: 1 + (index % 2) }),
    );

    const result = schedule(problem([location('de', 2, values)], jobs), { targetGapRatio: 0.2 });

    expect(['target', 'optimal']).toContain(result.stoppedBy);
    expect(result.gapRatio).toBeLessThanOrEqual(0.2);
  });
});
