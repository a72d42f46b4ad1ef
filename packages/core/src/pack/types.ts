import type { GpuNode, Job, MigInstance, Placement, TopologyLevel } from '../fleet/index.ts';

/** One shape of the expected work, and how much of it there is. */
export interface WorkloadShape {
  readonly job: Omit<Job, 'id'>;
  /** Relative frequency, > 0. Weights need not sum to 1. */
  readonly weight: number;
}

/** A job that already holds its place. */
export interface RunningJob {
  readonly job: Job;
  readonly placement: Placement;
  /**
   * When it started, ms since the Unix epoch; with the job's `minRuntimeMs` it tells until when it must not be disturbed.
   * Absent: not known.
   */
  readonly startedAtMs?: number;
}

/** What to place, and where it may go. */
export interface PackInput {
  readonly nodes: readonly GpuNode[];
  /** Tried by descending priority; equal priorities in the order given, which is the order of arrival. */
  readonly jobs: readonly Job[];
  /** Jobs that run already; they keep their place. */
  readonly running?: readonly RunningJob[];
  /** The mix of work to expect, which fragmentation is measured against. Absent: `jobs` itself. */
  readonly workload?: readonly WorkloadShape[];
  /** The present, ms since the Unix epoch; needed when a node has `expiresAtMs` and a job has `runtimeMs`. */
  readonly nowMs?: number;
}

/** How a node is chosen among those that fit. */
export type Scorer = 'priced' | 'fgd' | 'best-fit' | 'first-fit';

/** A node as a rule of your own sees it, before the job is placed. Read it, do not keep it: it changes with the next call. */
export interface NodeView {
  readonly node: GpuNode;
  readonly cpuMilliFree: number;
  /** MiB. */
  readonly memoryMibFree: number;
  /** Milli-GPU left of each GPU, by its index; 0 for a GPU cut into instances. */
  readonly gpuMilliFree: readonly number[];
  /** Jobs on the node. */
  readonly jobCount: number;
}

/** What a rule of your own sees of a job: all jobs of one shape are scored alike. */
export interface JobView {
  readonly cpuMilli: number;
  /** MiB, rounded down by less than an eighth. */
  readonly memoryMib: number;
  readonly gpuCount: number;
  /** Milli-GPU of each GPU; 0 without GPUs and for a MIG job. */
  readonly gpuMilli: number;
  /** MiB on each GPU, 0 when it does not matter. */
  readonly gpuMemoryMib: number;
}

/**
 * A rule of your own: how good a node is for a job that fits it, finite and >= 0, larger is better; equal nodes by smaller id.
 * It must follow from what it is given alone, since its answer is kept until the node changes.
 */
export type ScoreNode = (view: NodeView, job: JobView) => number;

/** How to go about packing. */
export interface PackOptions {
  /**
   * `fgd`: least growth of expected fragmentation. `priced`: least growth of what will stay idle for good, plus prices that keep
   * room for large and choosy jobs; it allocates more than `fgd`, and where work comes and goes turns fewer jobs away, at a third of the
   * speed, most with a `workload` that names the rare shapes too. `best-fit`: least left over. `first-fit`: lowest node id. A function: a rule of your own.
   * @defaultValue 'fgd'
   */
  readonly scorer?: Scorer | ScoreNode;
  /**
   * Of nodes with equal score a job that knows its `runtimeMs` goes to the one that expires first, which is the one with the least
   * life left after the job's end: nodes that stay longer are kept for jobs that run longer. Comes before all other tie rules.
   * @defaultValue false
   */
  readonly prefersEarlyExpiry?: boolean;
  /**
   * Keeps domains of this level free for gangs: a job goes to a node of an empty domain only when no other node takes it. A domain is
   * in use when a job runs on one of its nodes; a node that names none counts as in use. Comes before the score. Absent: the score alone decides.
   */
  readonly keepsDomainsEmpty?: TopologyLevel;
  /**
   * `work-conserving`: a job that fits is placed. `protect-large`: a job of its own that takes GPUs is turned away when its best place costs others, at
   * the prices of `priced`, more than 14 times the milli-GPU it asks for. Near full load small jobs make room for large ones that way, and more GPU
   * work is accepted, in fewer jobs. Only with `scorer: 'priced'`; gangs, MIG jobs and jobs without GPUs are never turned away.
   * @defaultValue 'work-conserving'
   */
  readonly admission?: 'work-conserving' | 'protect-large';
}

