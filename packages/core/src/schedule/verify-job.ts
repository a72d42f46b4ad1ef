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
  const curve = job.marginalThroughput ?? [1];
  let totalMs = 0;
  const runsMs = [0];
  let previousEndAtMs: number | undefined;
  let previousSlot: number | undefined;
  for (const { locationId, slot, startAtMs, durationMs, replicaCount = 1 } of stretches) {
    const endAtMs = startAtMs + durationMs;
    const isAllowed = job.locationIds?.includes(locationId) ?? true;
    if (!locationIds.has(locationId)) report('unknown-location', `'${locationId}' is not in the problem`);
    if (!isAllowed) report('location-not-allowed', `'${locationId}' is not one of the job's`);
    if (locationId !== place && job.mode !== 'migratable')
      report('several-locations', `'${place}' and '${locationId}'`);
    const isNext = slot === previousSlot && curve.length > 1;
    if (!fitsSlot(slot, startAtMs, durationMs, slots, isNext ? previousEndAtMs : undefined)) {
      report('outside-slot', `slot ${slot}, ${startAtMs} + ${durationMs} ms`);
    }
    if (startAtMs < earliestAtMs - TOLERANCE_MS) {
      report('before-earliest-start', `${startAtMs} is before ${earliestAtMs}`);
    }
    if (endAtMs > deadlineAtMs + TOLERANCE_MS) report('after-deadline', `${endAtMs} is after ${deadlineAtMs}`);
    const gapMs = previousEndAtMs === undefined ? 0 : startAtMs - previousEndAtMs;
    if (gapMs < -TOLERANCE_MS) report('overlap', `a stretch starts ${-gapMs} ms before the one before it ends`);
    if (gapMs > TOLERANCE_MS) runsMs.push(0);
    runsMs[runsMs.length - 1]! += durationMs;
    if (job.mode === 'contiguous' && gapMs > TOLERANCE_MS) report('not-contiguous', `a gap of ${gapMs} ms`);
    if (!Number.isSafeInteger(replicaCount) || replicaCount < 1 || replicaCount > curve.length) {
      report('wrong-replicas', `${replicaCount} replicas, from 1 to ${curve.length} are allowed`);
    }
    previousEndAtMs = endAtMs;
    previousSlot = slot;
    totalMs += durationMs * curve.slice(0, replicaCount).reduce((sum, speed) => sum + speed, 0);
  }
  // Written so that a length that is not a number is a breach.
  const { resumeMs = 0, minRunMs = 0 } = job;
  const neededMs = job.runtimeMs + (runsMs.length - 1) * resumeMs;
  const isComplete = Math.abs(totalMs - neededMs) <= TOLERANCE_MS * Math.max(1, stretches.length);
  if (!isComplete) report('wrong-duration', `${totalMs} ms planned of ${neededMs} ms`);
  const leastMs = Math.max(resumeMs, minRunMs);
  if (leastMs > 0) {
    const shortestMs = runsMs.length === 1 ? Infinity : Math.min(...runsMs);
    if (shortestMs < leastMs - TOLERANCE_MS)
      report('run-too-short', `a run of ${shortestMs} ms, the least is ${leastMs} ms`);
    const part = stretches.slice(0, -1).find(({ durationMs }) => durationMs < slots.stepMs - TOLERANCE_MS);
    if (part !== undefined) report('run-too-short', `${part.durationMs} ms in slot ${part.slot}, before the end`);
  }
  return [...found].map(([rule, detail]) => ({ jobId: job.id, rule, detail }));
}

/** True when the slot exists, the stretch starts where the slot or `afterMs` says, and ends by the end of the slot. */
function fitsSlot(
  slot: number,
  startAtMs: number,
  durationMs: number,
  slots: SlotGrid,
  afterMs: number | undefined,
): boolean {
  if (!Number.isSafeInteger(slot) || slot < 0 || slot >= slots.count) return false;
  const slotAtMs = slots.startAtMs + slots.stepMs * slot;
  const offsetMs = startAtMs - (afterMs ?? slotAtMs);
  const isInside = startAtMs + durationMs <= slotAtMs + slots.stepMs + TOLERANCE_MS;
  return Math.abs(offsetMs) <= TOLERANCE_MS && durationMs > 0 && isInside;
}

/** True when the job could have been planned alone, were every location large enough. */
export function hasWindow(job: ScheduleJob, slots: SlotGrid, locationIds: ReadonlySet<string>): boolean {
  const hasLocation = job.locationIds?.some((id) => locationIds.has(id)) ?? locationIds.size > 0;
  const { fromMs, toMs } = usableTime(job, slots);
  const speed = (job.marginalThroughput ?? [1]).reduce((sum, share) => sum + share, 0);
  return hasLocation && toMs - fromMs >= job.runtimeMs / speed;
}

/** From the first slot that starts at or after the earliest start to the deadline or the end of the grid. */
export function usableTime(job: ScheduleJob, slots: SlotGrid): { readonly fromMs: number; readonly toMs: number } {
  const waitMs = Math.max(0, (job.earliestStartAtMs ?? slots.startAtMs) - slots.startAtMs);
  const offGridMs = waitMs % slots.stepMs;
  const fromMs = slots.startAtMs + waitMs + (offGridMs === 0 ? 0 : slots.stepMs - offGridMs);
  const gridEndAtMs = slots.startAtMs + slots.stepMs * slots.count;
  return { fromMs, toMs: Math.min(job.deadlineAtMs ?? Infinity, gridEndAtMs) };
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
