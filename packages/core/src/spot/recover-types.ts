/** How an attempt of a job ended, other than by being done. */
export type JobFailure = {
  /** When it ended, ms since the Unix epoch. */
  readonly atMs: number;
  /** Machine it ran on, to be kept away from where the machine is at fault. */
  readonly nodeId?: string;
} & (
  | {
      /** The program ended by itself and says that it failed. */
      readonly kind: 'error';
      /** False: it would fail again, for example on a setting it cannot read. @defaultValue true */
      readonly isRetryable?: boolean;
    }
  /** The program asked for more memory than there was. `hadMib`: what there was, MiB, > 0; `null` or absent: not known. */
  | { readonly kind: 'out-of-memory'; readonly memory: 'gpu' | 'host'; readonly hadMib?: number | null }
  /** It ran, or was silent, for longer than it may, and was stopped. */
  | { readonly kind: 'timeout' }
  /** Its capacity was taken back, by the provider or for other work. */
  | { readonly kind: 'preempted' }
  /** Its machine was lost, or a card of it is at fault. */
  | { readonly kind: 'node-lost' }
  /** Nobody knows: counts as an error, so that nothing is started again for ever. */
  | { readonly kind: 'unknown' }
);

/** What is known of a job whose attempt has ended. */
export interface RecoverableJob {
  readonly id: string;
  /** When the attempt that ended began to work, ms since the Unix epoch. */
  readonly startedAtMs: number;
  /** When the newest checkpoint that can be read was taken, by any attempt; `null` or absent: there is none. */
  readonly checkpointAtMs?: number | null;
  /** Where the attempt ran: one of `places`, when both are given. */
  readonly place?: string;
  /** Where the job may run (regions, zones, tiers), the cheapest first and the surest last; ids are unique. @defaultValue none */
  readonly places?: readonly string[];
  /** What {@link recover} remembered of the attempts before. @defaultValue this was the first attempt */
  readonly state?: RecoverState;
}

/** How long a job is tried. */
export interface RecoverOptions {
  /** Attempts after errors, whole, >= 0. Preemptions and lost machines never count. @defaultValue 3 */
  readonly maxErrorRestarts?: number;
  /** Attempts after timeouts that left no new checkpoint, whole, >= 0. @defaultValue 3 */
  readonly maxTimeoutRestarts?: number;
  /** First wait after a failure of the program, ms, >= 0; doubles with each attempt in a row without progress. @defaultValue 10_000 */
  readonly backoffMs?: number;
  /** Longest wait, ms, >= `backoffMs`. @defaultValue 300_000 */
  readonly maxBackoffMs?: number;
  /** An attempt that worked so long counts as progress, as one with a new checkpoint does, ms, > 0. @defaultValue 600_000 */
  readonly progressMs?: number;
  /** Failures of the program in a row without progress that are a crash loop, whole, >= 2. @defaultValue 5 */
  readonly crashLoopCount?: number;
  /** A place that was lost is tried last for so long, ms, >= 0. @defaultValue 1_200_000 */
  readonly placeMemoryMs?: number;
  /** After so many attempts in a row lost without a new checkpoint the surest place is taken, whole, >= 1. @defaultValue 3 */
  readonly maxFruitlessLosses?: number;
}

/** What is remembered of the attempts of a job. Plain JSON. */
export interface RecoverState {
  readonly version: 1;
  /** When the last attempt ended. */
  readonly lastMs: number;
  /** Attempts that ended in an error, and those that ran out of time without a new checkpoint. */
  readonly errorCount: number;
  readonly timeoutCount: number;
  /** Attempts in a row without progress: all of them, and those whose program failed. */
  readonly fruitlessCount: number;
  readonly crashCount: number;
  /** Attempts in a row that lost their capacity before they left a new checkpoint. */
  readonly lossCount: number;
  /** The newest checkpoint known; `null` none. */
  readonly checkpointAtMs: number | null;
  /** Places lost within `placeMemoryMs`, with the last time, by id. */
  readonly lostPlaces: readonly { readonly place: string; readonly atMs: number }[];
}

/** Why a job is tried again, or not. */
export type RecoverReason =
  /** The attempt ended so. `isProgramAtFault`: it counts against the job. */
  | { readonly kind: 'ended'; readonly failure: JobFailure['kind']; readonly isProgramAtFault: boolean }
  /** Goes on from the checkpoint; `lostMs` of work are done again, `null` where that is not known. */
  | { readonly kind: 'from-checkpoint'; readonly checkpointAtMs: number; readonly lostMs: number | null }
  /** There is no checkpoint: all work is done again. */
  | { readonly kind: 'from-start'; readonly lostMs: number | null }
  /** The newest checkpoint is older than one known before, so more is lost than this attempt. */
  | { readonly kind: 'checkpoint-missing'; readonly knownAtMs: number }
  /** Waits, because `attempts` in a row made no progress. */
  | { readonly kind: 'backed-off'; readonly delayMs: number; readonly attempts: number }
  /** Another place is taken, because this one was lost. */
  | { readonly kind: 'place-lost'; readonly place: string }
  /** Every place was lost not long ago: the one whose loss is longest ago is taken. */
  | { readonly kind: 'every-place-lost'; readonly place: string }
  /** So many attempts in a row were lost before a checkpoint: cheaper capacity does not hold for long enough. */
  | { readonly kind: 'losing-all-work'; readonly attempts: number; readonly help: 'checkpoint-more-often' }
  /** It would run out again: `needsMoreThanMib` of this memory help, `null` where it is not known what there was. */
  | { readonly kind: 'out-of-memory'; readonly memory: 'gpu' | 'host'; readonly needsMoreThanMib: number | null }
  /** The error says that it would come again. */
  | { readonly kind: 'not-retryable' }
  /** All attempts that are allowed after this kind of end have been made. */
  | { readonly kind: 'restarts-used-up'; readonly of: 'errors' | 'timeouts'; readonly limit: number }
  /** The program fails again and again before it gets anywhere. */
  | { readonly kind: 'crash-loop'; readonly attempts: number };

/** What to do with a job whose attempt has ended. */
export type RecoverDecision =
  | {
      readonly action: 'restart';
      readonly from: 'checkpoint' | 'start';
      /** Not before, ms since the Unix epoch. */
      readonly atMs: number;
      /** Where; absent when no places were given. */
      readonly place?: string;
      /** Keep the job off this machine: it is at fault. */
      readonly avoidNodeId?: string;
    }
  /** A person has to look: the reasons say at what. */
  | { readonly action: 'give-up' };

/** The answer of {@link recover}. */
export interface RecoverResult {
  /** Pass it as `job.state` when the next attempt ends. */
  readonly state: RecoverState;
  readonly decision: RecoverDecision;
  /** Work of this attempt that no checkpoint holds, ms; `null` when a checkpoint has gone missing. */
  readonly lostMs: number | null;
  readonly reasons: readonly RecoverReason[];
}
