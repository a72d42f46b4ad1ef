import type { ScheduleAmounts } from '@spillway/core';

/** What one packing rule made of the cluster. */
export interface ClusterRow {
  readonly rule: string;
  readonly gpusAllocated: number;
  readonly allocatedRatio: number;
  readonly idleGpus: number;
  readonly unplacedJobs: number;
  /** Nodes with at least one job when jobs for half of the GPUs have come. */
  readonly nodesAtHalfLoad: number;
}

/** The replay of a GPU cluster. */
export interface ClusterReport {
  readonly nodeCount: number;
  readonly gpuCount: number;
  readonly jobCount: number;
  readonly gpusRequested: number;
  /** What any scheduler could allocate at most, in GPUs, and how far Spillway's answer is from it. */
  readonly gpusBound: number;
  readonly gapRatio: number;
  /** No rule can hold half load on fewer nodes than this (GPU volume alone). */
  readonly nodesAtHalfLoadBound: number;
  /** Spillway first. */
  readonly rows: readonly ClusterRow[];
  /** Spillway's unplaced jobs by what the nearest node lacked. */
  readonly unplacedByReason: readonly { readonly reason: string; readonly jobs: number; readonly example: string }[];
  /** For the map: nodes by id with their GPUs and what is allocated of them. */
  readonly nodes: readonly {
    readonly id: string;
    readonly model: string;
    readonly gpuCount: number;
    readonly allocatedMilli: number;
  }[];
}

/** One tier's part in serving. */
export interface TierRow {
  readonly tierId: string;
  readonly kind: string;
  readonly capacity: number | null;
  readonly priceUsdPerHour: number;
  readonly launched: number;
  readonly interrupted: number;
  readonly replicaHours: number;
  readonly costUsd: number;
}

/** The replay of an endpoint under traffic. */
export interface EndpointReport {
  readonly requests: number;
  readonly peakPerSecond: number;
  readonly tiers: readonly TierRow[];
  readonly replicaHours: number;
  readonly costUsd: number;
  /** Share of the requests that waited longer than `lateAfterMs`; `null` when none came. */
  readonly lateRatio: number | null;
  readonly lateAfterMs: number;
  /** As many replicas all hour as the peak needs, on tiers that are never interrupted. */
  readonly staticPeak: { readonly replicas: number; readonly replicaHours: number; readonly costUsd: number };
  /** What perfect foresight, instant starts and no headroom would cost at least, cheapest tiers first. */
  readonly clairvoyant: { readonly replicaHours: number; readonly costUsd: number };
  readonly timeline: readonly {
    readonly atMs: number;
    readonly demandPerSecond: number | null;
    readonly target: number;
    readonly readyByTier: Readonly<Record<string, number>>;
  }[];
}

/** One way to run the week's jobs. */
interface WeekRow extends ScheduleAmounts {
  readonly plan: string;
}

/** The replay of a week of work that can wait. */
export interface WeekReport {
  readonly fromMs: number;
  readonly toMs: number;
  readonly jobCount: number;
  readonly gpuHours: number;
  /** Jobs that may leave their home zone. */
  readonly movableJobs: number;
  readonly missedDeadlines: number;
  /** Run now; what the loop did; the same with perfect foresight (which bounds it from below). */
  readonly rows: readonly WeekRow[];
  /** How much more carbon than the best possible plan with perfect foresight. */
  readonly regretRatio: number;
  readonly carbon: Readonly<Record<string, readonly number[]>>;
  readonly stretches: readonly {
    readonly jobId: string;
    readonly zone: string;
    readonly home: string;
    readonly gpuCount: number;
    readonly startAtMs: number;
    readonly endAtMs: number;
  }[];
}

/** Everything a simulation found. Plain data; the same seed gives the same bytes. */
export interface SimulationReport {
  readonly seed: number;
  readonly isSimulated: true;
  readonly notice: string;
  readonly cluster: ClusterReport;
  readonly endpoint: EndpointReport;
  readonly week: WeekReport;
  readonly sources: readonly { readonly name: string; readonly licence: string; readonly use: string }[];
}

/** Told while a simulation runs. */
export interface Progress {
  readonly stage: 'cluster' | 'endpoint' | 'week';
  readonly doneRatio: number;
  readonly message: string;
}

/** What a stage needs besides its data. */
export interface StageOptions {
  readonly seed: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Called after each stretch of virtual time; slows the replay down when someone watches. */
  readonly pace?: (virtualMs: number) => Promise<void>;
}
