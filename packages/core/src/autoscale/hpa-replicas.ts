import type { HpaMetricTarget, HpaMetricValue, HpaObservation, HpaPod } from './hpa-types.ts';

/** What one metric asks for, and its value as reported; `undefined` when it cannot be told. */
export type HpaWish = { readonly wanted: number; readonly value: number } | undefined;

/**
 * Replicas by one metric, as the replica calculator of Kubernetes counts them: failed and deleted pods are left out; pods
 * that warm up count as idle when scaling up; missing ones as idle when scaling up, and at their request or target when
 * scaling down; a correction that would turn the direction round holds.
 *
 * Source: kubernetes/kubernetes, pkg/controller/podautoscaler/replica_calculator.go.
 */
export function hpaReplicas(
  target: HpaMetricTarget,
  seen: HpaMetricValue,
  observation: HpaObservation,
  toleranceRatio: number,
): HpaWish {
  const { currentReplicas, pods } = observation;
  const isWithin = (ratio: number): boolean => Math.abs(1 - ratio) <= toleranceRatio;
  if (target.kind === 'utilization' || target.kind === 'pods') {
    return byPods(target, seen, pods, currentReplicas, isWithin);
  }
  const value = seen.valueMilli ?? null;
  if (value === null) return undefined;
  if (target.kind === 'value') {
    const ratio = value / target.targetMilli;
    if (currentReplicas === 0) return { wanted: Math.ceil(ratio), value };
    const ready = pods.filter(({ phase, isReady }) => phase === 'running' && isReady).length;
    return { wanted: isWithin(ratio) ? currentReplicas : Math.ceil(ratio * ready), value };
  }
  const ratio = value / (target.targetMilli * currentReplicas);
  return {
    wanted: isWithin(ratio) ? currentReplicas : Math.ceil(value / target.targetMilli),
    value: currentReplicas === 0 ? value : Math.ceil(value / currentReplicas),
  };
}

interface PodValue {
  readonly value: number;
  readonly request: number;
}

function byPods(
  target: Extract<HpaMetricTarget, { kind: 'utilization' | 'pods' }>,
  seen: HpaMetricValue,
  pods: readonly HpaPod[],
  current: number,
  isWithin: (ratio: number) => boolean,
): HpaWish {
  const rows = pods.flatMap((pod, index) =>
    pod.isDeleting === true || pod.phase === 'failed'
      ? []
      : [
          {
            isWarmingUp: pod.isWarmingUp === true,
            value: seen.podsMilli?.[index] ?? null,
            request: seen.requestsMilli?.[index] ?? null,
          },
        ],
  );
  const isUtilization = target.kind === 'utilization';
  if (isUtilization && rows.some(({ request }) => request === null)) return undefined;
  const requestOf = (row: (typeof rows)[number]): number => row.request ?? 0;
  const warming = rows.filter(({ isWarmingUp }) => isWarmingUp);
  const missing = rows.filter(({ isWarmingUp, value }) => !isWarmingUp && value === null);
  const counted = rows.flatMap((row): PodValue[] =>
    row.isWarmingUp || row.value === null ? [] : [{ value: row.value, request: requestOf(row) }],
  );
  if (counted.length === 0) return undefined;
  const { ratio, value } = ratioOf(counted, target);
  const isRebalanced = warming.length > 0 && ratio > 1;
  if (!isRebalanced && missing.length === 0) {
    return { wanted: isWithin(ratio) ? current : Math.ceil(ratio * counted.length), value };
  }
  const full = (row: (typeof rows)[number]): number =>
    target.kind === 'utilization' ? requestOf(row) : target.targetMilli;
  // A ratio of exactly 1 asks for no change, so that nothing is assumed of the missing.
  const assumed =
    ratio === 1 ? [] : missing.map((row) => ({ value: ratio < 1 ? full(row) : 0, request: requestOf(row) }));
  const idle = isRebalanced ? warming.map((row) => ({ value: 0, request: requestOf(row) })) : [];
  const all = [...counted, ...assumed, ...idle];
  const corrected = ratioOf(all, target).ratio;
  const isTurned = (ratio < 1 && corrected > 1) || (ratio > 1 && corrected < 1);
  if (isWithin(corrected) || isTurned) return { wanted: current, value };
  return { wanted: Math.ceil(corrected * all.length), value };
}

/** Whole per cent or whole milli-units, rounded down as the Go code does. */
function ratioOf(
  rows: readonly PodValue[],
  target: Extract<HpaMetricTarget, { kind: 'utilization' | 'pods' }>,
): { readonly ratio: number; readonly value: number } {
  const total = rows.reduce((sum, { value }) => sum + value, 0);
  if (target.kind === 'pods') {
    const value = Math.trunc(total / rows.length);
    return { ratio: value / target.targetMilli, value };
  }
  const requested = rows.reduce((sum, { request }) => sum + request, 0);
  const value = Math.trunc((total * 100) / requested);
  return { ratio: value / target.targetPercent, value };
}
