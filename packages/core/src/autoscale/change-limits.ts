import type { AutoscaleConfig, AutoscaleRateRule, AutoscaleState } from './types.ts';

type Changes = NonNullable<AutoscaleState['changes']>;

/** What the rules of its direction allow of a change; from zero the first replica is always allowed. `O(rules * changes)`. */
export function withinRates(
  rates: AutoscaleConfig['rates'],
  changes: Changes,
  nowMs: number,
  { current, wanted }: { readonly current: number; readonly wanted: number },
): number {
  const isUp = wanted > current;
  const rules = isUp ? rates?.up : rates?.down;
  if (wanted === current || rules === undefined || rules.length === 0) return wanted;
  const bounds = rules.map(({ kind, value, periodMs }) => {
    let start = current;
    for (const { atMs, change } of changes) if (atMs > nowMs - periodMs && atMs < nowMs) start -= change;
    const step = kind === 'replicas' ? value : start * value;
    return isUp ? Math.ceil(start + step - 1e-9) : Math.floor(start - step + 1e-9);
  });
  if (isUp) return Math.min(wanted, Math.max(current, current === 0 ? 1 : 0, ...bounds));
  return Math.max(wanted, Math.min(current, ...bounds));
}

/** The changes with one more, cut to the longest period. A second look at the same instant replaces the first. */
export function recordChange(
  rates: NonNullable<AutoscaleConfig['rates']>,
  changes: Changes,
  nowMs: number,
  change: number,
): Changes {
  const periods = [...(rates.up ?? []), ...(rates.down ?? [])].map(({ periodMs }: AutoscaleRateRule) => periodMs);
  const longestMs = Math.max(0, ...periods);
  const kept = changes
    .filter(({ atMs }) => atMs > nowMs - longestMs && atMs < nowMs)
    .map((entry) => ({ atMs: entry.atMs, change: entry.change }));
  return change === 0 ? kept : [...kept, { atMs: nowMs, change }];
}
