import { schedule, type Job, type ScheduledJob, type ScheduleJob, type ScheduleLocation } from '@spillway/core';
import type { Outlook } from './foresee.ts';
import type { PlanNote, Plan } from './plan.ts';
import type { DeferPolicy, Policy, Snapshot, SubmittedJob } from './snapshot.ts';

interface Deferrals {
  readonly planned: Plan['planned'];
  /** Pieces made in this tick, so that what is due now starts now. */
  readonly due: readonly SubmittedJob[];
  readonly notes: readonly PlanNote[];
}

/** Plans each job that can wait into its best hours and zone, by the forecast. Jobs are planned once, when they come. */
export function decideDeferrals(snapshot: Snapshot, policy: Policy, outlook: Outlook): Deferrals {
  const candidates = snapshot.waiting.filter(({ flexible }) => flexible !== undefined);
  if (policy.defer === undefined || candidates.length === 0)
    return { planned: [], due: candidates.map(asPlain), notes: [] };

  const locations = locationsOf(policy.defer, outlook);
  const first = locations[0];
  // Without a forecast nothing is known about the hours to come: run now, and say so.
  if (first === undefined) return runNow(candidates, 'no-carbon-forecast');

  const known = new Set(locations.map(({ id }) => id));
  const jobs = candidates.map((submitted) => toScheduleJob(submitted, snapshot.atMs, known));
  const { startAtMs, stepMs, values } = first.carbon;
  const result = schedule({
    slots: { startAtMs, stepMs, count: values.length },
    locations,
    jobs,
    objective: policy.defer.objective,
  });

  const byId = new Map(candidates.map((submitted) => [submitted.job.id, submitted]));
  const planned = result.perJob.map((entry) => {
    const stretches = mergeStretches(result.assignments.filter(({ jobId }) => jobId === entry.jobId));
    return { jobId: entry.jobId, pieces: toPieces(byId.get(entry.jobId)!, entry, stretches) };
  });
  const impossible = runNow(
    result.unplaceable.map(({ jobId }) => byId.get(jobId)!),
    'window-too-short',
  );
  return {
    planned: [...planned, ...impossible.planned],
    due: [...planned.flatMap(({ pieces }) => pieces), ...impossible.due],
    notes: [...result.perJob.map(toNote), ...impossible.notes],
  };
}

function locationsOf(defer: DeferPolicy, outlook: Outlook): readonly ScheduleLocation[] {
  return defer.zones.flatMap(({ id, priceUsdPerGpuHour, pueRatio }) => {
    const carbon = outlook.carbon[id];
    return carbon === undefined ? [] : [{ id, carbon, priceUsdPerGpuHour, pueRatio }];
  });
}

function toScheduleJob({ job, flexible }: SubmittedJob, nowMs: number, known: ReadonlySet<string>): ScheduleJob {
  return {
    id: job.id,
    runtimeMs: job.runtimeMs!,
    powerWatts: flexible!.powerWatts,
    gpuCount: job.gpuCount,
    earliestStartAtMs: nowMs,
    deadlineAtMs: flexible!.deadlineAtMs,
    mode: flexible!.mode,
    locationIds: flexible!.zones.filter((zone) => known.has(zone)),
  };
}

/** One waiting job a stretch; a job in one piece keeps its id. */
function toPieces(
  submitted: SubmittedJob,
  { locationId }: ScheduledJob,
  stretches: readonly { readonly startAtMs: number; readonly durationMs: number }[],
): readonly SubmittedJob[] {
  return stretches.map(({ startAtMs, durationMs }, index) => {
    const job: Job = { ...submitted.job, id: `${submitted.job.id}#${index + 1}`, runtimeMs: durationMs };
    const planned = { jobId: submitted.job.id, zone: locationId, notBeforeMs: startAtMs };
    return { job, submittedAtMs: submitted.submittedAtMs, planned };
  });
}

/** Joins assignments that touch, so that a job is not stopped and started at every slot. */
function mergeStretches(
  assignments: readonly { readonly startAtMs: number; readonly durationMs: number }[],
): { startAtMs: number; durationMs: number }[] {
  const merged: { startAtMs: number; durationMs: number }[] = [];
  for (const { startAtMs, durationMs } of assignments) {
    const last = merged.at(-1);
    if (last !== undefined && last.startAtMs + last.durationMs === startAtMs) last.durationMs += durationMs;
    else merged.push({ startAtMs, durationMs });
  }
  return merged;
}

function runNow(jobs: readonly SubmittedJob[], why: string): Deferrals {
  const planned = jobs.map((submitted) => ({
    jobId: submitted.job.id,
    pieces: [
      {
        job: { ...submitted.job, id: `${submitted.job.id}#1` },
        submittedAtMs: submitted.submittedAtMs,
        planned: { jobId: submitted.job.id, zone: submitted.flexible!.zones[0]!, notBeforeMs: submitted.submittedAtMs },
      },
    ],
  }));
  return {
    planned,
    due: planned.flatMap(({ pieces }) => pieces),
    notes: jobs.map(({ job }) => ({ kind: 'not-deferrable', jobId: job.id, why })),
  };
}

/** A job whose terms nobody plans: it starts as soon as it fits, wherever. */
function asPlain({ job, submittedAtMs }: SubmittedJob): SubmittedJob {
  return { job, submittedAtMs };
}

function toNote({
  jobId,
  locationId,
  startAtMs,
  energyWattHours,
  carbonGrams,
  costUsd,
  runNow,
}: ScheduledJob): PlanNote {
  return {
    kind: 'deferred',
    jobId,
    zone: locationId,
    startAtMs,
    expected: { energyWattHours, carbonGrams, costUsd },
    runNow,
  };
}
