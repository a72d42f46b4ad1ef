import { ProviderError, type ProviderErrorCode } from '../contract/provider-error.ts';
import type { Subject } from './subject.ts';

/** Fails a case unless a condition holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Fails a case unless two values are the same plain data. */
export function checkSame(actual: unknown, expected: unknown, what: string): void {
  const [x, y] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(x === y, `${what}: expected ${y}, got ${x}`);
}

/** The provider error that a call rejects with, with all that must hold for any of them. */
async function refusal(subject: Subject, call: () => Promise<unknown>, what: string): Promise<ProviderError> {
  let outcome: unknown;
  try {
    await call();
  } catch (error) {
    outcome = error;
  }
  check(outcome !== undefined, `${what} was expected to reject, and did not`);
  check(
    ProviderError.is(outcome),
    `${what} rejected with something other than a ProviderError: ${outcome instanceof Error ? outcome.message : 'no Error'}`,
  );
  checkError(subject, outcome);
  return outcome;
}

/** As `refusal`, and the error has one of some codes. */
export async function refused(
  subject: Subject,
  codes: ProviderErrorCode | readonly ProviderErrorCode[],
  call: () => Promise<unknown>,
  what: string,
): Promise<ProviderError> {
  const error = await refusal(subject, call, what);
  const allowed: readonly ProviderErrorCode[] = typeof codes === 'string' ? [codes] : codes;
  check(
    allowed.includes(error.providerCode),
    `${what}: expected code ${allowed.join(' or ')}, got ${error.providerCode}`,
  );
  return error;
}

/** What holds for every error of an adapter: its own name, and no secret in it. */
export function checkError({ provider, secrets = [] }: Subject, error: ProviderError): void {
  check(error.provider === provider.name, `an error names provider '${error.provider}', not '${provider.name}'`);
  const text = `${error.message}\n${error.hint ?? ''}\n${String(error.cause)}\n${error.stack ?? ''}`;
  check(!secrets.some((secret) => text.includes(secret)), 'an error repeats a secret');
}

/** Repeats a call with the same arguments while it may succeed later, as a careful caller does. */
export async function insisting<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const isWorthIt = ProviderError.is(error) && error.isRetryable && error.providerCode !== 'no-capacity';
      if (!isWorthIt || attempt === 200) throw error;
    }
  }
}

/** Fails unless a value is an instant in ms that can be: seconds and microseconds are not. */
export function checkInstant(value: number, nowMs: number, what: string): void {
  const YEAR_MS = 31_536_000_000;
  check(
    Number.isFinite(value) && Math.abs(value - nowMs) < YEAR_MS,
    `${what} is ${value}, more than a year from the present ${nowMs}`,
  );
}

/** Calls with an aborted signal, then with a deadline that has passed: refused, and not ambiguous. */
export async function refusesLate(
  subject: Subject,
  what: string,
  call: (options: object) => Promise<unknown>,
): Promise<void> {
  const signal = AbortSignal.abort(new Error('shutting down'));
  const aborted = await refused(subject, 'aborted', () => call({ signal }), `${what} with an aborted signal`);
  check(!aborted.isAmbiguous, `${what} was never sent, so its refusal must not be ambiguous`);
  const deadlineAtMs = (subject.nowMs ?? Date.now)() - 1;
  const late = await refused(subject, 'timeout', () => call({ deadlineAtMs }), `${what} after its deadline`);
  check(!late.isAmbiguous, `${what} was never sent, so its refusal must not be ambiguous`);
}
