import type {
  AutoscaleConfig,
  CarbonSeries,
  GpuNode,
  Job,
  RunningJob,
  ScheduleObjective,
  Tier,
  WorkloadShape,
} from '@spillway/core';
import type { EndpointMetrics, InterruptionNotice, LaunchedReplica } from '@spillway/adapters';

/** A job as it was handed in. Without `flexible` it starts as soon as it fits. */
export interface SubmittedJob {
  readonly job: Job;
  /** When it was accepted, ms since the Unix epoch. */
  readonly submittedAtMs: number;
  /** Present when the job can wait for cleaner or cheaper hours and has not been planned yet. */
  readonly flexible?: FlexibleTerms;
  /** Where and from when it runs, once planned; a job planned in pieces becomes one waiting job a piece. */
  readonly planned?: { readonly jobId: string; readonly zone: string; readonly notBeforeMs: number };
}

/** What a job that can wait allows. `job.runtimeMs` must be known. */
export interface FlexibleTerms {
  readonly deadlineAtMs: number;
  readonly mode: 'contiguous' | 'interruptible';
  /** Power while running, W. */
  readonly powerWatts: number;
  /** Zones it may run in, its home first. */
  readonly zones: readonly string[];
}

/** One endpoint to keep scaled. */
export interface EndpointPolicy {
  readonly id: string;
  readonly autoscale: AutoscaleConfig;
  /** Half-life of the demand average, ms. */
  readonly demandHalfLifeMs: number;
}

/** One zone where deferred work can run; its nodes carry the same `zone`. */
export interface ZonePolicy {
  readonly id: string;
  readonly priceUsdPerGpuHour: number;
  readonly pueRatio: number;
}

/** How deferred work is planned. */
export interface DeferPolicy {
  readonly zones: readonly ZonePolicy[];
  readonly objective: ScheduleObjective;
  /** Slots of the carbon signal to look ahead. */
  readonly horizonSlots: number;
  /** Seasons of the carbon signal, in slots. */
  readonly seasons: readonly number[];
}

/** What the operator wants. Plain data. */
export interface Policy {
  /** The mix of jobs to expect; absent: learned from what comes. */
  readonly workload?: readonly WorkloadShape[];
  readonly endpoints?: readonly EndpointPolicy[];
  readonly defer?: DeferPolicy;
}

/** One endpoint as observed. */
interface EndpointView {
  readonly id: string;
  readonly metrics: EndpointMetrics;
}

/** A replica the provider lists, with the endpoint it was ordered for. */
export interface ObservedReplica extends LaunchedReplica {
  readonly endpointId?: string;
}

/** What is known at one instant: plain data, all that a decision may use. */
export interface Snapshot {
  readonly atMs: number;
  readonly nodes: readonly GpuNode[];
  /** Jobs that hold GPUs now. */
  readonly running: readonly RunningJob[];
  /** Accepted jobs that have not started, oldest first. */
  readonly waiting: readonly SubmittedJob[];
  readonly endpoints: readonly EndpointView[];
  readonly tiers: readonly Tier[];
  /** Replicas the provider has for us; without an endpoint, no intent of ours explains them. */
  readonly replicas: readonly ObservedReplica[];
  readonly notices: readonly InterruptionNotice[];
  /** Launches sent whose outcome is not known yet: they may exist and must not be repeated under another token. */
  readonly pendingLaunches: readonly { readonly token: string; readonly tierId: string; readonly endpointId: string }[];
  /** Carbon observed so far, by zone. */
  readonly carbon: Readonly<Record<string, CarbonSeries>>;
}
