import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { HPA_DOWN, HPA_UP, limit, stabilize } from './hpa-limits.ts';
import { hpaReplicas } from './hpa-replicas.ts';
import type { HpaConfig, HpaObservation, HpaReason, HpaResult, HpaRules, HpaState } from './hpa-types.ts';

/** Creates the state of an autoscaler that has seen nothing. */
export function createHpaState(): HpaState {
  return { version: 1, lastMs: null, recommendations: [], upEvents: [], downEvents: [] };
}

/**
 * Decides as the Kubernetes HorizontalPodAutoscaler does (autoscaling/v2 with behaviour): replicas by each metric, the
 * largest counts; recommendations stabilised over the windows; then the rules of change, then the limits. For comparing, and
 * for moving over one step at a time; {@link autoscale} is our own policy.
 *
 * Source: kubernetes/kubernetes, pkg/controller/podautoscaler. It agrees with 52 cases of its own tests.
 * `O(pods * metrics + recommendations)`.
 *
 * @throws InvalidInputError on limits and targets out of range, and when time goes back.
 *
 * @example
 * ```ts
 * const config = { minReplicas: 1, maxReplicas: 10, metrics: [{ kind: 'value', targetMilli: 10_000 }] } as const;
 * const pods = [{ phase: 'running', isReady: true }, { phase: 'running', isReady: true }] as const;
 * const seen = { nowMs: 0, currentReplicas: 2, pods, metrics: [{ valueMilli: 25_000 }] };
 * autoscaleAsHpa(config, createHpaState(), seen).decision.target; // 5
 * ```
 */
export function autoscaleAsHpa(config: HpaConfig, state: HpaState, observation: HpaObservation): HpaResult {
  check(config, state, observation);
  const { nowMs, currentReplicas: current } = observation;
  const { minReplicas: min, maxReplicas: max } = config;
  const rules = { up: config.up ?? HPA_UP, down: config.down ?? HPA_DOWN };
  const reasons: HpaReason[] = [];
  let target = current;
  let { recommendations } = state;
  if (current === 0 && min > 0) reasons.push({ kind: 'disabled' });
  else if (current > max || current < min) {
    target = current > max ? max : min;
    reasons.push({ kind: 'limited', by: current > max ? 'max' : 'min', allowed: target });
  } else {
    const wanted = wish(config, observation, reasons);
    // An autoscaler that starts takes what there is for its first recommendation.
    if (state.lastMs === null) recommendations = [{ atMs: nowMs, replicas: current }];
    const stable = stabilize(recommendations, nowMs, { current, wanted }, rules);
    if (stable !== wanted) reasons.push({ kind: 'stabilized', wanted, allowed: stable });
    recommendations = [...recommendations, { atMs: nowMs, replicas: wanted }];
    target = limit(state, nowMs, { current, wanted: stable, min, max }, rules, reasons);
  }
  const change = target - current;
  return {
    state: {
      version: 1,
      lastMs: nowMs,
      recommendations: youngerThan(recommendations, nowMs, Math.max(rules.up.windowMs, rules.down.windowMs)),
      upEvents: eventsAfter(state.upEvents, nowMs, change, rules),
      downEvents: eventsAfter(state.downEvents, nowMs, -change, rules),
    },
    decision: { target, isHold: target === current },
    reasons,
    nextEvalAtMs: nowMs + (config.intervalMs ?? 15_000),
  };
}

/** The largest wish of all metrics; what there is when one is missing and the others would scale down. */
function wish(config: HpaConfig, observation: HpaObservation, reasons: HpaReason[]): number {
  let [wanted, missingCount] = [-1, 0];
  config.metrics.forEach((metric, index) => {
    const one = hpaReplicas(metric, observation.metrics[index] ?? {}, observation, config.toleranceRatio ?? 0.1);
    if (one === undefined) {
      missingCount++;
      reasons.push({ kind: 'metric-missing', index });
      return;
    }
    wanted = Math.max(wanted, one.wanted);
    reasons.push({ kind: 'metric', index, value: one.value, wanted: one.wanted });
  });
  const { currentReplicas } = observation;
  if (wanted >= 0 && (missingCount === 0 || wanted >= currentReplicas)) return wanted;
  reasons.push({ kind: 'held', current: currentReplicas });
  return currentReplicas;
}

function youngerThan<Entry extends { readonly atMs: number }>(
  list: readonly Entry[],
  nowMs: number,
  ageMs: number,
): Entry[] {
  return list.filter(({ atMs }) => nowMs - atMs < ageMs);
}

function eventsAfter(
  events: HpaState['upEvents'],
  nowMs: number,
  change: number,
  rules: { readonly up: HpaRules; readonly down: HpaRules },
): HpaState['upEvents'] {
  const longestMs = Math.max(...[...rules.up.policies, ...rules.down.policies].map(({ periodMs }) => periodMs));
  const kept = youngerThan(events, nowMs, longestMs);
  return change > 0 ? [...kept, { atMs: nowMs, change }] : kept;
}

function check(config: HpaConfig, state: HpaState, observation: HpaObservation): void {
  checkNumber('minReplicas', config.minReplicas, { min: 0, isWhole: true });
  checkNumber('maxReplicas', config.maxReplicas, { min: Math.max(1, config.minReplicas), isWhole: true });
  checkOptionalNumber('toleranceRatio', config.toleranceRatio, { min: 0 });
  checkOptionalNumber('intervalMs', config.intervalMs, { min: 1 });
  if (!Array.isArray(config.metrics) || config.metrics.length === 0) {
    throw new InvalidInputError('metrics', 'must list at least one metric', config.metrics);
  }
  (config.metrics as HpaConfig['metrics']).forEach((metric, index) => {
    const value = metric.kind === 'utilization' ? metric.targetPercent : metric.targetMilli;
    checkNumber(`metrics[${index}]`, value, { above: 0, hint: 'Give targetPercent or targetMilli.' });
  });
  for (const [name, rules] of [
    ['up', config.up],
    ['down', config.down],
  ] as const) {
    if (rules === undefined) continue;
    checkNumber(`${name}.windowMs`, rules.windowMs, { min: 0 });
    if (rules.policies.length === 0)
      throw new InvalidInputError(`${name}.policies`, 'must list at least one policy', []);
    rules.policies.forEach(({ value, periodMs }, index) => {
      checkNumber(`${name}.policies[${index}].value`, value, { min: 0 });
      checkNumber(`${name}.policies[${index}].periodMs`, periodMs, { above: 0 });
    });
  }
  checkTime(state, observation.nowMs);
  checkNumber('currentReplicas', observation.currentReplicas, { min: 0, isWhole: true });
}

/** Throws unless the state is of this version and not of later than now. */
export function checkTime(state: { readonly version: unknown; readonly lastMs: number | null }, nowMs: number): void {
  if (state.version !== 1) {
    throw new InvalidInputError('state', 'must come from an earlier call', state, {
      hint: 'Store the state as it is returned, or start again with a fresh one.',
    });
  }
  checkNumber('nowMs', nowMs);
  if (state.lastMs !== null && nowMs < state.lastMs) {
    throw new InvalidInputError('nowMs', `must not be before the last call at ${state.lastMs}`, nowMs, {
      hint: 'Pass observations in the order of their time.',
    });
  }
}
