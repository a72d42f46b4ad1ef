import type { AutoscaleReason } from './types.ts';

/**
 * One readable line for a reason of {@link autoscale}, for logs and dashboards. The text may change; match on `kind`.
 *
 * @example
 * ```ts
 * explainAutoscale({ kind: 'clamped', limit: 'max', wanted: 12, allowed: 8 }); // 'The max of 8 limits the wish for 12.'
 * ```
 */
export function explainAutoscale(reason: AutoscaleReason): string {
  switch (reason.kind) {
    case 'signal':
      return `The ${reason.signal} of ${reason.value} asks for ${reason.wanted}.`;
    case 'missing-signal':
      return `The ${reason.signal} is missing, so nothing is scaled down.`;
    case 'no-signal-held':
      return `No signal was measured: stays at ${reason.current}.`;
    case 'unknown-history-held':
      return `The history is too short to go from ${reason.current} to ${reason.wanted}.`;
    case 'window-held':
      return `The wish for ${reason.wanted} must last ${reason.windowMs / 1_000} s to scale ${reason.direction}: so far ${reason.allowed} did.`;
    case 'forecast':
      return `The forecast of ${reason.ratePerSecond}/s asks for ${reason.wanted}.`;
    case 'backlog':
      return `Work of ${reason.queueDepth} will still wait: that asks for ${reason.wanted}.`;
    case 'panic':
      return `Panic since ${reason.sinceMs}: up at once, nothing down.`;
    case 'emergency':
      return `A queue of ${reason.queueDepth} is an emergency: up at once.`;
    case 'kept-from-zero':
      return `The last replica stays until it has been idle for ${reason.idleMs / 1_000} s.`;
    case 'rate-limited':
      return `The rates of change allow ${reason.allowed} of ${reason.wanted}.`;
    case 'crash-loop-held':
      return `After ${reason.failedStarts} failed starts nothing is added: stays at ${reason.current}.`;
    case 'woken-from-zero':
      return `Work waits and nothing serves: the first of ${reason.wanted} starts at once.`;
    case 'within-tolerance':
      return `Going from ${reason.current} to ${reason.wanted} is within the tolerance of ${reason.toleranceRatio}.`;
    case 'clamped':
      return `The ${reason.limit} of ${reason.allowed} limits the wish for ${reason.wanted}.`;
  }
}
