import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, verifySchedule } from '../src/schedule/index.ts';
import type { Assignment, ScheduleProblem, ScheduleResult, ScheduleRule } from '../src/schedule/index.ts';
import { MINUTE_MS } from '../src/units.ts';
import { problems } from './schedule-arbitraries.ts';

/** A way to spoil a plan at one of its stretches, and a rule that must then be broken. */
interface Mutation {
  readonly name: string;
  readonly rule: ScheduleRule;
  readonly spoil: (result: ScheduleResult, at: number, problem: ScheduleProblem) => ScheduleResult;
}

const changeAt = (result: ScheduleResult, at: number, change: Partial<Assignment>): ScheduleResult => ({
  ...result,
  assignments: result.assignments.map((stretch, index) => (index === at ? { ...stretch, ...change } : stretch)),
});
const changeJob = (result: ScheduleResult, at: number, change: (stretch: Assignment) => Assignment): ScheduleResult => {
  const { jobId } = result.assignments[at]!;
  const changed = (stretch: Assignment) => (stretch.jobId === jobId ? change(stretch) : stretch);
  return { ...result, assignments: result.assignments.map(changed) };
};

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a stretch is dropped',
    rule: 'wrong-duration',
    spoil: (result, at) => {
      const { jobId } = result.assignments[at]!;
      const isOnly = result.assignments.filter((stretch) => stretch.jobId === jobId).length === 1;
      // The only stretch of a job would leave it missing: halve it instead.
      if (isOnly) return changeAt(result, at, { durationMs: result.assignments[at]!.durationMs / 2 });
      return { ...result, assignments: result.assignments.toSpliced(at, 1) };
    },
  },
  {
    name: 'a stretch is there twice',
    rule: 'overlap',
    spoil: (result, at) => ({ ...result, assignments: [...result.assignments, result.assignments[at]!] }),
  },
  {
    name: 'a stretch is longer',
    rule: 'wrong-duration',
    spoil: (result, at) => changeAt(result, at, { durationMs: result.assignments[at]!.durationMs + MINUTE_MS }),
  },
  {
    name: 'a stretch starts inside its slot',
    rule: 'outside-slot',
    spoil: (result, at) => changeAt(result, at, { startAtMs: result.assignments[at]!.startAtMs + MINUTE_MS }),
  },
  {
    name: 'a job is moved beyond its window',
    rule: 'after-deadline',
    spoil: (result, at, { slots }) =>
      changeJob(result, at, (stretch) => ({ ...stretch, startAtMs: stretch.startAtMs + slots.count * slots.stepMs })),
  },
  {
    name: 'a job is moved before the grid',
    rule: 'before-earliest-start',
    spoil: (result, at, { slots }) =>
      changeJob(result, at, (stretch) => ({
        ...stretch,
        slot: stretch.slot - slots.count,
        startAtMs: stretch.startAtMs - (slots.count + 2) * slots.stepMs,
      })),
  },
  {
    name: 'a job runs nowhere',
    rule: 'unknown-location',
    spoil: (result, at) => changeJob(result, at, (stretch) => ({ ...stretch, locationId: 'venus' })),
  },
  {
    name: 'a job is left out',
    rule: 'missing',
    spoil: (result, at) => {
      const { jobId } = result.assignments[at]!;
      const others = <T extends { jobId: string }>(items: readonly T[]) => items.filter((item) => item.jobId !== jobId);
      return { ...result, assignments: others(result.assignments), perJob: others(result.perJob) };
    },
  },
  {
    name: 'a job is refused without need',
    rule: 'wrongly-unplaceable',
    spoil: (result, at) => {
      const { jobId } = result.assignments[at]!;
      const others = <T extends { jobId: string }>(items: readonly T[]) => items.filter((item) => item.jobId !== jobId);
      const reason = { kind: 'window-too-short', neededMs: 2, availableMs: 1 } as const;
      return {
        ...result,
        assignments: others(result.assignments),
        perJob: others(result.perJob),
        unplaceable: [...result.unplaceable, { jobId, reason }],
      };
    },
  },
  {
    name: 'a stretch belongs to nobody',
    rule: 'unknown-job',
    spoil: (result, at) => changeAt(result, at, { jobId: 'nobody' }),
  },
  {
    name: 'an entry is there twice',
    rule: 'listed-twice',
    spoil: (result) => ({ ...result, perJob: [...result.perJob, result.perJob[0]!] }),
  },
  {
    name: 'an entry tells another start',
    rule: 'summary-disagrees',
    spoil: (result) => ({
      ...result,
      perJob: result.perJob.map((job, index) => (index === 0 ? { ...job, startAtMs: job.startAtMs + MINUTE_MS } : job)),
    }),
  },
];

describe('verifySchedule', () => {
  it.each(MUTATIONS)('rejects a plan in which $name', ({ rule, spoil }) => {
    fc.assert(
      fc.property(problems({ maxSlots: 12, maxJobs: 5, maxLocations: 3 }), fc.nat(), (problem, pick) => {
        const result = schedule(problem);
        fc.pre(result.assignments.length > 0);

        const { isValid, violations } = verifySchedule(
          problem,
          spoil(result, pick % result.assignments.length, problem),
        );

        expect(isValid).toBe(false);
        expect(violations.map((violation) => violation.rule)).toContain(rule);
      }),
      { numRuns: 100 },
    );
  });
});
