/** A measured signal, and what one replica should carry of it. */
export type AutoscaleTarget =
  /** Work per second over all replicas; one replica should get `perReplica` of it. */
  | { readonly signal: 'rate'; readonly perReplica: number }
  /** Mean utilisation of the ready replicas, from 0 to 1; it should be `ratio`. Cannot ask for more than `1 / ratio` times the replicas in one step, so it should not be the only signal. */
  | { readonly signal: 'utilization'; readonly ratio: number };

export interface AutoscaleConfig {
  /** Never fewer, whole, >= 0. */
  readonly minReplicas: number;
  /** Never more, whole, >= `minReplicas`. */
  readonly maxReplicas: number;
  /** At least one; the signal that asks for most replicas decides. */
  readonly targets: readonly AutoscaleTarget[];
  /** No change while the wanted count is within this ratio of the current one. @defaultValue { up: 0.1, down: 0.1 } */
  readonly tolerance?: { readonly up?: number; readonly down?: number };
  /**
   * How long a wish must last, ms: up takes the smallest wish of its window, down the largest.
   * @defaultValue { upMs: 30_000, downMs: 300_000 }
   */
  readonly window?: { readonly upMs?: number; readonly downMs?: number };
  /** Time to the next evaluation, ms, > 0. @defaultValue 15_000 */
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
  /** Work per second over all replicas; `null` or absent when it could not be measured. */
  readonly ratePerSecond?: number | null;
  /** Mean utilisation of the ready replicas, 0 to 1 and beyond; `null` or absent when it could not be measured. */
  readonly utilizationRatio?: number | null;
}

/** What the policy remembers. Plain JSON: store it, and restarts change nothing. */
export interface AutoscaleState {
  readonly version: 1;
  /** When the policy first saw the endpoint; `null` before. Until a full window has passed, it never scales down. */
  readonly sinceMs: number | null;
  readonly lastMs: number | null;
  /** Wishes inside the longer window, oldest first. */
  readonly wishes: readonly { readonly atMs: number; readonly replicas: number }[];
}

/** Why the target is what it is, in the order applied. */
export type AutoscaleReason =
  | { readonly kind: 'signal'; readonly signal: AutoscaleTarget['signal']; readonly value: number; readonly wanted: number }
  | { readonly kind: 'missing-signal'; readonly signal: AutoscaleTarget['signal'] }
  | { readonly kind: 'within-tolerance'; readonly current: number; readonly wanted: number; readonly toleranceRatio: number }
  | { readonly kind: 'window-held'; readonly direction: 'up' | 'down'; readonly wanted: number; readonly allowed: number; readonly windowMs: number }
  | { readonly kind: 'clamped'; readonly limit: 'min' | 'max'; readonly wanted: number; readonly allowed: number }
  | { readonly kind: 'no-signal-held'; readonly current: number }
  | { readonly kind: 'unknown-history-held'; readonly wanted: number; readonly current: number };

export interface AutoscaleResult {
  /** Pass it to the next call. */
  readonly state: AutoscaleState;
  readonly decision: {
    /** Replicas there should be, between min and max. */
    readonly target: number;
    /** True when the target equals the current count. */
    readonly isHold: boolean;
  };
  readonly reasons: readonly AutoscaleReason[];
  readonly nextEvalAtMs: number;
}
