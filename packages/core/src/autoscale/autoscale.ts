import { HOUR_MS } from '../units.ts';
import { recordChange, withinRates } from './change-limits.ts';
import { checkConfig, checkObservation } from './check.ts';
import { recordWish, wishRange } from './wish-history.ts';
import type {
  AutoscaleConfig,
  AutoscaleObservation,
  AutoscaleReason,
  AutoscaleResult,
  AutoscaleState,
} from './types.ts';
import { wantedReplicas } from './wanted-replicas.ts';

/** Slack of the comparison with the tolerance, relative: 11 is within 10 % of 10, though `11 / 10 - 1 > 0.1`. */
const TOLERANCE_SLACK_RATIO = 1e-9;

/**
 * Creates the state of an endpoint that was never seen.
 *
 * @example
 * ```ts
 * createAutoscaleState(); // { version: 1, sinceMs: null, lastMs: null, wishes: [] }
 * ```
 */
export function createAutoscaleState(): AutoscaleState {
  return { version: 1, sinceMs: null, lastMs: null, wishes: [] };
}

/**
 * Decides how many replicas an endpoint should have.
 *
 * In this order:
 * 1. Each signal asks for replicas, and the largest wish is the wish of this instant. `rate` asks for
 *    `ceil(rate / perReplica)`, `utilization` for `ceil(ready * utilization / ratio)`: pending replicas are part of
 *    that count, so the same backlog is never ordered twice, and they are not cancelled while the ready ones are
 *    overloaded. A missing signal asks for the current count (ready + pending), so it never scales down.
 * 2. A wish counts when it has lasted: the target rises to the smallest wish of the last `window.upMs` and falls to the
 *    largest of the last `window.downMs`. A wish holds until the next call; a direction whose window reaches
 *    back before the known history is held. A new endpoint therefore scales up after `upMs` at the earliest (at
 *    once with `upMs: 0`) and down after `downMs`. One exception: from zero, the first replica comes at once.
 * 3. A change within `tolerance` of the current count is not made.
 * 4. With `rates`, a change goes no further than they allow; with `zero`, the last replica stays until it has been idle
 *    long enough; after `maxFailedStarts` failed starts in a row nothing is added.
 * 5. `minReplicas` and `maxReplicas` have the last word, at once.
 *
 * With a forecast, what is ordered follows the quantile at the time an order made now is ready, and the load of this
 * instant only keeps what there is. With a queue and `drainMs`, work that will still wait then is ordered for, once:
 * every pending replica counts from its own time. `panic` skips the window up and holds the count; `emergency` skips
 * windows, tolerance and rates.
 *
 * Laws: the target is within its limits; more load never gives fewer replicas in the same state; scaling values and
 * targets by the same factor changes nothing; under constant load the target is at rest after the longer window.
 *
 * Source: Kubernetes, "Horizontal Pod Autoscaling", algorithm details and stabilization window (autoscaling/v2).
 * Deviations: an up window by default, history measured in time instead of samples, unknown history is held, waking from
 * zero.
 *
 * @param config - limits, signals and windows; may change between calls.
 * @param state - from {@link createAutoscaleState}, or from the call before; neither changed nor kept.
 * @param observation - what is known now; `nowMs` at or after that of the call before. The same call twice changes nothing.
 * @returns the target, the reasons in the order applied, and the state for the next call. `O(wishes in the window)`.
 * @throws InvalidInputError on limits, targets, windows or measurements out of range (NaN is not "missing": pass
 * `null`), on a foreign state, and when time goes back.
 *
 * @example
 * ```ts
 * const config = { minReplicas: 1, maxReplicas: 20, targets: [{ signal: 'rate', perReplica: 10 }] } as const;
 * const first = autoscale(config, createAutoscaleState(), { nowMs: 0, readyReplicas: 2, ratePerSecond: 45 });
 * const second = autoscale(config, first.state, { nowMs: 30_000, readyReplicas: 2, ratePerSecond: 45 });
 * [first.decision.target, second.decision.target]; // [2, 5]
 * ```
 */
