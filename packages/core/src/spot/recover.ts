import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkOptionalText, checkText } from '../internal/check.ts';
import { chosenPlace, lostPlacesAfter } from './recover-place.ts';
import type {
  JobFailure,
  RecoverableJob,
  RecoverDecision,
  RecoverOptions,
  RecoverReason,
  RecoverResult,
  RecoverState,
} from './recover-types.ts';

const KINDS: readonly unknown[] = ['error', 'out-of-memory', 'timeout', 'preempted', 'node-lost', 'unknown'];

/**
 * Says what to do after an attempt of a job has ended: start again from the last checkpoint, where and when, or give up.
 *
 * - A preemption or a lost machine never counts against the job, however often; a lost machine is kept away from. The next
 *   place is the first of `places` not lost within `placeMemoryMs`, else the one whose loss is longest ago. After
 *   `maxFruitlessLosses` attempts in a row lost without a new checkpoint, it is the last: the surest one.
 * - Errors are tried again up to `maxErrorRestarts` times in all, and so are timeouts; a timeout with a new checkpoint does
 *   not count, because the job gets on. An unknown end counts as an error.
 * - Running out of memory is never tried again: the same program would ask for the same again. The reason says of what
 *   it needs more.
 * - `crashLoopCount` failures of the program in a row without progress are a crash loop: give up, whatever is left.
 *
 * The wait is `backoffMs · 2^(n − 1)` for the _n_-th attempt in a row without progress, at most `maxBackoffMs`. After
 * losses of capacity the first wait is left out: the program was well. Progress is a new checkpoint, or `progressMs` of work.
 *
 * Laws: any number of preemptions and lost machines never ends in giving up; running out of memory always does; of errors at
 * most `maxErrorRestarts` are answered with a restart; no restart is before the end or more than `maxBackoffMs` after it; the lost work is
 * never more than the attempt; the state survives JSON. `O(places)`.
 *
 * Source of the waits: Kubernetes, "Pod Lifecycle", container restarts (10 s, doubled, at most 300 s, reset after 10 minutes). Limits
 * that count errors and not preemptions: SkyPilot, `max_restarts_on_errors`.
 *
 * @param job - with the `state` of the answer before, if there was one; neither changed nor kept.
 * @throws InvalidInputError on a foreign state, a place not in `places`, and times that go back: an attempt that ends before it
 * starts or a checkpoint after the end.
 *
 * @example
 * ```ts
 * const job = { id: 'train', startedAtMs: 0, checkpointAtMs: 3_000_000, place: 'zone-a', places: ['zone-a', 'zone-b'] };
 * const { decision, lostMs } = recover(job, { kind: 'preempted', atMs: 3_600_000 });
 * // decision: { action: 'restart', from: 'checkpoint', atMs: 3_600_000, place: 'zone-b' }, lostMs: 600_000
 * ```
 */
export function recover(job: RecoverableJob, failure: JobFailure, options: RecoverOptions = {}): RecoverResult {
  check(job, failure, options);
  const { state: before, startedAtMs } = job;
  const { atMs } = failure;
  const checkpointAtMs = job.checkpointAtMs ?? null;
  const knownAtMs = before?.checkpointAtMs ?? null;
  const isMissing = knownAtMs !== null && (checkpointAtMs === null || checkpointAtMs < knownAtMs);
  const hasNewCheckpoint = checkpointAtMs !== null && checkpointAtMs > Math.max(startedAtMs, knownAtMs ?? -Infinity);
  const isProgress = hasNewCheckpoint || atMs - startedAtMs >= (options.progressMs ?? 600_000);
  const isLoss = failure.kind === 'preempted' || failure.kind === 'node-lost';
  const lostMs = isMissing ? null : atMs - Math.max(startedAtMs, checkpointAtMs ?? -Infinity);

  const isError = failure.kind === 'error' || failure.kind === 'unknown';
  const isTimeout = failure.kind === 'timeout' && !hasNewCheckpoint;
  const state: RecoverState = {
    version: 1,
    lastMs: atMs,
    errorCount: (before?.errorCount ?? 0) + Number(isError),
    timeoutCount: (before?.timeoutCount ?? 0) + Number(isTimeout),
    fruitlessCount: isProgress ? 0 : (before?.fruitlessCount ?? 0) + 1,
    crashCount: isProgress ? 0 : (before?.crashCount ?? 0) + Number(!isLoss),
    lossCount: hasNewCheckpoint ? 0 : (before?.lossCount ?? 0) + Number(isLoss),
    checkpointAtMs,
    lostPlaces: lostPlacesAfter(job, failure, isLoss, options.placeMemoryMs ?? 1_200_000),
  };
  const reasons: RecoverReason[] = [{ kind: 'ended', failure: failure.kind, isProgramAtFault: !isLoss }];
  if (isMissing) reasons.push({ kind: 'checkpoint-missing', knownAtMs });
  const hopeless = whyGiveUp(failure, state, options);
  if (hopeless !== undefined) {
    return { state, decision: { action: 'give-up' }, lostMs, reasons: [...reasons, hopeless] };
  }
  reasons.push(
    checkpointAtMs === null ? { kind: 'from-start', lostMs } : { kind: 'from-checkpoint', checkpointAtMs, lostMs },
  );
  const delayMs = backoff(state.fruitlessCount - Number(isLoss), options);
  if (delayMs > 0) reasons.push({ kind: 'backed-off', delayMs, attempts: state.fruitlessCount });
  const place = chosenPlace(job, state, isLoss, options.maxFruitlessLosses ?? 3, reasons);
  const decision: RecoverDecision = {
    action: 'restart',
    from: checkpointAtMs === null ? 'start' : 'checkpoint',
    atMs: atMs + delayMs,
    ...(place !== undefined && { place }),
    ...(failure.kind === 'node-lost' && failure.nodeId !== undefined && { avoidNodeId: failure.nodeId }),
  };
  return { state, decision, lostMs, reasons };
}

