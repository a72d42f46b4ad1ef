import type { Action, LoopState, Plan } from '../loop/plan.ts';
import type { SubmittedJob } from '../loop/snapshot.ts';

/** What is known of an act: written before it is done, settled after. */
export interface Intent {
  readonly token: string;
  readonly action: Action;
  readonly writtenAtMs: number;
  /** `pending`: outcome unknown, do it (again) under the same token. `done`: took effect. `failed`: certainly did not. */
  readonly status: 'pending' | 'done' | 'failed';
  readonly attempts: number;
  /** Why the last attempt did not succeed. */
  readonly error?: string;
}

/**
 * Where the runner keeps what must not be lost. Each call is atomic; a call that resolved is durable to the degree the
 * store promises (the in-memory store: until the process ends).
 */
export interface Store {
  /** Accepts a job once; false when its id is known already. */
  readonly acceptJob: (job: SubmittedJob) => Promise<boolean>;
  /** Accepted jobs that no pending or done intent starts, in order of acceptance. */
  readonly listWaiting: () => Promise<readonly SubmittedJob[]>;
  readonly findJob: (jobId: string) => Promise<SubmittedJob | undefined>;
  readonly loadState: () => Promise<LoopState | undefined>;
  /**
   * In one transaction: saves plan and state, replaces planned jobs by their pieces, takes started jobs off the waiting
   * list, and writes every action down as a pending intent.
   */
  readonly commitPlan: (plan: Plan, state: LoopState) => Promise<void>;
  /** Intents whose outcome is unknown, oldest first. */
  readonly listPendingIntents: () => Promise<readonly Intent[]>;
  readonly findIntent: (token: string) => Promise<Intent | undefined>;
  /** Records an attempt. A start that certainly failed puts its job back on the waiting list, in its old place. */
  readonly settleIntent: (token: string, outcome: Pick<Intent, 'status' | 'error'>) => Promise<void>;
}
