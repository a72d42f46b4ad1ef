export { explainSchedule } from './explain.ts';
export { schedule } from './schedule.ts';
export { verifySchedule } from './verify.ts';
export type {
  Assignment,
  RunNow,
  ScheduleAmounts,
  ScheduledJob,
  ScheduleJob,
  ScheduleLocation,
  ScheduleObjective,
  ScheduleProblem,
  ScheduleResult,
  ScheduleRule,
  ScheduleVerification,
  ScheduleViolation,
  SlotGrid,
  UnplaceableJob,
  UnplaceableReason,
} from './types.ts';
