import { SECOND_MS } from '../units.ts';
import { backlogAtReady, forecastRates } from './look-ahead.ts';
import type { AutoscaleConfig, AutoscaleObservation, AutoscaleReason, AutoscaleTarget } from './types.ts';

/**
 * Slack of rounding up, relative. `10 * 0.7 / 0.7` is 10.000000000000002 in floating point and must be 10 replicas. The
 * few operations before the rounding err by less than 1e-15; a real surplus of 1e-12 of the load is no reason for a
 * replica either.
 */
const CEIL_SLACK_RATIO = 1e-12;

/**
 * The number of replicas the signals ask for now, before windows, tolerance and limits. The largest wish decides; a
 * signal that is missing asks for what there is, so that silence never scales down.
 */
export function wantedReplicas(
  config: AutoscaleConfig,
  observation: AutoscaleObservation,
): { readonly wanted: number; readonly reasons: readonly AutoscaleReason[] } {
  const current = observation.readyReplicas + (observation.pendingReplicas ?? 0);
  // Utilisation of no replica is unknown, so utilisation alone could never leave zero again: it keeps one.
  const fewest = config.targets.some((target) => target.signal === 'rate') ? 0 : 1;
  const reasons: AutoscaleReason[] = [];
  let wanted = 0;
  let missingCount = 0;
  for (const target of config.targets) {
    const value = measured(target, observation);
    if (value === null) {
      missingCount++;
      wanted = Math.max(wanted, current);
      reasons.push({ kind: 'missing-signal', signal: target.signal });
      continue;
    }
    const wish =
      target.signal === 'rate'
        ? wholeReplicas(value, value / target.perReplica)
        : Math.max(fewest, utilizationWish(value, target.ratio, observation.readyReplicas, current));
    reasons.push({ kind: 'signal', signal: target.signal, value, wanted: wish });
    const asked = target.signal === 'rate' ? lookAhead(config, observation, target, { value, wish }, reasons) : wish;
    wanted = Math.max(wanted, asked);
  }
  if (wanted > 0 && missingCount < config.targets.length) wanted += config.overprovisionCount ?? 0;
  if (missingCount === config.targets.length) reasons.push({ kind: 'no-signal-held', current });
  return { wanted, reasons };
}

/**
 * What forecast and queue add to the wish of a rate. An order made now serves one cold start later, so the forecast of
 * that time decides whether to order; until then, what is forecast decides what must not be let go.
 */
function lookAhead(
  config: AutoscaleConfig,
  observation: AutoscaleObservation,
  target: Extract<AutoscaleTarget, { signal: 'rate' }>,
  now: { readonly value: number; readonly wish: number },
  reasons: AutoscaleReason[],
): number {
  const current = observation.readyReplicas + (observation.pendingReplicas ?? 0);
  const ahead = forecastRates(config, observation);
  let wanted = now.wish;
  let rate = now.value;
  if (ahead !== undefined) {
    const ordered = wholeReplicas(ahead.atReady, ahead.atReady / target.perReplica);
    const kept = wholeReplicas(ahead.untilReady, ahead.untilReady / target.perReplica);
    const forecast = Math.max(ordered, Math.min(kept, current));
    reasons.push({ kind: 'forecast', ratePerSecond: ahead.atReady, wanted: forecast });
    // Load of this instant that the forecast does not see lasting is no reason to order, only to keep.
    wanted = Math.max(Math.min(now.wish, current), forecast);
    rate = Math.max(ahead.atReady, now.value);
  }
  const { drainMs } = target;
  if (drainMs === undefined) return wanted;
  const waiting = backlogAtReady(config, observation, target.perReplica, rate);
  if (waiting <= 0) return wanted;
  const backlog = wholeReplicas(waiting, (rate + (waiting * SECOND_MS) / drainMs) / target.perReplica);
  reasons.push({ kind: 'backlog', queueDepth: waiting, wanted: backlog });
  return Math.max(wanted, backlog);
}

/** The value of a signal, or `null` when it is missing. While no replica is ready, there is no utilisation to measure. */
function measured(target: AutoscaleTarget, observation: AutoscaleObservation): number | null {
  if (target.signal === 'rate') return observation.ratePerSecond ?? null;
  return observation.readyReplicas === 0 ? null : (observation.utilizationRatio ?? null);
}

/**
 * Replicas that bring the mean utilisation to `ratio`. The work is what the ready replicas carry; spread over ready and
 * pending ones it needs `ready * value / ratio` replicas in all, however many of them are pending, so a backlog is
 * ordered once. Overloaded ready replicas never cancel pending ones: saturation hides how much work there is.
 */
function utilizationWish(value: number, ratio: number, ready: number, current: number): number {
  const wish = wholeReplicas(value, (ready * value) / ratio);
  return value > ratio ? Math.max(wish, current) : wish;
}

/** Rounds up, but not over rounding errors; work above zero needs at least one replica. Stays a safe integer. */
function wholeReplicas(work: number, replicas: number): number {
  const whole = Math.ceil(replicas * (1 - CEIL_SLACK_RATIO));
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(work > 0 ? 1 : 0, whole));
}
