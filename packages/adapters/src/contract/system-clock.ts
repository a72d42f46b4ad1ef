import type { Clock } from './clock.ts';

/** The time of the machine. What an adapter uses when it is given no clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs, { signal } = {}) =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, durationMs);
      if (signal?.aborted === true) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    }),
};
