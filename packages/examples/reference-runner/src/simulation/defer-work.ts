import {
  createRandom,
  DAY_MS,
  emissions,
  HOUR_MS,
  hoursFromMs,
  InvalidInputError,
  resample,
  schedule,
  seriesEndAtMs,
  type CarbonSeries,
  type GpuNode,
  type Random,
  type ScheduleAmounts,
  type ScheduleProblem,
} from '@spillway/core';
import type { RuntimeJob } from '@spillway/adapters';
import { simulatedCapacity, simulatedRuntime, simulatedSignals, virtualClock } from '@spillway/adapters/simulated';
import { createRunner } from '../loop/runner.ts';
import type { DeferPolicy, FlexibleTerms, SubmittedJob } from '../loop/snapshot.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { StageOptions, WeekReport } from './report.ts';

/** Monday 3 May 2021, 00:00 UTC: an ordinary week with 122 days of history before it. */
const WEEK_START_MS = Date.UTC(2021, 4, 3);
const JOB_COUNT = 120;
/** Thermal design power of an A100 SXM, taken as its draw while a job runs; an assumption of the replay. */
const WATTS_PER_GPU = 400;
const HORIZON_SLOTS = 96;
const NODES_PER_ZONE = 12;
const HISTORY_DAYS = 28;

/**
 * Zones with the list price of one A100 80 GB (an eighth of an ND96amsr_A100_v4 in spaincentral, norwayeast and westus,
 * on demand, 2026-06-18) and the mean PUE of the cloud that lists it.
 */
const DEFER: DeferPolicy = {
  zones: [
    { id: 'ES', priceUsdPerGpuHour: 40.962 / 8, pueRatio: 1.185 },
    { id: 'NO', priceUsdPerGpuHour: 46.861 / 8, pueRatio: 1.185 },
    { id: 'US-CAL-CISO', priceUsdPerGpuHour: 42.601 / 8, pueRatio: 1.185 },
  ],
  objective: { kind: 'carbon' },
  slotMs: HOUR_MS,
  horizonSlots: HORIZON_SLOTS,
  seasons: [24, 168],
};

type Submission = Pick<SubmittedJob, 'job' | 'submittedAtMs'> & { readonly flexible: FlexibleTerms };

/** Throws unless every zone of the replay has data for the week, the days after it and the history before. */
export function checkCarbon(carbon: Readonly<Record<string, CarbonSeries>>): void {
  const fromMs = WEEK_START_MS - HISTORY_DAYS * DAY_MS;
  const toMs = WEEK_START_MS + 12 * DAY_MS;
  for (const { id } of DEFER.zones) {
    const series = carbon[id];
    if (series !== undefined && series.startAtMs <= fromMs && seriesEndAtMs(series) >= toMs) continue;
    const range = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
    throw new InvalidInputError(`carbon data of zone '${id}'`, `must cover ${range}`, series && 'another range', {
      hint: `Give a CSV with the columns time, ${DEFER.zones.map((zone) => zone.id).join(', ')}, hourly, in UTC.`,
    });
  }
}

/** Runs a week of work that can wait through the loop, on forecasts, and charges what the grids then did. */
export async function deferWork(
  carbon: Readonly<Record<string, CarbonSeries>>,
  { seed, onProgress, pace }: StageOptions,
): Promise<WeekReport> {
  const submissions = createSubmissions(createRandom(seed));
  const endAtMs = Math.max(...submissions.map(({ flexible }) => flexible.deadlineAtMs));
  const clock = virtualClock({ startAtMs: WEEK_START_MS });
  const nodes = createNodes();
  const runtime = simulatedRuntime({ clock, nodes });
  const runner = createRunner({
    clock,
    store: memoryStore(),
    runtime,
    capacity: simulatedCapacity({ clock, nodes }),
    signals: simulatedSignals({ clock, carbon }),
    policy: { defer: DEFER },
  });
  while (clock.nowMs() < endAtMs) {
    for (const { job, flexible } of submissions.filter(({ submittedAtMs }) => submittedAtMs === clock.nowMs())) {
      await runner.submit({ job, flexible });
    }
    await runner.tick();
    await clock.advanceTo(clock.nowMs() + HOUR_MS);
    await pace?.(HOUR_MS);
    onProgress?.({
      stage: 'week',
      doneRatio: (clock.nowMs() - WEEK_START_MS) / (endAtMs - WEEK_START_MS),
      message: `hour ${hoursFromMs(clock.nowMs() - WEEK_START_MS)}`,
    });
  }
  return toReport(submissions, await runtime.list(), carbon, endAtMs);
}

/** Jobs of a machine-learning team: handed in on workdays from 9 to 17 h, some free to move, all with time to spare. */
function createSubmissions(random: Random): readonly Submission[] {
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  return Array.from({ length: JOB_COUNT }, (_, index): Submission => {
    const submittedAtMs = WEEK_START_MS + random.integer(5) * DAY_MS + (9 + random.integer(8)) * HOUR_MS;
    const runtimeMs = (1 + random.integer(24)) * HOUR_MS;
    const slackMs = (12 + random.integer(60)) * HOUR_MS;
    const gpuCount = pick([1, 1, 2, 4, 8]);
    const home = pick(['ES', 'US-CAL-CISO']);
    const others = DEFER.zones.map(({ id }) => id).filter((id) => id !== home);
    const isMovable = random.next() < 0.4;
    return {
      job: {
        id: `job-${String(index).padStart(3, '0')}`,
        gpuCount,
        cpuMilli: gpuCount * 12_000,
        memoryMib: gpuCount * 200_000,
        runtimeMs,
      },
      submittedAtMs,
      flexible: {
        deadlineAtMs: submittedAtMs + runtimeMs + slackMs,
        mode: pick(['contiguous', 'interruptible']),
        powerWatts: gpuCount * WATTS_PER_GPU,
        zones: isMovable ? [home, ...others] : [home],
      },
    };
  });
}

function createNodes(): readonly GpuNode[] {
  return DEFER.zones.flatMap(({ id: zone }) =>
    Array.from({ length: NODES_PER_ZONE }, (_, index): GpuNode => {
      const gpus = Array.from({ length: 8 }, () => ({ model: 'A100-SXM4-80GB', memoryMib: 81_920 }));
      return { id: `${zone}-${String(index).padStart(2, '0')}`, zone, gpus, cpuMilli: 96_000, memoryMib: 1_900_000 };
    }),
  );
}

function toReport(
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
