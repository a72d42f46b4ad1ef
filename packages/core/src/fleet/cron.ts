import { InvalidInputError } from '../errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../units.ts';

/** When a schedule hits: true at each allowed minute, hour, day of month (from 1), month (from 1) and day of week (Sunday is 0). */
export interface Cron {
  readonly minutes: readonly boolean[];
  readonly hours: readonly boolean[];
  readonly days: readonly boolean[];
  readonly months: readonly boolean[];
  readonly weekdays: readonly boolean[];
  /** Days of month and of week are both restricted: one of them is enough. */
  readonly isEitherDay: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const NAMED: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
/** Name, least and largest value of each field, and words for its values from the least. */
const FIELDS: readonly (readonly [name: string, min: number, max: number, words: readonly string[]])[] = [
  ['minute', 0, 59, []],
  ['hour', 0, 23, []],
  ['day of month', 1, 31, []],
  ['month', 1, 12, MONTHS],
  ['day of week', 0, 6, WEEKDAYS],
];
const HINT = "Five fields, for example '0 9 * * mon-fri', or '@daily'; UTC.";

/**
 * Reads a schedule of five fields (minute, hour, day of month, month, day of week; lists, ranges, steps, English names) or a name such as
 * `@daily`, in UTC. A day hits when both day fields do, or one of them when both are restricted.
 *
 * Source: crontab(5), as github.com/robfig/cron v3 reads it: a star with a step counts as a restriction, Sunday is 0 and not 7.
 *
 * @throws InvalidInputError with the field of the schedule that is wrong.
 */
export function parseCron(field: string, text: string): Cron {
  if (typeof text !== 'string') throw new InvalidInputError(field, 'must be a schedule', text, { hint: HINT });
  const parts = (NAMED[text.toLowerCase()] ?? text).trim().split(/\s+/);
  if (parts.length !== FIELDS.length) throw new InvalidInputError(field, 'must have five fields', text, { hint: HINT });
  const sets = parts.map((part, index) => parseField(field, part, FIELDS[index]!));
  const [minutes, hours, days, months, weekdays] = sets.map(({ allowed }) => allowed) as [
    boolean[],
    boolean[],
    boolean[],
    boolean[],
    boolean[],
  ];
  return { minutes, hours, days, months, weekdays, isEitherDay: !sets[2]!.isStar && !sets[4]!.isStar };
}

function parseField(
  field: string,
  text: string,
  [name, min, max, words]: (typeof FIELDS)[number],
): { readonly allowed: boolean[]; readonly isStar: boolean } {
  const allowed = new Array<boolean>(max + 1).fill(false);
  let isStar = false;
  const refuse = (requirement: string, part: string): never => {
    throw new InvalidInputError(field, `must have a ${name} that ${requirement}`, part, { hint: HINT });
  };
  const numberOf = (word: string, part: string): number => {
    const index = words.indexOf(word.toLowerCase());
    if (index !== -1) return index + min;
    const value = /^\d+$/.test(word) ? Number(word) : -1;
    return value >= min && value <= max ? value : refuse(`is from ${min} to ${max}`, part);
  };
  for (const part of text.split(',')) {
    const [range, stepText, ...rest] = part.split('/') as [string, string?, ...string[]];
    const step = stepText === undefined ? 1 : /^\d+$/.test(stepText) ? Number(stepText) : 0;
    if (step < 1 || rest.length > 0) refuse('has a step of at least 1', part);
    const isAll = range === '*' || range === '?';
    const [first, last, ...more] = isAll
      ? [String(min), String(max)]
      : (range.split('-') as [string, string?, ...string[]]);
    if (more.length > 0) refuse('is a range of two', part);
    const from = numberOf(first, part);
    const to = last === undefined ? (stepText === undefined ? from : max) : numberOf(last, part);
    if (from > to) refuse('does not end before it begins', part);
    for (let value = from; value <= to; value += step) allowed[value] = true;
    isStar ||= isAll && step === 1;
  }
  return { allowed, isStar };
}

/**
 * True when the schedule has hit within `(nowMs - durationMs, nowMs]`: a window opens at each hit and is half-open.
 * `O(days of the duration)`.
 */
export function isWithinCron(cron: Cron, nowMs: number, durationMs: number): boolean {
  const afterMs = nowMs - durationMs;
  for (let day = Math.floor(nowMs / DAY_MS); (day + 1) * DAY_MS > afterMs; day--) {
    if (!hitsDay(cron, day)) continue;
    for (let hour = 23; hour >= 0; hour--) {
      if (!cron.hours[hour]) continue;
      for (let minute = 59; minute >= 0; minute--) {
        const atMs = day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;
        // The latest hit that is not in the future decides.
        if (cron.minutes[minute]! && atMs <= nowMs) return atMs > afterMs;
      }
    }
  }
  return false;
}

/** `day`: days since the Unix epoch, which was a Thursday. */
function hitsDay({ days, months, weekdays, isEitherDay }: Cron, day: number): boolean {
  const date = new Date(day * DAY_MS);
  if (!months[date.getUTCMonth() + 1]) return false;
  const isDay = days[date.getUTCDate()]!;
  const isWeekday = weekdays[(((day + 4) % 7) + 7) % 7]!;
  return isEitherDay ? isDay || isWeekday : isDay && isWeekday;
}
