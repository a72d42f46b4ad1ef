import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowedDisruptions } from '../src/fleet/index.ts';
import type { DisruptionBudget, DisruptionReason } from '../src/index.ts';

const HOUR_MS = 3_600_000;
const at = (text: string): number => Date.parse(`${text} UTC`);
/** Whether a window of a schedule is open, by a budget that allows nothing. */
const isOpen = (schedule: string, nowMs: number, durationMs: number): boolean =>
  allowedDisruptions({ budgets: [{ maxCount: 0, schedule, durationMs }], reason: 'empty', totalCount: 9, nowMs })
    .allowed === 0;

describe('the cases of Karpenter (pkg/apis/v1/nodepool_budgets_test.go)', () => {
  const nowMs = at('2000-06-15 12:30:30');
  const always = { schedule: '* * * * *', durationMs: HOUR_MS };
  const budgets: readonly DisruptionBudget[] = [
    { maxCount: 10, ...always },
    { maxCount: 100, ...always },
    { maxRatio: 1, ...always },
    { maxCount: 15, reasons: ['drifted', 'underutilized'], ...always },
    { maxCount: 5, reasons: ['drifted'], ...always },
    { maxCount: 0, reasons: ['underutilized', 'drifted', 'empty'], schedule: '@weekly', durationMs: HOUR_MS },
  ];
  const allowedOf = (list: readonly DisruptionBudget[]) =>
    (['empty', 'underutilized', 'drifted'] as const).map(
      (reason) => allowedDisruptions({ budgets: list, reason, totalCount: 100, nowMs }).allowed,
    );
  const changed = (index: number, change: DisruptionBudget) =>
    budgets.map((one, k) => (k === index ? { ...one, ...change } : one));

  test('nothing when a budget of nothing is active for all reasons', () => {
    expect(allowedOf(changed(5, always))).toEqual([0, 0, 0]);
  });

  test('no limit when no budget is active', () => {
    expect(allowedOf(budgets.map((one) => ({ ...one, schedule: '@yearly' })))).toEqual([null, null, null]);
  });

  test('budgets by reason do not count while inactive', () => {
    expect(allowedOf(budgets.map((one, k) => (k === 3 || k === 4 ? { ...one, schedule: '@yearly' } : one)))).toEqual([
      10, 10, 10,
    ]);
  });

  test('a budget without reasons is for all of them', () => {
    expect(allowedOf(budgets.slice(0, 1))).toEqual([10, 10, 10]);
  });

  test('the least of each reason', () => {
    expect(allowedOf([...budgets, { maxCount: 4, reasons: ['empty'], ...always }])).toEqual([4, 10, 5]);
  });

  test('a share is of the whole', () => {
    expect(allowedDisruptions({ budgets: [budgets[2]!], reason: 'empty', totalCount: 100, nowMs }).allowed).toBe(100);
  });

  test.each([
    ['a schedule and the time are in UTC', '@daily', at('2000-05-30 23:00'), HOUR_MS / 2, false],
    ['every minute', '* * * * *', nowMs, HOUR_MS, true],
    ['far from the start of the year', '@yearly', nowMs, HOUR_MS, false],
    ['in the middle of the duration', '@yearly', Date.UTC(1000, 0, 1, 12), 24 * HOUR_MS, true],
    ['longer than the recurrence', '@daily', at('2024-01-07 00:00'), 48 * HOUR_MS, true],
    ['the hit comes after', '30 6 * * SUN', at('2024-01-07 00:00'), 6 * HOUR_MS, false],
  ])('%s', (_, schedule, when, durationMs, expected) => {
    expect(isOpen(schedule, when, durationMs)).toBe(expected);
  });

  test('without a schedule always', () => {
    expect(allowedDisruptions({ budgets: [{ maxCount: 2 }], reason: 'empty', totalCount: 9 })).toEqual({
      allowed: 2,
      budget: 0,
    });
  });

  test.each(['@wrongly', '0 0 * * tue-mon'])('refuses the schedule %s', (schedule) => {
    expect(() => isOpen(schedule, nowMs, 1)).toThrow(
      expect.objectContaining({ field: 'budgets[0].schedule' }) as Error,
    );
  });
});

describe('the cases of robfig/cron v3 (spec_test.go)', () => {
  test.each([
    ['2012-07-09 15:00', '0/15 * * * *', true],
    ['2012-07-09 15:45', '0/15 * * * *', true],
    ['2012-07-09 15:40', '0/15 * * * *', false],
    ['2012-07-09 15:50', '5/15 * * * *', true],
    ['2012-07-15 15:00', '0/15 * * Jul *', true],
    ['2012-07-15 15:00', '0/15 * * Jun *', false],
    ['2012-07-15 08:30', '30 08 ? Jul Sun', true],
    ['2012-07-15 08:30', '30 08 15 Jul ?', true],
    ['2012-07-16 08:30', '30 08 ? Jul Sun', false],
    ['2012-07-16 08:30', '30 08 15 Jul ?', false],
    ['2012-07-09 15:04', '@hourly', false],
    ['2012-07-09 00:00', '@daily', true],
    ['2012-07-09 00:00', '@weekly', false],
    ['2012-07-08 00:00', '@weekly', true],
    ['2012-07-08 00:00', '@monthly', false],
    ['2012-07-01 00:00', '@monthly', true],
    ['2012-07-15 00:00', '* * 1,15 * Sun', true],
    ['2012-06-15 00:00', '* * 1,15 * Sun', true],
    ['2012-08-01 00:00', '* * 1,15 * Sun', true],
    ['2012-07-15 00:00', '* * */10 * Sun', true],
    ['2012-07-15 00:00', '* * * * Mon', false],
    ['2012-07-09 00:00', '* * 1,15 * *', false],
    ['2012-07-15 00:00', '* * 1,15 * *', true],
    ['2012-07-15 00:00', '* * */2 * Sun', true],
  ])('%s hits %s: %s', (when, schedule, expected) => {
    expect(isOpen(schedule, at(when), 60_000)).toBe(expected);
  });

  test.each([
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 7',
    '*/0 * * * *',
    '1-2-3 * * * *',
    '1/2/3 * * * *',
    'x * * * *',
    '5-1 * * * *',
  ])('refuses %j', (schedule) => {
    expect(() => isOpen(schedule, 0, 1)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field: 'budgets[0].schedule' }) as Error,
    );
  });
});

