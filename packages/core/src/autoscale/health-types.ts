import type { HealthStatus } from '../fleet/types.ts';

/** What a probe of a replica got: the HTTP status, or no answer within its time. */
export type ProbeAnswer = number | 'no-answer';

/** A sign of a GPU that is not well, or of a program on it; as the readings of adapters have it. */
export interface GpuFault {
  /** What was seen, for example `xid`. */
  readonly kind: string;
  /** Number of the Xid, or a count. */
  readonly value: number;
  /** `application`: the program was at fault. `hardware`: the card. `unknown`: nobody knows. */
  readonly fault: 'application' | 'hardware' | 'unknown';
}

/** When a replica is well, full or sick. */
export interface HealthConfig {
  /** Answers slower than this are pressure, ms, > 0. @defaultValue 200 */
  readonly maxLatencyMs?: number;
  /** More memory bandwidth than this is pressure, > 0. @defaultValue 0.9 */
  readonly maxMemoryBandwidthRatio?: number;
  /** First tokens later than this ask for more replicas, ms, > 0. @defaultValue 500 */
  readonly maxTimeToFirstTokenMs?: number;
  /** Looks in a row that make a replica sick, full, or slow to its first token, whole, >= 1. @defaultValue 3 */
  readonly worseAfter?: number;
  /** Looks in a row that make it well again, whole, >= 1. @defaultValue 2 */
  readonly betterAfter?: number;
  /** Probes may fail for so long after the start, ms, >= 0: the model loads. @defaultValue 600_000 */
  readonly startupMs?: number;
  /** From an order to a replica that serves, ms, >= 0: more are not asked for again before. @defaultValue 120_000 */
  readonly coldStartMs?: number;
  /** Time to the next look, ms, >= 1. @defaultValue 10_000 */
  readonly intervalMs?: number;
}

/** What was seen of one replica; `null` or absent is not measured, which says nothing, neither good nor bad. */
export interface HealthObservation {
  /** Ms since the Unix epoch; never goes back. */
  readonly nowMs: number;
  /** What the probe got. Absent: no probe was made, or its outcome is not known. */
  readonly httpStatus?: ProbeAnswer | null;
  /** Time to the answer of the probe, ms, >= 0. */
  readonly latencyMs?: number | null;
  /** Part of the GPU's memory bandwidth that is in use, 0 to 1. */
  readonly memoryBandwidthRatio?: number | null;
  /** From a request to its first token, ms, >= 0. */
  readonly timeToFirstTokenMs?: number | null;
  /** The card holds its clocks down because of heat or power. */
  readonly isThrottled?: boolean | null;
  /** Faults of its GPUs; an empty list: they were read, and there are none. */
  readonly gpuFaults?: readonly GpuFault[] | null;
}

/** What is remembered of one replica. Plain JSON. */
export interface HealthState {
  readonly version: 1;
  /** When it was first looked at; `null` before. */
  readonly sinceMs: number | null;
  readonly lastMs: number | null;
  /** Whether it serves, by its probes; `null` until they have shown it. */
  readonly serves: boolean | null;
  /** Whether it is full. */
  readonly isFull: boolean;
  /** Whether its first tokens are late. */
  readonly isLate: boolean;
  /** Whether a card of it is at fault. */
  readonly hasFault: boolean;
  /** Looks in a row that went one way: above 0 failed, full or late ones, below 0 the others. */
  readonly streaks: { readonly failed: number; readonly full: number; readonly late: number };
  /** When more replicas were last asked for; `null` never. */
  readonly scaledAtMs: number | null;
}

/** What to do: give new work to others, order more replicas, or put another in its place. */
export type HealthAction = 'spill-over' | 'scale-up' | 'replace';

/** Why a replica is what it is. */
export type HealthReason =
  /** No probe: whether it serves is not known. */
  | { readonly kind: 'no-probe' }
  | { readonly kind: 'probe-failed'; readonly answer: ProbeAnswer }
  /** So many looks in a row went one way; a verdict turns with `needed` of them. */
  | {
      readonly kind: 'streak';
      readonly of: 'probes' | 'pressure' | 'first-tokens';
      readonly isBad: boolean;
      readonly count: number;
      readonly needed: number;
    }
  /** The probe failed while the replica may still load. */
  | { readonly kind: 'still-starting'; readonly answer: ProbeAnswer; readonly untilMs: number }
  /** A signal is above its limit: the replica is at its limit, not sick. */
  | {
      readonly kind: 'pressure';
      readonly signal: 'latency' | 'memory-bandwidth' | 'throttled' | 'refused';
      readonly value: number;
      readonly limit: number;
    }
  | { readonly kind: 'first-token-late'; readonly timeToFirstTokenMs: number; readonly limitMs: number }
  /** More replicas were asked for at `sinceMs`: nothing is ordered twice before they can be ready. */
  | { readonly kind: 'scale-up-pending'; readonly sinceMs: number }
  /** A card is at fault: no count is waited for. */
  | { readonly kind: 'gpu-fault'; readonly sign: string; readonly value: number }
  /** A program was at fault, or nobody knows: the probes tell whether the replica serves. */
  | { readonly kind: 'gpu-sign'; readonly sign: string; readonly value: number };

/** The answer of {@link evaluateHealth}. */
export interface HealthResult {
  /** Pass it to the next call for this replica. */
  readonly state: HealthState;
  readonly decision: { readonly status: HealthStatus; readonly actions: readonly HealthAction[] };
  readonly reasons: readonly HealthReason[];
  /** When to look again, ms since the Unix epoch. */
  readonly nextEvalAtMs: number;
}
