import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainRecover, recover } from '../src/spot/index.ts';
import type { JobFailure, RecoverableJob, RecoverOptions, RecoverResult } from '../src/index.ts';
import { deepFreeze } from './autoscale-arbitraries.ts';

const places = ['a', 'b', 'c'];
const kinds = ['error', 'timeout', 'preempted', 'node-lost', 'unknown'] as const;

/** One attempt: how long after the last end it starts and works, how it ends, and how old its newest checkpoint is. */
const attempt = fc.record({
  waitMs: fc.nat(400_000),
  workMs: fc.nat(1_000_000),
  kind: fc.constantFrom(...kinds),
  ageMs: fc.option(fc.nat(1_000_000)),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

const options = fc.record(
  {
    maxErrorRestarts: fc.nat(4),
    maxTimeoutRestarts: fc.nat(4),
    backoffMs: fc.integer({ min: 0, max: 10_000 }),
    maxBackoffMs: fc.integer({ min: 10_000, max: 100_000 }),
    crashLoopCount: fc.integer({ min: 2, max: 6 }),
    maxFruitlessLosses: fc.integer({ min: 1, max: 5 }),
  },
  { requiredKeys: [] },
);

interface Step {
  readonly job: RecoverableJob;
  readonly failure: JobFailure;
  readonly result: RecoverResult;
}

/** Runs a job through its attempts, each where the answer before said, and keeps every question with its answer. */
function live(attempts: readonly Attempt[], limits: RecoverOptions, hasPlaces = true): readonly Step[] {
  let nowMs = 1_700_000_000_000;
  let checkpointAtMs: number | null = null;
  let before: RecoverResult | undefined;
  const steps: Step[] = [];
  for (const { waitMs, workMs, kind, ageMs } of attempts) {
    const startedAtMs = nowMs + waitMs;
    const atMs: number = startedAtMs + workMs;
    if (ageMs !== null && ageMs < workMs) checkpointAtMs = atMs - ageMs;
    const decision = before?.decision;
    const place = decision?.action === 'restart' ? decision.place : undefined;
    const job: RecoverableJob = deepFreeze({
      id: 'j',
      startedAtMs,
      checkpointAtMs,
      ...(hasPlaces && { places, place: place ?? 'a' }),
      ...(before !== undefined && { state: JSON.parse(JSON.stringify(before.state)) as RecoverResult['state'] }),
    });
    const failure: JobFailure = deepFreeze({ kind, atMs, nodeId: 'n1' });
    before = recover(job, failure, limits);
    steps.push({ job, failure, result: before });
    nowMs = atMs;
  }
  return steps;
}

const lives = fc.tuple(fc.array(attempt, { minLength: 1, maxLength: 12 }), options);
const runs = { numRuns: 200 };
const isLoss = ({ failure }: Step) => failure.kind === 'preempted' || failure.kind === 'node-lost';

describe('recover', () => {
  test('never gives up on a job that only loses its capacity, however often', () => {
    fc.assert(
      fc.property(lives, ([attempts, limits]) => {
        const lost = attempts.map(
          (one) => ({ ...one, kind: one.waitMs % 2 === 0 ? 'preempted' : 'node-lost' }) as const,
        );

        for (const { result } of live(lost, limits)) expect(result.decision.action).toBe('restart');
      }),
      runs,
    );
  });

  test('always gives up when memory runs out, whatever was before', () => {
    fc.assert(
      fc.property(lives, fc.constantFrom('gpu', 'host'), ([attempts, limits], memory) => {
        const { job, failure } = live(attempts, limits).at(-1)!;

        const { decision, reasons } = recover(job, { kind: 'out-of-memory', memory, atMs: failure.atMs }, limits);

        expect(decision).toEqual({ action: 'give-up' });
        expect(reasons.at(-1)).toEqual({ kind: 'out-of-memory', memory, needsMoreThanMib: null });
      }),
      runs,
    );
  });

  test('answers at most the allowed number of errors and fruitless timeouts with a restart', () => {
    fc.assert(
      fc.property(lives, ([attempts, limits]) => {
        const steps = live(attempts, limits).filter(({ result }) => result.decision.action === 'restart');

        const errors = steps.filter(({ failure: { kind } }) => kind === 'error' || kind === 'unknown').length;
        const timeouts = steps.filter(
          ({ failure, job }) =>
            failure.kind === 'timeout' &&
            (job.checkpointAtMs == null ||
              job.checkpointAtMs <= Math.max(job.startedAtMs, job.state?.checkpointAtMs ?? 0)),
        ).length;
        expect(errors).toBeLessThanOrEqual(limits.maxErrorRestarts ?? 3);
        expect(timeouts).toBeLessThanOrEqual(limits.maxTimeoutRestarts ?? 3);
      }),
      runs,
    );
  });

  test('restarts within the longest wait, and knows the work lost', () => {
    fc.assert(
      fc.property(lives, ([attempts, limits]) => {
        for (const { job, failure, result } of live(attempts, limits)) {
          const workMs = failure.atMs - job.startedAtMs;
          expect(result.lostMs).toBeGreaterThanOrEqual(0);
          expect(result.lostMs).toBeLessThanOrEqual(workMs);
          const { decision } = result;
          if (decision.action === 'give-up') continue;
          expect(decision.atMs).toBeGreaterThanOrEqual(failure.atMs);
          expect(decision.atMs).toBeLessThanOrEqual(failure.atMs + (limits.maxBackoffMs ?? 300_000));
          expect(decision.from).toBe(job.checkpointAtMs == null ? 'start' : 'checkpoint');
        }
      }),
      runs,
    );
  });

  test('never waits less after one more attempt in a row without progress', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kinds), { minLength: 2, maxLength: 20 }), (ends) => {
        const attempts = ends.map((kind) => ({ waitMs: 0, workMs: 1, kind, ageMs: null }));
        const steps = live(attempts, { maxErrorRestarts: 99, maxTimeoutRestarts: 99, crashLoopCount: 99 });

        const waits = steps.flatMap((step) =>
          step.result.decision.action === 'restart' && !isLoss(step)
            ? [step.result.decision.atMs - step.failure.atMs]
            : [],
        );
        expect(waits).toEqual([...waits].sort((x, y) => x - y));
      }),
      runs,
    );
  });

  test('never goes back to a place lost a moment ago while another is left', () => {
    fc.assert(
      fc.property(lives, ([attempts, limits]) => {
        for (const step of live(attempts, limits)) {
          const { decision, state } = step.result;
          if (!isLoss(step) || decision.action === 'give-up') continue;
          const lost = new Set(state.lostPlaces.map(({ place }) => place));
          if (lost.size < places.length) expect(lost.has(decision.place!)).toBe(false);
          else expect(decision.place).not.toBe(step.job.place);
        }
      }),
      runs,
    );
  });

  test('gives the same answer twice, and reasons that can be read', () => {
    fc.assert(
      fc.property(lives, fc.boolean(), ([attempts, limits], hasPlaces) => {
        for (const { job, failure, result } of live(attempts, limits, hasPlaces)) {
          expect(recover(job, failure, limits)).toEqual(result);
          for (const reason of result.reasons) expect(explainRecover(reason)).toMatch(/^[A-Z].*\.$/);
        }
      }),
      { numRuns: 100 },
    );
  });
});