export function autoscale(
  config: AutoscaleConfig,
  state: AutoscaleState,
  observation: AutoscaleObservation,
): AutoscaleResult {
  checkConfig(config);
  checkObservation(observation, state);
  const { nowMs, failedStarts = 0 } = observation;
  const upMs = config.window?.upMs ?? 30_000;
  const downMs = config.window?.downMs ?? 300_000;
  const zeroMs = idleBeforeZeroMs(config);
  const current = observation.readyReplicas + (observation.pendingReplicas ?? 0);

  const { wanted, reasons: causes } = wantedReplicas(config, observation);
  const wishes = recordWish(state.wishes, { atMs: nowMs, replicas: wanted }, Math.max(upMs, downMs, zeroMs));
  const reasons = [...causes];
  const panicAtMs = panicTime(config, state, { nowMs, current, wanted });
  const queueDepth = observation.queueDepth ?? 0;
  const isEmergency = wanted > current && config.emergency !== undefined && queueDepth >= config.emergency.queueDepth;
  if (isEmergency) reasons.push({ kind: 'emergency', queueDepth });
  else if (panicAtMs !== undefined) reasons.push({ kind: 'panic', sinceMs: panicAtMs });

  const isUrgent = isEmergency || panicAtMs !== undefined;
  const span = { nowMs, upMs, downMs, current, wanted };
  let target = lastingWish(config, wishes, span, isUrgent ? [] : reasons);
  // What the window allows may be more than the wish of this instant, where its mean or largest counts.
  if (isUrgent) target = Math.max(wanted, target, current);
  if (target === 0 && current > 0) target = keptFromZero(wishes, nowMs, zeroMs, reasons);
  if (!isEmergency) {
    target = worthwhileChange(target, current, config, reasons);
    const allowed = withinRates(config.rates, state.changes ?? [], nowMs, { current, wanted: target });
    if (allowed !== target) reasons.push({ kind: 'rate-limited', wanted: target, allowed });
    target = allowed;
  }
  if (target > current && failedStarts >= (config.maxFailedStarts ?? 5)) {
    reasons.push({ kind: 'crash-loop-held', failedStarts, current });
    target = current;
  }
  target = clamp(target, config, reasons);
  return {
    state: {
      version: 1,
      sinceMs: state.sinceMs ?? nowMs,
      lastMs: nowMs,
      wishes,
      ...(config.rates !== undefined && {
        changes: recordChange(config.rates, state.changes ?? [], nowMs, target - current),
      }),
      ...(panicAtMs !== undefined && { panicAtMs }),
    },
    decision: { target, isHold: target === current },
    reasons,
    nextEvalAtMs: nowMs + (config.intervalMs ?? 15_000),
  };
}

/** How long a wish for zero must last, ms. */
function idleBeforeZeroMs({ zero }: AutoscaleConfig): number {
  if (zero === undefined) return 0;
  if ('idleMs' in zero) return zero.idleMs;
  return (zero.coldStartCostUsd / zero.idleCostUsdPerHour) * HOUR_MS;
}

/** When panic was last caused, while it holds. */
function panicTime(
  { panic }: AutoscaleConfig,
  { panicAtMs }: AutoscaleState,
  { nowMs, current, wanted }: { readonly nowMs: number; readonly current: number; readonly wanted: number },
): number | undefined {
  if (panic === undefined) return undefined;
  if (wanted > current && wanted >= panic.thresholdRatio * Math.max(1, current)) return nowMs;
  return panicAtMs !== undefined && nowMs < panicAtMs + panic.holdMs ? panicAtMs : undefined;
}

/** Zero only after it has been wanted long enough, otherwise the last replica stays. */
function keptFromZero(
  wishes: AutoscaleState['wishes'],
  nowMs: number,
  idleMs: number,
  reasons: AutoscaleReason[],
): number {
  if (idleMs === 0 || wishRange(wishes, nowMs - idleMs, nowMs)?.max === 0) return 0;
  reasons.push({ kind: 'kept-from-zero', idleMs });
  return 1;
}

/** The part of the wish that has lasted through the window of its direction, and the current count where none has. */
function lastingWish(
  config: AutoscaleConfig,
  wishes: AutoscaleState['wishes'],
  now: { nowMs: number; upMs: number; downMs: number; current: number; wanted: number },
  reasons: AutoscaleReason[],
): number {
  const { current, wanted } = now;
  if (wanted === current) return current;
  const direction = wanted > current ? 'up' : 'down';
  const windowMs = direction === 'up' ? now.upMs : now.downMs;
  const pick = direction === 'up' ? (config.window?.upPick ?? 'min') : (config.window?.downPick ?? 'max');
  const range = wishRange(wishes, now.nowMs - windowMs, now.nowMs);
  const lasted = range === undefined ? current : Math.max(0, Math.ceil(range[pick] - 1e-9)); // Never -0.
  const allowed = direction === 'up' ? Math.max(current, lasted) : Math.min(current, lasted);
  if (range === undefined) reasons.push({ kind: 'unknown-history-held', wanted, current });
  else if (allowed !== wanted) reasons.push({ kind: 'window-held', direction, wanted, allowed, windowMs });
  if (current > 0 || allowed > 0) return allowed;
  reasons.push({ kind: 'woken-from-zero', wanted });
  return 1;
}

function worthwhileChange(
  wanted: number,
  current: number,
  config: AutoscaleConfig,
  reasons: AutoscaleReason[],
): number {
  const toleranceRatio = (wanted > current ? config.tolerance?.up : config.tolerance?.down) ?? 0.1;
  const isSmall = Math.abs(wanted - current) <= toleranceRatio * current * (1 + TOLERANCE_SLACK_RATIO);
  if (wanted === current || !isSmall) return wanted;
  reasons.push({ kind: 'within-tolerance', current, wanted, toleranceRatio });
  return current;
}

function clamp(wanted: number, config: AutoscaleConfig, reasons: AutoscaleReason[]): number {
  const { minReplicas, maxReplicas } = config;
  if (wanted < minReplicas) reasons.push({ kind: 'clamped', limit: 'min', wanted, allowed: minReplicas });
  if (wanted > maxReplicas) reasons.push({ kind: 'clamped', limit: 'max', wanted, allowed: maxReplicas });
  return Math.min(maxReplicas, Math.max(minReplicas, wanted));
}
