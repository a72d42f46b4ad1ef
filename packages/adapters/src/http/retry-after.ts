import { SECOND_MS } from '@spillway/core';

/**
 * How long a `Retry-After` header asks to wait, ms, >= 0; `undefined` when it is absent or neither seconds nor a date.
 *
 * Source: RFC 9110, §10.2.3.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND_MS;
  // Only dates as HTTP writes them: `Date.parse` takes almost any text with a number in it for a date.
  const atMs = /^[A-Z][a-z]+,? .*GMT$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
