import {
  emissions,
  HOUR_MS,
  hoursFromMs,
  resample,
  schedule,
  type CarbonSeries,
  type ScheduleAmounts,
  type ScheduleProblem,
} from '@spillway/core';
import type { RuntimeJob } from '@spillway/adapters';
import type { WeekReport } from './report.ts';
import { DEFER, WATTS_PER_GPU, WEEK_START_MS, type Submission } from './week-of-jobs.ts';

/** Charges what ran by the course the grids took, and sets it beside run-now and the best plan there could have been. */
export function reportWeek(
  submissions: readonly Submission[],
  ran: readonly RuntimeJob[],
  carbon: Readonly<Record<string, CarbonSeries>>,
  endAtMs: number,
): WeekReport {
  const byId = new Map(submissions.map((submission) => [submission.job.id, submission]));
  const stretches = ran.map(({ jobId, placement, startedAtMs, endedAtMs }) => {
    const whole = byId.get(jobId.slice(0, jobId.indexOf('#')))!;
    const zone = placement.nodeId.slice(0, placement.nodeId.lastIndexOf('-'));
    return {
      jobId: whole.job.id,
      zone,
      home: whole.flexible.zones[0]!,
      gpuCount: whole.job.gpuCount,
      startAtMs: startedAtMs,
      endAtMs: endedAtMs ?? endAtMs,
    };
  });
  const best = schedule(toProblem(submissions, carbon, endAtMs));
  const ours = stretches.map((stretch) => charge(stretch, carbon)).reduce(add, NOTHING);
  const finished = finishTimes(stretches, byId);
  return {
    fromMs: WEEK_START_MS,
    toMs: endAtMs,
    jobCount: submissions.length,
    gpuHours: hoursFromMs(submissions.reduce((sum, { job }) => sum + job.gpuCount * job.runtimeMs!, 0)),
    movableJobs: submissions.filter(({ flexible }) => flexible.zones.length > 1).length,
    missedDeadlines: submissions.filter(
      ({ job, flexible }) => !((finished.get(job.id) ?? Infinity) <= flexible.deadlineAtMs),
    ).length,
    rows: [
      { plan: 'run now, at home', ...best.baselines.runNow },
      { plan: 'spillway', ...ours },
      { plan: 'perfect foresight', ...best.totals },
    ],
    regretRatio: (ours.carbonGrams - best.totals.carbonGrams) / best.totals.carbonGrams,
    carbon: Object.fromEntries(DEFER.zones.map(({ id }) => [id, within(carbon[id]!, endAtMs).values])),
    stretches,
  };
}

/** The same week with the grids' true course: its optimum bounds every plan, its baseline runs each job at once. */
function toProblem(
  submissions: readonly Submission[],
  carbon: Readonly<Record<string, CarbonSeries>>,
  endAtMs: number,
): ScheduleProblem {
  return {
    slots: { startAtMs: WEEK_START_MS, stepMs: HOUR_MS, count: (endAtMs - WEEK_START_MS) / HOUR_MS },
    locations: DEFER.zones.map((zone) => ({ ...zone, carbon: carbon[zone.id]! })),
    jobs: submissions.map(({ job, submittedAtMs, flexible }) => ({
      id: job.id,
      runtimeMs: job.runtimeMs!,
      powerWatts: flexible.powerWatts,
      gpuCount: job.gpuCount,
      earliestStartAtMs: submittedAtMs,
      deadlineAtMs: flexible.deadlineAtMs,
      mode: flexible.mode,
      locationIds: flexible.zones,
    })),
    objective: DEFER.objective,
  };
}

const NOTHING: ScheduleAmounts = { energyWattHours: 0, carbonGrams: 0, costUsd: 0 };

function add(x: ScheduleAmounts, y: ScheduleAmounts): ScheduleAmounts {
  return {
    energyWattHours: x.energyWattHours + y.energyWattHours,
    carbonGrams: x.carbonGrams + y.carbonGrams,
    costUsd: x.costUsd + y.costUsd,
  };
}

/** What a stretch that ran has used, by the course the grid took. */
function charge(
  stretch: WeekReport['stretches'][number],
  carbon: Readonly<Record<string, CarbonSeries>>,
): ScheduleAmounts {
  const zone = DEFER.zones.find(({ id }) => id === stretch.zone)!;
  const durationMs = stretch.endAtMs - stretch.startAtMs;
  const grid = { startAtMs: stretch.startAtMs, stepMs: durationMs, count: 1 };
  const amounts = emissions({
    powerWatts: stretch.gpuCount * WATTS_PER_GPU,
    durationMs,
    carbonGramsPerKwh: resample(carbon[stretch.zone]!, grid).values[0]!,
    pueRatio: zone.pueRatio,
  });
  return { ...amounts, costUsd: stretch.gpuCount * hoursFromMs(durationMs) * zone.priceUsdPerGpuHour };
}

/** When each job had run for all of its run time; a job that did not is absent. */
function finishTimes(
  stretches: WeekReport['stretches'],
  byId: ReadonlyMap<string, Submission>,
): ReadonlyMap<string, number> {
  const ranMs = new Map<string, number>();
  const finished = new Map<string, number>();
  for (const { jobId, startAtMs, endAtMs } of stretches) {
    const total = (ranMs.get(jobId) ?? 0) + endAtMs - startAtMs;
    ranMs.set(jobId, total);
    finished.set(jobId, Math.max(finished.get(jobId) ?? 0, endAtMs));
  }
  for (const [jobId, total] of ranMs) if (total !== byId.get(jobId)!.job.runtimeMs) finished.delete(jobId);
  return finished;
}

function within(series: CarbonSeries, endAtMs: number): CarbonSeries {
  return resample(series, { startAtMs: WEEK_START_MS, stepMs: HOUR_MS, count: (endAtMs - WEEK_START_MS) / HOUR_MS });
}
