import type { CarbonSeries, GpuNode, Job, Placement, Replica, Series, Tier } from '@spillway/core';

import type { GpuHistory, GpuMetric, GpuReadings } from './gpu-metrics.ts';

/** What every call can be given. */
export interface CallOptions {
  /** Aborts the call; it then rejects with a {@link ProviderError} of code `aborted`. */
  readonly signal?: AbortSignal;
  /**
   * When the answer is of no use any more, ms since the Unix epoch on the clock of the adapter; the call then rejects with a
   * {@link ProviderError} of code `timeout`. @defaultValue the adapter's own limit
   */
  readonly deadlineAtMs?: number;
}

/** What every adapter has. */
export interface Adapter<Name extends string> {
  /** Name of the adapter, unique in a runner. */
  readonly name: Name;
  /** Version of the contract it keeps. */
  readonly specVersion: 1;
}

/** A request for one machine or replica. */
export interface LaunchRequest {
  /**
   * Makes the launch happen once: the same token returns the same machine, however often it is sent, also after the
   * machine has ended (`list` tells whether it lives). The same token for another tier is refused with `conflict`.
   */
  readonly token: string;
  readonly tierId: string;
}

/** What the provider has for us: one launched machine or replica. */
export interface LaunchedReplica extends Replica {
  /** The token it was launched with. */
  readonly token: string;
  /** When it is expected to be, or became, ready, ms since the Unix epoch. */
  readonly readyAtMs: number;
}

/** Warning that something will be taken away. */
export interface InterruptionNotice {
  readonly replicaId: string;
  readonly tierId: string;
  /** When it will be gone, ms since the Unix epoch. */
  readonly goneAtMs: number;
}

/** Capacity that can be seen, and, where the groups are present, launched and watched. */
export interface CapacityProvider<Name extends string = string> extends Adapter<Name> {
  /** The machines there are. Paging is followed to its end. */
  readonly listNodes: (options?: CallOptions) => Promise<readonly GpuNode[]>;
  /** Present when machines or replicas can be launched and stopped. */
  readonly provision?: {
    /** The tiers on offer now, with their present capacity. */
    readonly listTiers: (options?: CallOptions) => Promise<readonly Tier[]>;
    /** Everything launched and not gone, whoever launched it. Sees what `launch` returned. */
    readonly list: (options?: CallOptions) => Promise<readonly LaunchedReplica[]>;
    readonly launch: (request: LaunchRequest, options?: CallOptions) => Promise<LaunchedReplica>;
    /** Stops one; succeeds when it is gone already. */
    readonly terminate: (replicaId: string, options?: CallOptions) => Promise<void>;
  };
  /** Present when the provider warns before it takes capacity away. */
  readonly preemption?: {
    readonly listNotices: (options?: CallOptions) => Promise<readonly InterruptionNotice[]>;
  };
}

/** Measurements of one endpoint over the last interval. What could not be measured is `null`, never 0. */
export interface EndpointMetrics {
  readonly endpointId: string;
  /** End of the interval, ms since the Unix epoch. */
  readonly atMs: number;
  readonly intervalMs: number;
  /** Requests per second over all replicas. */
  readonly ratePerSecond: number | null;
  /** Mean utilisation of the ready replicas, from 0. */
  readonly utilizationRatio: number | null;
  /** Requests waiting. */
  readonly queueDepth: number | null;
}

/** Where measurements come from. A part that is absent is something this source cannot measure. */
export interface MetricsSource<Name extends string = string> extends Adapter<Name> {
  /** Present when it measures endpoints. */
  readonly readEndpoint?: (endpointId: string, options?: CallOptions) => Promise<EndpointMetrics>;
  /** Present when it measures GPUs. */
  readonly gpus?: {
    /** The present. What is not known is among the gaps, never 0. */
    readonly read: (options?: CallOptions) => Promise<GpuReadings>;
    /** Present when it remembers: values at `fromMs`, `fromMs + stepMs`, … before `toMs`. */
    readonly readRange?: (request: GpuRangeRequest, options?: CallOptions) => Promise<GpuHistory>;
  };
}

/** Which part of the past of all GPUs to read. */
export interface GpuRangeRequest extends TimeRange {
  /** Whole, > 0. */
  readonly stepMs: number;
  /** @defaultValue all of them */
  readonly metrics?: readonly GpuMetric[];
}

/** A stretch of time, half-open. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Where carbon and prices come from. A group that is absent is a signal this source does not have. */
export interface SignalSource<Name extends string = string> extends Adapter<Name> {
  readonly carbon?: {
    readonly listZones: (options?: CallOptions) => Promise<readonly string[]>;
    /**
     * What was observed: the slots that overlap the range and have ended by now. A zone with nothing to tell yet gives
     * a series without values; an unknown zone is refused with `not-found`.
     */
    readonly readHistory: (zone: string, range: TimeRange, options?: CallOptions) => Promise<CarbonSeries>;
  };
  readonly energyPrice?: {
    /** As `carbon.readHistory`, in USD per kWh. */
    readonly readHistory: (zone: string, range: TimeRange, options?: CallOptions) => Promise<Series<'USD/kWh'>>;
  };
}

/** What the runtime knows of one job. */
export interface RuntimeJob {
  readonly jobId: string;
  readonly placement: Placement;
  /** `stopped`: ended by `stop`. A job that was stopped did not fail, and is not to be tried again for it. */
  readonly status: 'running' | 'succeeded' | 'failed' | 'stopped';
  readonly startedAtMs: number;
  /** Present once it has ended. */
  readonly endedAtMs?: number;
}

/** Where jobs are started and stopped. */
export interface WorkloadRuntime<Name extends string = string> extends Adapter<Name> {
  /**
   * Starts a job where it was placed. The same token starts it once, and returns what became of it. Resources that are
   * taken, and a job that runs already under another token, are refused with `conflict`.
   */
  readonly start: (
    request: { readonly token: string; readonly job: Job; readonly placement: Placement },
    options?: CallOptions,
  ) => Promise<RuntimeJob>;
  /** Stops a job; succeeds when it has ended already or is not known. */
  readonly stop: (jobId: string, options?: CallOptions) => Promise<void>;
  /** Every job it knows, also those that have ended; of a job started again, the last start. */
  readonly list: (options?: CallOptions) => Promise<readonly RuntimeJob[]>;
}
