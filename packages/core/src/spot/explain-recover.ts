import type { RecoverReason } from './recover-types.ts';

const seconds = (durationMs: number | null): string =>
  durationMs === null ? 'an unknown time' : `${durationMs / 1_000} s`;

/**
 * One readable line for a reason of {@link recover}. The text may change; match on `kind`.
 *
 * @example
 * ```ts
 * explainRecover({ kind: 'out-of-memory', memory: 'gpu', needsMoreThanMib: 40_960 });
 * // 'It ran out of gpu memory: it needs more than 40960 MiB.'
 * ```
 */
export function explainRecover(reason: RecoverReason): string {
  switch (reason.kind) {
    case 'ended':
      return `The attempt ended by '${reason.failure}'${reason.isProgramAtFault ? '' : ', which is not the fault of the program'}.`;
    case 'from-checkpoint':
      return `Goes on from the checkpoint: ${seconds(reason.lostMs)} of work are lost.`;
    case 'from-start':
      return `There is no checkpoint: starts again, ${seconds(reason.lostMs)} of work of this attempt are lost.`;
    case 'checkpoint-missing':
      return `The checkpoint of ${reason.knownAtMs} is gone, so more is lost than this attempt.`;
    case 'backed-off':
      return `Waits ${seconds(reason.delayMs)}: ${reason.attempts} in a row made no progress.`;
    case 'place-lost':
      return `Leaves '${reason.place}', where capacity was lost.`;
    case 'every-place-lost':
      return `Every place was lost not long ago: takes '${reason.place}', the longest ago.`;
    case 'losing-all-work':
      return `The last ${reason.attempts} losses came before a checkpoint: takes the surest place; write checkpoints more often.`;
    case 'out-of-memory':
      return reason.needsMoreThanMib === null
        ? `It ran out of ${reason.memory} memory: it needs more.`
        : `It ran out of ${reason.memory} memory: it needs more than ${reason.needsMoreThanMib} MiB.`;
    case 'not-retryable':
      return 'The error would come again.';
    case 'restarts-used-up':
      return `All ${reason.limit} restarts after ${reason.of} are used up.`;
    case 'crash-loop':
      return `It crashed ${reason.attempts} times in a row without progress.`;
  }
}
