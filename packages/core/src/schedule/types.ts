import type { CarbonSeries, Series } from '../time-series.ts';

/** A uniform grid of half-open slots, shared by all locations and jobs of a problem. */
export interface SlotGrid {
  /** Start of slot 0, ms since the Unix epoch, whole. */
  readonly startAtMs: number;
  /** Length of a slot, ms, whole, >= 1. */
  readonly stepMs: number;
  /** Number of slots, whole, >= 1. */
  readonly count: number;
}

/** Somewhere work can run. */
export interface ScheduleLocation {
  /** Unique among the locations. */
  readonly id: string;
  /** Carbon intensity, >= 0; covers the grid, in slots of any length. All locations of a problem share kind and scope. */
  readonly carbon: CarbonSeries;
  /** Price of electricity; covers the grid, may be negative. Absent: electricity is not billed apart. */
  readonly energyPrice?: Series<'USD/kWh'>;
  /** Price of one GPU for one hour, USD, >= 0. @defaultValue 0 */
  readonly priceUsdPerGpuHour?: number;
  /**
   * Power usage effectiveness: what the meter counts over what the machines use, >= 1. A series where it changes with the
   * weather; it covers the grid. @defaultValue 1
   */
  readonly pueRatio?: number | Series<'ratio'>;
  /**
   * GPUs it has for these jobs, whole, >= 0: one number, or one a slot of the grid (a blackout is a 0). The jobs in a slot
   * share its GPU-time: together they use at most this many GPUs for the length of the slot. Absent: room for all.
   */
  readonly gpuCount?: number | readonly number[];
  /**
   * What these jobs may draw together at the meter, PUE included, W, >= 0: one number, or one a slot of the grid; as the mean
   * of a slot, and no job alone is above it at any moment. Absent: no limit.
   */
  readonly powerCapWatts?: number | readonly number[];
}

/** Work that can wait. */
export interface ScheduleJob {
  /** Unique among the jobs. */
  readonly id: string;
  /** Time the work takes, ms, >= 1; need not be whole slots. */
  readonly runtimeMs: number;
  /** Power the job draws while it runs, all its GPUs and their share of the machine, W, >= 0. */
  readonly powerWatts: number;
  /** GPUs held while it runs, whole, >= 0; those of one replica of an elastic job, then >= 1. @defaultValue 1 */
  readonly gpuCount?: number;
  /** Not before, ms since the Unix epoch; the first slot used starts then or later. @defaultValue the start of the grid */
  readonly earliestStartAtMs?: number;
  /** Done by, ms since the Unix epoch. @defaultValue the end of the grid */
  readonly deadlineAtMs?: number;
  /**
   * `contiguous`: in one piece. `interruptible`: in pieces of any slots, all at one location. `migratable`: in pieces of
   * any slots, each at any of its locations; needs at least one GPU.
   */
  readonly mode: 'contiguous' | 'interruptible' | 'migratable';
  /**
   * Makes an interruptible job elastic: it may run as several replicas, another number in every slot. What each further
   * replica adds to the speed of the first: starts with 1, > 0, never rises, for example `[1, 0.9, 0.7]`. `runtimeMs`,
   * `powerWatts` and `gpuCount` are those of one replica. @defaultValue [1]
   */
  readonly marginalThroughput?: readonly number[];
  /**
   * Shortest run of an interruptible job, ms, >= 0; a job in one piece may be shorter. A run is time without a pause. With
   * this or `resumeMs` runs are of whole slots, and only the end of the last is a part of one. Not for elastic jobs.
   * @defaultValue 0
   */
  readonly minRunMs?: number;
  /**
   * What every run but the first takes, at full power, before work goes on, for example to load a checkpoint, ms, >= 0; no run is
   * shorter. It is added to the run time. @defaultValue 0
   */
  readonly resumeMs?: number;
  /**
   * Where it may run; the first that exists is its home, where the run-now baseline runs it. Names that no location has
   * are passed over. @defaultValue all, in the order given
   */
  readonly locationIds?: readonly string[];
  /**
   * What it is worth that the job runs, beside the other jobs, > 0. Where not all fit, the jobs left out are worth as little
   * together as the search can make them; only then counts the objective. @defaultValue 1
   */
  readonly value?: number;
  /** Jobs that must be done before it starts. No cycles. @defaultValue none */
  readonly after?: readonly Predecessor[];
}

