import { describe, expect, test } from 'vitest';
import { explainRecover, recover } from '../src/spot/index.ts';
import type { JobFailure, RecoverableJob, RecoverResult } from '../src/index.ts';

const job: RecoverableJob = { id: 'train', startedAtMs: 1_000_000, checkpointAtMs: 1_500_000 };
const error: JobFailure = { kind: 'error', atMs: 1_600_000 };

/** Ends of attempts of one second, one after the other, without a checkpoint. */
function ends(kinds: readonly JobFailure['kind'][], more: Partial<RecoverableJob> = {}): readonly RecoverResult[] {
  const results: RecoverResult[] = [];
  kinds.forEach((kind, index) => {
    const startedAtMs = 10_000_000 * (index + 1);
    const failure = {
      kind,
      atMs: startedAtMs + 1_000,
      ...(kind === 'out-of-memory' && { memory: 'gpu' }),
    } as JobFailure;
    const before = results.at(-1);
    const place = before?.decision.action === 'restart' ? before.decision.place : undefined;
    results.push(
      recover(
        {
          id: 'j',
          startedAtMs,
          ...more,
          ...(place !== undefined && { place }),
          ...(before && { state: before.state }),
        },
        failure,
      ),
    );
  });
  return results;
}
const waitsOf = (results: readonly RecoverResult[]) =>
  results.map(({ decision, state }) => (decision.action === 'restart' ? decision.atMs - state.lastMs : 'give-up'));

