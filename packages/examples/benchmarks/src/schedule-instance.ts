import { createRandom, HOUR_MS, resample } from '@spillway/core';
import type { CarbonSeries, ScheduleJob, ScheduleLocation, ScheduleProblem } from '@spillway/core';
import { loadCarbon } from '@spillway/traces';
import { readCarbonSeries } from './lets-wait-awhile-data.ts';

/** What to draw. */
export interface InstanceShape {
  readonly jobs: number;
  readonly slots: number;
  readonly locations: number;
  /** GPU-hours asked for over GPU-hours there are. */
  readonly loadRatio: number;
  readonly seed: number;
}

/** Power of one GPU with its share of the server, by class of GPU, W. */
const GPU_WATTS = [450, 750, 1_100];
/** What each further replica adds to the speed: nearly all, much, little. */
const CURVES = [
  [1, 0.95, 0.9, 0.85],
  [1, 0.8, 0.6, 0.4],
  [1, 0.7, 0.35],
];
const WIDTHS = [1, 2, 4, 8, 8, 16];
const PATTERNS = 6;
const START_AT_MS = Date.UTC(2026, 0, 1);

/**
 * Hourly carbon intensity of the grids that instances are drawn from: Germany, Great Britain and France 2020 from the
 * folder and Spain 2021 where a folder is given, else the three grids of 2021 that are in the repository.
 */
export function gridsOf(dataDirectory: string | undefined): readonly (readonly number[])[] {
  const carbon = loadCarbon();
  if (dataDirectory === undefined) return Object.values(carbon).map(({ values }) => values);
  const hourly = (['DE', 'GB', 'FR'] as const).map((region) => {
    const { startAtMs, ...series } = readCarbonSeries(dataDirectory, region);
    const count = Math.floor((series.values.length * series.stepMs) / HOUR_MS);
    return resample({ startAtMs, ...series }, { startAtMs, stepMs: HOUR_MS, count }).values;
  });
  return [...hourly, carbon['ES']!.values];
}

/**
 * Draws a problem in which jobs compete: every location takes a stretch of a grid at random and a PUE of 1.1 to 1.5, has
 * 0.5 to 1.5 times the mean GPUs, and in three of ten half of them for 8 hours. Of the jobs 30 % run in one piece, 25 %
 * in any slots of one location, 20 % in any slots of any, 25 % are elastic; 1 to 16 GPUs, 2 to 32 hours (log-uniform), up
 * to 72 hours of slack, six patterns of allowed locations.
 */
export function drawInstance(shape: InstanceShape, grids: readonly (readonly number[])[]): ScheduleProblem {
  const { slots, loadRatio, seed } = shape;
  const { next, integer } = createRandom(seed);
  const signals = Array.from({ length: shape.locations }, (_, index) => {
    const grid = grids[index % grids.length]!;
    const from = integer(grid.length - slots);
    return { values: grid.slice(from, from + slots), pueRatio: 1.1 + next() * 0.4 };
  });
  const names = signals.map((_, index) => `region-${String(index).padStart(2, '0')}`);
  const patterns = Array.from({ length: PATTERNS }, (_, pattern) => {
    const chosen = names.filter(() => pattern === 0 || next() < 0.5);
    return chosen.length > 0 ? chosen : [names[integer(names.length)]!];
  });
  const jobs = Array.from({ length: shape.jobs }, (_, index): ScheduleJob => {
    const kind = next();
    const length = Math.round(Math.exp(Math.log(2) + next() * Math.log(16)));
    const hours = Math.max(1, Math.min(Math.floor(slots / 3), length));
    const window = Math.min(slots, hours + Math.ceil(next() * 72));
    const first = integer(slots - window + 1);
    const gpuCount = WIDTHS[integer(WIDTHS.length)]!;
    return {
      id: `job-${String(index).padStart(6, '0')}`,
      runtimeMs: hours * HOUR_MS,
      earliestStartAtMs: START_AT_MS + first * HOUR_MS,
      deadlineAtMs: START_AT_MS + (first + window) * HOUR_MS,
      gpuCount,
      powerWatts: gpuCount * GPU_WATTS[integer(GPU_WATTS.length)]!,
      locationIds: patterns[integer(PATTERNS)]!,
      ...modeOf(kind, CURVES[integer(CURVES.length)]!),
    };
  });
  const work = jobs.reduce((sum, job) => sum + (job.runtimeMs / HOUR_MS) * job.gpuCount!, 0);
  const mean = work / loadRatio / (shape.locations * slots);
  const locations = signals.map(({ values, pueRatio }, index): ScheduleLocation => {
    const gpus = Math.max(16, Math.round(mean * (0.5 + next())));
    const gpuCount = new Array<number>(slots).fill(gpus);
    if (next() < 0.3) {
      const from = integer(slots - 8);
      gpuCount.fill(Math.floor(gpus / 2), from, from + 8);
    }
    return { id: names[index]!, carbon: carbonOf(values), pueRatio, gpuCount };
  });
  return { slots: { startAtMs: START_AT_MS, stepMs: HOUR_MS, count: slots }, locations, jobs };
}

function modeOf(kind: number, curve: readonly number[]): Pick<ScheduleJob, 'mode' | 'marginalThroughput'> {
  if (kind < 0.3) return { mode: 'contiguous' };
  if (kind < 0.55) return { mode: 'interruptible' };
  return kind < 0.75 ? { mode: 'migratable' } : { mode: 'interruptible', marginalThroughput: curve };
}

function carbonOf(values: readonly number[]): CarbonSeries {
  const unit = 'gCO2e/kWh';
  return { startAtMs: START_AT_MS, stepMs: HOUR_MS, unit, kind: 'average', scope: 'life-cycle', values };
}
