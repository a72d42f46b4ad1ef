import type { HealthReason } from './health-types.ts';

const answered = (answer: number | 'no-answer'): string => (answer === 'no-answer' ? 'no answer' : `status ${answer}`);

/**
 * One readable line for a reason of {@link evaluateHealth}. The text may change; match on `kind`.
 *
 * @example
 * ```ts
 * explainHealth({ kind: 'pressure', signal: 'memory-bandwidth', value: 0.95, limit: 0.9 });
 * // 'The memory-bandwidth of 0.95 is above 0.9: it is full, not sick.'
 * ```
 */
export function explainHealth(reason: HealthReason): string {
  switch (reason.kind) {
    case 'no-probe':
      return 'There was no probe: whether it serves is not known.';
    case 'probe-failed':
      return `The probe got ${answered(reason.answer)}.`;
    case 'still-starting':
      return `The probe got ${answered(reason.answer)}, and it may load until ${reason.untilMs}.`;
    case 'streak':
      return `The last ${reason.count} looks at ${reason.of} were ${reason.isBad ? 'bad' : 'good'}; ${reason.needed} in a row turn the verdict.`;
    case 'pressure':
      return `The ${reason.signal} of ${reason.value} is above ${reason.limit}: it is full, not sick.`;
    case 'first-token-late':
      return `The first token came after ${reason.timeToFirstTokenMs} ms, and should after ${reason.limitMs}.`;
    case 'scale-up-pending':
      return `More replicas were asked for at ${reason.sinceMs} and cannot be ready yet.`;
    case 'gpu-fault':
      return `A card is at fault: ${reason.sign} ${reason.value}.`;
    case 'gpu-sign':
      return `A card shows ${reason.sign} ${reason.value}, which is not known to be its fault.`;
  }
}
