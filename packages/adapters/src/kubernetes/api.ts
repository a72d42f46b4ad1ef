import { checkNumber, InvalidInputError } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { ProviderError, type ProviderErrorCode } from '../contract/provider-error.ts';
import { systemClock } from '../contract/system-clock.ts';
import type { CallOptions } from '../contract/types.ts';
import { within } from '../http/within.ts';
import { errorOf } from './error.ts';
import { isRecord, jsonOf } from './json.ts';
import { listAll, type ListOptions } from './list.ts';
import type { KubeList, KubeObject } from './objects.ts';
import type { KubeReply, KubeRequest, KubeTransport } from './transport.ts';
import { readEvents, type KubeWatchEvent, type WatchOptions } from './watch.ts';

/** What asks, and how long it waits. */
export interface KubeApiOptions {
  readonly transport: KubeTransport;
  /** For errors. @defaultValue 'kubernetes' */
  readonly name?: string;
  /** @defaultValue the clock of the machine */
  readonly clock?: Clock;
  /** How long one request may take, ms, > 0; of a watch, until it begins. @defaultValue 30_000 */
  readonly timeoutMs?: number;
}

/** A request without its signal. */
export type KubeCall = Omit<KubeRequest, 'signal'>;

/** How an object is changed. */
export type PatchType = 'merge' | 'json' | 'strategic';

/** Who applies fields. */
export interface ApplyOptions {
  /** Name of who owns the fields, at most 128 characters. */
  readonly fieldManager: string;
  /** Takes fields that others own. @defaultValue false: they make a `conflict` */
  readonly force?: boolean;
}

/** What is removed, and how. */
export interface RemoveOptions {
  /** Refused with `conflict` when the object is another one, or another version of it, by now. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** Seconds between the signals to end and to be killed, whole, >= 0. @defaultValue that of the pod */
  readonly gracePeriodSeconds?: number;
  /** What becomes of what it owns. @defaultValue by kind */
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
}

/**
 * The verbs of an API server. All reject with {@link ProviderError}; with {@link KubeError} where the server answered. An error
 * of a write is ambiguous when the answer was lost or came from a server that failed.
 *
 * The server, not the compiler, knows what is at a path: the caller says what it expects there, of types whose parts are optional.
 */
export interface KubeApi {
  readonly name: string;
  readonly clock: Clock;
  readonly get: <T extends KubeObject>(path: string, call?: CallOptions) => Promise<T>;
  /** Reads all pages. When the list expires between two of them it is read anew, in one piece. */
  readonly list: <T extends KubeObject>(
    path: string,
    options?: ListOptions,
    call?: CallOptions,
  ) => Promise<KubeList<T>>;
  readonly create: <T extends KubeObject>(path: string, body: object, call?: CallOptions) => Promise<T>;
  /** Refused with `conflict` when the body names a `resourceVersion` that is not the latest. */
  readonly replace: <T extends KubeObject>(path: string, body: object, call?: CallOptions) => Promise<T>;
  readonly patch: <T extends KubeObject>(
    path: string,
    body: object,
    options?: { readonly type?: PatchType },
    call?: CallOptions,
  ) => Promise<T>;
  /** Server-side apply: creates or changes the fields of the body, and gives up those it no longer names. */
  readonly apply: <T extends KubeObject>(
    path: string,
    body: object,
    options: ApplyOptions,
    call?: CallOptions,
  ) => Promise<T>;
  /** Rejects with `not-found` when there is none. */
  readonly remove: (path: string, options?: RemoveOptions, call?: CallOptions) => Promise<void>;
  /**
   * Events from a version on, until the server ends the stream. Rejects with a status of 410 when the version is too old.
   * `deadlineAtMs` is for its beginning.
   */
  readonly watch: <T extends KubeObject>(
    path: string,
    options?: WatchOptions,
    call?: CallOptions,
  ) => AsyncIterable<KubeWatchEvent<T>>;
  /** Any request; resolves with the text of an answer of status 2xx. */
  readonly request: (request: KubeCall, call?: CallOptions) => Promise<string>;
}

