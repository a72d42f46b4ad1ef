import { setTimeout as after } from 'node:timers/promises';

import type { Clock } from '@spillway/adapters';

/** A clock on which time passes faster than on the wall, for code that waits for real answers as well as for time. */
export function fastClock(factor: number): Clock {
  const startAtMs = Date.now();
  return {
    nowMs: () => startAtMs + (Date.now() - startAtMs) * factor,
    sleep: async (durationMs, { signal } = {}) => {
      try {
        await after(durationMs / factor, undefined, signal && { signal });
      } catch (error) {
        throw signal?.reason ?? error;
      }
    },
  };
}
