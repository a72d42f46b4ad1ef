import type { HpaReason, HpaRules, HpaState } from './hpa-types.ts';

/** Kubernetes' defaults. */
export const HPA_UP: HpaRules = {
  policies: [
    { kind: 'pods', value: 4, periodMs: 15_000 },
    { kind: 'percent', value: 100, periodMs: 15_000 },
  ],
  windowMs: 0,
};
/** Kubernetes' defaults. */
export const HPA_DOWN: HpaRules = {
  policies: [{ kind: 'percent', value: 100, periodMs: 15_000 }],
  windowMs: 300_000,
};

/** Sum of the changes younger than a period. */
export function changeWithin(events: HpaState['upEvents'], nowMs: number, periodMs: number): number {
  return events.reduce((sum, { atMs, change }) => (nowMs - atMs < periodMs ? sum + change : sum), 0);
}

/** Up: the smallest recommendation of its window; down: the largest. */
export function stabilize(
  recommendations: HpaState['recommendations'],
  nowMs: number,
  replicas: { readonly current: number; readonly wanted: number },
  rules: { readonly up: HpaRules; readonly down: HpaRules },
): number {
  let [least, most] = [replicas.wanted, replicas.wanted];
  for (const { atMs, replicas: recommended } of recommendations) {
    if (nowMs - atMs < rules.up.windowMs) least = Math.min(least, recommended);
    if (nowMs - atMs < rules.down.windowMs) most = Math.max(most, recommended);
  }
  return Math.min(most, Math.max(least, replicas.current));
}

/** What the rules and the limits leave of a wish. */
export function limit(
  state: Pick<HpaState, 'upEvents' | 'downEvents'>,
  nowMs: number,
  replicas: { readonly current: number; readonly wanted: number; readonly min: number; readonly max: number },
  rules: { readonly up: HpaRules; readonly down: HpaRules },
  reasons: HpaReason[],
): number {
  const { current, wanted, min, max } = replicas;
  if (wanted === current) return current;
  const isUp = wanted > current;
  const { policies, select = 'max' } = isUp ? rules.up : rules.down;
  const sign = isUp ? 1 : -1;
  const bounds = policies.map(({ kind, value, periodMs }) => {
    const start =
      current - changeWithin(state.upEvents, nowMs, periodMs) + changeWithin(state.downEvents, nowMs, periodMs);
    if (kind === 'pods') return start + sign * value;
    return isUp ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100));
  });
  const isFar = (select === 'max') === isUp;
  const chosen = select === 'disabled' ? current : isFar ? Math.max(...bounds) : Math.min(...bounds);
  const bound = isUp ? Math.max(current, chosen) : Math.min(current, chosen);
  const allowed = isUp ? Math.min(wanted, bound, max) : Math.max(wanted, bound, min);
  if (allowed === wanted) return wanted;
  const by = isUp ? (max < bound ? 'max' : 'up-rules') : min > bound ? 'min' : 'down-rules';
  reasons.push({ kind: 'limited', by, allowed });
  return allowed;
}