const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/**
 * Creates the verbs of an API server on a wire to it. Nothing is retried within: an error says whether and when to.
 *
 * @throws InvalidInputError when `timeoutMs` is not valid.
 *
 * @example
 * ```ts
 * const api = kubeApi({ transport: kubeTransport() });
 * const { items } = await api.list<KubeNode>('/api/v1/nodes');
 * ```
 */
export function kubeApi(options: KubeApiOptions): KubeApi {
  const { transport, name = 'kubernetes', clock = systemClock, timeoutMs = 30_000 } = options;
  checkNumber('timeoutMs', timeoutMs, { above: 0 });

  /** Sends and reads what `take` reads of the reply, in time. */
  const ask = async <T>(
    request: KubeCall,
    call: CallOptions,
    take: (reply: KubeReply) => Promise<T>,
    streamSignal?: AbortSignal,
  ): Promise<T> => {
    const { method, path } = request;
    if (!path.startsWith('/')) throw new InvalidInputError('path', 'must start with /', path);
    const isWrite = method !== 'GET';
    const fail = (code: ProviderErrorCode, text: string, wasAsked: boolean, cause?: unknown): ProviderError =>
      new ProviderError(name, code, `${method} ${path} ${text}`, { isAmbiguous: isWrite && wasAsked, cause });
    try {
      return await within({ clock, timeoutMs, fail }, call, async (signal) => {
        const reply = await transport.request({
          ...request,
          signal: streamSignal === undefined ? signal : AbortSignal.any([signal, streamSignal]),
        });
        if (reply.status < 200 || reply.status > 299) {
          throw errorOf(name, `${method} ${path}`, isWrite, reply, jsonOf(await reply.text()), clock.nowMs());
        }
        return await take(reply);
      });
    } catch (error) {
      if (ProviderError.is(error)) throw error;
      throw fail('unavailable', `was asked, and its answer lost: ${messageOf(error)}`, true, error);
    }
  };

  const request: KubeApi['request'] = (what, call = {}) => ask(what, call, (reply) => reply.text());
  const askObject = async <T extends KubeObject>(what: KubeCall, call: CallOptions = {}): Promise<T> => {
    const object = jsonOf(await request(what, call));
    if (isRecord(object)) return object as unknown as T;
    const { method, path } = what;
    throw new ProviderError(name, 'bad-response', `${method} ${path} answered with no object`, {
      isAmbiguous: method !== 'GET',
    });
  };
  const write = <T extends KubeObject>(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: object,
    call: CallOptions | undefined,
    contentType = 'application/json',
    query: KubeCall['query'] = {},
  ) => askObject<T>({ method, path, query, body: JSON.stringify(body), contentType }, call);

  return {
    name,
    clock,
    request,
    get: (path, call) => askObject({ method: 'GET', path }, call),
    list: <T extends KubeObject>(path: string, listOptions?: ListOptions, call?: CallOptions) =>
      listAll<T>(name, (query) => askObject({ method: 'GET', path, query }, call), path, listOptions),
    create: (path, body, call) => write('POST', path, body, call),
    replace: (path, body, call) => write('PUT', path, body, call),
    patch: (path, body, { type = 'merge' } = {}, call) => write('PATCH', path, body, call, PATCH_TYPES[type]),
    // JSON is YAML.
    apply: (path, body, { fieldManager, force = false }, call) =>
      write('PATCH', path, body, call, 'application/apply-patch+yaml', { fieldManager, force }),
    remove: async (path, removeOptions = {}, call = {}) => {
      const body = JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', ...removeOptions });
      await request({ method: 'DELETE', path, body, contentType: 'application/json' }, call);
    },
    watch: <T extends KubeObject>(path: string, watchOptions: WatchOptions = {}, call: CallOptions = {}) =>
      readEvents<T>(
        name,
        path,
        (query, signal) => ask({ method: 'GET', path, query }, call, (reply) => Promise.resolve(reply.chunks), signal),
        watchOptions,
        call.signal,
      ),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure';
}
