export { createDeadlineTable } from './deadline-table.ts';
export { explainDeadlineJob } from './explain.ts';
export { fitSpotZones } from './fit-spot-zones.ts';
export type { FitSpotZonesOptions, FitSpotZonesResult } from './fit-spot-zones.ts';
export { SPOT_ZONES } from './spot-zones.ts';
export { createDeadlineJobState, stepDeadlineJob } from './step-deadline-job.ts';
export type {
  DeadlineJobConfig,
  DeadlineJobResult,
  DeadlineJobState,
  DeadlineKindTable,
  DeadlineObservation,
  DeadlineReason,
  DeadlineTable,
  SpotAction,
  SpotZoneBelief,
  SpotZoneKind,
  SpotZoneModel,
} from './types.ts';
export { createPlanSpotState, planSpot } from './plan-spot.ts';
export type {
  PlanSpotConfig,
  PlanSpotObservation,
  PlanSpotReason,
  PlanSpotResult,
  PlanSpotState,
  PlanSpotZone,
  SpotZoneSight,
} from './plan-spot-types.ts';
export { explainRecover } from './explain-recover.ts';
export { recover } from './recover.ts';
export type {
  JobFailure,
  RecoverableJob,
  RecoverDecision,
  RecoverOptions,
  RecoverReason,
  RecoverResult,
  RecoverState,
} from './recover-types.ts';
