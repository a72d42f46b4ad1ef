/** One GPU of a node. */
export interface Gpu {
  /** Model name as the fleet spells it, for example `H100-SXM5-80GB`. Compared exactly. */
  readonly model: string;
  /** Usable memory, MiB, as the driver reports it. Absent: unknown, and no job that asks for memory goes there. */
  readonly memoryMib?: number;
  /** Instances the GPU is cut into, which stay. A GPU with instances serves MIG jobs only. */
  readonly migInstances?: readonly MigInstance[];
  /**
   * The GPU is in MIG mode and is cut as jobs come and go, by this geometry: the name of a card whose geometry is known, such as
   * `H100-80GB`, or the geometry itself. It serves MIG jobs only, and has no `migInstances`.
   */
  readonly migGeometry?: string | MigGeometry;
}

/** A slice of a GPU (NVIDIA Multi-Instance GPU). */
export interface MigInstance {
  /** Profile name, for example `1g.10gb`. */
  readonly profile: string;
  /** First memory slice, a legal start of the profile. */
  readonly start: number;
  /** Memory of the instance, MiB, as the driver reports it. */
  readonly memoryMib?: number;
}

/** A size of MIG instance that a card can be cut into. */
export interface MigProfile {
  /** As the driver spells it, for example `1g.10gb`. The same name can be another size on another card. */
  readonly name: string;
  /** Compute slices taken, whole, >= 1. */
  readonly computeSlices: number;
  /** Memory slices taken from the start on, whole, >= 1. */
  readonly memorySlices: number;
  /** Memory slices an instance may begin at, ascending, at least one. */
  readonly starts: readonly number[];
  /** Instances of this profile on one card at most. @defaultValue one for each start */
  readonly maxInstances?: number;
  /** Usable memory as the driver reports it, MiB; below what the name says. Absent: not known. */
  readonly memoryMib?: number;
  /** True: takes the media engines, which at most one instance of a card can have. @defaultValue false */
  readonly hasMediaExtensions?: boolean;
}

/** How a card can be cut: memory slices in a row, compute slices as a budget, and the profiles. */
export interface MigGeometry {
  readonly name: string;
  /** Memory slices of the card, whole, 1 to 12. */
  readonly memorySlices: number;
  /** Compute slices of the card, whole, >= 1. */
  readonly computeSlices: number;
  readonly profiles: readonly MigProfile[];
  /**
   * `driver`: the starts were seen in a driver listing. `assumed`: copied from a card of the same layout and not checked on
   * a device; compare with `nvidia-smi mig -lgipp`.
   */
  readonly startsSource: 'driver' | 'assumed';
}

/** A mark that keeps jobs off a node unless they tolerate it. What runs there stays. */
export interface Taint {
  readonly key: string;
  /** @defaultValue '' */
  readonly value?: string;
}

/** Lets a job onto nodes with a taint. */
export interface Toleration {
  /** Key of the taint. */
  readonly key: string;
  /** Value of the taint. Absent: any value of the key. */
  readonly value?: string;
}

/** Who may use a node that is kept for someone: jobs of these tenants, and these jobs. At least one of either. */
export interface Reservation {
  readonly tenants?: readonly string[];
  readonly jobIds?: readonly string[];
}

/** A machine with GPUs. Capacities are what jobs may use, after the system's own share. */
export interface GpuNode {
  /** Unique in the fleet. */
  readonly id: string;
  readonly gpus: readonly Gpu[];
  /** Milli-cores, whole, >= 0. */
  readonly cpuMilli: number;
  /** Main memory, MiB, whole, >= 0. */
  readonly memoryMib: number;
  readonly pool?: string;
  readonly zone?: string;
  /** Racks of the same name in different zones are different racks. */
  readonly rack?: string;
  /** Nodes whose GPUs reach each other over NVLink. Domains of the same name in different zones are different domains. */
  readonly nvlinkDomain?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Only jobs that tolerate every one of them are placed here. */
  readonly taints?: readonly Taint[];
  /** Only these jobs are placed here. Absent: all. */
  readonly reservedFor?: Reservation;
  readonly priceUsdPerHour?: number;
  readonly idleWatts?: number;
  /** When the machine is given back or expires, ms since the Unix epoch. Absent: it stays. */
  readonly expiresAtMs?: number;
  /** True: what runs stays, nothing new is placed. */
  readonly isCordoned?: boolean;
}

/** How close nodes are, from the closest. */
export type TopologyLevel = 'nvlinkDomain' | 'rack' | 'zone';

