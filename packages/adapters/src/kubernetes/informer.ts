import { checkNumber } from '@spillway/core';

import { ProviderError, type ProviderErrorCode } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import { within } from '../http/within.ts';
import { backoffMs, type Backoff } from '../ssh/backoff.ts';
import type { KubeApi } from './api.ts';
import { KubeError } from './error.ts';
import type { KubeObject } from './objects.ts';
import { createObjectCache, type KubeChange } from './object-cache.ts';

/** What is followed, and how patiently. */
export interface KubeInformerOptions {
  readonly api: KubeApi;
  /** Of a collection, for example `/api/v1/nodes`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * A watch that was silent for this long is taken for dead, and the list read anew, ms, > 0.
   * @defaultValue 150_000; servers send a bookmark every minute
   */
  readonly idleMs?: number;
  /** Waits between tries. `tries` plays no part: it goes on until it is stopped. */
  readonly backoff?: Omit<Backoff, 'tries'>;
  /** From 0 to 1, for the waits. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/** A time in which changes can have been missed. What is there at its end is known; what came and went within is not. */
export interface KubeWatchGap {
  /** `expired`: the server had forgotten the last version we saw; `idle`: it was silent for too long. */
  readonly reason: 'expired' | 'idle';
  /** When something was last heard, ms since the Unix epoch. */
  readonly fromMs: number;
  /** When the list had been read again. */
  readonly toMs: number;
}

/** How current the cache is. */
export interface KubeInformerStatus {
  readonly isSynced: boolean;
  /** When the server was last heard, ms since the Unix epoch; `null` before the first list. */
  readonly heardAtMs: number | null;
  /** Why it is not heard now; `null` while it is. */
  readonly error: ProviderError | null;
  readonly gaps: readonly KubeWatchGap[];
}

/** The objects of a collection, kept current. */
export interface KubeInformer<T extends KubeObject> {
  /** The objects as last heard, in no order. Not to be changed. */
  readonly list: () => readonly T[];
  readonly get: (name: string, namespace?: string) => T | undefined;
  /** Grows with every change of the cache: the same number, the same objects. */
  readonly version: () => number;
  readonly status: () => KubeInformerStatus;
  /**
   * Resolves once the objects are there. Rejects when aborted, when late (after a minute, where nothing is said), and when what
   * stops it will not pass by itself.
   */
  readonly synced: (call?: CallOptions) => Promise<void>;
  /** Calls back for every change from now on, in order, after the cache holds it. @returns ends it */
  readonly subscribe: (listener: (change: KubeChange<T>) => void) => () => void;
  /** Ends it with its connection. The cache stays as it is. */
  readonly stop: () => Promise<void>;
}

/** Gaps that are remembered. */
const MAX_GAPS = 100;
/** How long `synced` waits when it is told nothing else. */
const SYNC_TIMEOUT_MS = 60_000;
/** A watch that lasted this long was a good one, ms: the wait before the next starts from the beginning. */
const GOOD_WATCH_MS = 5_000;

/**
 * Follows a collection: lists it, then watches from there, until it is stopped. The cache is right again after anything that
 * ends a watch: the server's own limit, a lost connection (the watch goes on where it was), a version that is forgotten and a
 * connection that died without a word (the list is read anew, and a gap reported).
 *
 * Every try after a watch or list that ended waits, doubled for each that fails and shortened at random, so that many
 * followers do not come back at once; longer where the server says so. An object whose version is known makes no change.
 * `metadata.managedFields` is not kept.
 *
 * @returns a {@link KubeInformer}, which has begun.
 * @throws InvalidInputError when `idleMs` is not valid.
 *
 * @example
 * ```ts
 * const pods = kubeInformer<KubePod>({ api, path: '/api/v1/pods' });
 * await pods.synced();
 * pods.list().length;
 * await pods.stop();
 * ```
 */
export function kubeInformer<T extends KubeObject>(options: KubeInformerOptions): KubeInformer<T> {
  const { api, path, idleMs = 150_000, backoff = {}, random = Math.random } = options;
  checkNumber('idleMs', idleMs, { above: 0 });
  const { name, clock } = api;
  const selectors = {
    ...(options.labelSelector !== undefined && { labelSelector: options.labelSelector }),
    ...(options.fieldSelector !== undefined && { fieldSelector: options.fieldSelector }),
  };
  const cache = createObjectCache<T>();
  const stopping = new AbortController();
  const { signal } = stopping;
  const gaps: KubeWatchGap[] = [];
  const waiting = new Set<(problem?: ProviderError) => void>();
  const state: State = { heardAtMs: null, error: null, resourceVersion: '', lost: null, tries: 0 };
  const refuse = (code: 'aborted' | 'timeout' | 'unavailable', text: string, cause?: unknown): ProviderError =>
    new ProviderError(name, code, `GET ${path} ${text}`, { isAmbiguous: false, cause: cause ?? state.error });

  const settle = (): void => {
    for (const done of waiting) {
      if (state.heardAtMs !== null) done();
      else if (state.error?.isRetryable === false) done(state.error);
    }
  };

  const readList = async (): Promise<void> => {
    const { items, resourceVersion } = await api.list<T>(path, selectors, { signal });
    const nowMs = clock.nowMs();
    cache.replace(items);
    if (state.lost !== null && state.heardAtMs !== null) {
      gaps.push({ reason: state.lost, fromMs: state.heardAtMs, toMs: nowMs });
      if (gaps.length > MAX_GAPS) gaps.shift();
    }
    Object.assign(state, { heardAtMs: nowMs, error: null, lost: null, resourceVersion });
    settle();
  };

  /** Watches from the last version until the watch ends, and ends it when it says nothing. */
  const follow = async (): Promise<void> => {
    const end = new AbortController();
    const endSignal = AbortSignal.any([signal, end.signal]);
    const watch = { startAtMs: clock.nowMs(), spokeAtMs: clock.nowMs(), isIdle: false };
    const hear = (): void => {
      watch.spokeAtMs = clock.nowMs();
      Object.assign(state, { heardAtMs: watch.spokeAtMs, error: null });
    };
    const guard = async (): Promise<void> => {
      for (let restMs = idleMs; restMs > 0; restMs = watch.spokeAtMs + idleMs - clock.nowMs()) {
        await clock.sleep(restMs, { signal: endSignal });
      }
      watch.isIdle = true;
      end.abort();
    };
    const guarding = guard().catch(() => undefined);
    try {
      const from = { ...selectors, resourceVersion: state.resourceVersion, onOpen: hear };
      for await (const { type, object } of api.watch<T>(path, from, { signal: endSignal })) {
        hear();
        state.tries = 0;
        state.resourceVersion = object.metadata.resourceVersion ?? state.resourceVersion;
        if (type !== 'BOOKMARK') cache.apply(type, object);
      }
    } catch (error) {
      if (!watch.isIdle) throw error;
      state.lost = 'idle';
      state.error = refuse('timeout', `was silent for ${idleMs} ms`, error);
    } finally {
      end.abort();
      await guarding;
      if (clock.nowMs() - watch.startAtMs >= GOOD_WATCH_MS && !watch.isIdle) state.tries = 0;
    }
  };

  const run = async (): Promise<void> => {
    const isStopped = (): boolean => signal.aborted;
    while (!isStopped()) {
      let waitMs = 0;
      try {
        state.tries++;
        if (state.heardAtMs === null || state.lost !== null) await readList();
        await follow();
      } catch (error) {
        if (isStopped()) break;
        state.error = ProviderError.is(error) ? error : refuse('unavailable', 'could not be followed', error);
        if (KubeError.is(error) && error.status === 410) state.lost = 'expired';
        waitMs = state.error.retryAfterMs ?? 0;
        settle();
      }
      const pauseMs = backoffMs(backoff, Math.min(Math.max(state.tries, 1), 30), random());
      await clock.sleep(Math.max(waitMs, pauseMs), { signal }).catch(() => undefined);
    }
  };
  const running = run();

  return {
    list: cache.list,
    get: cache.get,
    version: cache.version,
    subscribe: cache.subscribe,
    status: () => {
      const { heardAtMs, error } = state;
      return { isSynced: heardAtMs !== null, heardAtMs, error, gaps: [...gaps] };
    },
    synced: async (call = {}) => {
      const { promise, resolve, reject } = promiseParts();
      const done = (problem?: ProviderError): void => {
        if (problem === undefined) resolve();
        else reject(problem);
      };
      const stopped = (): void => {
        reject(refuse('aborted', 'was stopped'));
      };
      const fail = (code: ProviderErrorCode, text: string, _: boolean, cause?: unknown): ProviderError =>
        refuse(code === 'aborted' ? code : 'timeout', `${text} (waiting for its first list)`, cause);
      waiting.add(done);
      signal.addEventListener('abort', stopped);
      try {
        await within({ clock, timeoutMs: SYNC_TIMEOUT_MS, fail }, call, () => {
          if (signal.aborted) stopped();
          settle();
          return promise;
        });
      } finally {
        waiting.delete(done);
        signal.removeEventListener('abort', stopped);
      }
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

interface State {
  heardAtMs: number | null;
  error: ProviderError | null;
  resourceVersion: string;
  /** Why the list has to be read anew. */
  lost: KubeWatchGap['reason'] | null;
  /** Since the server last said something. */
  tries: number;
}

function promiseParts(): {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: ProviderError) => void;
} {
  let parts: { resolve: () => void; reject: (error: ProviderError) => void } | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    parts = { resolve, reject };
  });
  // It may be refused before anyone waits for it.
  promise.catch(() => undefined);
  return { promise, ...parts! };
}