/**
 * Why a job was not placed: always the nearest miss, the node that lacked least. A node lacks the sum of
 * `(needed - available) / needed` over its misses; ties by smaller node id. The reason of a gang member counts the members
 * placed before it as in place. `barred` is a node that would take the job at once but for its rules, the one with the fewest
 * barriers; absent: there is none.
 */
export type UnplacedReason =
  /**
   * No node of the fleet, even empty, could hold the job. `limit` is the node that, empty, would lack least, of those that
   * admit the job; only when none does it has `barriers`, which have to go too.
   */
  | { readonly kind: 'exceeds-every-node'; readonly limit: NearestMiss | NearestBarrier }
  /** Nodes could hold it, but not now. `nearest` is the node that lacks least; with its misses added the job fits there. */
  | { readonly kind: 'no-room'; readonly nearest: NearestMiss; readonly barred?: NearestBarrier }
  /**
   * The job fits, and is turned away for the sake of others (`admission: 'protect-large'`): its best place costs them `costMilli`, and it may
   * cost `mostMilli`, milli-GPU.
   */
  | {
      readonly kind: 'refused-by-admission';
      readonly nodeId: string;
      readonly costMilli: number;
      readonly mostMilli: number;
    }
  /** The fleet has no GPU of the models asked for. */
  | { readonly kind: 'no-such-model'; readonly wanted: readonly string[]; readonly present: readonly string[] }
  /** The fleet has no MIG instance of the profile asked for. */
  | { readonly kind: 'no-such-profile'; readonly wanted: string; readonly present: readonly string[] }
  /**
   * No node that could hold the job, if it were empty, admits it: each is kept for others, has a taint that the job does not
   * tolerate, lacks a label or lies in another zone. `nodesByRule`: how many of them each rule bars; a node may count for several.
   * `nearest`: with all its barriers lifted and its misses added the job fits there. It is a node with room, if there is one, then
   * the one with the fewest barriers.
   */
  | {
      readonly kind: 'not-admitted';
      readonly nodesByRule: Readonly<Record<NodeRule, number>>;
      readonly nearest: NearestBarrier;
    }
  /** Every node that could hold the job and admits it expires before it would end. `latestExpiresAtMs` is the latest of them. */
  | {
      readonly kind: 'node-expires';
      readonly neededUntilMs: number;
      readonly latestExpiresAtMs: number;
      readonly barred?: NearestBarrier;
    }
  /**
   * Every node that could hold the job, if it were empty, admits it and stays long enough, is cordoned. `nodeIds`, ascending: with
   * `hasRoom` those that would hold it now, without it all of them, and none has room now.
   */
  | {
      readonly kind: 'cordoned';
      readonly nodeIds: readonly string[];
      readonly hasRoom: boolean;
      readonly barred?: NearestBarrier;
    }
  /** Another member of the gang found no place, so none was placed. */
  | { readonly kind: 'gang-incomplete'; readonly gang: string; readonly blockedBy: string }
  /**
   * No domain of the level has room for all members of the gang, and all of them say so. `nearest` is the domain that could be emptied
   * for the gang and takes most members now; if none could, it takes most; absent: no node names a domain of the level. `fitsAt`:
   * with this level required instead (`anywhere`: none) the gang fits now; absent: no way was found. `isProven` false: the search was
   * cut short, so a place may have been overlooked.
   */
  | {
      readonly kind: 'no-domain';
      readonly gang: string;
      readonly level: TopologyLevel;
      readonly memberCount: number;
      readonly nearest?: NearestDomain;
      readonly fitsAt?: TopologyLevel | 'anywhere';
      readonly isProven: boolean;
    }
  /** There is no node at all. */
  | { readonly kind: 'no-nodes' };

/** A domain of a level and what it would take for a gang to fit there. */
export interface NearestDomain {
  readonly name: string;
  /** Absent when its nodes name no zone, and for zones themselves. */
  readonly zone?: string;
  /** Members it has room for now, together, when they are placed the hardest first. */
  readonly placeableCount: number;
  /** Ids, ascending: without the jobs on these nodes the gang fits into the domain. Absent: not even the empty domain holds it. */
  readonly nodesToEmpty?: readonly string[];
}

/** A node and everything it lacks for a job. */
export interface NearestMiss {
  readonly nodeId: string;
  /** At least one, unless there are barriers. With all of them added to the node, the job fits. */
  readonly misses: readonly ResourceMiss[];
}

