import { InvalidInputError, SpillwayError } from '@spillway/core';
import { describe, expect, it, vi } from 'vitest';

import { defineProvider, ProviderError, type ProviderErrorCode } from '@spillway/adapters';

describe('ProviderError', () => {
  it.each([
    // code, stable code, retryable, ambiguous
    ['aborted', 'SPILLWAY_PROVIDER_ABORTED', false, true],
    ['auth', 'SPILLWAY_PROVIDER_AUTH', false, false],
    ['bad-response', 'SPILLWAY_PROVIDER_BAD_RESPONSE', false, true],
    ['conflict', 'SPILLWAY_PROVIDER_CONFLICT', false, false],
    ['invalid-request', 'SPILLWAY_PROVIDER_INVALID_REQUEST', false, false],
    ['no-capacity', 'SPILLWAY_PROVIDER_NO_CAPACITY', true, false],
    ['not-found', 'SPILLWAY_PROVIDER_NOT_FOUND', false, false],
    ['quota', 'SPILLWAY_PROVIDER_QUOTA', false, false],
    ['rate-limited', 'SPILLWAY_PROVIDER_RATE_LIMITED', true, false],
    ['timeout', 'SPILLWAY_PROVIDER_TIMEOUT', true, true],
    ['unavailable', 'SPILLWAY_PROVIDER_UNAVAILABLE', true, false],
  ] as const satisfies readonly (readonly [ProviderErrorCode, string, boolean, boolean])[])(
    'gives %s a stable code and says whether to retry and whether it may have happened',
    (providerCode, code, isRetryable, isAmbiguous) => {
      const error = new ProviderError('ssh', providerCode, 'no answer');

      expect(error).toMatchObject({ provider: 'ssh', providerCode, code, isRetryable, isAmbiguous });
      expect(error.message).toBe('ssh: no answer');
      expect(error.name).toBe('ProviderError');
      expect(error.retryAfterMs).toBeUndefined();
    },
  );

  it('lets an adapter that knows better override the defaults', () => {
    const cause = new Error('socket hang up');
    const error = new ProviderError('ssh', 'unavailable', 'reset', {
      isRetryable: false,
      isAmbiguous: true,
      retryAfterMs: 2_000,
      hint: 'Check the host.',
      cause,
    });

    expect(error).toMatchObject({
      isRetryable: false,
      isAmbiguous: true,
      retryAfterMs: 2_000,
      hint: 'Check the host.',
    });
    expect(error.cause).toBe(cause);
  });

  it.each([
    // code, options, advice, retryable, scope
    ['no-capacity', {}, 'elsewhere', true, 'tier'],
    ['quota', {}, 'elsewhere', false, 'account'],
    ['quota', { retry: 'after-fix' }, 'after-fix', false, 'account'],
    ['rate-limited', { scope: 'region' }, 'later', true, 'region'],
    ['unavailable', { isRetryable: false }, 'never', false, 'provider'],
    ['conflict', { isRetryable: true }, 'later', true, 'request'],
    ['conflict', { retry: 'later' }, 'later', true, 'request'],
    ['timeout', { retry: 'never' }, 'never', false, 'request'],
  ] as const)('advises on %s with %j: %s', (code, options, retry, isRetryable, scope) => {
    expect(new ProviderError('ssh', code, 'no answer', options)).toMatchObject({ retry, isRetryable, scope });
  });

  it('is known across copies of the library, where instanceof is not', async () => {
    vi.resetModules();
    const copy = await import('@spillway/adapters');
    const foreign = new copy.ProviderError('ssh', 'timeout', 'no answer');

    expect(foreign instanceof ProviderError).toBe(false);
    expect(ProviderError.is(foreign)).toBe(true);
    expect(SpillwayError.is(foreign)).toBe(true);
  });

  it('does not take other errors for its own', () => {
    expect(ProviderError.is(new InvalidInputError('gpuCount', 'must be whole', 0.5))).toBe(false);
    expect(ProviderError.is(new Error('SPILLWAY_PROVIDER_TIMEOUT'))).toBe(false);
    expect(ProviderError.is({ code: 'SPILLWAY_PROVIDER_TIMEOUT', providerCode: 'timeout' })).toBe(false);
    expect(ProviderError.is(null)).toBe(false);
    expect(ProviderError.is('timeout')).toBe(false);
  });
});

describe('defineProvider', () => {
  it('returns the very object it was given', () => {
    const provider = { name: 'none', specVersion: 1, listNodes: () => Promise.resolve([]) } as const;

    expect(defineProvider(provider)).toBe(provider);
  });
});
