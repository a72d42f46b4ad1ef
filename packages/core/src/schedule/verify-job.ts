import type { Assignment, ScheduledJob, ScheduleJob, ScheduleRule, ScheduleViolation, SlotGrid } from './types.ts';

/** Instants of this century are doubles with steps of about 0.0002 ms; less than this is rounding. */
const TOLERANCE_MS = 0.001;

/** The rules that the stretches of one job, in order of time, break. One violation a rule, for the first breach. */
export function brokenRules(
  job: ScheduleJob,
  stretches: readonly Assignment[],
  slots: SlotGrid,
  locationIds: ReadonlySet<string>,
): ScheduleViolation[] {
  const found = new Map<ScheduleRule, string>();
  const report = (rule: ScheduleRule, detail: string) => {
    if (!found.has(rule)) found.set(rule, detail);
  };
  const gridEndAtMs = slots.startAtMs + slots.stepMs * slots.count;
  const earliestAtMs = job.earliestStartAtMs ?? slots.startAtMs;
  const deadlineAtMs = Math.min(job.deadlineAtMs ?? gridEndAtMs, gridEndAtMs);

  const place = stretches[0]!.locationId;
  let totalMs = 0;
  let previousEndAtMs: number | undefined;
  for (const { locationId, slot, startAtMs, durationMs } of stretches) {
    const endAtMs = startAtMs + durationMs;
    const isAllowed = job.locationIds?.includes(locationId) ?? true;
    if (!locationIds.has(locationId)) report('unknown-location', `'${locationId}' is not in the problem`);
    if (!isAllowed) report('location-not-allowed', `'${locationId}' is not one of the job's`);
    if (locationId !== place) report('several-locations', `'${place}' and '${locationId}'`);
    if (!fitsSlot(slot, startAtMs, durationMs, slots)) {
      report('outside-slot', `slot ${slot}, ${startAtMs} + ${durationMs} ms`);
    }
    if (startAtMs < earliestAtMs - TOLERANCE_MS) {
      report('before-earliest-start', `${startAtMs} is before ${earliestAtMs}`);
    }
    if (endAtMs > deadlineAtMs + TOLERANCE_MS) report('after-deadline', `${endAtMs} is after ${deadlineAtMs}`);
    const gapMs = previousEndAtMs === undefined ? 0 : startAtMs - previousEndAtMs;
    if (gapMs < -TOLERANCE_MS) report('overlap', `a stretch starts ${-gapMs} ms before the one before it ends`);
    if (job.mode === 'contiguous' && gapMs > TOLERANCE_MS) report('not-contiguous', `a gap of ${gapMs} ms`);
    previousEndAtMs = endAtMs;
    totalMs += durationMs;
  }
  // Written so that a length that is not a number is a breach.
  const isComplete = Math.abs(totalMs - job.runtimeMs) <= TOLERANCE_MS;
  if (!isComplete) report('wrong-duration', `${totalMs} ms planned of ${job.runtimeMs} ms`);
  return [...found].map(([rule, detail]) => ({ jobId: job.id, rule, detail }));
}

/** True when the slot exists, the stretch starts where it starts, and is no longer than it. */
function fitsSlot(slot: number, startAtMs: number, durationMs: number, slots: SlotGrid): boolean {
  if (!Number.isSafeInteger(slot) || slot < 0 || slot >= slots.count) return false;
  const offsetMs = startAtMs - (slots.startAtMs + slots.stepMs * slot);
  return Math.abs(offsetMs) <= TOLERANCE_MS && durationMs > 0 && durationMs <= slots.stepMs + TOLERANCE_MS;
}

/** True when the job could have been planned: a location exists and the window holds the run time. */
export function canBePlanned(job: ScheduleJob, slots: SlotGrid, locationIds: ReadonlySet<string>): boolean {
  const hasLocation = job.locationIds?.some((id) => locationIds.has(id)) ?? locationIds.size > 0;
  const waitMs = Math.max(0, (job.earliestStartAtMs ?? slots.startAtMs) - slots.startAtMs);
  const offGridMs = waitMs % slots.stepMs;
  const startAtMs = slots.startAtMs + waitMs + (offGridMs === 0 ? 0 : slots.stepMs - offGridMs);
  const gridEndAtMs = slots.startAtMs + slots.stepMs * slots.count;
  return hasLocation && Math.min(job.deadlineAtMs ?? Infinity, gridEndAtMs) - startAtMs >= job.runtimeMs;
}

/** True when a job's entry says what its stretches say; a job without stretches must have none. */
export function summaryFits(summary: ScheduledJob | undefined, stretches: readonly Assignment[]): boolean {
  const first = stretches[0];
  if (first === undefined || summary === undefined) return first === undefined && summary === undefined;
  const finishAtMs = stretches.reduce(
    (latest, { startAtMs, durationMs }) => Math.max(latest, startAtMs + durationMs),
    -Infinity,
  );
  return (
    summary.locationId === first.locationId &&
    Math.abs(summary.startAtMs - first.startAtMs) <= TOLERANCE_MS &&
    Math.abs(summary.finishAtMs - finishAtMs) <= TOLERANCE_MS
  );
}