/** Which rule of a node keeps a job away. */
export type NodeRule = 'reservation' | 'taint' | 'label' | 'zone';

/** One thing that keeps a job off a node that could hold it. */
export type NodeBarrier =
  /** The node is kept for these tenants and jobs. */
  | { readonly rule: 'reservation'; readonly tenants: readonly string[]; readonly jobIds: readonly string[] }
  /** A taint that the job does not tolerate. */
  | { readonly rule: 'taint'; readonly key: string; readonly value: string }
  /** The label has none of the values wanted; `present` is absent when the node lacks it. */
  | { readonly rule: 'label'; readonly key: string; readonly wanted: readonly string[]; readonly present?: string }
  /** `present` is absent when the node names no zone. */
  | { readonly rule: 'zone'; readonly wanted: readonly string[]; readonly present?: string }
  | { readonly rule: 'cordon' }
  | { readonly rule: 'expiry'; readonly neededUntilMs: number; readonly expiresAtMs: number };

/** A node that does not admit a job. With all barriers lifted and all misses (there may be none) added, the job fits there. */
export interface NearestBarrier extends NearestMiss {
  /** At least one. */
  readonly barriers: readonly NodeBarrier[];
}

/** One resource that was short: what the job needs and what was there. */
export type ResourceMiss =
  /** GPUs of a model asked for, with the memory asked for, that the job could take whole (a share: take at all). */
  | { readonly resource: 'gpu-count'; readonly needed: number; readonly available: number }
  /** The share left of the GPU `gpuIndex` of the node. */
  | { readonly resource: 'gpu-milli'; readonly needed: number; readonly available: number; readonly gpuIndex: number }
  /**
   * Memory of a device. With `gpuIndex`: of that GPU. Without: of as many GPUs (or of the MIG instance) as the job takes, and
   * `available` is the least among the largest. 0 is available when the fleet does not state the memory.
   */
  | {
      readonly resource: 'gpu-memory-mib';
      readonly needed: number;
      readonly available: number;
      readonly gpuIndex?: number;
    }
  /**
   * Free MIG instances of the profile asked for. With `nearest`, on a GPU that is cut as jobs come: the memory slices are free there, and the
   * card has too many compute slices, instances of the profile or media engines in use.
   */
  | {
      readonly resource: 'mig-instance';
      readonly needed: number;
      readonly available: number;
      readonly nearest?: NearestMigPlace;
    }
  /** Memory slices of the place where an instance could be cut. */
  | {
      readonly resource: 'mig-slices';
      readonly needed: number;
      readonly available: number;
      readonly nearest: NearestMigPlace;
    }
  | { readonly resource: 'cpu-milli'; readonly needed: number; readonly available: number }
  | { readonly resource: 'memory-mib'; readonly needed: number; readonly available: number };

/**
 * A place on a GPU that is cut as jobs come: without the `blockers`, by start, the instance fits there. They are the fewest; of places that lack as
 * little the one with the fewest blockers, then with the fewest memory slices of blockers, then the lowest GPU, then the lowest start.
 */
export interface NearestMigPlace {
  readonly gpuIndex: number;
  readonly profile: string;
  /** First memory slice. */
  readonly start: number;
  /** At least one. */
  readonly blockers: readonly MigInstance[];
}

/** A job without a place, and why. */
export interface UnplacedJob {
  readonly jobId: string;
  readonly reason: UnplacedReason;
}

/** How full the fleet is. */
export interface PackStats {
  readonly nodeCount: number;
  /** Nodes that hold at least one job. */
  readonly nodesInUse: number;
  /** Milli-GPU of all GPUs that are not cut into MIG instances. */
  readonly gpuMilliTotal: number;
  readonly gpuMilliAllocated: number;
  /** `gpuMilliAllocated / gpuMilliTotal`, 0 when there is no GPU. */
  readonly gpuAllocationRatio: number;
  readonly cpuMilliTotal: number;
  readonly cpuMilliAllocated: number;
  /**
   * Idle milli-GPU that a job drawn from the workload mix could not use where it is, in expectation (FGD's measure).
   * Absent for scorers that do not know the mix.
   */
  readonly expectedFragmentationGpuMilli?: number;
}

/**
 * What no answer can beat: milli-GPU that any scheduler could allocate at most, and how far this answer is from it.
 */
