import type { HealthStatus } from '../fleet/types.ts';
import { checkHealth } from './check-health.ts';
import type {
  HealthAction,
  HealthConfig,
  HealthObservation,
  HealthReason,
  HealthResult,
  HealthState,
} from './health-types.ts';

/** An answer that only something that serves gives: it is full. */
const TOO_MANY_REQUESTS = 429;

/** Creates the state of a replica that was never looked at. */
export function createHealthState(): HealthState {
  return {
    version: 1,
    sinceMs: null,
    lastMs: null,
    serves: null,
    isFull: false,
    isLate: false,
    hasFault: false,
    streaks: { failed: 0, full: 0, late: 0 },
    scaledAtMs: null,
  };
}

/**
 * Says whether one replica is well, full or sick, and what to do.
 *
 * Three questions, each with a count of its own, so that one look decides nothing:
 * 1. Does it serve? A probe answered by a status from 200 to 299 passes; `worseAfter` failures in a row make it sick,
 *    `betterAfter` passes well again. Before the first pass, failures within `startupMs` do not count. A card at fault makes it sick at
 *    once: more looks do not mend it.
 * 2. Is it full? Slow answers, more memory bandwidth than the limit, a card that holds its clocks down, or a probe refused with
 *    status 429. It is at its limit, which is where a good batch brings it: new work spills over, and it is never sick for that.
 * 3. Are first tokens late? Then more replicas are asked for, and not again before these can be ready.
 *
 * What was not measured counts neither for nor against. Without a probe the status is `unknown`, which is neither healthy nor
 * sick, and nothing is done; the counts wait for the next probe. Only a card that is at fault now is known without one.
 *
 * Laws: no value of latency, bandwidth, heat or first tokens makes a replica sick; a look without a probe and without a fault of a card gives `unknown`; fewer than
 * `worseAfter` bad looks in a row turn nothing, nor do fewer than `betterAfter` good ones; the same call twice changes nothing; the state
 * survives JSON. `O(faults)`.
 *
 * Source: Kubernetes, "Configure Liveness, Readiness and Startup Probes" (`failureThreshold`, `successThreshold`). Deviations: full is not failed,
 * and two passes, not one, make well.
 *
 * @param state - from {@link createHealthState}, or from the call before for the same replica; neither changed nor kept.
 * @throws InvalidInputError on limits or measurements out of range, on a foreign state, and when time goes back.
 *
 * @example
 * ```ts
 * const seen = { httpStatus: 200, latencyMs: 40, memoryBandwidthRatio: 0.95 };
 * let result = evaluateHealth({}, createHealthState(), { nowMs: 0, ...seen });
 * for (const nowMs of [10_000, 20_000]) result = evaluateHealth({}, result.state, { nowMs, ...seen });
 * result.decision; // { status: 'saturated', actions: ['spill-over'] }
 * ```
 */
export function evaluateHealth(config: HealthConfig, state: HealthState, observation: HealthObservation): HealthResult {
  checkHealth(config, state, observation);
  const { nowMs } = observation;
  const reasons: HealthReason[] = [];
  const limits = { worseAfter: config.worseAfter ?? 3, betterAfter: config.betterAfter ?? 2 };
  const isSameLook = state.lastMs === nowMs;
  const streakAfter = (streak: number, isBad: boolean | undefined): number => {
    if (isBad === undefined || isSameLook) return streak;
    return isBad ? Math.max(0, streak) + 1 : Math.min(0, streak) - 1;
  };
  const hasFailed = failedProbe(config, state, observation, reasons);
  const isPressed = pressed(config, observation, reasons);
  const isLateNow = lateTokens(config, observation, reasons);
  const streaks = {
    failed: streakAfter(state.streaks.failed, hasFailed),
    full: streakAfter(state.streaks.full, isPressed),
    late: streakAfter(state.streaks.late, isLateNow),
  };
  if (hasFailed !== undefined) reasons.push(streakReason('probes', streaks.failed, limits));
  if (isPressed !== undefined) reasons.push(streakReason('pressure', streaks.full, limits));
  if (isLateNow !== undefined) reasons.push(streakReason('first-tokens', streaks.late, limits));
  const isSick = isBadAfter(streaks.failed, state.serves === null ? null : !state.serves, limits);
  const isFull = isBadAfter(streaks.full, state.isFull, limits) ?? false;
  const isLate = isBadAfter(streaks.late, state.isLate, limits) ?? false;
  const faultNow = faulty(observation, reasons);
  const hasFault = faultNow ?? state.hasFault;

  const status = statusOf(observation, { isSick, isFull, faultNow, hasFault });
  const actions: HealthAction[] = [];
  if (status === 'sick') actions.push('replace');
  if (status === 'saturated') actions.push('spill-over');
  let { scaledAtMs } = state;
  if (isLate && (status === 'healthy' || status === 'saturated')) {
    const isPending = scaledAtMs !== null && nowMs > scaledAtMs && nowMs - scaledAtMs < (config.coldStartMs ?? 120_000);
    if (isPending) reasons.push({ kind: 'scale-up-pending', sinceMs: scaledAtMs! });
    else {
      actions.push('scale-up');
      scaledAtMs = nowMs;
    }
  }
  return {
    state: {
      version: 1,
      sinceMs: state.sinceMs ?? nowMs,
      lastMs: nowMs,
      serves: isSick === null ? null : !isSick,
      isFull,
      isLate,
      hasFault,
      streaks,
      scaledAtMs,
    },
    decision: { status, actions },
    reasons,
    nextEvalAtMs: nowMs + (config.intervalMs ?? 10_000),
  };
}

