import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { DAY_MS } from '../units.ts';
import { isWithinCron, parseCron } from './cron.ts';

/** Why something that works is disturbed. */
export type DisruptionReason = 'empty' | 'underutilized' | 'drifted' | 'surplus';

/** How many nodes or replicas may be disturbed at a time. Exactly one of `maxCount` and `maxRatio`. */
export interface DisruptionBudget {
  /** At most so many, whole, >= 0. */
  readonly maxCount?: number;
  /** At most this share of all, from 0 to 1, rounded up: with few of them one may go. */
  readonly maxRatio?: number;
  /**
   * When the budget holds: it does for `durationMs` after each hit of this schedule of five cron fields, or `@daily` and the like, UTC. Absent, with
   * `durationMs`: always.
   */
  readonly schedule?: string;
  /** How long it holds after a hit, ms, > 0, at most 366 days. */
  readonly durationMs?: number;
  /** Which disruptions it limits. @defaultValue all */
  readonly reasons?: readonly DisruptionReason[];
}

/** What is asked of the budgets. */
export interface AllowedDisruptionsInput {
  readonly budgets: readonly DisruptionBudget[];
  readonly reason: DisruptionReason;
  /** How many there are in all, whole, >= 0. */
  readonly totalCount: number;
  /** How many of them are disturbed already, whole, >= 0. @defaultValue 0 */
  readonly disruptedCount?: number;
  /** Ms since the Unix epoch; needed when a budget has a schedule. */
  readonly nowMs?: number;
}

/** How many more may be disturbed. */
export interface AllowedDisruptions {
  /** Whole, >= 0; `null`: no budget limits it now. */
  readonly allowed: number | null;
  /** Index of the budget that allows least, the first of equals; `null` without one. */
  readonly budget: number | null;
}

const LONGEST_MS = 366 * DAY_MS;
/** Instants that a calendar of ECMAScript knows, ms. */
const CALENDAR_MS = 8.64e15;
/** Slack of the share before it is rounded up: a tenth of 30 is 3, though `0.1 * 30 > 3`. */
const SLACK = 1e-9;

/**
 * Says how many more may be disturbed for a reason: the least that any budget allows which holds now, less what is disturbed already.
 *
 * Laws: one more budget never allows more; one more that is disturbed allows one less, down to 0. `O(budgets × days of their durations)`.
 *
 * Source: Karpenter, `NodePool` disruption budgets (nodes, schedule, duration, reasons); it agrees with the cases of its own tests.
 *
 * @throws InvalidInputError on numbers out of range, a budget with both or neither of `maxCount` and `maxRatio`, a schedule without a
 * duration or the other way round, a schedule that cannot be read, and on a missing `nowMs`.
 *
 * @example
 * ```ts
 * const budgets = [{ maxRatio: 0.1 }, { maxCount: 0, schedule: '0 9 * * mon-fri', durationMs: 8 * 3_600_000 }];
 * allowedDisruptions({ budgets, reason: 'empty', totalCount: 25, nowMs: Date.UTC(2026, 0, 3, 12) }); // Saturday
 * // { allowed: 3, budget: 0 }
 * ```
 */
export function allowedDisruptions(input: AllowedDisruptionsInput): AllowedDisruptions {
  const { budgets, reason, totalCount, disruptedCount = 0, nowMs } = input;
  checkDisruptionBudgets(budgets, nowMs);
  checkReason('reason', reason);
  checkNumber('totalCount', totalCount, { min: 0, isWhole: true });
  checkNumber('disruptedCount', disruptedCount, { min: 0, isWhole: true });
  let allowed: number | null = null;
  let budget: number | null = null;
  budgets.forEach(({ maxCount, maxRatio = 1, schedule, durationMs = 0, reasons }, index) => {
    if (reasons !== undefined && !reasons.includes(reason)) return;
    if (schedule !== undefined && !isWithinCron(parseCron('schedule', schedule), nowMs!, durationMs)) return;
    const most = maxCount ?? Math.ceil(maxRatio * totalCount - SLACK);
    const left = Math.max(0, most - disruptedCount);
    if (allowed === null || left < allowed) [allowed, budget] = [left, index];
  });
  return { allowed, budget };
}

/** Throws unless the budgets can be read. @throws InvalidInputError as {@link allowedDisruptions} */
export function checkDisruptionBudgets(budgets: readonly DisruptionBudget[], nowMs: number | undefined): void {
  checkOptionalNumber('nowMs', nowMs, { min: -CALENDAR_MS, max: CALENDAR_MS });
  budgets.forEach(({ maxCount, maxRatio, schedule, durationMs, reasons }, index) => {
    const field = `budgets[${index}]`;
    checkOptionalNumber(`${field}.maxCount`, maxCount, { min: 0, isWhole: true });
    checkOptionalNumber(`${field}.maxRatio`, maxRatio, { min: 0, max: 1, hint: '10 % is 0.1.' });
    if ((maxCount === undefined) === (maxRatio === undefined)) {
      throw new InvalidInputError(field, 'must have one of maxCount and maxRatio', budgets[index]);
    }
    checkOptionalNumber(`${field}.durationMs`, durationMs, {
      above: 0,
      max: LONGEST_MS,
      hint: 'An hour is 3_600_000.',
    });
    if ((schedule === undefined) !== (durationMs === undefined)) {
      throw new InvalidInputError(field, 'must have both of schedule and durationMs, or none', budgets[index]);
    }
    reasons?.forEach((reason, place) => {
      checkReason(`${field}.reasons[${place}]`, reason);
    });
    if (schedule === undefined) return;
    parseCron(`${field}.schedule`, schedule);
    if (nowMs === undefined) {
      throw new InvalidInputError('nowMs', 'must be given when a budget has a schedule', nowMs, {
        hint: 'Pass the present, in ms since the Unix epoch.',
      });
    }
  });
}

function checkReason(field: string, reason: unknown): void {
  if (reason === 'empty' || reason === 'underutilized' || reason === 'drifted' || reason === 'surplus') return;
  throw new InvalidInputError(field, "must be 'empty', 'underutilized', 'drifted' or 'surplus'", reason);
}