export interface PackBound {
  /** Upper bound on allocated milli-GPU. */
  readonly gpuMilli: number;
  /**
   * `(gpuMilli - allocated) / gpuMilli`, from 0 to 1; 0 proves the answer optimal by this measure. Allocated is what running
   * jobs and the placements of the answer hold.
   */
  readonly gapRatio: number;
  /** Which relaxation gave the bound; `pack` itself uses the cheap one, by volume. */
  readonly method: 'volume-by-model' | 'pattern-lp';
}

/** How to go about the bound. */
export interface PackBoundOptions {
  /** `patterns`: also by the linear program over patterns, where it is not too large. `volume`: in no time. @defaultValue 'patterns' */
  readonly relaxation?: 'patterns' | 'volume';
}

/** How many jobs no scheduler could place. */
export interface UnplacedBound {
  /** At least so many of the jobs find no place. */
  readonly jobCount: number;
  /** `fits-no-node`: the linear program was too large, and only jobs that fit no node now are counted. */
  readonly method: 'pattern-lp' | 'fits-no-node';
}

/** What {@link PackBound} is asked about: a problem, and optionally an answer to measure against the bound. */
export interface PackBoundInput extends Omit<PackInput, 'workload'> {
  /** An answer to the problem. Absent: none of `jobs` is placed. */
  readonly placements?: readonly Placement[];
}

/** Where every job goes, or why it goes nowhere. */
export interface PackResult {
  /** In the order placed. */
  readonly placements: readonly Placement[];
  /** Every job of the input that is not in `placements`, in the order tried. */
  readonly unplaced: readonly UnplacedJob[];
  readonly bound: PackBound;
  readonly stats: PackStats;
}

/** What a packer starts with. */
export interface PackerInput {
  readonly nodes: readonly GpuNode[];
  readonly running?: readonly RunningJob[];
  /**
   * The mix of work to expect. Absent or empty: learned from the jobs that run and those that come, estimated anew whenever
   * the number of jobs seen reaches a power of two.
   */
  readonly workload?: readonly WorkloadShape[];
  /**
   * The present, ms since the Unix epoch; see {@link PackInput.nowMs}. It stands still: to move it on, continue from a
   * snapshot with a later one.
   */
  readonly nowMs?: number;
  /**
   * Jobs seen so far by shape, `weight` being how many. Part of the snapshot of a packer that learns; given together with
   * `workload`, the packer starts with that mix and goes on learning.
   */
  readonly observed?: readonly WorkloadShape[];
  /**
   * Jobs released for one that is placed, lately, from 0 to 1; `priced` keeps room for large jobs by it. Part of the snapshot
   * of a packer that has released jobs. @defaultValue 0
   */
  readonly departureRatio?: number;
}

/** A packer as plain data; see {@link Packer.snapshot}. */
export type PackerSnapshot = Required<Pick<PackerInput, 'nodes' | 'running' | 'workload'>> &
  Pick<PackerInput, 'nowMs' | 'observed' | 'departureRatio'>;

/** The outcome of one job. */
export type PlaceResult = { readonly placement: Placement } | { readonly unplaced: UnplacedJob };

/** A fleet that is packed job by job. Deterministic: the same calls give the same answers. */
export interface Packer {
  /**
   * Places one job, at once and for good until released. A gang is placed by {@link Packer.placeGang}.
   * @throws InvalidInputError when the job is malformed, belongs to a gang, or its id is placed already.
   */
  readonly place: (job: Job) => PlaceResult;
  /**
   * Places all jobs or none, the hardest first, within the domains that their `topology` asks for.
   * @throws InvalidInputError as {@link Packer.place}, and when gang or topology are not the same for all.
   */
  readonly placeGang: (jobs: readonly Job[]) => readonly PlaceResult[];
  /** Frees what a job holds. @throws InvalidInputError when no such job is placed. */
  readonly release: (jobId: string) => void;
  /** @throws InvalidInputError when the node is malformed or its id is known. */
  readonly addNode: (node: GpuNode) => void;
  /**
   * Removes a node and returns the jobs that ran on it, in the order placed, which are placed no longer.
   * @throws InvalidInputError when no such node is known.
   */
  readonly removeNode: (nodeId: string) => readonly Job[];
  /** Stops (default) or resumes placing on a node; what runs there stays. @throws InvalidInputError as {@link Packer.removeNode} */
  readonly cordon: (nodeId: string, isCordoned?: boolean) => void;
  /** The fleet and everything placed on it, as plain data: `createPacker(packer.snapshot())` continues from here. */
  readonly snapshot: () => PackerSnapshot;
  readonly stats: () => PackStats;
}
