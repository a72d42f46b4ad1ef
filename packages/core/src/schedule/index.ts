export { explainConflict, explainSchedule } from './explain.ts';
export { findConflict } from './find-conflict.ts';
export type { ConflictMember, ConflictOptions, ConflictResult } from './find-conflict.ts';
export { paretoFront } from './pareto.ts';
export type { ParetoOptions, ParetoPoint } from './pareto.ts';
export { replan } from './replan.ts';
export type { Churn, ReplanInput, ReplanResult } from './replan.ts';
export { schedule } from './schedule.ts';
export { scheduleOnPaths } from './on-paths.ts';
export type { OnPathsOptions, OnPathsResult, PathOutcome, SampledPath } from './on-paths.ts';
export { scheduleLexicographic, scheduleWithin } from './within.ts';
export type { LexicographicOrder, ScheduleLimits, WithinOptions, WithinResult } from './within.ts';
export { verifySchedule } from './verify.ts';
export { verifyBound } from './verify-bound.ts';
export type { VerifyBoundOptions } from './verify-bound.ts';
export type {
  Assignment,
  BaselineAmounts,
  BoundVerification,
  LocalConstraint,
  Predecessor,
  PreviousPlan,
  RunNow,
  ScheduleAmounts,
  ScheduleConstraint,
  ScheduledJob,
  ScheduleJob,
  ScheduleLocation,
  ScheduleObjective,
  ScheduleOptions,
  ScheduleProblem,
  ScheduleResult,
  ScheduleRule,
  ScheduleVerification,
  ScheduleViolation,
  ShadowPrices,
  SlotGrid,
  UnplaceableJob,
  UnplaceableReason,
} from './types.ts';