/** How close the members of a gang must or should be. At least one of the two. */
export interface Topology {
  /** All members go into one domain of this level, or none is placed. Nodes that name no domain of the level take no member. */
  readonly required?: TopologyLevel;
  /**
   * As close as there is room: in one NVLink domain, else in one rack, else in one zone, else anywhere; where several domains have to
   * be spanned, in few of them. @defaultValue false
   */
  readonly prefersCompact?: boolean;
}

/** Work that ends. */
export interface Job {
  /** Unique among all jobs. */
  readonly id: string;
  /** GPUs of one node, whole, >= 0. */
  readonly gpuCount: number;
  /** Share of each of the `gpuCount` GPUs, which are distinct, in milli-GPU from 1 to 1000. @defaultValue 1000 */
  readonly gpuMilli?: number;
  /** Memory needed on each GPU, MiB. Jobs that share a GPU share its memory. */
  readonly gpuMemoryMib?: number;
  /** Models the job can run on. Absent: any. */
  readonly gpuModels?: readonly string[];
  /** Run on one MIG instance of this profile instead of on GPUs, one that is there or one that is cut for it; `gpuCount` is then 1. */
  readonly migProfile?: string;
  /** Zones the job can run in. Absent: any, also nodes that name none. */
  readonly zones?: readonly string[];
  /** Labels the node must have, all of them; a list allows any of its values. */
  readonly nodeLabels?: Readonly<Record<string, string | readonly string[]>>;
  /** Taints of nodes that do not keep the job away. */
  readonly tolerations?: readonly Toleration[];
  /** Milli-cores, whole, >= 0. */
  readonly cpuMilli: number;
  /** Main memory, MiB, whole, >= 0. */
  readonly memoryMib: number;
  /** Larger goes first. @defaultValue 0 */
  readonly priority?: number;
  readonly tenant?: string;
  /** Jobs of one gang start together or not at all. */
  readonly gang?: string;
  /** How close the members of the gang are placed; the same for all of them. A job that starts alone is close to itself, whatever it says. */
  readonly topology?: Topology;
  /** Expected run time, ms, > 0. A job that knows it is not placed on a node that expires earlier. */
  readonly runtimeMs?: number;
  /**
   * Guaranteed run time, ms, >= 0: the job is neither moved nor preempted before it has run that long, `isPreemptible` or not.
   * @defaultValue 0
   */
  readonly minRuntimeMs?: number;
  /** True: the job may be moved, or stopped and started again later. @defaultValue false */
  readonly isPreemptible?: boolean;
}

/** Where a job runs. Plain data: what a scheduler sends to its runtime. */
export interface Placement {
  readonly jobId: string;
  readonly nodeId: string;
  /** GPUs taken, by index on the node, ascending, with the share taken of each. Empty for CPU and MIG jobs. */
  readonly gpus: readonly { readonly index: number; readonly milli: number }[];
  /** The instance taken by a MIG job. */
  readonly mig?: { readonly gpuIndex: number; readonly profile: string; readonly start: number };
}

/** How capacity of a tier is had. */
export type TierKind = 'fixed' | 'hourly' | 'spot' | 'market';

/** Capacity of one provider at one price. Tiers are ordered for spillover: lowest priority number first. */
export interface Tier {
  /** Unique among the tiers. */
  readonly id: string;
  readonly kind: TierKind;
  /** Replicas the tier can hold in all, whole, >= 0; `null`: no known limit. */
  readonly capacity: number | null;
  /** Price of one replica, USD per hour, >= 0. */
  readonly priceUsdPerHour: number;
  /** Order of filling: smaller first. @defaultValue by price */
  readonly priority?: number;
  /** Warning before a replica is taken away, ms. @defaultValue 0 */
  readonly noticeMs?: number;
  /** Time from asking to ready, ms. @defaultValue 0 */
  readonly startupMs?: number;
  /** Never drained below so many, and filled up to them first, whole, >= 0. @defaultValue 0 */
  readonly minCount?: number;
  /** Paid for at least so long from its start, ms, >= 0: before, to stop one saves nothing. @defaultValue 0 */
  readonly commitMs?: number;
}

/**
 * What a replica is. `starting`: it has not served yet. `healthy`: give it work. `saturated`: it serves and is full, so give more work to
 * others. `sick`: it does not serve. `unknown`: nobody could look.
 */
export type HealthStatus = 'starting' | 'healthy' | 'saturated' | 'sick' | 'unknown';

/** One running copy of an endpoint. */
export interface Replica {
  /** Unique among the replicas. */
  readonly id: string;
  readonly tierId: string;
  /** When it was asked for, ms since the Unix epoch. */
  readonly startedAtMs: number;
  /** False while it loads. @defaultValue true */
  readonly isReady?: boolean;
  /** What was last found, see `evaluateHealth`. Absent counts as `unknown`, which changes nothing. */
  readonly health?: HealthStatus;
}