/** A job that must be done before another one starts. */
export interface Predecessor {
  readonly jobId: string;
  /** Time between the end of the one and the start of the other, at least, ms, >= 0. @defaultValue 0 */
  readonly lagMs?: number;
}

/**
 * A rule with a name, for some time or for some pairs. It holds in every slot that it touches from `startAtMs` on and before
 * `endAtMs`, ms since the Unix epoch; without them, from the start or to the end of the grid.
 */
export type ScheduleConstraint = {
  /** Unique among the constraints: violations, reasons and conflicts name it. */
  readonly id: string;
  /** Why it is there, for people. */
  readonly reason?: string;
} & (
  | (LocalConstraint & {
      /** Nothing runs there. */
      readonly kind: 'blackout';
    })
  | (LocalConstraint & {
      /** These jobs share no more GPUs there than this, whole, >= 0. */
      readonly kind: 'gpu-cap';
      readonly gpuCount: number;
    })
  | (LocalConstraint & {
      /** These jobs draw no more there than this at the meter, as for `powerCapWatts` of a location, W, >= 0. */
      readonly kind: 'power-cap';
      readonly powerCapWatts: number;
    })
  | {
      /** These jobs do not run at these locations. Jobs that the problem lacks are passed over. */
      readonly kind: 'forbidden';
      /** @defaultValue all jobs */
      readonly jobIds?: readonly string[];
      readonly locationIds: readonly string[];
    }
);

/** Where and when a constraint holds. */
export interface LocalConstraint {
  readonly locationId: string;
  readonly startAtMs?: number;
  readonly endAtMs?: number;
}

/** What is to be small. */
export type ScheduleObjective =
  | { readonly kind: 'carbon' }
  | { readonly kind: 'cost' }
  /** Cost plus carbon at a price, USD per tonne CO2e, >= 0. */
  | { readonly kind: 'weighted'; readonly carbonPriceUsdPerTonne: number };

/** A plan made before, which is to change only where that pays. */
export interface PreviousPlan {
  /**
   * Its stretches, on any grid: they are placed by `startAtMs`. Jobs and locations that the problem lacks are passed over,
   * and so are stretches outside the grid.
   */
  readonly assignments: readonly Assignment[];
  /**
   * What every slot of a replica costs, in the objective's unit, where this plan does not have its job; a part of a slot
   * costs its part. >= 0. Free for jobs that this plan lacks. @defaultValue 0
   */
  readonly movePenalty?: number;
}

/** Jobs, places and time. */
export interface ScheduleProblem {
  readonly slots: SlotGrid;
  readonly locations: readonly ScheduleLocation[];
  readonly jobs: readonly ScheduleJob[];
  /** @defaultValue { kind: 'carbon' } */
  readonly objective?: ScheduleObjective;
  /** @defaultValue none: nothing is running or promised */
  readonly previous?: PreviousPlan;
  /** Rules beside those of locations and jobs, each with a name. @defaultValue none */
  readonly constraints?: readonly ScheduleConstraint[];
}

/**
 * One stretch of one job inside one slot. A planned stretch begins where its slot begins, or where another one of its
 * job in that slot ends.
 */
export interface Assignment {
  readonly jobId: string;
  readonly locationId: string;
  /** Index of the slot in the grid. */
  readonly slot: number;
  /** Start of the stretch, ms since the Unix epoch; inside the slot. */
  readonly startAtMs: number;
  /** Length of the stretch, ms, > 0, at most the slot. */
  readonly durationMs: number;
  /** Replicas of an elastic job that run in it; absent for other jobs. */
  readonly replicaCount?: number;
}

/** Amounts of one job or of many. */
export interface ScheduleAmounts {
  readonly energyWattHours: number;
  readonly carbonGrams: number;
  readonly costUsd: number;
}

/** What running at once, at home, in one piece comes to. */
export interface RunNow extends ScheduleAmounts {
  readonly locationId: string;
  readonly startAtMs: number;
  readonly finishAtMs: number;
}

