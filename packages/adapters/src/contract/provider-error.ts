import { SpillwayError, type SpillwayErrorOptions } from '@spillway/core';

/** What went wrong out there, in terms a caller can act on. */
export type ProviderErrorCode =
  | 'aborted'
  | 'auth'
  | 'conflict'
  | 'invalid-request'
  | 'no-capacity'
  | 'not-found'
  | 'quota'
  | 'rate-limited'
  | 'timeout'
  | 'unavailable'
  | 'bad-response';

/**
 * What to do about a failure. `later`: the same call again, after `retryAfterMs` where given; `elsewhere`: another tier, zone or
 * provider, or the same one later; `after-fix`: not before request, credentials or quota are changed; `never`: give up.
 */
export type RetryAdvice = 'later' | 'elsewhere' | 'after-fix' | 'never';

/** How far a failure reaches: what else will fail for the same reason. */
export type ErrorScope = 'request' | 'tier' | 'zone' | 'region' | 'account' | 'provider';

/** What can accompany a provider error. */
export interface ProviderErrorOptions extends SpillwayErrorOptions {
  /**
   * Whether the same call may succeed later.
   * @defaultValue whether `retry` is `later`; without it, true for `no-capacity`, `rate-limited`, `timeout`, `unavailable`
   */
  readonly isRetryable?: boolean;
  /** What to do about it. @defaultValue by the code; `later` or `never` where that would contradict `isRetryable` */
  readonly retry?: RetryAdvice;
  /** How far it reaches. @defaultValue by the code */
  readonly scope?: ErrorScope;
  /** How long to wait before trying again, ms, when the provider said so. */
  readonly retryAfterMs?: number;
  /**
   * Whether the call may have taken effect although it failed. Repeat it with the same token, or look (`list`) first;
   * another token may pay twice. An adapter that knows that nothing was sent says `false`.
   * @defaultValue true for `timeout`, `aborted`, `bad-response`
   */
  readonly isAmbiguous?: boolean;
}

const CODE_PREFIX = 'SPILLWAY_PROVIDER_';
const RETRYABLE: ReadonlySet<ProviderErrorCode> = new Set(['no-capacity', 'rate-limited', 'timeout', 'unavailable']);
const ADVICE: Readonly<Record<ProviderErrorCode, readonly [RetryAdvice, ErrorScope]>> = {
  aborted: ['never', 'request'],
  auth: ['after-fix', 'account'],
  'bad-response': ['never', 'provider'],
  conflict: ['never', 'request'],
  'invalid-request': ['after-fix', 'request'],
  'no-capacity': ['elsewhere', 'tier'],
  'not-found': ['never', 'request'],
  quota: ['elsewhere', 'account'],
  'rate-limited': ['later', 'account'],
  timeout: ['later', 'request'],
  unavailable: ['later', 'provider'],
};
const AMBIGUOUS: ReadonlySet<ProviderErrorCode> = new Set(['aborted', 'bad-response', 'timeout']);

/**
 * The world failed: a provider refused, did not answer, or answered nonsense.
 *
 * @example
 * ```ts
 * const error = new ProviderError('aws-ec2', 'rate-limited', 'too many requests', { retryAfterMs: 2_000 });
 * error.code; // 'SPILLWAY_PROVIDER_RATE_LIMITED'
 * error.isRetryable; // true
 * ```
 */
export class ProviderError extends SpillwayError {
  /** Name of the adapter. */
  readonly provider: string;
  /** What went wrong; `code` is the same, in the form of all Spillway errors. */
  readonly providerCode: ProviderErrorCode;
  /** Whether the same call may succeed later. */
  readonly isRetryable: boolean;
  /** What to do about it. */
  readonly retry: RetryAdvice;
  /** How far it reaches. */
  readonly scope: ErrorScope;
  /** Whether the call may have taken effect although it failed. */
  readonly isAmbiguous: boolean;
  /** How long to wait before trying again, ms, when the provider said so. */
  readonly retryAfterMs: number | undefined;

  constructor(provider: string, code: ProviderErrorCode, message: string, options: ProviderErrorOptions = {}) {
    super(`${CODE_PREFIX}${code.toUpperCase().replaceAll('-', '_')}`, `${provider}: ${message}`, options);
    this.provider = provider;
    this.providerCode = code;
    const [advice, scope] = ADVICE[code];
    const retry = options.retry ?? advice;
    this.isRetryable = options.isRetryable ?? (options.retry === undefined ? RETRYABLE.has(code) : retry === 'later');
    const isWait = retry === 'later' || retry === 'elsewhere';
    this.retry =
      options.retry ??
      (this.isRetryable && !isWait ? 'later' : !this.isRetryable && retry === 'later' ? 'never' : retry);
    this.scope = options.scope ?? scope;
    this.isAmbiguous = options.isAmbiguous ?? AMBIGUOUS.has(code);
    this.retryAfterMs = options.retryAfterMs;
  }

  /** True for provider errors of any copy of the library, and for no other Spillway error. */
  static override is(value: unknown): value is ProviderError {
    return SpillwayError.is(value) && value.code.startsWith(CODE_PREFIX) && 'providerCode' in value;
  }
}
