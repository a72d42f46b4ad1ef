import type { Clock } from './clock.ts';
import { ProviderError } from './provider-error.ts';
import type { CallOptions } from './types.ts';

/** Refuses a call that is aborted or late before anything is sent. @throws ProviderError `aborted` or `timeout`, not ambiguous */
export function refuseLate(provider: string, clock: Clock, call: string, options: CallOptions = {}): void {
  const { signal, deadlineAtMs = Infinity } = options;
  if (signal?.aborted === true)
    throw new ProviderError(provider, 'aborted', `${call} was aborted`, { isAmbiguous: false, cause: signal.reason });
  if (clock.nowMs() >= deadlineAtMs)
    throw new ProviderError(provider, 'timeout', `the deadline of ${call} has passed`, { isAmbiguous: false });
}