/** A field of a schedule: what it says, the values it means, and whether it is a star. */
const field = (min: number, max: number) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant({ text: '*', values: null }) },
    {
      weight: 3,
      arbitrary: fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((values) => ({
        text: values.join(','),
        values,
      })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([x, y]) => {
        const [from, to] = [Math.min(x, y), Math.max(x, y)];
        return { text: `${from}-${to}`, values: Array.from({ length: to - from + 1 }, (_, k) => from + k) };
      }),
    },
  );
const schedules = fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6));

describe('schedules', () => {
  test('agree with a walk over every minute of the window', () => {
    fc.assert(
      fc.property(
        schedules,
        fc.integer({ min: at('2023-12-25'), max: at('2025-01-05') }),
        fc.integer({ min: 1, max: 3 * 24 * 60 }),
        fc.nat(59_999),
        (fields, nowMs, minutes, rest) => {
          const durationMs = minutes * 60_000 - rest;
          const [minute, hour, day, month, weekday] = fields.map<readonly number[] | null>(({ values }) => values);
          const has = (values: readonly number[] | null | undefined, value: number) =>
            values == null || values.includes(value);
          let expected = false;
          for (let t = Math.floor(nowMs / 60_000) * 60_000; t > nowMs - durationMs; t -= 60_000) {
            const date = new Date(t);
            const isDay = has(day, date.getUTCDate());
            const isWeekday = has(weekday, date.getUTCDay());
            const isDate = day !== null && weekday !== null ? isDay || isWeekday : isDay && isWeekday;
            if (!has(minute, date.getUTCMinutes()) || !has(hour, date.getUTCHours())) continue;
            if (isDate && has(month, date.getUTCMonth() + 1)) expected = true;
          }

          expect(isOpen(fields.map(({ text }) => text).join(' '), nowMs, durationMs)).toBe(expected);
        },
      ),
      { numRuns: 200 },
    );
  });
});

const reasons: readonly DisruptionReason[] = ['empty', 'underutilized', 'drifted', 'surplus'];
const budget = fc.record({
  limit: fc.oneof(fc.record({ maxCount: fc.nat(8) }), fc.record({ maxRatio: fc.nat(20).map((n) => n / 20) })),
  reasons: fc.option(fc.subarray([...reasons]), { nil: undefined }),
});
const budgetLists = fc.array(
  budget.map(({ limit, reasons: list }) => ({ ...limit, ...(list !== undefined && { reasons: list }) })),
  { maxLength: 4 },
);

describe('allowedDisruptions', () => {
  const unlimited = (allowed: number | null) => allowed ?? Infinity;
  const questions = fc.record({
    budgets: budgetLists,
    reason: fc.constantFrom(...reasons),
    totalCount: fc.nat(30),
    disruptedCount: fc.nat(10),
  });

  test('is never more with one more budget, and one less with one more disturbed', () => {
    fc.assert(
      fc.property(questions, budgetLists, (question, more) => {
        const now = unlimited(allowedDisruptions(question).allowed);

        const stricter = allowedDisruptions({ ...question, budgets: [...question.budgets, ...more] });
        const later = allowedDisruptions({ ...question, disruptedCount: question.disruptedCount + 1 });

        expect(unlimited(stricter.allowed)).toBeLessThanOrEqual(now);
        expect(unlimited(later.allowed)).toBe(now === Infinity ? Infinity : Math.max(0, now - 1));
      }),
      { numRuns: 200 },
    );
  });

  test('rounds a share up, and only a share that is above a whole', () => {
    const allowed = (maxRatio: number, totalCount: number) =>
      allowedDisruptions({ budgets: [{ maxRatio }], reason: 'surplus', totalCount }).allowed;

    expect([allowed(0.05, 10), allowed(0.1, 30), allowed(0.7, 10), allowed(0, 9), allowed(1, 9)]).toEqual([
      1, 3, 7, 0, 9,
    ]);
  });

  test.each([
    ['budgets[0]', [{}]],
    ['budgets[0]', [{ maxCount: 1, maxRatio: 0.5 }]],
    ['budgets[0]', [{ maxCount: 1, schedule: '@daily' }]],
    ['budgets[0]', [{ maxCount: 1, durationMs: 5 }]],
    ['budgets[0].maxCount', [{ maxCount: -1 }]],
    ['budgets[0].maxRatio', [{ maxRatio: 1.1 }]],
    ['budgets[0].durationMs', [{ maxCount: 1, schedule: '@daily', durationMs: 0 }]],
    ['budgets[1].reasons[0]', [{ maxCount: 1 }, { maxCount: 1, reasons: ['age'] }]],
    ['nowMs', [{ maxCount: 1, schedule: '@daily', durationMs: 5 }]],
  ])('refuses by the %s', (name, budgets) => {
    expect(() => allowedDisruptions({ budgets: budgets as never, reason: 'empty', totalCount: 1 })).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field: name }) as Error,
    );
  });
});
