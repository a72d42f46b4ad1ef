import type { DeadlineReason } from './types.ts';

const minutes = (durationMs: number): string => `${Math.round(durationMs / 6_000) / 10} min`;
const usd = (costUsd: number | null): string => (costUsd === null ? 'not allowed' : `${costUsd.toFixed(2)} USD`);

/**
 * One readable line for a reason of {@link stepDeadlineJob}. The text may change; match on `kind`.
 *
 * @example
 * ```ts
 * explainDeadlineJob({ kind: 'deadline-out-of-reach', lateMs: 600_000 }); // 'Even on-demand ends 10 min after the deadline.'
 * ```
 */
export function explainDeadlineJob(reason: DeadlineReason): string {
  switch (reason.kind) {
    case 'finished':
      return 'The work is done.';
    case 'deadline-out-of-reach':
      return `Even on-demand ends ${minutes(reason.lateMs)} after the deadline.`;
    case 'no-slack-left':
      return `Only ${minutes(reason.slackMs)} of slack are left, and a restart takes ${minutes(reason.restartMs)}.`;
    case 'spot-not-available':
      return 'There is no spot capacity.';
    case 'expected-cost':
      return `Expected to the end: waiting ${usd(reason.waitUsd)}, spot ${usd(reason.spotUsd)}, on-demand ${usd(reason.onDemandUsd)}.`;
    case 'slack-left':
      return `There are ${minutes(reason.slackMs)} of slack: spot when there is some.`;
    case 'progress':
      return `Done are ${minutes(reason.doneMs)}, and the straight line asks for ${minutes(reason.lineMs)}.`;
  }
}
