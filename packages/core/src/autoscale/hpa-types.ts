/** A metric of a Kubernetes HorizontalPodAutoscaler; amounts in milli-units, as Kubernetes compares them. */
export type HpaMetricTarget =
  /** Usage over request of a resource, whole per cent, > 0. */
  | { readonly kind: 'utilization'; readonly targetPercent: number }
  /** Mean over pods. */
  | { readonly kind: 'pods'; readonly targetMilli: number }
  /** One value for the whole workload; object and external metrics. */
  | { readonly kind: 'value'; readonly targetMilli: number }
  /** One value, to be shared by all replicas. */
  | { readonly kind: 'value-per-replica'; readonly targetMilli: number };

/** How fast one direction may go. */
export interface HpaRules {
  /** At least one: change by so many pods, or per cent of those at the start of the period. */
  readonly policies: readonly {
    readonly kind: 'pods' | 'percent';
    readonly value: number;
    readonly periodMs: number;
  }[];
  /** Which policy counts. @defaultValue 'max' */
  readonly select?: 'max' | 'min' | 'disabled';
  /** How far back recommendations count, ms, >= 0. */
  readonly windowMs: number;
}

/** A HorizontalPodAutoscaler. */
export interface HpaConfig {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly metrics: readonly HpaMetricTarget[];
  /** @defaultValue 0.1 */
  readonly toleranceRatio?: number;
  /** @defaultValue the larger of 4 pods and 100 % in 15 s, no window */
  readonly up?: HpaRules;
  /** @defaultValue 100 % in 15 s, window 300 s */
  readonly down?: HpaRules;
  /** @defaultValue 15_000 */
  readonly intervalMs?: number;
}

/** A pod of the workload. */
export interface HpaPod {
  readonly phase: 'pending' | 'running' | 'succeeded' | 'failed';
  readonly isReady: boolean;
  /** Being deleted. @defaultValue false */
  readonly isDeleting?: boolean;
  /** Too young or not ready for its usage to count. @defaultValue false */
  readonly isWarmingUp?: boolean;
}

/** What was measured for a metric: for `utilization` and `pods` a value for each pod, otherwise one; `null` where missing. */
export interface HpaMetricValue {
  /** Usage or metric of each pod, in milli-units, in the order of `pods`. */
  readonly podsMilli?: readonly (number | null)[];
  /** What each pod requests of the resource, in milli-units. */
  readonly requestsMilli?: readonly (number | null)[];
  /** The one value, in milli-units. */
  readonly valueMilli?: number | null;
}

/** What the autoscaler sees. */
export interface HpaObservation {
  readonly nowMs: number;
  /** Replicas in the scale of the workload. */
  readonly currentReplicas: number;
  readonly pods: readonly HpaPod[];
  /** In the order of `config.metrics`. */
  readonly metrics: readonly HpaMetricValue[];
}

/** A change of the replica count, kept for the rate limits. */
export interface HpaEvent {
  readonly atMs: number;
  readonly change: number;
}

/** What the autoscaler remembers. Plain JSON. */
export interface HpaState {
  readonly version: 1;
  readonly lastMs: number | null;
  readonly recommendations: readonly { readonly atMs: number; readonly replicas: number }[];
  readonly upEvents: readonly HpaEvent[];
  readonly downEvents: readonly HpaEvent[];
}

/** Why the target is what it is. */
export type HpaReason =
  /** A metric, its value as Kubernetes reports it (milli-units or per cent), and the replicas it asks for. */
  | { readonly kind: 'metric'; readonly index: number; readonly value: number; readonly wanted: number }
  | { readonly kind: 'metric-missing'; readonly index: number }
  /** A metric is missing and the others would scale down, or all are missing. */
  | { readonly kind: 'held'; readonly current: number }
  | { readonly kind: 'stabilized'; readonly wanted: number; readonly allowed: number }
  | { readonly kind: 'limited'; readonly by: 'min' | 'max' | 'up-rules' | 'down-rules'; readonly allowed: number }
  /** Zero replicas while the minimum is above: switched off by hand. */
  | { readonly kind: 'disabled' };

/** The answer of {@link autoscaleAsHpa}. */
export interface HpaResult {
  readonly state: HpaState;
  readonly decision: { readonly target: number; readonly isHold: boolean };
  readonly reasons: readonly HpaReason[];
  readonly nextEvalAtMs: number;
}
