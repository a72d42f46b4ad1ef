import type {
  AutoscaleReason,
  AutoscaleState,
  EwmaState,
  Job,
  PackBound,
  Placement,
  PlaceReplicasReason,
  ScheduleAmounts,
  UnplacedJob,
} from '@spillway/core';
import type { SubmittedJob } from './snapshot.ts';

/** What the decisions remember between ticks. Plain JSON. */
export interface LoopState {
  readonly autoscale: Readonly<Record<string, AutoscaleState>>;
  readonly demand: Readonly<Record<string, EwmaState>>;
  /** Acts ordered so far; numbers their tokens. */
  readonly orderCount: number;
}

/** Something to do, with why. Every action is written down as an intent, under its token, before it is done. */
export type Action =
  | {
      readonly kind: 'start-job';
      readonly token: string;
      readonly job: Job;
      readonly placement: Placement;
    }
  | {
      readonly kind: 'launch-replica';
      readonly token: string;
      readonly endpointId: string;
      readonly tierId: string;
    }
  | {
      readonly kind: 'terminate-replica';
      readonly token: string;
      readonly replicaId: string;
      readonly tierId: string;
      readonly reason: 'surplus' | 'tier-over-capacity' | 'unknown-tier' | 'sick' | 'orphan';
    };

/** An action before it has its token. */
export type ActionDraft = Action extends infer A ? (A extends Action ? Omit<A, 'token'> : never) : never;

/** What was thought while planning: for the audit and the reader. */
export type PlanNote =
  | {
      readonly kind: 'deferred';
      readonly jobId: string;
      readonly zone: string;
      readonly startAtMs: number;
      readonly expected: ScheduleAmounts;
      readonly runNow: ScheduleAmounts;
    }
  | { readonly kind: 'not-deferrable'; readonly jobId: string; readonly why: string }
  | {
      readonly kind: 'scaled';
      readonly endpointId: string;
      readonly target: number;
      readonly current: number;
      readonly reasons: readonly (AutoscaleReason | PlaceReplicasReason)[];
    };

/** A decision: what to do, what cannot be done, and how far from the best it can be. */
export interface Plan {
  readonly atMs: number;
  readonly actions: readonly Action[];
  /** Jobs that can wait, replaced by the pieces they were planned into. */
  readonly planned: readonly { readonly jobId: string; readonly pieces: readonly SubmittedJob[] }[];
  /** Jobs that are due and fit nowhere, with the nearest miss; they stay in the queue. */
  readonly unplaced: readonly UnplacedJob[];
  readonly notes: readonly PlanNote[];
  /** How much GPU work any placement of the due jobs could have started. Absent: no job was due. */
  readonly packBound?: PackBound;
}