describe('recover', () => {
  test('goes on from the checkpoint after an error, and says what is lost', () => {
    const { decision, lostMs, reasons } = recover(job, error);

    expect(decision).toEqual({ action: 'restart', from: 'checkpoint', atMs: 1_600_000 });
    expect(lostMs).toBe(100_000);
    expect(reasons).toEqual([
      { kind: 'ended', failure: 'error', isProgramAtFault: true },
      { kind: 'from-checkpoint', checkpointAtMs: 1_500_000, lostMs: 100_000 },
    ]);
  });

  test('loses the whole attempt when the newest checkpoint is of an earlier one', () => {
    expect(recover({ ...job, checkpointAtMs: 900_000 }, error).lostMs).toBe(600_000);
    expect(recover({ ...job, checkpointAtMs: null }, error).lostMs).toBe(600_000);
  });

  test('does not guess what is lost when a known checkpoint is gone', () => {
    const { state } = recover(job, error);

    const { lostMs, reasons, decision } = recover(
      { id: 'train', startedAtMs: 2_000_000, state },
      { kind: 'preempted', atMs: 2_100_000 },
    );

    expect(lostMs).toBeNull();
    expect(reasons[1]).toEqual({ kind: 'checkpoint-missing', knownAtMs: 1_500_000 });
    expect(decision).toMatchObject({ action: 'restart', from: 'start' });
    expect(reasons.map(explainRecover)[2]).toBe(
      'There is no checkpoint: starts again, an unknown time of work of this attempt are lost.',
    );
  });

  test('gives up after the third restart on errors, and waits as Kubernetes does', () => {
    const results = ends(['error', 'error', 'error', 'error']);

    expect(waitsOf(results)).toEqual([10_000, 20_000, 40_000, 'give-up']);
    expect(results[3]!.reasons.at(-1)).toEqual({ kind: 'restarts-used-up', of: 'errors', limit: 3 });
  });

  test('never counts preemptions and lost machines, and starts again at once after the first', () => {
    const results = ends([
      'preempted',
      'node-lost',
      'preempted',
      'preempted',
      'preempted',
      'preempted',
      'preempted',
      'preempted',
    ]);

    expect(waitsOf(results)).toEqual([0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    expect(results.at(-1)!.state.errorCount).toBe(0);
  });

  test('counts an unknown end as an error, and timeouts for themselves', () => {
    expect(waitsOf(ends(['unknown', 'timeout', 'unknown', 'timeout', 'unknown']))).toEqual([
      10_000,
      20_000,
      40_000,
      80_000,
      'give-up',
    ]);
  });

  test('does not count a timeout that left a new checkpoint', () => {
    const { state, decision } = recover(job, { kind: 'timeout', atMs: 1_600_000 });

    expect(state.timeoutCount).toBe(0);
    expect(decision).toMatchObject({ atMs: 1_600_000 });
  });

  test('never starts again what ran out of memory, and says what it needs', () => {
    const { decision, reasons } = recover(job, {
      kind: 'out-of-memory',
      memory: 'gpu',
      hadMib: 81_559,
      atMs: 1_600_000,
    });

    expect(decision).toEqual({ action: 'give-up' });
    expect(explainRecover(reasons.at(-1)!)).toBe('It ran out of gpu memory: it needs more than 81559 MiB.');
  });

  test('gives up on an error that would come again, and on a crash loop', () => {
    expect(recover(job, { ...error, isRetryable: false }).reasons.at(-1)).toEqual({ kind: 'not-retryable' });

    const results = ends(['error', 'timeout', 'error', 'timeout', 'error']);

    expect(results[4]!.reasons.at(-1)).toEqual({ kind: 'crash-loop', attempts: 5 });
  });

  test('goes to the next place after a loss, comes back to the first in time, and keeps a lost machine away', () => {
    const places = ['east', 'west', 'on-demand'];
    const first = recover(
      { id: 'j', startedAtMs: 0, place: 'east', places },
      { kind: 'node-lost', nodeId: 'n7', atMs: 700_000 },
    );
    const startedAtMs = 700_000;
    const second = recover(
      { id: 'j', startedAtMs, checkpointAtMs: 1_900_000, place: 'west', places, state: first.state },
      { kind: 'preempted', atMs: 1_900_001 },
    );

    expect(first.decision).toMatchObject({ place: 'west', avoidNodeId: 'n7' });
    expect(second.decision).toMatchObject({ place: 'east' });
  });

  test('takes the surest place after three losses before a checkpoint', () => {
    const results = ends(['preempted', 'preempted', 'preempted'], {
      place: 'east',
      places: ['east', 'west', 'on-demand'],
    });

    // The losses are hours apart, so that a place lost before is free again.
    expect(results.map(({ decision }) => decision.action === 'restart' && decision.place)).toEqual([
      'west',
      'east',
      'on-demand',
    ]);
    expect(results[2]!.reasons).toContainEqual({ kind: 'losing-all-work', attempts: 3, help: 'checkpoint-more-often' });
  });

  test('stays where it is when the program failed', () => {
    const { decision } = recover({ ...job, place: 'b', places: ['a', 'b'] }, error);

    expect(decision).toMatchObject({ place: 'b' });
  });

  test.each([
    ['id', { ...job, id: '' }, error],
    ["startedAtMs of job 'train'", { ...job, startedAtMs: NaN }, error],
    ['atMs of the failure', job, { ...error, atMs: 999_999 }],
    ['kind of the failure', job, { kind: 'evicted', atMs: 1_600_000 }],
    ['memory of the failure', job, { kind: 'out-of-memory', atMs: 1_600_000 }],
    ['hadMib of the failure', job, { kind: 'out-of-memory', memory: 'gpu', hadMib: 0, atMs: 1_600_000 }],
    ["checkpointAtMs of job 'train'", { ...job, checkpointAtMs: 1_600_001 }, error],
    ['place', { ...job, place: 'x', places: ['a'] }, error],
    ['places[1]', { ...job, places: ['a', 'a'] }, error],
    ['state', { ...job, state: { version: 2 } }, error],
    ["startedAtMs of job 'train'", { ...job, state: recover(job, error).state }, error],
  ])('refuses by the %s', (field, wrong, failure) => {
    expect(() => recover(wrong as RecoverableJob, failure as JobFailure)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error,
    );
  });

  test.each([
    ['maxErrorRestarts', { maxErrorRestarts: -1 }],
    ['maxTimeoutRestarts', { maxTimeoutRestarts: 0.5 }],
    ['backoffMs', { backoffMs: -1 }],
    ['maxBackoffMs', { maxBackoffMs: 9_999 }],
    ['progressMs', { progressMs: 0 }],
    ['crashLoopCount', { crashLoopCount: 1 }],
    ['placeMemoryMs', { placeMemoryMs: NaN }],
    ['maxFruitlessLosses', { maxFruitlessLosses: 0 }],
  ])('refuses by the option %s', (field, wrong) => {
    expect(() => recover(job, error, wrong)).toThrow(expect.objectContaining({ field }) as Error);
  });
});
