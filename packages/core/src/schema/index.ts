export {
  parseAdaptiveBandsState,
  parseAdmitInput,
  parseAutoscaleConfig,
  parseAutoscaleObservation,
  parseAutoscaleState,
  parseCapacityConfig,
  parseCapacityObservation,
  parseCapacityState,
  parseConsolidateInput,
  parseDeadlineJobConfig,
  parseDeadlineJobState,
  parseDeadlineObservation,
  parseDecayedHistogramState,
  parseEwmaState,
  parseFewestNodesInput,
  parseJobs,
  parseLexicographicOrder,
  parseNodes,
  parsePackInput,
  parsePackMigInput,
  parsePlaceMigInput,
  parsePlaceReplicasInput,
  parsePlanGangPreemptionInput,
  parsePlanPreemptionInput,
  parsePlanSpotConfig,
  parsePlanSpotObservation,
  parsePlanSpotState,
  parseReplanInput,
  parseRepartitionMigInput,
  parseSampledPaths,
  parseScheduleLimits,
  parseScheduleProblem,
  parseSpotZoneModel,
} from './parse.ts';
export { admitInputSchema, planGangPreemptionInputSchema, planPreemptionInputSchema } from './admission.ts';
export { autoscaleConfigSchema, autoscaleObservationSchema, autoscaleStateSchema } from './autoscale.ts';
export { capacityConfigSchema, capacityObservationSchema, capacityStateSchema } from './capacity.ts';
export {
  disruptionBudgetSchema,
  gpuNodeSchema,
  jobSchema,
  placementSchema,
  replicaSchema,
  tierSchema,
} from './fleet.ts';
export { adaptiveBandsStateSchema, decayedHistogramStateSchema, ewmaStateSchema } from './forecast.ts';
export {
  migCardSchema,
  migGeometrySchema,
  packMigInputSchema,
  placeMigInputSchema,
  repartitionMigInputSchema,
} from './mig.ts';
export { consolidateInputSchema, fewestNodesInputSchema, packInputSchema } from './pack.ts';
export {
  lexicographicOrderSchema,
  replanInputSchema,
  sampledPathSchema,
  scheduleLimitsSchema,
  scheduleProblemSchema,
  shadowPricesSchema,
} from './schedule.ts';
export { placeReplicasInputSchema } from './spillover.ts';
export type { PlaceReplicasInput } from './spillover.ts';
export {
  deadlineJobConfigSchema,
  deadlineJobStateSchema,
  deadlineObservationSchema,
  planSpotConfigSchema,
  planSpotObservationSchema,
  planSpotStateSchema,
  spotZoneModelSchema,
} from './spot.ts';
export { carbonSeriesSchema, seriesSchema } from './time-series.ts';
export {
  parseHpaConfig,
  parseHpaObservation,
  parseHpaState,
  parseKpaConfig,
  parseKpaObservation,
  parseKpaState,
  parseSkyServeConfig,
  parseSkyServeObservation,
  parseSkyServeState,
  parseHealthConfig,
  parseHealthObservation,
  parseHealthState,
  parseAutoscaleNodesConfig,
  parseAutoscaleNodesObservation,
  parseAutoscaleNodesState,
  parseRecoverableJob,
  parseJobFailure,
  parseRecoverOptions,
} from './parse-scale.ts';
export {
  hpaConfigSchema,
  hpaObservationSchema,
  hpaStateSchema,
  kpaConfigSchema,
  kpaObservationSchema,
  kpaStateSchema,
  skyServeConfigSchema,
  skyServeObservationSchema,
  skyServeStateSchema,
} from './compatible.ts';
export { healthConfigSchema, healthObservationSchema, healthStateSchema } from './health.ts';
export { autoscaleNodesConfigSchema, autoscaleNodesObservationSchema, autoscaleNodesStateSchema } from './nodes.ts';
export { recoverableJobSchema, jobFailureSchema, recoverOptionsSchema, recoverStateSchema } from './recover.ts';
