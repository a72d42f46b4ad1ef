import { checkNumber, InvalidInputError } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { KubeApi } from './api.ts';
import { withClaim, type KubeLease } from './lease-record.ts';
import { kubePath } from './path.ts';

/** Which lease, and how it is held. */
export interface ElectionOptions {
  readonly api: Pick<KubeApi, 'name' | 'clock' | 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  /** Of the lease. All who stand for it must name the same, and the same times. */
  readonly name: string;
  /**
   * Who this process is, for people: for example the name of its pod. A random part is added, so that two processes of one name are
   * still two.
   */
  readonly identity: string;
  /** How long others wait after the last sign of the leader, ms, whole seconds. @defaultValue 15_000 */
  readonly leaseDurationMs?: number;
  /**
   * How long after the last renewal that came through this process still takes itself for the leader, ms, less than
   * `leaseDurationMs`. The difference is what clocks may drift apart and what an act begun as leader may take. @defaultValue 10_000
   */
  readonly renewDeadlineMs?: number;
  /** Between tries to renew or take the lease, ms; less than a half of `renewDeadlineMs`. Followers wait up to 2.2 times as long. @defaultValue 2_000 */
  readonly retryPeriodMs?: number;
  /** Aborted: as {@link Election.stop}. */
  readonly signal?: AbortSignal;
  /** Told of every try that failed for another reason than that somebody else leads. @defaultValue nobody is told */
  readonly onError?: (error: unknown) => void;
  /** @defaultValue the clock of the API */
  readonly clock?: Clock;
  /** Ms from any instant, at the same pace as the clock, and never set. @defaultValue `performance.now` */
  readonly monotonicMs?: () => number;
  /** From 0 to 1, for waits and the identity. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/** One time as leader. */
export interface Leadership {
  /** Larger for every later leadership of any process, as long as nobody deletes the lease: what others can refuse stale orders by. */
  readonly term: number;
  /** Aborted when it is over. A process that was held up learns of it late: ask `isLeader` right before an act. */
  readonly signal: AbortSignal;
  /** Whether it still lasts. By the clock, so also right after a pause of this process. */
  readonly isLeader: () => boolean;
}

/** A process that stands for leader. */
export interface Election {
  /** What it writes into the lease. */
  readonly identity: string;
  readonly isLeader: () => boolean;
  /** Who holds the lease as far as is known. Absent: nobody, or not known yet. */
  readonly holder: () => string | undefined;
  /** Waits until this process leads. Rejects with the signal's reason when aborted, and with `aborted` when the election is stopped. */
  readonly leading: (options?: { readonly signal?: AbortSignal }) => Promise<Leadership>;
  /** Stops leading, gives the lease back when it was held, and stands no longer. What is done as leader must have ended before. */
  readonly stop: () => Promise<void>;
}

interface Held {
  readonly leadership: Leadership;
  readonly end: AbortController;
  readonly acquiredAtMs: number;
  lease: KubeLease;
  /** When the last write that came through was sent, by both clocks. */
  sentAtMs: number;
  sentMonotonicMs: number;
}

/** What was seen last, and since when, by the clock that is never set. */
interface Seen {
  readonly version: string;
  readonly holder: string;
  readonly durationMs: number;
  readonly sinceMs: number;
}

/**
 * Stands for leader by a lease: of all processes that do, at most one at a time takes itself for the leader.
 *
 * A leader counts from when it *sent* its last renewal, and gives up by itself after `renewDeadlineMs`. A follower counts from when it *saw*
 * the lease change, and takes it after `leaseDurationMs` without a change. No clock is compared with another, so they may be wrong; only
 * their pace counts, which may differ by a fifth. Every claim names the version it replaces, so of two only one comes through. A lease that
 * is missing is created as if somebody held it, since it may have been deleted under a leader; to save that wait the first time, create it
 * with an empty holder.
 *
 * What no lease can do: stop an act that was begun as leader before a pause and reaches its target after. Send `term` along
 * where the target can refuse an older one, or keep acts shorter than the difference of the two times.
 *
 * Source: client-go, tools/leaderelection. Differences: time counts from sending, not from the answer; an identity is of one process;
 * missing leases are waited for; every leadership has a term of its own.
 *
 * @throws InvalidInputError when a name or a time is not valid.
 *
 * @example
 * ```ts
 * const election = electLeader({ api, namespace: 'spillway', name: 'scheduler', identity: 'scheduler-0' });
 * if (election.isLeader()) await act();
 * await election.stop();
 * ```
 */
export function electLeader(options: ElectionOptions): Election {
  const { api, namespace, name, leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  const { clock = api.clock, random = Math.random, monotonicMs = () => performance.now() } = options;
  checkTimes(leaseDurationMs, renewDeadlineMs, retryPeriodMs);
  if (options.identity === '') throw new InvalidInputError('identity', 'must not be empty', options.identity);
  const nonce = Array.from({ length: 8 }, () => Math.floor(random() * 36).toString(36)).join('');
  const identity = `${options.identity}_${nonce}`;
  const leases = { group: 'coordination.k8s.io', resource: 'leases', namespace };
  const [all, one] = [kubePath(leases), kubePath({ ...leases, name })];

  let held: Held | undefined;
  let seen: Seen | undefined;
  const waiting = new Set<(leadership: Leadership) => void>();
  const stopping = new AbortController();

  const remainingMs = (of: Held): number =>
    renewDeadlineMs - Math.max(monotonicMs() - of.sentMonotonicMs, clock.nowMs() - of.sentAtMs);
  const giveUp = (): void => {
    const ended = held;
    held = undefined;
    ended?.end.abort(new ProviderError(api.name, 'conflict', `the lease '${name}' is no longer held`));
  };
  /** What is held; given up here when it is too late. */
  const current = (): Held | undefined => {
    if (held !== undefined && remainingMs(held) <= 0) giveUp();
    return held;
  };

  /** Writes a claim: for a leadership that is to go on, or for a new one. It counts from before it was sent. */
  const claim = async (before: KubeLease, leading: Held | undefined, newTerm = 0): Promise<void> => {
    const sentAtMs = clock.nowMs();
    const sentMonotonicMs = monotonicMs();
    const claimed = withClaim(before, {
      holder: identity,
      durationMs: leaseDurationMs,
      term: leading?.leadership.term ?? newTerm,
      acquiredAtMs: leading?.acquiredAtMs ?? sentAtMs,
      renewedAtMs: sentAtMs,
    });
    const call = { deadlineAtMs: sentAtMs + renewDeadlineMs / 2, signal: stopping.signal };
    const lease = await api.replace<KubeLease>(one, claimed, call);
    see(lease);
    const sent = { lease, sentAtMs, sentMonotonicMs };
    if (leading === undefined) begin(sent, newTerm);
    // An answer after the end does not bring a leadership back: the next try begins another one.
    else if (current() === leading) Object.assign(leading, sent);
  };
  const begin = (sent: Pick<Held, 'lease' | 'sentAtMs' | 'sentMonotonicMs'>, term: number): void => {
    if (stopping.signal.aborted) return;
    const end = new AbortController();
    const isLeader = (): boolean => current()?.end === end;
    const leadership = { term, signal: end.signal, isLeader };
    held = { ...sent, leadership, end, acquiredAtMs: sent.sentAtMs };
    if (current() === undefined) return;
    for (const resolve of [...waiting]) resolve(leadership);
    void watch(held).catch(() => undefined);
  };
  /** Gives a leadership up in time, also while a renewal is under way. */
  const watch = async (of: Held): Promise<void> => {
    while (current() === of) await clock.sleep(remainingMs(of), { signal: of.end.signal });
  };

  const see = (lease: KubeLease): void => {
    const version = lease.metadata.resourceVersion ?? '';
    const { holderIdentity: holder = '', leaseDurationSeconds } = lease.spec ?? {};
    if (seen?.version === version) return;
    const durationMs = leaseDurationSeconds === undefined ? leaseDurationMs : leaseDurationSeconds * 1_000;
    seen = { version, holder, durationMs, sinceMs: monotonicMs() };
  };
  const isOver = (): boolean => seen !== undefined && monotonicMs() - seen.sinceMs > seen.durationMs;

  /**
   * The lease as it is. One that is missing may have been deleted under a leader who does not know yet, so it is made anew as if somebody
   * held it. No claim is made by creating: a creation that arrives late would undo what came after a deletion.
   */
  const read = async (): Promise<KubeLease> => {
    const call = { deadlineAtMs: clock.nowMs() + renewDeadlineMs / 2, signal: stopping.signal };
    let lease: KubeLease;
    try {
      lease = await api.get<KubeLease>(one, call);
    } catch (error) {
      if (!isCode(error, 'not-found')) throw error;
      const nowMs = clock.nowMs();
      const times = { acquiredAtMs: nowMs, renewedAtMs: nowMs };
      const unknown = { holder: UNKNOWN, durationMs: leaseDurationMs, term: 0, ...times };
      lease = await api.create<KubeLease>(all, withClaim({ ...EMPTY, metadata: { name, namespace } }, unknown), call);
    }
    see(lease);
    return lease;
  };

  /** Renews the lease, or takes it when it is free. */
  const attempt = async (): Promise<void> => {
    const leading = current();
    if (leading !== undefined) {
      try {
        await claim(leading.lease, leading);
        return;
      } catch (error) {
        // Somebody else's change, or an own one whose answer was lost: the lease itself tells.
        if (!isCode(error, 'conflict') && !isCode(error, 'not-found')) throw error;
      }
    }
    const lease = await read();
    const holder = lease.spec?.holderIdentity ?? '';
    const still = current();
    if (still !== undefined && (holder === identity || holder === UNKNOWN)) {
      await claim(lease, still);
      return;
    }
    giveUp();
    if (holder === '' || holder === identity || isOver()) {
      await claim(lease, undefined, (lease.spec?.leaseTransitions ?? 0) + 1);
    }
  };

  const stand = async (): Promise<void> => {
    const { signal } = stopping;
    const isStopped = (): boolean => signal.aborted;
    while (!isStopped()) {
      const startedAtMs = monotonicMs();
      try {
        await attempt();
      } catch (error) {
        if (!isStopped() && !isCode(error, 'conflict')) options.onError?.(error);
      }
      const periodMs = retryPeriodMs * (current() === undefined ? 1 + 1.2 * random() : 1);
      const waitMs = Math.max(0, periodMs - (monotonicMs() - startedAtMs));
      await clock.sleep(waitMs, { signal }).catch(() => undefined);
    }
  };

  /** Gives the lease back, unless somebody else has it. */
  const release = async (): Promise<void> => {
    for (let tries = 0; tries < 3; tries++) {
      const call = { deadlineAtMs: clock.nowMs() + renewDeadlineMs / 2 };
      try {
        const lease = await api.get<KubeLease>(one, call);
        if (lease.spec?.holderIdentity !== identity) return;
        const nowMs = clock.nowMs();
        const term = lease.spec.leaseTransitions ?? 0;
        const times = { acquiredAtMs: nowMs, renewedAtMs: nowMs };
        await api.replace(one, withClaim(lease, { holder: '', durationMs: 1_000, term, ...times }), call);
        return;
      } catch (error) {
        if (isCode(error, 'not-found')) return;
        // An own renewal that was under way came first: once more. All else is left to the end of the lease.
        if (isCode(error, 'conflict')) continue;
        options.onError?.(error);
        return;
      }
    }
  };

  const standing = stand();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      giveUp();
      stopping.abort(new ProviderError(api.name, 'aborted', `the election by lease '${name}' was stopped`));
      await standing;
      giveUp();
      await release();
    })();
    return stopped;
  };
  if (options.signal?.aborted === true) void stop();
  options.signal?.addEventListener('abort', () => void stop(), { once: true });

  return {
    identity,
    isLeader: () => current() !== undefined,
    holder: () => (seen === undefined || seen.holder === '' || seen.holder === UNKNOWN ? undefined : seen.holder),
    leading: ({ signal } = {}) =>
      new Promise((resolve, reject) => {
        const either = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal;
        either.throwIfAborted();
        const now = current();
        if (now !== undefined) {
          resolve(now.leadership);
          return;
        }
        const settle = (): void => {
          waiting.delete(lead);
          either.removeEventListener('abort', abort);
        };
        const lead = (leadership: Leadership): void => {
          settle();
          resolve(leadership);
        };
        const abort = (): void => {
          settle();
          reject(either.reason as Error);
        };
        waiting.add(lead);
        either.addEventListener('abort', abort, { once: true });
      }),
    stop,
  };
}

