import { SECOND_MS } from '@spillway/core';

import { ProviderError, type ProviderErrorCode, type ProviderErrorOptions } from '../contract/provider-error.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { isRecord } from './json.ts';
import type { KubeStatus, KubeStatusDetails } from './objects.ts';
import type { KubeReply } from './transport.ts';

/**
 * An API server refused. `status` and `reason` tell apart what shares a code: 410 `Expired` and 404 `NotFound`, 409 `Conflict` and
 * 409 `AlreadyExists`.
 *
 * @example
 * ```ts
 * const isOver = KubeError.is(error) && error.status === 410;
 * ```
 */
export class KubeError extends ProviderError {
  /** Status of HTTP, or that in an event of a watch. */
  readonly status: number;
  /** The word the server has for it; `null` when it said none. */
  readonly reason: string | null;
  /** What it is about, with its causes; `null` when the server told none. */
  readonly details: KubeStatusDetails | null;

  constructor(
    provider: string,
    code: ProviderErrorCode,
    message: string,
    answer: { readonly status: number; readonly reason?: string; readonly details?: KubeStatusDetails },
    options: ProviderErrorOptions = {},
  ) {
    super(provider, code, message, options);
    this.status = answer.status;
    this.reason = answer.reason ?? null;
    this.details = answer.details ?? null;
  }

  /** True for these errors of any copy of the library. */
  static override is(value: unknown): value is KubeError {
    return ProviderError.is(value) && 'reason' in value && 'details' in value && 'status' in value;
  }
}

function codeOf(status: number, reason: string | undefined, message: string): ProviderErrorCode {
  // The server says Forbidden for both; a quota is not a matter of who asks.
  if (status === 403 && message.includes('exceeded quota')) return 'quota';
  if (status === 401 || status === 403) return 'auth';
  if (status === 404 || status === 410) return 'not-found';
  if (status === 408 || status === 504 || reason === 'Timeout') return 'timeout';
  if (status === 409) return 'conflict';
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'unavailable';
  return status >= 400 ? 'invalid-request' : 'bad-response';
}

/** The error for an answer that is no 2xx, by the `Status` in its body, or by its status alone. */
export function errorOf(
  provider: string,
  what: string,
  isWrite: boolean,
  reply: Pick<KubeReply, 'status' | 'header'>,
  body: unknown,
  nowMs: number,
): KubeError {
  const told = statusOf(body);
  const { reason, details, message = '' } = told ?? {};
  const { status } = reply;
  const waitMs = retryAfterMs(reply.header('retry-after'), nowMs) ?? waitOf(details);
  const text = [reason, message.slice(0, 500)].filter((part) => part !== undefined && part !== '').join(': ');
  return new KubeError(
    provider,
    codeOf(status, reason, message),
    `${what} answered ${status}${text && ` ${text}`}`,
    { status, ...(reason !== undefined && { reason }), ...(details !== undefined && { details }) },
    // A server, or a proxy before it, that failed may have failed after the write.
    {
      isAmbiguous: isWrite && (status >= 500 || status === 408),
      ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    },
  );
}

/** The `Status` in a body; `undefined` for a body of any other kind, such as a page of a proxy. */
export function statusOf(body: unknown): KubeStatus | undefined {
  if (!isRecord(body) || body['kind'] !== 'Status') return undefined;
  const { message, reason, code, details } = body;
  return {
    kind: 'Status',
    ...(typeof message === 'string' && { message }),
    ...(typeof reason === 'string' && { reason }),
    ...(typeof code === 'number' && { code }),
    ...(isRecord(details) && { details }),
  };
}

function waitOf(details: KubeStatusDetails | undefined): number | undefined {
  const seconds = details?.retryAfterSeconds;
  return typeof seconds === 'number' && seconds > 0 ? seconds * SECOND_MS : undefined;
}
