import type { Job } from '../fleet/index.ts';
import type { EvictionCost, Victim } from './preemption-types.ts';
import type { RunningJob } from '../pack/types.ts';

/** Amounts of what jobs use, whole, >= 0. */
export interface ResourceAmounts {
  /** Of GPUs of any model; 1000 is one GPU, a MIG instance of n compute slices n sevenths of one. */
  readonly gpuMilli?: number;
  /** Of GPUs of one model, by its name. */
  readonly gpuMilliByModel?: Readonly<Record<string, number>>;
  readonly cpuMilli?: number;
  readonly memoryMib?: number;
}

/** What a tenant is promised, and what it may take and give beyond. Amounts only of resources that `capacity` names. */
export interface TenantQuota {
  /** Unique among the tenants; what jobs name as `tenant`. */
  readonly id: string;
  /** Promised. An amount left out is 0. */
  readonly nominal: ResourceAmounts;
  /** Most it may use beyond `nominal`. An amount left out is no limit. */
  readonly maxBorrowed?: ResourceAmounts;
  /** Most of what it does not use that others may. An amount left out is all of it. */
  readonly maxLent?: ResourceAmounts;
  /** Share of what is borrowed, next to that of others, > 0. @defaultValue 1 */
  readonly weight?: number;
}

/** A job that waits. */
export interface PendingJob {
  readonly job: Job;
  /** Since when it waits, ms since the Unix epoch. */
  readonly queuedAtMs: number;
}

/** Who asks for how much of what there is. */
export interface AdmitInput {
  /** What there is. Only resources named here are looked at. What exceeds the sum of `nominal` can be borrowed by all. */
  readonly capacity: ResourceAmounts;
  readonly tenants: readonly TenantQuota[];
  /** What runs. A job of no tenant of the list is taken to borrow all it uses. */
  readonly running: readonly RunningJob[];
  /** What waits. A gang is admitted as a whole; with quotas by model, a job with GPUs names one model in `gpuModels`. */
  readonly jobs: readonly PendingJob[];
  /** The present, ms since the Unix epoch. */
  readonly nowMs: number;
}

/** How to go about admitting. */
export interface AdmitOptions {
  /**
   * How long a job may be passed by others, ms, >= 0, `Infinity` allowed. The first job that has waited that long is tried before
   * all others and, if there is no room, what it needs is held for it. 0: nothing passes it. `Infinity`: jobs may starve.
   * @defaultValue 600_000
   */
  readonly holdAfterMs?: number;
  /** Search steps at most for victims, over all jobs, whole, >= 0; a step looks at up to 32 borrowers. @defaultValue 100_000 */
  readonly maxSteps?: number;
}

/** An amount of one resource. */
export interface QuotaMiss {
  readonly resource: 'gpu-milli' | 'cpu-milli' | 'memory-mib';
  /** The GPU model, for quotas by model. */
  readonly model?: string;
  readonly needed: number;
  readonly available: number;
}

/** What a job uses beyond its tenant's nominal quota. */
export interface Loan {
  readonly resource: 'gpu-milli' | 'cpu-milli' | 'memory-mib';
  readonly model?: string;
  readonly amount: number;
  /** The tenant whose quota it is. Absent: capacity that was promised to nobody. */
  readonly from?: string;
}

/** A job, or a gang, that may start. */
export interface AdmittedJobs {
  /** Ascending; more than one for a gang. */
  readonly jobIds: readonly string[];
  readonly tenant: string;
  /** Empty: it is within the nominal quota. */
  readonly borrowed: readonly Loan[];
}

/** Why a job has to wait. Where `misses` are given, `needed - available` is by how much. */
export type WaitingReason =
  /** Its tenant is not in the list. */
  | { readonly kind: 'unknown-tenant'; readonly tenant?: string }
  /** Quotas are by model, and it names none or several of these. */
  | { readonly kind: 'model-not-named'; readonly models: readonly string[] }
  /** It would not fit if nothing else ran: more than its tenant may use, or than there is for it. `available` is that most. */
  | { readonly kind: 'exceeds-quota'; readonly misses: readonly QuotaMiss[] }
  /** It may not be preempted, so it must stay within the nominal quota: what is borrowed must be given back. */
  | { readonly kind: 'must-not-borrow'; readonly misses: readonly QuotaMiss[] }
  /** With what its tenant uses it would exceed nominal plus `maxBorrowed`. */
  | { readonly kind: 'over-limit'; readonly misses: readonly QuotaMiss[] }
  /** Not enough is there, or left to borrow. */
  | { readonly kind: 'nothing-to-borrow'; readonly misses: readonly QuotaMiss[] }
  /** Room is held for an older job, or one of its own tenant. */
  | { readonly kind: 'held'; readonly heldForJobId: string }
  /** It is within the nominal quota, and starts when these borrowers have gone. */
  | {
      readonly kind: 'reclaims';
      readonly victims: readonly Victim[];
      readonly cost: EvictionCost;
      /** Present: the search ended early, or only the 200 cheapest borrowers were looked at; none is needless, but a cheaper choice may exist. */
      readonly stoppedBy?: 'max-steps';
    }
  /** It is within the nominal quota, and borrowers that may not go, or capacity that is not there, stand in its way. */
  | { readonly kind: 'not-reclaimable'; readonly misses: readonly QuotaMiss[] };

/** A job, or a gang, that may not start now. */
export interface WaitingJobs {
  readonly jobIds: readonly string[];
  readonly tenant?: string;
  readonly reason: WaitingReason;
}

/** What a tenant uses beyond its nominal quota, as the largest share of any resource's capacity. */
export interface DominantShare {
  readonly tenant: string;
  readonly beforeRatio: number;
  /** With the jobs admitted, and before any borrower has gone. */
  readonly afterRatio: number;
}

/** Who may start, in which order, and why the others wait. */
export interface AdmitResult {
  /** In the order admitted. Together with what runs they stay within capacity, quotas and limits. */
  readonly admitted: readonly AdmittedJobs[];
  /** All others, in the order decided. */
  readonly waiting: readonly WaitingJobs[];
  /** The job for which room is held, if any. */
  readonly heldForJobId?: string;
  /** By tenant. */
  readonly shares: readonly DominantShare[];
}