interface Limits {
  readonly worseAfter: number;
  readonly betterAfter: number;
}

/** The verdict after a streak: it turns only when the streak is long enough. */
function isBadAfter(streak: number, before: boolean | null, { worseAfter, betterAfter }: Limits): boolean | null {
  if (streak >= worseAfter) return true;
  return -streak >= betterAfter ? false : before;
}

function streakReason(of: 'probes' | 'pressure' | 'first-tokens', streak: number, limits: Limits): HealthReason {
  const isBad = streak > 0;
  return { kind: 'streak', of, isBad, count: Math.abs(streak), needed: isBad ? limits.worseAfter : limits.betterAfter };
}

function statusOf(
  { httpStatus }: HealthObservation,
  seen: { isSick: boolean | null; isFull: boolean; faultNow: boolean | undefined; hasFault: boolean },
): HealthStatus {
  if (seen.faultNow === true) return 'sick';
  if (httpStatus === undefined || httpStatus === null) return 'unknown';
  if (seen.hasFault || seen.isSick === true) return 'sick';
  if (seen.isSick === null) return 'starting';
  return seen.isFull ? 'saturated' : 'healthy';
}

/** Whether the probe failed; `undefined` when it says nothing. */
function failedProbe(
  config: HealthConfig,
  state: HealthState,
  { nowMs, httpStatus }: HealthObservation,
  reasons: HealthReason[],
): boolean | undefined {
  if (httpStatus === undefined || httpStatus === null) {
    reasons.push({ kind: 'no-probe' });
    return undefined;
  }
  if (httpStatus !== 'no-answer' && (httpStatus === TOO_MANY_REQUESTS || (httpStatus >= 200 && httpStatus < 300))) {
    return false;
  }
  const untilMs = (state.sinceMs ?? nowMs) + (config.startupMs ?? 600_000);
  const isStarting = state.serves === null && nowMs < untilMs;
  reasons.push(
    isStarting ? { kind: 'still-starting', answer: httpStatus, untilMs } : { kind: 'probe-failed', answer: httpStatus },
  );
  return isStarting ? undefined : true;
}

/** Whether a signal is above its limit; `undefined` when none was measured. */
function pressed(config: HealthConfig, observation: HealthObservation, reasons: HealthReason[]): boolean | undefined {
  const { latencyMs = null, memoryBandwidthRatio = null, isThrottled = null, httpStatus } = observation;
  const isRefused = httpStatus === TOO_MANY_REQUESTS ? 1 : null;
  const signals = [
    ['latency', latencyMs, config.maxLatencyMs ?? 200],
    ['memory-bandwidth', memoryBandwidthRatio, config.maxMemoryBandwidthRatio ?? 0.9],
    ['throttled', isThrottled === null ? null : Number(isThrottled), 0],
    ['refused', isRefused, 0],
  ] as const;
  const measured = signals.filter(([, value]) => value !== null);
  if (measured.length === 0) return undefined;
  const above = measured.filter(([, value, limit]) => value! > limit);
  for (const [signal, value, limit] of above) reasons.push({ kind: 'pressure', signal, value: value!, limit });
  return above.length > 0;
}

function lateTokens(
  { maxTimeToFirstTokenMs: limitMs = 500 }: HealthConfig,
  { timeToFirstTokenMs }: HealthObservation,
  reasons: HealthReason[],
): boolean | undefined {
  if (timeToFirstTokenMs === undefined || timeToFirstTokenMs === null) return undefined;
  if (timeToFirstTokenMs <= limitMs) return false;
  reasons.push({ kind: 'first-token-late', timeToFirstTokenMs, limitMs });
  return true;
}

/** Whether a card is at fault; `undefined` when its faults were not read. */
function faulty({ gpuFaults }: HealthObservation, reasons: HealthReason[]): boolean | undefined {
  if (gpuFaults === undefined || gpuFaults === null) return undefined;
  for (const { kind: sign, value, fault } of gpuFaults) {
    reasons.push({ kind: fault === 'hardware' ? 'gpu-fault' : 'gpu-sign', sign, value });
  }
  return gpuFaults.some(({ fault }) => fault === 'hardware');
}
