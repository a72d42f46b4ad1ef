import type { UnplacedJob } from '@spillway/core';
import type { ActOutcome } from './act.ts';
import type { Plan } from './plan.ts';
import type { Snapshot, SubmittedJob } from './snapshot.ts';

/** What the runner tells while it works, by event name. */
export interface RunnerEvents {
  'job:accepted': (job: SubmittedJob) => void;
  'snapshot:observed': (snapshot: Snapshot) => void;
  'plan:computed': (plan: Plan) => void;
  'action:settled': (outcome: ActOutcome) => void;
  'job:unplaced': (job: UnplacedJob) => void;
  'tick:completed': (summary: TickSummary) => void;
  'tick:failed': (error: unknown) => void;
}

/** One turn of the loop in numbers. */
export interface TickSummary {
  readonly atMs: number;
  readonly done: number;
  readonly failed: number;
  readonly pending: number;
  readonly unplaced: number;
}
