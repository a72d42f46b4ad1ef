import { InvalidInputError } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { ProviderError, type ProviderErrorCode } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import { retryAfterMs } from './retry-after.ts';
import { within } from './within.ts';

/** The part of `fetch` that adapters use. `globalThis.fetch` is one. */
export type Fetch = (
  url: string,
  init: {
    readonly method: 'GET' | 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
) => Promise<{
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly text: () => Promise<string>;
}>;

/** What a request without effects needs. */
export interface ReadRequest {
  /** Name of the adapter, for errors. */
  readonly provider: string;
  readonly url: string;
  /** Sent as a form by POST when present. */
  readonly form?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** What came back, whatever the status. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly retryAfterMs: number | undefined;
}

/** What a request is made with. */
export interface Wire {
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** Checks an address and returns it without a slash at its end. Secrets in it are refused, and not repeated in the error. */
export function checkUrl(field: string, url: unknown): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new InvalidInputError(field, 'must be an http or https address', url);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new InvalidInputError(field, 'must hold no user and password', parsed.host, {
      hint: "Pass them as a header: { authorization: 'Basic …' }.",
    });
  }
  return (url as string).replace(/\/+$/, '');
}

/**
 * Sends a request that changes nothing and reads its reply to the end. No error is ambiguous: there is nothing that could
 * have taken effect. Errors name host and path, never the query or a header.
 */
export async function read(wire: Wire, request: ReadRequest, options: CallOptions = {}): Promise<Reply> {
  const { provider, url, timeoutMs } = request;
  const { host, pathname } = new URL(url);
  const fail = (code: ProviderErrorCode, text: string, cause?: unknown): ProviderError =>
    new ProviderError(provider, code, `${host}${pathname} ${text}`, { isAmbiguous: false, cause });
  try {
    return await within(
      { clock: wire.clock, timeoutMs, fail: (code, text, _, cause) => fail(code, text, cause) },
      options,
      (signal) => exchange(wire, request, signal),
    );
  } catch (error) {
    if (ProviderError.is(error)) throw error;
    throw fail(
      'unavailable',
      `could not be read: ${error instanceof Error ? error.message : 'unknown failure'}`,
      error,
    );
  }
}

async function exchange({ fetch, clock }: Wire, request: ReadRequest, signal: AbortSignal): Promise<Reply> {
  const { url, form, headers } = request;
  const response = await fetch(url, {
    method: form === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }) },
    ...(form !== undefined && { body: form }),
    signal,
  });
  const body = await response.text();
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    body,
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), clock.nowMs()),
  };
}

/** The error that a status other than 2xx stands for. */
export function statusError(provider: string, url: string, reply: Reply, detail = ''): ProviderError {
  const { host, pathname } = new URL(url);
  const { status } = reply;
  return new ProviderError(
    provider,
    codeOf(status),
    `${host}${pathname} answered ${status}${detail && `: ${detail}`}`,
    {
      isAmbiguous: false,
      ...(reply.retryAfterMs !== undefined && { retryAfterMs: reply.retryAfterMs }),
    },
  );
}

function codeOf(status: number): ProviderErrorCode {
  if (status === 401 || status === 403) return 'auth';
  if (status === 404 || status === 410) return 'not-found';
  if (status === 408) return 'timeout';
  if (status === 409) return 'conflict';
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'unavailable';
  return status >= 400 ? 'invalid-request' : 'bad-response';
}