/** The wait after `count` attempts in a row, ms. */
function backoff(count: number, { backoffMs = 10_000, maxBackoffMs = 300_000 }: RecoverOptions): number {
  // Exact, and without an infinity: 2^60 times any wait of a millisecond or more is beyond every limit.
  return count <= 0 ? 0 : Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(60, count - 1));
}

/** Why another attempt would be in vain; `undefined` when it is worth it. */
function whyGiveUp(failure: JobFailure, state: RecoverState, options: RecoverOptions): RecoverReason | undefined {
  const { maxErrorRestarts = 3, maxTimeoutRestarts = 3, crashLoopCount = 5 } = options;
  if (failure.kind === 'preempted' || failure.kind === 'node-lost') return undefined;
  if (failure.kind === 'out-of-memory') {
    return { kind: 'out-of-memory', memory: failure.memory, needsMoreThanMib: failure.hadMib ?? null };
  }
  if (failure.kind === 'error' && failure.isRetryable === false) return { kind: 'not-retryable' };
  if (failure.kind !== 'timeout' && state.errorCount > maxErrorRestarts) {
    return { kind: 'restarts-used-up', of: 'errors', limit: maxErrorRestarts };
  }
  if (failure.kind === 'timeout' && state.timeoutCount > maxTimeoutRestarts) {
    return { kind: 'restarts-used-up', of: 'timeouts', limit: maxTimeoutRestarts };
  }
  return state.crashCount >= crashLoopCount ? { kind: 'crash-loop', attempts: state.crashCount } : undefined;
}

function check(job: RecoverableJob, failure: JobFailure, options: RecoverOptions): void {
  checkText(() => 'id', job.id, 'Name the job.');
  checkNumber(() => `startedAtMs of job '${job.id}'`, job.startedAtMs);
  checkNumber(() => 'atMs of the failure', failure.atMs, {
    min: job.startedAtMs,
    hint: 'An attempt ends after it has started.',
  });
  if (!KINDS.includes(failure.kind)) {
    throw new InvalidInputError('kind of the failure', `must be one of ${KINDS.join(', ')}`, failure.kind, {
      hint: "Pass 'unknown' when nobody knows.",
    });
  }
  checkOptionalText(() => 'nodeId of the failure', failure.nodeId);
  if (failure.kind === 'out-of-memory') {
    checkOptionalNumber('hadMib of the failure', failure.hadMib ?? undefined, {
      above: 0,
      hint: 'Pass null when it is not known.',
    });
    if ((failure.memory as unknown) !== 'gpu' && (failure.memory as unknown) !== 'host') {
      throw new InvalidInputError('memory of the failure', "must be 'gpu' or 'host'", failure.memory);
    }
  }
  checkOptionalNumber(() => `checkpointAtMs of job '${job.id}'`, job.checkpointAtMs ?? undefined, {
    max: failure.atMs,
    hint: 'Pass null when there is no checkpoint.',
  });
  checkPlaces(job);
  checkState(job);
  checkOptionalNumber('maxErrorRestarts', options.maxErrorRestarts, { min: 0, isWhole: true });
  checkOptionalNumber('maxTimeoutRestarts', options.maxTimeoutRestarts, { min: 0, isWhole: true });
  checkOptionalNumber('backoffMs', options.backoffMs, { min: 0, hint: '10 s are 10_000.' });
  checkOptionalNumber('maxBackoffMs', options.maxBackoffMs, {
    min: options.backoffMs ?? 10_000,
    hint: 'It is the longest wait.',
  });
  checkOptionalNumber('progressMs', options.progressMs, { above: 0 });
  checkOptionalNumber('crashLoopCount', options.crashLoopCount, { min: 2, isWhole: true });
  checkOptionalNumber('placeMemoryMs', options.placeMemoryMs, { min: 0 });
  checkOptionalNumber('maxFruitlessLosses', options.maxFruitlessLosses, { min: 1, isWhole: true });
}

function checkPlaces({ place, places }: RecoverableJob): void {
  checkOptionalText(() => 'place', place);
  if (places === undefined) return;
  places.forEach((id, index) => {
    checkText(() => `places[${index}]`, id);
    if (places.indexOf(id) !== index) throw new InvalidInputError(`places[${index}]`, 'must be unique', id);
  });
  if (place !== undefined && !places.includes(place)) {
    throw new InvalidInputError('place', 'must be one of places', place, { hint: 'Or leave places out.' });
  }
}

function checkState({ id, startedAtMs, state }: RecoverableJob): void {
  if (state === undefined) return;
  if ((state as { readonly version: unknown }).version !== 1 || !Array.isArray(state.lostPlaces)) {
    throw new InvalidInputError('state', 'must come from an earlier call', state, {
      hint: 'Leave it out for the first attempt.',
    });
  }
  checkNumber(() => `startedAtMs of job '${id}'`, startedAtMs, {
    min: state.lastMs,
    hint: 'An attempt starts after the one before has ended.',
  });
}
