import { DAY_MS, HOUR_MS, hoursFromMs, kilogramsFromGrams, MINUTE_MS, SECOND_MS, tonnesFromGrams } from '../units.ts';
import type { ConflictMember, ConflictResult } from './find-conflict.ts';
import type { ScheduledJob, UnplaceableJob } from './types.ts';

/**
 * One readable line on what became of a job: when and where it starts, and what that changes against running it at once
 * at home; or why it cannot be planned, with the way out. Masses, times and prices are rounded. Not for parsing.
 *
 * @param entry - an entry of `perJob` or of `unplaceable` of a `ScheduleResult`.
 *
 * @example
 * ```ts
 * const reason = { kind: 'window-too-short', neededMs: 7_200_000, availableMs: 1_800_000 } as const;
 * explainSchedule({ jobId: 'train', reason });
 * // "job 'train' cannot be planned: it runs for 2 h and has 30 min until its deadline or the end of the grid; move …"
 * // A planned job reads: "job 'train' starts 7 h later in 'no' instead of 'de': 1.2 kg instead of 3.4 kg CO2e, …"
 * ```
 */
export function explainSchedule(entry: ScheduledJob | UnplaceableJob): string {
  return 'reason' in entry ? explainUnplaceable(entry) : explainPlanned(entry);
}

function explainPlanned({
  jobId,
  locationId,
  startAtMs,
  finishAtMs,
  carbonGrams,
  costUsd,
  runNow,
}: ScheduledJob): string {
  const waitMs = startAtMs - runNow.startAtMs;
  const when = waitMs === 0 ? 'at once' : `${formatDuration(waitMs)} later`;
  const where =
    locationId === runNow.locationId ? `in '${locationId}'` : `in '${locationId}' instead of '${runNow.locationId}'`;
  const isRunNow = waitMs === 0 && locationId === runNow.locationId && finishAtMs === runNow.finishAtMs;
  const isPaused = finishAtMs - startAtMs > runNow.finishAtMs - runNow.startAtMs;
  const subject = `job '${jobId}' starts ${when} ${where}${isPaused ? ', with pauses' : ''}`;
  if (isRunNow) return `${subject}: ${formatMass(carbonGrams)} CO2e, ${formatUsd(costUsd)}; nothing else is better`;
  const mass = compare(formatMass(carbonGrams), formatMass(runNow.carbonGrams));
  return `${subject}: ${mass} CO2e, ${compare(formatUsd(costUsd), formatUsd(runNow.costUsd))}`;
}

function explainUnplaceable({ jobId, reason }: UnplaceableJob): string {
  switch (reason.kind) {
    case 'window-too-short':
      return (
        `job '${jobId}' cannot be planned: it runs for ${formatDuration(reason.neededMs)} and has ` +
        `${formatDuration(reason.availableMs)} until its deadline or the end of the grid; move one of them`
      );
    case 'no-such-location':
      return reason.wanted.length === 0
        ? `job '${jobId}' cannot be planned: the problem has no location`
        : `job '${jobId}' cannot be planned: no location is called ${reason.wanted.map((id) => `'${id}'`).join(' or ')}`;
    case 'too-few-gpus':
      return (
        `job '${jobId}' cannot be planned: it needs ${reason.neededGpuCount} GPUs at once and none of its locations ` +
        `has them for long enough in its window; the largest has ${reason.largestGpuCount}`
      );
    case 'predecessor-left-out':
      return `job '${jobId}' cannot be planned: it waits for job '${reason.predecessorId}', which has no plan`;
    case 'too-little-power':
      return (
        `job '${jobId}' cannot be planned: its machines draw ${round(reason.neededWatts)} W and none of its locations ` +
        `has that for long enough in its window; the most a location has is ${round(reason.largestWatts)} W`
      );
    case 'constraints':
      return (
        `job '${jobId}' cannot be planned: constraints take away every place it would have alone; those that touch it are ` +
        reason.constraintIds.map((id) => `'${id}'`).join(', ')
      );
    case 'no-room':
      return (
        `job '${jobId}' is left out: the other jobs leave no room for it; ` +
        (reason.isProven
          ? `it is proven that ${provenPart(reason)} must be left out`
          : 'it is not proven that a job has to be')
      );
  }
}

function provenPart({ provenCount, provenValue }: { provenCount: number; provenValue?: number }): string {
  return provenValue === undefined ? String(provenCount) : `jobs worth ${round(provenValue)}`;
}

/**
 * One readable line on a conflict: which jobs cannot all run, and what stands in their way. Not for parsing.
 *
 * @example
 * ```ts
 * explainConflict({
 *   status: 'conflict',
 *   jobIds: ['a', 'b'],
 *   members: [{ kind: 'deadline', jobId: 'a' }, { kind: 'gpu-count', locationId: 'de' }],
 *   isMinimal: true,
 * });
 * // "no plan of jobs 'a', 'b' keeps all of: the deadline of 'a', the gpu-count of 'de'; giving up any one of them is enough"
 * ```
 */
export function explainConflict(conflict: ConflictResult): string {
  if (conflict.status !== 'conflict') {
    return conflict.status === 'none'
      ? 'there is a plan of all jobs'
      : 'no plan of all jobs was found, and none is proven not to exist';
  }
  const { jobIds, members, isMinimal } = conflict;
  const subject = `jobs ${jobIds.map((id) => `'${id}'`).join(', ')}`;
  if (members.length === 0) return `no plan holds ${subject}: the grid is too short, or nothing is left to give up`;
  const list = members.map(nameOf).join(', ');
  return `no plan of ${subject} keeps all of: ${list}${isMinimal ? '; giving up any one of them is enough' : ''}`;
}

function nameOf(member: ConflictMember): string {
  if (member.kind === 'constraint') return `constraint '${member.constraintId}'`;
  if ('locationId' in member) return `the ${member.kind} of '${member.locationId}'`;
  if (member.kind === 'after') return `'${member.jobId}' after '${member.predecessorId}'`;
  return `the ${member.kind} of '${member.jobId}'`;
}

function compare(planned: string, runNow: string): string {
  return planned === runNow ? `${planned} as at once` : `${planned} instead of ${runNow}`;
}

function formatDuration(durationMs: number): string {
  if (durationMs >= 2 * DAY_MS) return `${round(durationMs / DAY_MS)} d`;
  if (durationMs >= HOUR_MS) return `${round(hoursFromMs(durationMs))} h`;
  if (durationMs >= MINUTE_MS) return `${round(durationMs / MINUTE_MS)} min`;
  return `${round(durationMs / SECOND_MS)} s`;
}

function formatMass(massGrams: number): string {
  if (tonnesFromGrams(massGrams) >= 1) return `${round(tonnesFromGrams(massGrams))} t`;
  if (kilogramsFromGrams(massGrams) >= 1) return `${round(kilogramsFromGrams(massGrams))} kg`;
  return `${round(massGrams)} g`;
}

function formatUsd(costUsd: number): string {
  return `${costUsd.toFixed(2)} USD`;
}

/** Three significant digits, the same text on every machine. */
function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
