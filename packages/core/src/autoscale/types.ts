/** A measured signal, and what one replica should carry of it. */
export type AutoscaleTarget =
  /**
   * Work per second over all replicas; one replica should get `perReplica` of it, > 0. With `drainMs`, work that will still
   * wait when an order made now is ready should be gone so long after, ms, > 0: see `queueDepth`.
   */
  | { readonly signal: 'rate'; readonly perReplica: number; readonly drainMs?: number }
  /**
   * Mean utilisation of the ready replicas; it should be `ratio`, > 0. A saturated replica shows no more than 1, so this
   * cannot ask for more than `1 / ratio` times the ready replicas in one step, and it cannot be measured at all while
   * none is ready: it should not be the only signal. Alone it never asks for zero, because nothing would wake it.
   */
  | { readonly signal: 'utilization'; readonly ratio: number };

/** How fast the count may change: by at most `value` replicas, or this share of those at the start of the period. */
export interface AutoscaleRateRule {
  readonly kind: 'replicas' | 'ratio';
  /** > 0; 1 is 100 % of a ratio. */
  readonly value: number;
  /** > 0. */
  readonly periodMs: number;
}

/** Which wish of a window counts. */
export type AutoscalePick = 'min' | 'mean' | 'max';

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
  readonly window?: {
    readonly upMs?: number;
    readonly downMs?: number;
    /** The wish of the window that counts for scaling up; `mean` is over time. @defaultValue 'min' */
    readonly upPick?: AutoscalePick;
    /** The same for scaling down. @defaultValue 'max' */
    readonly downPick?: AutoscalePick;
  };
  /** Time from an order to a replica that serves, ms, >= 0: how far ahead forecast and queue are looked at. @defaultValue 0 */
  readonly coldStartMs?: number;
  /** How fast the count may change; of several rules the one that allows most counts. Without rules any change. */
  readonly rates?: { readonly up?: readonly AutoscaleRateRule[]; readonly down?: readonly AutoscaleRateRule[] };
  /**
   * When the last replica goes: after this time without work, or once an idle replica has cost as much as a cold start
   * does (the break-even of renting skis: never more than twice the cost of knowing). @defaultValue as any scaling down
   */
  readonly zero?:
    { readonly idleMs: number } | { readonly coldStartCostUsd: number; readonly idleCostUsdPerHour: number };
  /**
   * A wish of `thresholdRatio` times the current count, > 1, does not wait for its window, and for `holdMs` after the last
   * such wish nothing is scaled down.
   */
  readonly panic?: { readonly thresholdRatio: number; readonly holdMs: number };
  /** A queue this long, > 0, scales up at once: no window, tolerance or rate. */
  readonly emergency?: { readonly queueDepth: number };
  /** Replicas beyond the wish while there is work, whole, >= 0. @defaultValue 0 */
  readonly overprovisionCount?: number;
  /** The forecast quantile to provide for, > 0 and < 1; under / (under + over) cost is the best one. @defaultValue 0.9 */
  readonly forecastQuantile?: number;
  /** With this many starts failed in a row, whole, >= 1, nothing is scaled up. @defaultValue 5 */
  readonly maxFailedStarts?: number;
  /** Time to the next evaluation, ms, >= 1. @defaultValue 15_000 */
  readonly intervalMs?: number;
}

/** What the rate will be. */
export interface AutoscaleForecast {
  readonly startAtMs: number;
  /** > 0. */
  readonly stepMs: number;
  /** For each probability (`'0.9'`) the rates per second not exceeded with it, one for each step, >= 0. */
  readonly quantiles: Readonly<Record<string, readonly number[]>>;
}

/** What was seen. */
export interface AutoscaleObservation {
  /** Ms since the Unix epoch; never goes back. */
  readonly nowMs: number;
  /** Replicas that serve, whole, >= 0. */
  readonly readyReplicas: number;
  /** Replicas asked for and not ready yet, whole, >= 0; they count as capacity to come. @defaultValue 0 */
  readonly pendingReplicas?: number;
  /** When each pending replica will be ready, ms since the Unix epoch. @defaultValue a cold start from now */
  readonly pendingReadyAtMs?: readonly number[];
  /** Work that waits, in the unit of the rate times seconds, >= 0; `null` or absent when it could not be measured. */
  readonly queueDepth?: number | null;
  /** Used for a rate signal that was measured. */
  readonly forecast?: AutoscaleForecast;
  /** Replicas in a row that failed before they were ready, whole, >= 0. @defaultValue 0 */
  readonly failedStarts?: number;
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
  /** Changes within the longest period of `rates`; absent without. */
  readonly changes?: readonly { readonly atMs: number; readonly change: number }[];
  /** The last wish that was a panic; absent without. */
  readonly panicAtMs?: number;
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
  /** The forecast at the time an order made now is ready, or before it, asks for `wanted`. */
  | { readonly kind: 'forecast'; readonly ratePerSecond: number; readonly wanted: number }
  /** So much work will still wait when an order made now is ready. */
  | { readonly kind: 'backlog'; readonly queueDepth: number; readonly wanted: number }
  /** The wish is so large that windows do not hold it, or one was a while ago. */
  | { readonly kind: 'panic'; readonly sinceMs: number }
  /** The queue is so long that nothing holds the wish. */
  | { readonly kind: 'emergency'; readonly queueDepth: number }
  /** The last replica stays until it has been idle for `idleMs`. */
  | { readonly kind: 'kept-from-zero'; readonly idleMs: number }
  /** A rule of change allows only this. */
  | { readonly kind: 'rate-limited'; readonly wanted: number; readonly allowed: number }
  /** Starts fail: more of them would fail too. */
  | { readonly kind: 'crash-loop-held'; readonly failedStarts: number; readonly current: number }
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
