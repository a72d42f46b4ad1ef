import { setImmediate as nextTurn } from 'node:timers/promises';

import { checkNumber, InvalidInputError } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  /**
   * Moves the time on to an instant, ms since the Unix epoch, and lets every sleep that ends on the way end at its own
   * time. Resolves when all is quiet at that instant.
   */
  readonly advanceTo: (atMs: number) => Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly wake: () => void;
}

/**
 * Creates a clock for simulation and tests: an hour passes as fast as its events can be worked through.
 *
 * `advanceTo` wakes sleepers in order of time, ties in order of registration, one by one; after each it lets promise
 * callbacks settle, so a sleeper that goes to sleep again within the span is woken within the span. Callbacks that wait
 * for real input or output are not waited for. `sleep(0)` ends at the next `advanceTo`; code that sleeps for 0 ms in an
 * endless loop never lets it finish.
 *
 * @param options - `startAtMs`: the first instant, ms since the Unix epoch.
 * @returns a {@link VirtualClock}. `sleep` takes `O(timers)` in the worst case, waking one `O(1)` and one turn of the
 * event loop. `sleep` rejects with InvalidInputError for a duration that is not a finite number >= 0, and
 * `advanceTo` for an instant before the present and for a call while an earlier one is under way.
 * @throws InvalidInputError when `startAtMs` is not a finite number.
 *
 * @example
 * ```ts
 * const clock = virtualClock({ startAtMs: 0 });
 * const done = clock.sleep(60_000).then(() => clock.nowMs());
 * await clock.advanceTo(3_600_000);
 * await done; // 60_000
 * ```
 */
export function virtualClock(options: { readonly startAtMs: number }): VirtualClock {
  checkNumber('startAtMs', options.startAtMs);
  let nowMs = options.startAtMs;
  let isAdvancing = false;
  /** Latest first, so that the next one is at the end; of two at the same time, the one registered later is further in front. */
  const timers: Timer[] = [];

  const sleep: Clock['sleep'] = (durationMs, { signal } = {}) =>
    new Promise((resolve, reject) => {
      checkNumber('durationMs', durationMs, { min: 0 });
      const abort = (): void => {
        const index = timers.indexOf(timer);
        if (index >= 0) timers.splice(index, 1);
        reject(signal?.reason as Error);
      };
      const timer: Timer = {
        atMs: nowMs + durationMs,
        wake: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      if (signal?.aborted === true) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      timers.splice(insertionIndex(timers, timer.atMs), 0, timer);
    });

  const advanceTo = async (atMs: number): Promise<void> => {
    checkNumber('atMs', atMs);
    if (isAdvancing) {
      throw new InvalidInputError('advanceTo', 'must not be called while an earlier call is under way', atMs, {
        hint: 'Await the earlier call first; a sleeper must not move the clock.',
      });
    }
    if (atMs < nowMs) {
      throw new InvalidInputError('atMs', `must not be before the present ${nowMs}`, atMs, {
        hint: 'Time does not go back; create another clock.',
      });
    }
    isAdvancing = true;
    try {
      await nextTurn();
      for (let next = timers.at(-1); next !== undefined && next.atMs <= atMs; next = timers.at(-1)) {
        timers.pop();
        nowMs = next.atMs;
        next.wake();
        await nextTurn();
      }
      nowMs = atMs;
    } finally {
      isAdvancing = false;
    }
  };

  return { nowMs: () => nowMs, sleep, advanceTo };
}

/** Where a timer goes in a list that is sorted latest first: in front of those that are due at the same time or earlier. */
function insertionIndex(timers: readonly Timer[], atMs: number): number {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timers[middle]!.atMs > atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
