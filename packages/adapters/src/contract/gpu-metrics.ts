/** A measurement of one GPU or MIG instance; the name carries the unit. */
export type GpuMetric =
  | 'engineActiveRatio'
  | 'tensorActiveRatio'
  | 'memoryActiveRatio'
  | 'utilizationRatio'
  | 'memoryUsedMib'
  | 'memoryFreeMib'
  | 'powerWatts'
  | 'temperatureCelsius'
  | 'energyWattHours';

/** Which GPU or MIG instance. Labels that were not given are `null`. */
export interface GpuIdentity {
  /** UUID of the card, also for an instance on it. */
  readonly gpuId: string;
  /** Id of the MIG instance on the card; `null` for the card itself. */
  readonly migInstanceId: string | null;
  /** For example `3g.40gb`; `null` for the card itself. */
  readonly migProfile: string | null;
  readonly nodeName: string | null;
  /** Position in its node. */
  readonly index: number | null;
  readonly model: string | null;
}

/** Who holds a GPU or MIG instance. */
export interface GpuOwner {
  readonly gpuId: string;
  /** @defaultValue the card itself */
  readonly migInstanceId?: string;
  /** Name of the pod or job. */
  readonly name: string;
  readonly namespace?: string;
  readonly container?: string;
}

/** Who holds it, and who says so: our own ledger before the kubelet before the labels of the exporter. */
export interface GpuOwnership extends GpuOwner {
  readonly source: 'ledger' | 'pod-resources' | 'labels';
}

/** What was measured on one GPU or MIG instance. */
export interface GpuReading extends GpuIdentity {
  /** When, ms since the Unix epoch. */
  readonly atMs: number;
  /** What could not be measured is `null`, never 0, and has an entry among the gaps. */
  readonly values: Readonly<Record<GpuMetric, number | null>>;
  /** `null` when no source names one. */
  readonly owner: GpuOwnership | null;
}

/** Why something is not known. */
export type GpuGapReason =
  /** The exporter did not say it. */
  | 'absent'
  /** The exporter said that it has no value: a sentinel, or not a number. */
  | 'blank'
  /** A number that cannot be: a share above 1, negative power. */
  | 'out-of-range'
  /** Two different values for the same thing at the same time. */
  | 'conflict'
  /** A counter began anew: its values stand, but what it counted between the two is not their difference. */
  | 'reset'
  /** A line that could not be read; `detail` says which. */
  | 'unreadable'
  /** The exporter did not answer, or not with metrics. */
  | 'unreachable'
  /** Fewer GPUs than there should be. */
  | 'gpu-missing'
  /** The sources of owners disagree; the reading holds the most trusted one. */
  | 'owner-conflict';

/** Something that should have been known and is not. */
export interface GpuGap {
  readonly reason: GpuGapReason;
  readonly nodeName: string | null;
  readonly gpuId: string | null;
  readonly migInstanceId: string | null;
  /** `null` when it is not about one metric. */
  readonly metric: GpuMetric | null;
  /** For people. */
  readonly detail: string;
}

/** A sign that a card is not well, or that a program on it was not. */
export interface GpuHealthSignal {
  readonly gpuId: string;
  readonly nodeName: string | null;
  readonly kind: 'xid' | 'row-remap-failure' | 'ecc-uncorrectable' | 'pages-pending-retirement' | 'rows-remapped';
  /** Number of the Xid, or the count. */
  readonly value: number;
  /** `application`: the program was at fault; `hardware`: drain the card; `unknown`: not in the table. */
  readonly fault: 'application' | 'hardware' | 'unknown';
  readonly detail: string;
}

/** One look at many GPUs. */
export interface GpuReadings {
  /** When the look was done, ms since the Unix epoch. */
  readonly atMs: number;
  /** Sorted by GPU and MIG instance. */
  readonly gpus: readonly GpuReading[];
  readonly gaps: readonly GpuGap[];
  readonly health: readonly GpuHealthSignal[];
}

/** One GPU or MIG instance over time. */
export interface GpuTrack extends GpuIdentity {
  /** A value for every instant asked for, by metric; `null` where there is none. Only the metrics asked for are there. */
  readonly series: Readonly<Partial<Record<GpuMetric, readonly (number | null)[]>>>;
}

/** Something not known for a while, half-open. */
export interface GpuHistoryGap extends GpuGap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Many GPUs over time, at `startAtMs + n × stepMs`. */
export interface GpuHistory {
  readonly startAtMs: number;
  readonly stepMs: number;
  /** Number of instants; every series has this length. */
  readonly count: number;
  readonly gpus: readonly GpuTrack[];
  readonly gaps: readonly GpuHistoryGap[];
  /** What the source warned of, each once; a warning can mean that the answer is partial. */
  readonly warnings: readonly string[];
}
