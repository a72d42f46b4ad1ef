import { verifySchedule, schedule } from '@spillway/core';
import { describe, expect, it } from 'vitest';
import { drawInstance, gridsOf } from '../src/schedule-instance.ts';
import { formatScheduleBenchmark, scheduleBenchmark } from '../src/schedule.ts';

describe('the schedule benchmark', () => {
  it('draws the same instance from the same seed, with the load asked for and all modes', () => {
    const shape = { jobs: 400, slots: 96, locations: 5, loadRatio: 0.5, seed: 3 };
    const grids = gridsOf(undefined);

    const problem = drawInstance(shape, grids);

    expect(drawInstance(shape, grids)).toEqual(problem);
    const asked = problem.jobs.reduce((sum, job) => sum + (job.gpuCount! * job.runtimeMs) / 3_600_000, 0);
    const there = problem.locations.reduce(
      (sum, { gpuCount }) => sum + (gpuCount as number[]).reduce((total, gpus) => total + gpus, 0),
      0,
    );
    expect(asked / there).toBeGreaterThan(0.35);
    expect(asked / there).toBeLessThan(0.7);
    const share = (mode: string) => problem.jobs.filter((job) => job.mode === mode).length / problem.jobs.length;
    expect(share('contiguous')).toBeCloseTo(0.3, 1);
    expect(share('migratable')).toBeCloseTo(0.2, 1);
    expect(verifySchedule(problem, schedule(problem, { maxSteps: 0 })).isValid).toBe(true);
  });

  it.each([
    [{ jobs: -5 }, '--jobs must be a whole number >= 1, got -5'],
    [{ jobs: NaN }, '--jobs must be a whole number >= 1, got NaN'],
    [{ loadRatios: [0.4, 0] }, '--loads must be a finite number > 0 and <= 100, got 0'],
    [{ targetGapRatio: -0.5 }, '--target must be a finite number >= 0, got -50'],
    [{ maxSteps: 0.5 }, '--steps must be a whole number >= 0, got 0.5'],
  ])('refuses %o', (fields, message) => {
    const options = { jobs: 10, loadRatios: [0.4], seeds: [1], cpuSeconds: () => 0, ...fields };

    expect(() => scheduleBenchmark(options)).toThrow(message);
  });

  it('prints a row an instance, with less carbon a kWh than job by job, and nothing left out', () => {
    const rows = scheduleBenchmark({
      jobs: 80,
      loadRatios: [0.4],
      seeds: [1, 2],
      maxSteps: 100_000,
      cpuSeconds: () => 0,
    });

    expect(rows.map(({ seed }) => seed)).toEqual([1, 2]);
    for (const row of rows) {
      expect(row.leftOut).toBe(0);
      expect(row.gapRatio).toBeLessThan(0.1);
      expect(row.savedOverGreedyRatio).toBeGreaterThan(0);
      expect(row.savedOverFirstFitRatio).toBeGreaterThan(row.savedOverGreedyRatio);
    }
    expect(formatScheduleBenchmark(80, rows).split('\n')).toHaveLength(4);
  });
});
