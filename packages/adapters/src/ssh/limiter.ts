/** Lets a limited number in at a time, in the order they came. */
export interface Limiter {
  /** Waits for a place; rejects with the signal's reason when aborted first. Call what it gives, once, to leave. */
  readonly enter: (signal: AbortSignal) => Promise<() => void>;
}

/** Creates a limiter with `places` >= 1. Entering and leaving take `O(1)`, giving up `O(waiting)`. */
export function createLimiter(places: number): Limiter {
  let free = places;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    enter: (signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        if (free > 0) {
          free--;
          resolve(leave);
          return;
        }
        const enter = (): void => {
          signal.removeEventListener('abort', giveUp);
          resolve(leave);
        };
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(enter), 1);
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.push(enter);
      }),
  };
}
