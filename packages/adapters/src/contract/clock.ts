/** Where time comes from. The system's in production, a virtual one in simulation and tests. */
export interface Clock {
  /** Ms since the Unix epoch. */
  readonly nowMs: () => number;
  /** Resolves after a duration, ms, >= 0; rejects with the signal's reason when aborted first. */
  readonly sleep: (durationMs: number, options?: { readonly signal?: AbortSignal }) => Promise<void>;
}