/**
 * Does work whenever this process leads, and stands for leader otherwise.
 *
 * When the lead is lost, the work's signal is aborted, and after the work has ended this process stands again. When the work ends by
 * itself, or the election is stopped by its signal, the lease is given back after the end of the work.
 *
 * @returns when the work ended by itself, or the signal was aborted. Rejects with what the work rejects with while it leads.
 * @throws InvalidInputError as {@link electLeader}.
 *
 * @example
 * ```ts
 * await runAsLeader(
 *   { api, namespace: 'spillway', name: 'scheduler', identity: 'scheduler-0', signal },
 *   async ({ isLeader, signal }) => {
 *     while (isLeader()) await scheduleOnce({ signal });
 *   },
 * );
 * ```
 */
export async function runAsLeader(
  options: ElectionOptions,
  work: (leadership: Leadership) => Promise<void>,
): Promise<void> {
  const { signal, ...rest } = options;
  const election = electLeader(rest);
  try {
    for (;;) {
      const leadership = await election.leading({ ...(signal && { signal }) });
      const stopped = signal ? AbortSignal.any([leadership.signal, signal]) : leadership.signal;
      try {
        await work({ ...leadership, signal: stopped });
        if (leadership.isLeader()) return;
      } catch (error) {
        if (!stopped.aborted) throw error;
      }
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    await election.stop();
  }
}

/** Holder of a lease that was missing. */
const UNKNOWN = 'unknown';
const EMPTY = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

function checkTimes(leaseDurationMs: number, renewDeadlineMs: number, retryPeriodMs: number): void {
  checkNumber('leaseDurationMs', leaseDurationMs, { min: 1_000, isWhole: true });
  checkNumber('renewDeadlineMs', renewDeadlineMs, { above: 0 });
  checkNumber('retryPeriodMs', retryPeriodMs, { above: 0 });
  if (leaseDurationMs % 1_000 !== 0) {
    throw new InvalidInputError('leaseDurationMs', 'must be whole seconds', leaseDurationMs, {
      hint: 'A lease holds its duration in seconds.',
    });
  }
  if (renewDeadlineMs >= leaseDurationMs) {
    throw new InvalidInputError('renewDeadlineMs', 'must be less than leaseDurationMs', renewDeadlineMs);
  }
  if (retryPeriodMs >= renewDeadlineMs / 2) {
    throw new InvalidInputError('retryPeriodMs', 'must be less than half of renewDeadlineMs', retryPeriodMs);
  }
}

const isCode = (error: unknown, code: ProviderError['providerCode']): boolean =>
  ProviderError.is(error) && error.providerCode === code;