/** What became of one job. */
export interface ScheduledJob extends ScheduleAmounts {
  readonly jobId: string;
  /** Where it runs; for a migratable job, where it starts. */
  readonly locationId: string;
  readonly startAtMs: number;
  readonly finishAtMs: number;
  /** The same job in one piece from its earliest slot, at home. */
  readonly runNow: RunNow;
  /** Objective value of the job, in the objective's unit, move penalties included. */
  readonly objective: number;
}

/** Why a job cannot be planned. */
export type UnplaceableReason =
  /** The time from the first usable slot to the deadline, inside the grid, is shorter than the run time. */
  | { readonly kind: 'window-too-short'; readonly neededMs: number; readonly availableMs: number }
  /** None of the locations named exists in the problem; with no names: the problem has no location. */
  | { readonly kind: 'no-such-location'; readonly wanted: readonly string[] }
  /** Even alone it finds too few GPUs: none of its locations has `neededGpuCount` for long enough in its window. */
  | { readonly kind: 'too-few-gpus'; readonly neededGpuCount: number; readonly largestGpuCount: number }
  /** Even alone it draws too much: no location lets its machines draw `neededWatts` for long enough in its window. */
  | { readonly kind: 'too-little-power'; readonly neededWatts: number; readonly largestWatts: number }
  /** It would find a place alone, were it not for named constraints; these are all that touch it. `findConflict` says which do. */
  | { readonly kind: 'constraints'; readonly constraintIds: readonly string[] }
  /** It waits for a job that has no plan. */
  | { readonly kind: 'predecessor-left-out'; readonly predecessorId: string }
  /**
   * The jobs planned leave no room. `isProven`: no plan of all jobs leaves out less value than this one does. Otherwise it
   * is not proven that more has to be left out than `provenCount` jobs, and jobs worth `provenValue`.
   */
  | {
      readonly kind: 'no-room';
      readonly isProven: boolean;
      readonly provenCount: number;
      /** Present where a job has a value. */
      readonly provenValue?: number;
    };

/** A job without a plan, and why. */
export interface UnplaceableJob {
  readonly jobId: string;
  readonly reason: UnplaceableReason;
}

/** What one more GPU, or one more watt, would save, slot by slot. */
export interface ShadowPrices {
  readonly locationId: string;
  /** One number a slot of the grid, >= 0: objective units for one GPU during that slot. */
  readonly values: readonly number[];
  /** The same for one watt at the meter; present where the location has a power cap. */
  readonly wattValues?: readonly number[];
}

/** How to search. The answer depends on these alone: the same options give the same plan on every machine. */
export interface ScheduleOptions {
  /** Seed of the search, any safe integer. @defaultValue 1 */
  readonly seed?: number;
  /**
   * Work to spend on jobs that compete for GPUs, >= 0, in looks: one job at one location. A core does 1 to 2 million a
   * second. The first plan is always finished. @defaultValue 1,000 a job that competes and 1,400,000 more; at most 20,000 a job
   */
  readonly maxSteps?: number;
  /** The search stops when the gap is proven to be no larger, 0..1. @defaultValue 0.0005 */
  readonly targetGapRatio?: number;
  /**
   * `shadowPrices` of a plan of much the same problem, from where prices start. Prices of locations that the problem lacks are
   * passed over; missing ones are 0. @defaultValue all 0
   */
  readonly startPrices?: readonly ShadowPrices[];
  /** Asked from time to time; the search ends soon after it says true. The answer then depends on when. */
  readonly shouldStop?: () => boolean;
}

