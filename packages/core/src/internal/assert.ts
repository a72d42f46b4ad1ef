/** Stops on a broken invariant of our own: reaching this is a defect of the library, never of the caller. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`Spillway invariant broken: ${invariant}. Please report it.`);
}
