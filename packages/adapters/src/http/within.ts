import type { Clock } from '../contract/clock.ts';
import type { ProviderError, ProviderErrorCode } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';

/** How long a call may take, and how its end is told. */
export interface Limit {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Makes the error for a call that was given up, before or after it was asked. */
  readonly fail: (code: ProviderErrorCode, text: string, wasAsked: boolean, cause?: unknown) => ProviderError;
}

/**
 * Runs a call until it ends, is aborted or is late, whichever comes first. What does not heed its signal keeps nobody waiting.
 * Nothing is run when it is aborted or late already.
 */
export async function within<T>(
  { clock, timeoutMs, fail }: Limit,
  { signal, deadlineAtMs }: CallOptions,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const startAtMs = clock.nowMs();
  const untilMs = Math.min(startAtMs + timeoutMs, deadlineAtMs ?? Infinity);
  if (signal?.aborted === true) throw fail('aborted', 'was not asked: aborted', false, signal.reason);
  if (!(untilMs > startAtMs)) throw fail('timeout', 'was not asked: the deadline has passed', false);

  const stop = new AbortController();
  let giveUp: (error: ProviderError) => void = () => undefined;
  const given = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const end = (code: 'aborted' | 'timeout', text: string, cause?: unknown): void => {
    giveUp(fail(code, text, true, cause));
    stop.abort();
  };
  const abort = (): void => {
    end('aborted', 'was asked, then aborted', signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  const waiting = new AbortController();
  clock.sleep(untilMs - startAtMs, { signal: waiting.signal }).then(
    () => {
      end('timeout', `did not answer within ${untilMs - startAtMs} ms`);
    },
    () => undefined,
  );
  try {
    return await Promise.race([run(stop.signal), given]);
  } finally {
    signal?.removeEventListener('abort', abort);
    waiting.abort();
  }
}
