/** A measured signal, and what one replica should carry of it. */
export type AutoscaleTarget =
  /** Work per second over all replicas; one replica should get `perReplica` of it, > 0. */
  | { readonly signal: 'rate'; readonly perReplica: number }
  /**
   * Mean utilisation of the ready replicas; it should be `ratio`, > 0. A saturated replica shows no more than 1, so this
   * cannot ask for more than `1 / ratio` times the ready replicas in one step, and it cannot be measured at all while
   * none is ready: it should not be the only signal. Alone it never asks for zero, because nothing would wake it.
   */
  | { readonly signal: 'utilization'; readonly ratio: number };

/** How many replicas an endpoint may have, and what they should carry. */
export interface AutoscaleConfig {
  /** Never fewer, whole, >= 0. */
  readonly minReplicas: number;
  /** Never more, whole, >= `minReplicas`. */
  readonly maxReplicas: number;
  /** At least one; the signal that asks for most replicas decides. */
  readonly targets: readonly AutoscaleTarget[];
  /**
   * No change while the wanted count is within this ratio of the current one, >= 0.
   * @defaultValue { up: 0.1, down: 0.1 }
   */
  readonly tolerance?: { readonly up?: number; readonly down?: number };
  /**
   * How long a wish must last, ms, >= 0: up takes the smallest wish of its window, down the largest. A wish holds until
   * the next one is seen, so the windows measure time, not calls.
   * @defaultValue { upMs: 30_000, downMs: 300_000 }
   */
  readonly window?: { readonly upMs?: number; readonly downMs?: number };
  /** Time to the next evaluation, ms, >= 1. @defaultValue 15_000 */
  readonly intervalMs?: number;
}

/** What was seen. */
export interface AutoscaleObservation {
  /** Ms since the Unix epoch; never goes back. */
  readonly nowMs: number;
  /** Replicas that serve, whole, >= 0. */
  readonly readyReplicas: number;
  /** Replicas asked for and not ready yet, whole, >= 0; they count as capacity to come. @defaultValue 0 */
  readonly pendingReplicas?: number;
  /** Work per second over all replicas, >= 0; `null` or absent when it could not be measured. */
  readonly ratePerSecond?: number | null;
  /** Mean utilisation of the ready replicas, 0 to 1 and beyond; `null` or absent when it could not be measured. */
  readonly utilizationRatio?: number | null;
}

/** What the policy remembers. Plain JSON: store it, and restarts change nothing. */
export interface AutoscaleState {
  readonly version: 1;
  /** When the policy first saw the endpoint; `null` before. */
  readonly sinceMs: number | null;
  /** When it last decided; `null` before. */
  readonly lastMs: number | null;
  /**
   * Changes of the wish, oldest first: each holds from `atMs` until the next. Reaches back just far enough to know the
   * wish at the start of the longer window; a window that starts before the first entry has an unknown history, and
   * its direction is held.
   */
  readonly wishes: readonly { readonly atMs: number; readonly replicas: number }[];
}

/** Why the target is what it is, in the order applied. */
export type AutoscaleReason =
  /** A signal was measured and asks for `wanted` replicas. */
  | {
      readonly kind: 'signal';
      readonly signal: AutoscaleTarget['signal'];
      readonly value: number;
      readonly wanted: number;
    }
  /** A signal was not measured: it asks for what there is. */
  | { readonly kind: 'missing-signal'; readonly signal: AutoscaleTarget['signal'] }
  /** No signal at all was measured. */
  | { readonly kind: 'no-signal-held'; readonly current: number }
  /** The history is shorter than the window of the wanted direction. */
  | { readonly kind: 'unknown-history-held'; readonly wanted: number; readonly current: number }
  /** The wish has not lasted long enough: only `allowed` has. */
  | {
      readonly kind: 'window-held';
      readonly direction: 'up' | 'down';
      readonly wanted: number;
      readonly allowed: number;
      readonly windowMs: number;
    }
  /** Nothing serves and work waits: the first replica does not wait for the window. */
  | { readonly kind: 'woken-from-zero'; readonly wanted: number }
  /** The change is too small to be worth it. */
  | {
      readonly kind: 'within-tolerance';
      readonly current: number;
      readonly wanted: number;
      readonly toleranceRatio: number;
    }
  /** The limits of the configuration had the last word. */
  | { readonly kind: 'clamped'; readonly limit: 'min' | 'max'; readonly wanted: number; readonly allowed: number };

/** The decision, why it is so, and what to remember. */
export interface AutoscaleResult {
  /** Pass it to the next call. */
  readonly state: AutoscaleState;
  readonly decision: {
    /** Replicas there should be, ready and pending together, between min and max. */
    readonly target: number;
    /** True when the target equals the current count. */
    readonly isHold: boolean;
  };
  /** In the order applied. */
  readonly reasons: readonly AutoscaleReason[];
  /** When to decide again, ms since the Unix epoch. */
  readonly nextEvalAtMs: number;
}
