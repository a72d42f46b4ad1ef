import type { CarbonSeries, Series } from '../time-series.ts';

/** A uniform grid of half-open slots, shared by all locations and jobs of a problem. */
export interface SlotGrid {
  /** Start of slot 0, ms since the Unix epoch. */
  readonly startAtMs: number;
  /** Length of a slot, ms, > 0. */
  readonly stepMs: number;
  /** Number of slots, whole, >= 1. */
  readonly count: number;
}

/** Somewhere work can run. */
export interface ScheduleLocation {
  /** Unique among the locations. */
  readonly id: string;
  /** Carbon intensity; covers the grid. All locations of a problem share kind and scope. */
  readonly carbon: CarbonSeries;
  /** Price of electricity; covers the grid. Absent: electricity is not billed apart. */
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
  /** Time the work takes, ms, > 0. */
  readonly runtimeMs: number;
  /** Power the job draws while it runs, all its GPUs and their share of the machine, W, >= 0. */
  readonly powerWatts: number;
  /** GPUs held while it runs, for the bill, whole, >= 0. @defaultValue 1 */
  readonly gpuCount?: number;
  /** Not before, ms since the Unix epoch. @defaultValue the start of the grid */
  readonly earliestStartAtMs?: number;
  /** Done by, ms since the Unix epoch. @defaultValue the end of the grid */
  readonly deadlineAtMs?: number;
  /** `contiguous`: in one piece. `interruptible`: in pieces of any slots, all at one location. */
  readonly mode: 'contiguous' | 'interruptible';
  /** Where it may run; the first is its home, where the run-now baseline runs it. @defaultValue all, in the order given */
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

/** One stretch of one job inside one slot. */
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

/** What became of one job. */
export interface ScheduledJob extends ScheduleAmounts {
  readonly jobId: string;
  readonly locationId: string;
  readonly startAtMs: number;
  readonly finishAtMs: number;
  /** The same job run at once, at home. */
  readonly runNow: ScheduleAmounts;
  /** Objective value of the job, in the objective's unit. */
  readonly objective: number;
}

/** Why a job cannot be planned. */
export type UnplaceableReason =
  /** The time between earliest start and deadline, inside the grid, is shorter than the run time. */
  | { readonly kind: 'window-too-short'; readonly neededMs: number; readonly availableMs: number }
  /** None of the locations named exists in the problem. */
  | { readonly kind: 'no-such-location'; readonly wanted: readonly string[] };

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
  readonly unplaceable: readonly { readonly jobId: string; readonly reason: UnplaceableReason }[];
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

/** What an independent check of a plan found. */
export interface ScheduleVerification {
  readonly isValid: boolean;
  /** Broken rules in words a reader can act on; empty when valid. */
  readonly violations: readonly { readonly jobId: string; readonly rule: string; readonly detail: string }[];
  /** Amounts recomputed from the assignments and the series of the problem given here. */
  readonly totals: ScheduleAmounts;
}
