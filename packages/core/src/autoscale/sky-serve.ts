import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkTime } from './hpa.ts';

/** A SkyServe request-rate autoscaler. */
export interface SkyServeConfig {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Requests per second that one replica should carry, > 0: one number, or one for each GPU model. */
  readonly targetQps: number | Readonly<Record<string, number>>;
  /** Requests are counted over this window, ms. @defaultValue 60_000 */
  readonly windowMs?: number;
  /** @defaultValue 300_000 */
  readonly upDelayMs?: number;
  /** @defaultValue 1_200_000 */
  readonly downDelayMs?: number;
  /** Delays are counted in decisions this far apart, ms. @defaultValue 20_000 */
  readonly intervalMs?: number;
  /** Replicas ordered beyond the target. @defaultValue 0 */
  readonly overprovisionCount?: number;
}

/** What the autoscaler sees. */
export interface SkyServeObservation {
  readonly nowMs: number;
  /** Requests that came within the window. */
  readonly requestCount: number;
  /** GPU models of the ready replicas, for targets by model. @defaultValue [] */
  readonly readyGpus?: readonly string[];
}

/** What the autoscaler remembers. Plain JSON. */
export interface SkyServeState {
  readonly version: 1;
  readonly lastMs: number | null;
  /** Replicas wanted by the last decision, without overprovision; `null` before: the minimum. */
  readonly target: number | null;
  /** Decisions in a row that wanted more, and that wanted fewer. */
  readonly upCount: number;
  readonly downCount: number;
}

/** Why the target is what it is. */
export type SkyServeReason =
  | { readonly kind: 'rate'; readonly qps: number; readonly wanted: number }
  | { readonly kind: 'delayed'; readonly direction: 'up' | 'down'; readonly count: number; readonly needed: number }
  | { readonly kind: 'overprovisioned'; readonly count: number };

/** The answer of {@link autoscaleAsSkyServe}. */
export interface SkyServeResult {
  readonly state: SkyServeState;
  readonly decision: { readonly target: number; readonly isHold: boolean };
  readonly reasons: readonly SkyServeReason[];
  readonly nextEvalAtMs: number;
}

/** With no replica the next decision comes sooner, ms. */
const ZERO_INTERVAL_MS = 5_000;

/** Creates the state of a service at its minimum, or at a target. */
export function createSkyServeState(target: number | null = null): SkyServeState {
  return { version: 1, lastMs: null, target, upCount: 0, downCount: 0 };
}

/**
 * Decides as the request-rate autoscaler of SkyServe does: replicas by the request rate; a change after enough decisions
 * in a row that want it; from zero at once. Its delays are decisions, not time: called more often, it reacts sooner.
 *
 * Source: skypilot-org/skypilot, sky/serve/autoscalers.py at 4b81f5d0d3fc. It agrees with six cases of its own tests. For
 * targets by GPU model the rate that the ready replicas cannot carry is counted in replicas of the smallest target.
 *
 * @throws InvalidInputError on numbers out of range, and when time goes back.
 *
 * @example
 * ```ts
 * const config = { minReplicas: 0, maxReplicas: 5, targetQps: 10 };
 * autoscaleAsSkyServe(config, createSkyServeState(), { nowMs: 0, requestCount: 900 }).decision.target; // 2
 * ```
 */