/** A plan, what it comes to, and how good it is. */
export interface ScheduleResult {
  /**
   * `optimal`: every job planned, nothing better exists. `feasible`: every job planned, at most `gapRatio` from the best.
   * `infeasible`: no plan holds all jobs, see `unplaceable`. `unknown`: some jobs are left out, and whether a plan of all
   * exists is not proven. The jobs in `perJob` are planned in any case.
   */
  readonly status: 'optimal' | 'feasible' | 'infeasible' | 'unknown';
  /** By job in the order given, then by time. */
  readonly assignments: readonly Assignment[];
  /** Planned jobs in the order given. */
  readonly perJob: readonly ScheduledJob[];
  readonly unplaceable: readonly UnplaceableJob[];
  /** Sums over the planned jobs. */
  readonly totals: ScheduleAmounts;
  /** The same problem under other rules. */
  readonly baselines: {
    /** Each planned job at its earliest start, at home, in one piece, as if there were room for all. */
    readonly runNow: ScheduleAmounts;
    /** Jobs in the order of their windows, each in the earliest slots with room at the first location that has any. */
    readonly firstFit: BaselineAmounts;
    /** Jobs in the order of their windows, each in the best place that is left: what tools do that plan job by job. */
    readonly greedy: BaselineAmounts;
  };
  /** Sum of the planned jobs' objective values, move penalties included: grams CO2e for `carbon`, USD otherwise. */
  readonly objective: number;
  /** What no plan of the planned jobs can beat, in the objective's unit. `verifyBound` recomputes it from `shadowPrices`. */
  readonly bound: number;
  /** `(objective - bound) / |objective|`, 0 when the objective is 0. */
  readonly gapRatio: number;
  /** What ended the search: nothing better exists, the gap asked for, the work allowed, or the caller. */
  readonly stoppedBy: 'optimal' | 'target' | 'budget' | 'caller';
  /** In the order of the locations; all 0 where jobs do not compete. Proof of `bound`. */
  readonly shadowPrices: readonly ShadowPrices[];
}

/** What a simpler rule comes to on the same problem; jobs that it leaves out count nothing. */
export interface BaselineAmounts extends ScheduleAmounts {
  /** Jobs it finds no place for, apart from those that no rule can plan. */
  readonly leftOutCount: number;
}

/** Rules that a plan can break. */
export type ScheduleRule =
  /** An assignment, a summary or an unplaceable entry names a job that the problem does not have. */
  | 'unknown-job'
  | 'unknown-location'
  /** The location is none of the job's. */
  | 'location-not-allowed'
  /** Stretches of one job at two locations. */
  | 'several-locations'
  /** A slot the grid lacks, a stretch that does not begin where its slot does, or one longer than a slot. */
  | 'outside-slot'
  | 'before-earliest-start'
  /** A stretch ends after the deadline or after the grid. */
  | 'after-deadline'
  /** It starts before a job that it waits for is done, or before the lag after it is over. */
  | 'before-predecessor'
  /** It is planned, and a job that it waits for is not. */
  | 'without-predecessor'
  /** Two stretches of one job at the same time. */
  | 'overlap'
  /** A contiguous job has a gap. */
  | 'not-contiguous'
  /** A run is shorter than `minRunMs` or `resumeMs`, or one that is not the last has a part of a slot. */
  | 'run-too-short'
  /** The stretches do not add up to the run time and what it takes to resume, or an elastic job's to its work. */
  | 'wrong-duration'
  /** Replicas of a job that is not elastic, or more than its curve has. */
  | 'wrong-replicas'
  /** It runs where a constraint of kind `blackout` or `forbidden` says that it does not. */
  | 'constraint'
  /** More GPU-time in a slot than its location has. */
  | 'over-capacity'
  /** More power in a slot than its location may draw. */
  | 'over-power'
  /** The entry in `perJob` does not fit the stretches, or there is none. */
  | 'summary-disagrees'
  /** Two entries for one job. */
  | 'listed-twice'
  /** Neither planned nor listed as unplaceable. */
  | 'missing'
  /** Planned and listed as unplaceable. */
  | 'planned-and-unplaceable'
  /** Listed as unplaceable although its window is long enough, or there is room for it beside the plan. */
  | 'wrongly-unplaceable';

/** One rule broken by one job. */
export interface ScheduleViolation {
  readonly jobId: string;
  readonly rule: ScheduleRule;
  /** What is wrong, with the numbers. */
  readonly detail: string;
  /** The named constraint that is broken. */
  readonly constraintId?: string;
}

/** What an independent check of a plan found. */
export interface ScheduleVerification {
  readonly isValid: boolean;
  /** Broken rules in words a reader can act on; empty when valid. */
  readonly violations: readonly ScheduleViolation[];
  /** Amounts recomputed from the assignments and the series of the problem given here; stretches nowhere count nothing. */
  readonly totals: ScheduleAmounts;
}

/** What prices of GPUs prove. */
export interface BoundVerification {
  readonly isValid: boolean;
  /** What is wrong with the prices or the claim; empty when valid. */
  readonly violations: readonly string[];
  /** What no plan of the jobs can beat, in the objective's unit; -Infinity when a price is not valid. */
  readonly bound: number;
}
