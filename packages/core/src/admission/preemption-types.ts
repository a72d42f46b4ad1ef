import type { GpuNode, Job, Placement } from '../fleet/index.ts';
import type { RunningJob, UnplacedJob } from '../pack/types.ts';

/** A job that finds no room, and what runs where it could go. */
export interface PlanPreemptionInput {
  readonly nodes: readonly GpuNode[];
  readonly running: readonly RunningJob[];
  /** The job to make room for. A member of a gang is planned alone; see `planGangPreemption` for all of them. */
  readonly job: Job;
  /** The present, ms since the Unix epoch. Without it no job with `minRuntimeMs` is evicted and lost work is not known. */
  readonly nowMs?: number;
}

/** How to go about preempting. */
export interface PlanPreemptionOptions {
  /** Search steps at most over all nodes, whole, >= 0; a step looks at up to 32 jobs. @defaultValue 100_000 */
  readonly maxSteps?: number;
}

/** A job that has to go. */
export interface Victim {
  readonly jobId: string;
  readonly nodeId: string;
  /** The gang it goes with. */
  readonly gang?: string;
}

/** What an eviction costs, in the order in which it is kept low. */
export interface EvictionCost {
  /** Priority of the most important victim. Absent without victims. */
  readonly highestPriority?: number;
  /**
   * Work lost: milli-GPU times run time so far in seconds, rounded up for each job. Absent when `nowMs` or the start of a job that
   * could be evicted is not known; `gpuMilli` is kept low instead.
   */
  readonly lostGpuMilliSeconds?: number;
  /** Milli-GPU that the victims hold; a MIG instance of n compute slices counts as n sevenths of a GPU. */
  readonly gpuMilli: number;
  readonly victimCount: number;
}

/** Who has to go, and how near that is to the least. */
export interface EvictionPlan {
  /** By id. Empty: there is room as it is. None can be spared, its gang aside. */
  readonly victims: readonly Victim[];
  readonly cost: EvictionCost;
  /** No choice of victims of this priority loses less, in the unit that was kept low. */
  readonly bound: number;
  /** `(lost - bound) / lost`, from 0 to 1; 0: no choice loses less. */
  readonly gapRatio: number;
  /** Present: the search ended early, and a choice with less loss, fewer victims or smaller ids may exist. */
  readonly stoppedBy?: 'max-steps';
}

/** Who has to go for a job, or why that does not help. */
export type PreemptionResult =
  | (EvictionPlan & { readonly placement: Placement })
  /** The job does not fit even where everything that may be evicted is gone; the reason is about that fleet. */
  | { readonly unplaced: UnplacedJob };

/** A gang that finds no room, and what runs where it could go. */
export interface PlanGangPreemptionInput {
  readonly nodes: readonly GpuNode[];
  readonly running: readonly RunningJob[];
  /** The members to make room for, at least one, of one gang and with the same `topology`. */
  readonly jobs: readonly Job[];
  /** The present, ms since the Unix epoch. Without it no job with `minRuntimeMs` is evicted and lost work is not known. */
  readonly nowMs?: number;
}

/** How to go about preempting for a gang. */
export interface PlanGangPreemptionOptions {
  /** Search steps at most, whole, >= 0; a step tries to place the gang up to three times for every 32 jobs that may go. @defaultValue 2_000 */
  readonly maxSteps?: number;
}

/** Who has to go for a gang, or why that does not help. */
export type GangPreemptionResult =
  | (EvictionPlan & {
      /** One for every member, in the order given. */
      readonly placements: readonly Placement[];
    })
  /** No place is found even where everything that may be evicted is gone; one entry a member, about that fleet. */
  | { readonly unplaced: readonly UnplacedJob[] };
