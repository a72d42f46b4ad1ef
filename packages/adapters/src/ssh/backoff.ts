/** How long to wait between tries. */
export interface Backoff {
  /** Before the second try, ms, > 0; doubled for each further one. @defaultValue 500 */
  readonly firstMs?: number;
  /** At most, ms. @defaultValue 30_000 */
  readonly maxMs?: number;
  /** Tries in all, whole, >= 1. @defaultValue 4 */
  readonly tries?: number;
}

/**
 * The wait before try number `attempt` (the second is 1): doubled each time, and shortened by up to half at random, so
 * that many who lost the same server do not come back at the same instant.
 *
 * @param random - from 0 to 1.
 * @returns ms, whole.
 */
export function backoffMs({ firstMs = 500, maxMs = 30_000 }: Backoff, attempt: number, random: number): number {
  return Math.round(Math.min(maxMs, firstMs * 2 ** (attempt - 1)) * (1 - random / 2));
}
