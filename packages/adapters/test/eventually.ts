import { expect } from 'vitest';

/** What can be expected in the end. */
type Eventually = Record<'toBe' | 'toEqual' | 'toBeGreaterThan', (expected: unknown) => Promise<void>>;

/** Expects something in the end: looks every few ms, with patience for a busy machine. */
export const eventually = (look: () => unknown): Eventually =>
  expect.poll(look, { timeout: 15_000, interval: 10 }) as unknown as Eventually;
