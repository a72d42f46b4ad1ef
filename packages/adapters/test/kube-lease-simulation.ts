import { ProviderError, type CallOptions, type Clock } from '@spillway/adapters';
import type { VirtualClock } from '@spillway/adapters/simulated';

import type { ElectionOptions } from '../src/kubernetes/lease.ts';
import type { KubeLease } from '../src/kubernetes/lease-record.ts';

/** The leases of a server: one object, versions that count up, writes that name the version they replace. */
export interface LeaseStore {
  readonly read: () => KubeLease;
  readonly write: (lease: KubeLease, isNew: boolean) => KubeLease;
  readonly remove: () => void;
}

export function leaseStore(): LeaseStore {
  let version = 0;
  let stored: KubeLease | undefined;
  const fail = (code: 'not-found' | 'conflict'): never => {
    throw new ProviderError('store', code, code);
  };
  return {
    read: () => structuredClone(stored ?? fail('not-found')),
    write: (lease, isNew) => {
      if (isNew && stored !== undefined) fail('conflict');
      if (!isNew && stored === undefined) fail('not-found');
      if (!isNew && stored?.metadata.resourceVersion !== lease.metadata.resourceVersion) fail('conflict');
      stored = structuredClone({ ...lease, metadata: { ...lease.metadata, resourceVersion: String(++version) } });
      return structuredClone(stored);
    },
    remove: () => {
      stored = undefined;
    },
  };
}

/** What goes wrong between a process and the server. */
export interface Faults {
  /** Ms that one way takes. */
  readonly delayMs: () => number;
  /** Share of requests that get lost on their way, and of answers that do. */
  readonly lossRatio: number;
}

/** A process: a clock of its own, which runs at its own pace and is wrong, and which can be held up. */
export interface SimulatedProcess {
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly api: ElectionOptions['api'];
  /** Until then nothing of it runs: sleeps end, and answers arrive, after. True time, ms. */
  readonly pauseUntil: (atMs: number) => void;
  readonly isPaused: () => boolean;
  /** Whether it waits for an answer. */
  readonly isWaiting: () => boolean;
  /** Sets its clock, ms. */
  readonly setBack: (byMs: number) => void;
}

export function simulatedProcess(
  world: VirtualClock,
  store: LeaseStore,
  faults: Faults,
  random: () => number,
  { pace, wrongMs }: { readonly pace: number; readonly wrongMs: number },
): SimulatedProcess {
  let pausedUntilMs = 0;
  let offsetMs = wrongMs;
  let waitingCount = 0;
  const awake = async (): Promise<void> => {
    while (world.nowMs() < pausedUntilMs) await world.sleep(pausedUntilMs - world.nowMs());
  };
  const monotonicMs = (): number => world.nowMs() * pace;
  const clock: Clock = {
    nowMs: () => monotonicMs() + offsetMs,
    sleep: async (durationMs, options) => {
      try {
        await world.sleep(durationMs / pace, options);
      } finally {
        await awake();
      }
    },
  };
  /** A request: it takes effect even after the process gave up on it. */
  const call = async <T>(effect: () => T, options: CallOptions = {}): Promise<T> => {
    const leftMs = (options.deadlineAtMs ?? Infinity) - clock.nowMs();
    const isLost = random() < faults.lossRatio;
    const isAnswerLost = random() < faults.lossRatio;
    const answer = (async () => {
      await world.sleep(faults.delayMs());
      if (isLost) return await new Promise<never>(() => undefined);
      const result = effect();
      await world.sleep(faults.delayMs());
      return isAnswerLost ? await new Promise<never>(() => undefined) : result;
    })();
    answer.catch(() => undefined);
    const late = new AbortController();
    const ended = new Promise<never>((_, reject) => {
      const fail = (): void => {
        reject(new ProviderError('store', 'timeout', 'no answer in time'));
      };
      if (options.signal?.aborted === true) fail();
      options.signal?.addEventListener('abort', fail, { once: true, signal: late.signal });
      if (leftMs !== Infinity) clock.sleep(Math.max(0, leftMs), { signal: late.signal }).then(fail, () => undefined);
    });
    waitingCount++;
    try {
      return await Promise.race([answer, ended]);
    } finally {
      waitingCount--;
      late.abort();
      await awake();
    }
  };
  return {
    clock,
    monotonicMs,
    pauseUntil: (atMs) => {
      pausedUntilMs = Math.max(pausedUntilMs, atMs);
    },
    isPaused: () => world.nowMs() < pausedUntilMs,
    isWaiting: () => waitingCount > 0,
    setBack: (byMs) => {
      offsetMs -= byMs;
    },
    api: {
      name: 'store',
      clock,
      get: <T>(_: string, options?: CallOptions) => call(() => store.read() as T, options),
      create: <T>(_: string, body: object, options?: CallOptions) =>
        call(() => store.write(body as KubeLease, true) as T, options),
      replace: <T>(_: string, body: object, options?: CallOptions) =>
        call(() => store.write(body as KubeLease, false) as T, options),
    },
  };
}
