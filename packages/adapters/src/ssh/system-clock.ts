import { setTimeout as wait } from 'node:timers/promises';

import type { Clock } from '../contract/clock.ts';

/** The clock of this machine. A sleeper does not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (durationMs, options) => {
    const signal = options?.signal;
    try {
      await wait(durationMs, undefined, { ref: false, ...(signal && { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
