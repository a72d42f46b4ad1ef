import { DAY_MS, HOUR_MS } from '@spillway/core';

/** How long a result may wait: until somebody is there to see it, or until the next of two meetings a week. */
export type WaitConstraint = 'next-workday' | 'semi-weekly';

const WORK_STARTS_MS = 9 * HOUR_MS;
const WORK_ENDS_MS = 17 * HOUR_MS;
const THURSDAY = 3;
const SATURDAY = 5;
const SUNDAY = 6;

/**
 * The latest useful finish of a job that would finish at `finishAtMs` if it ran at once, ms since the Unix epoch. Never
 * before `finishAtMs`. Hours and days are UTC, as in the published series.
 *
 * `next-workday`: work that ends in office hours is wanted then; work that ends outside of them is wanted at the next
 * 09:00. As in the published experiment, a Friday evening waits until Saturday 09:00 only, a Saturday until Monday.
 * `semi-weekly`: results are looked at on Monday and Thursday at 09:00.
 *
 * Source: Wiesner et al., "Let's Wait Awhile", Middleware 2021, scenario II, doi 10.1145/3464298.3493399.
 */
export function latestFinishAtMs(finishAtMs: number, constraint: WaitConstraint): number {
  return constraint === 'next-workday' ? nextWorkdayAtMs(finishAtMs) : nextMeetingAtMs(finishAtMs);
}

function nextWorkdayAtMs(finishAtMs: number): number {
  const { dayAtMs, weekday, timeOfDayMs } = calendarOf(finishAtMs);
  if (weekday === SATURDAY) return dayAtMs + 2 * DAY_MS + WORK_STARTS_MS;
  if (weekday === SUNDAY || timeOfDayMs > WORK_ENDS_MS) return dayAtMs + DAY_MS + WORK_STARTS_MS;
  return Math.max(finishAtMs, dayAtMs + WORK_STARTS_MS);
}

function nextMeetingAtMs(finishAtMs: number): number {
  const { dayAtMs, weekday } = calendarOf(finishAtMs);
  // Monday 09:00 of this week, Thursday 09:00, and Monday 09:00 of the next one.
  const mondayAtMs = dayAtMs - weekday * DAY_MS + WORK_STARTS_MS;
  const meetings = [mondayAtMs, mondayAtMs + THURSDAY * DAY_MS, mondayAtMs + 7 * DAY_MS];
  return meetings.find((meeting) => meeting >= finishAtMs)!;
}

/** Start of the day, day of the week from Monday = 0, and time since the start of the day, in UTC. */
function calendarOf(atMs: number): { dayAtMs: number; weekday: number; timeOfDayMs: number } {
  const day = Math.floor(atMs / DAY_MS);
  // Day 0 of the Unix epoch was a Thursday.
  return { dayAtMs: day * DAY_MS, weekday: (((day + THURSDAY) % 7) + 7) % 7, timeOfDayMs: atMs - day * DAY_MS };
}
