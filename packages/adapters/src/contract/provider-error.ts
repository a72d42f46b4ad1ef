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

export interface ProviderErrorOptions extends SpillwayErrorOptions {
  /** Whether the same call may succeed later. @defaultValue true for `no-capacity`, `rate-limited`, `timeout`, `unavailable` */
  readonly isRetryable?: boolean;
  /** How long to wait before trying again, ms, when the provider said so. */
  readonly retryAfterMs?: number;
  /**
   * Whether the call may have taken effect although it failed. Look (`list`) before repeating it with another token.
   * @defaultValue true for `timeout`
   */
  readonly isAmbiguous?: boolean;
}

const RETRYABLE: ReadonlySet<ProviderErrorCode> = new Set(['no-capacity', 'rate-limited', 'timeout', 'unavailable']);

/** The world failed: a provider refused, did not answer, or answered nonsense. */
export class ProviderError extends SpillwayError {
  /** Name of the adapter. */
  readonly provider: string;
  /** What went wrong; `code` is the same, in the form of all Spillway errors. */
  readonly providerCode: ProviderErrorCode;
  readonly isRetryable: boolean;
  readonly isAmbiguous: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(provider: string, code: ProviderErrorCode, message: string, options: ProviderErrorOptions = {}) {
    super(`SPILLWAY_PROVIDER_${code.toUpperCase().replaceAll('-', '_')}`, `${provider}: ${message}`, options);
    this.provider = provider;
    this.providerCode = code;
    this.isRetryable = options.isRetryable ?? RETRYABLE.has(code);
    this.isAmbiguous = options.isAmbiguous ?? code === 'timeout';
    this.retryAfterMs = options.retryAfterMs;
  }
}
