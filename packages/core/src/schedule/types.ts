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
  /** Power usage effectiveness: what the meter counts over what the machines use, >= 1. @defaultValue 1 */
  readonly pueRatio?: number;
}

/** Work that can wait. */
export interface ScheduleJob {
  /** Unique among the jobs. */
  readonly id: string;
  /** Time the work takes, ms, >= 1; need not be whole slots. */
  readonly runtimeMs: number;
  /** Power the job draws while it runs, all its GPUs and their share of the machine, W, >= 0. */
  readonly powerWatts: number;
  /** GPUs held while it runs, for the bill, whole, >= 0. @defaultValue 1 */
  readonly gpuCount?: number;
  /** Not before, ms since the Unix epoch; the first slot used starts then or later. @defaultValue the start of the grid */
  readonly earliestStartAtMs?: number;
  /** Done by, ms since the Unix epoch. @defaultValue the end of the grid */
  readonly deadlineAtMs?: number;
  /** `contiguous`: in one piece. `interruptible`: in pieces of any slots, all at one location. */
  readonly mode: 'contiguous' | 'interruptible';
  /**
   * Where it may run; the first that exists is its home, where the run-now baseline runs it. Names that no location has
   * are passed over. @defaultValue all, in the order given
   */
  readonly locationIds?: readonly string[];
}

/** What is to be small. */
export type ScheduleObjective =
  | { readonly kind: 'carbon' }
  | { readonly kind: 'cost' }
  /** Cost plus carbon at a price, USD per tonne CO2e, >= 0. */
  | { readonly kind: 'weighted'; readonly carbonPriceUsdPerTonne: number };

/** Jobs, places and time. */
export interface ScheduleProblem {
  readonly slots: SlotGrid;
  readonly locations: readonly ScheduleLocation[];
  readonly jobs: readonly ScheduleJob[];
  /** @defaultValue { kind: 'carbon' } */
  readonly objective?: ScheduleObjective;
}

/** One stretch of one job inside one slot. A planned stretch begins where its slot begins. */
export interface Assignment {
  readonly jobId: string;
  readonly locationId: string;
  /** Index of the slot in the grid. */
  readonly slot: number;
  /** Start of the stretch, ms since the Unix epoch; inside the slot. */
  readonly startAtMs: number;
  /** Length of the stretch, ms, > 0, at most the slot. */
  readonly durationMs: number;
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
  readonly locationId: string;
  readonly startAtMs: number;
  readonly finishAtMs: number;
  /** The same job in one piece from its earliest slot, at home. */
  readonly runNow: RunNow;
  /** Objective value of the job, in the objective's unit. */
  readonly objective: number;
}

/** Why a job cannot be planned. */
export type UnplaceableReason =
  /** The time from the first usable slot to the deadline, inside the grid, is shorter than the run time. */
  | { readonly kind: 'window-too-short'; readonly neededMs: number; readonly availableMs: number }
  /** None of the locations named exists in the problem; with no names: the problem has no location. */
  | { readonly kind: 'no-such-location'; readonly wanted: readonly string[] };

/** A job without a plan, and why. */
export interface UnplaceableJob {
  readonly jobId: string;
  readonly reason: UnplaceableReason;
}

/** A plan, what it comes to, and how good it is. */
export interface ScheduleResult {
  /**
   * `optimal`: every job planned, nothing better exists. `infeasible`: some jobs cannot be planned at all (see
   * `unplaceable`); the others are planned optimally.
   */
  readonly status: 'optimal' | 'infeasible';
  /** By job in the order given, then by time. */
  readonly assignments: readonly Assignment[];
  /** Planned jobs in the order given. */
  readonly perJob: readonly ScheduledJob[];
  readonly unplaceable: readonly UnplaceableJob[];
  /** Sums over the planned jobs. */
  readonly totals: ScheduleAmounts;
  /** The same jobs under other rules. */
  readonly baselines: {
    /** Each planned job at its earliest start, at home, in one piece. */
    readonly runNow: ScheduleAmounts;
  };
  /** Sum of the planned jobs' objective values: grams CO2e for `carbon`, USD otherwise. */
  readonly objective: number;
  /** What no plan of these jobs can beat, in the objective's unit. Equals `objective`: jobs do not compete here. */
  readonly bound: number;
  /** `(objective - bound) / |objective|`, 0 when the objective is 0. */
  readonly gapRatio: number;
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
  /** Two stretches of one job at the same time. */
  | 'overlap'
  /** A contiguous job has a gap. */
  | 'not-contiguous'
  /** The stretches do not add up to the run time. */
  | 'wrong-duration'
  /** The entry in `perJob` does not fit the stretches, or there is none. */
  | 'summary-disagrees'
  /** Two entries for one job. */
  | 'listed-twice'
  /** Neither planned nor listed as unplaceable. */
  | 'missing'
  /** Planned and listed as unplaceable. */
  | 'planned-and-unplaceable'
  /** Listed as unplaceable although its window is long enough. */
  | 'wrongly-unplaceable';

/** One rule broken by one job. */
export interface ScheduleViolation {
  readonly jobId: string;
  readonly rule: ScheduleRule;
  /** What is wrong, with the numbers. */
  readonly detail: string;
}

/** What an independent check of a plan found. */
export interface ScheduleVerification {
  readonly isValid: boolean;
  /** Broken rules in words a reader can act on; empty when valid. */
  readonly violations: readonly ScheduleViolation[];
  /** Amounts recomputed from the assignments and the series of the problem given here; stretches nowhere count nothing. */
  readonly totals: ScheduleAmounts;
}
