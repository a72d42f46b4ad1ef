export { schedule } from './schedule.ts';
export { verifySchedule } from './verify.ts';
export type {
  Assignment,
  ScheduleAmounts,
  ScheduledJob,
  ScheduleJob,
  ScheduleLocation,
  ScheduleObjective,
  ScheduleProblem,
  ScheduleResult,
  ScheduleVerification,
  SlotGrid,
  UnplaceableReason,
} from './types.ts';