export function autoscaleAsSkyServe(
  config: SkyServeConfig,
  state: SkyServeState,
  observation: SkyServeObservation,
): SkyServeResult {
  check(config, state, observation);
  const { minReplicas, maxReplicas, intervalMs = 20_000, overprovisionCount = 0 } = config;
  const qps = (observation.requestCount * 1_000) / (config.windowMs ?? 60_000);
  const wanted = Math.min(maxReplicas, Math.max(minReplicas, replicasFor(qps, config, observation)));
  const reasons: SkyServeReason[] = [{ kind: 'rate', qps, wanted }];
  const before = state.target ?? minReplicas;
  let { upCount, downCount } = state;
  let target = before;
  if (before === 0) target = wanted;
  else if (wanted === before) [upCount, downCount] = [0, 0];
  else {
    const isUp = wanted > before;
    [upCount, downCount] = isUp ? [upCount + 1, 0] : [0, downCount + 1];
    const delayMs = isUp ? (config.upDelayMs ?? 300_000) : (config.downDelayMs ?? 1_200_000);
    const needed = Math.floor(delayMs / intervalMs);
    const count = isUp ? upCount : downCount;
    if (count >= needed) [target, upCount, downCount] = [wanted, 0, 0];
    else reasons.push({ kind: 'delayed', direction: isUp ? 'up' : 'down', count, needed });
  }
  if (overprovisionCount > 0) reasons.push({ kind: 'overprovisioned', count: overprovisionCount });
  const ordered = target + overprovisionCount;
  return {
    state: { version: 1, lastMs: observation.nowMs, target, upCount, downCount },
    decision: { target: ordered, isHold: target === before },
    reasons,
    nextEvalAtMs: observation.nowMs + (target === 0 ? ZERO_INTERVAL_MS : intervalMs),
  };
}

function replicasFor(qps: number, config: SkyServeConfig, { readyGpus = [] }: SkyServeObservation): number {
  if (typeof config.targetQps === 'number') return Math.ceil(qps / config.targetQps);
  const targets = config.targetQps;
  const smallest = Math.min(...Object.values(targets));
  const ready = readyGpus.map((gpu) => targets[gpu] ?? smallest).sort((a, b) => b - a);
  let left = qps;
  let count = 0;
  for (const carried of ready) {
    if (left <= 0) break;
    left -= carried;
    count++;
  }
  return count + Math.max(0, Math.ceil(left / smallest));
}

/** A replica that could go. */
export interface SkyServeReplica {
  readonly id: number;
  readonly isReady: boolean;
  /** Version of the service it runs. */
  readonly version: number;
  /** Requests it works on. */
  readonly jobCount: number;
}

/**
 * Which replicas SkyServe removes first: those not ready, then of an older version, then with the fewest jobs, then the
 * newest (largest id).
 *
 * @example
 * ```ts
 * skyServeVictims([{ id: 1, isReady: true, version: 1, jobCount: 2 }, { id: 2, isReady: true, version: 1, jobCount: 0 }], 1); // [2]
 * ```
 */
export function skyServeVictims(replicas: readonly SkyServeReplica[], count: number): readonly number[] {
  checkNumber('count', count, { min: 0, isWhole: true });
  return [...replicas]
    .sort(
      (a, b) =>
        Number(a.isReady) - Number(b.isReady) || a.version - b.version || a.jobCount - b.jobCount || b.id - a.id,
    )
    .slice(0, count)
    .map(({ id }) => id);
}

function check(config: SkyServeConfig, state: SkyServeState, observation: SkyServeObservation): void {
  checkNumber('minReplicas', config.minReplicas, { min: 0, isWhole: true });
  checkNumber('maxReplicas', config.maxReplicas, { min: config.minReplicas, isWhole: true });
  const targets = typeof config.targetQps === 'number' ? { all: config.targetQps } : config.targetQps;
  if (Object.keys(targets).length === 0)
    throw new InvalidInputError('targetQps', 'must name at least one GPU model', targets);
  for (const [gpu, qps] of Object.entries(targets)) checkNumber(`targetQps.${gpu}`, qps, { above: 0 });
  checkOptionalNumber('windowMs', config.windowMs, { above: 0 });
  checkOptionalNumber('upDelayMs', config.upDelayMs, { min: 0 });
  checkOptionalNumber('downDelayMs', config.downDelayMs, { min: 0 });
  checkOptionalNumber('intervalMs', config.intervalMs, { above: 0 });
  checkOptionalNumber('overprovisionCount', config.overprovisionCount, { min: 0, isWhole: true });
  checkTime(state, observation.nowMs);
  checkNumber('requestCount', observation.requestCount, { min: 0 });
}
