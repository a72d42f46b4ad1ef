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
  parseDecayedHistogramState,
  parseEwmaState,
  parseFewestNodesInput,
  parseJobs,
  parseNodes,
  parsePackInput,
  parsePackMigInput,
  parsePlaceMigInput,
  parsePlaceReplicasInput,
  parsePlanPreemptionInput,
  parseRepartitionMigInput,
  parseScheduleProblem,
} from './parse.ts';
export { autoscaleConfigSchema, autoscaleObservationSchema, autoscaleStateSchema } from './autoscale.ts';
export { capacityConfigSchema, capacityObservationSchema, capacityStateSchema } from './capacity.ts';
export { gpuNodeSchema, jobSchema, placementSchema, replicaSchema, tierSchema } from './fleet.ts';
export { adaptiveBandsStateSchema, decayedHistogramStateSchema, ewmaStateSchema } from './forecast.ts';
export {
  migCardSchema,
  migGeometrySchema,
  packMigInputSchema,
  placeMigInputSchema,
  repartitionMigInputSchema,
} from './mig.ts';
export {
  admitInputSchema,
  consolidateInputSchema,
  fewestNodesInputSchema,
  packInputSchema,
  planPreemptionInputSchema,
} from './pack.ts';
export { scheduleProblemSchema } from './schedule.ts';
export { placeReplicasInputSchema } from './spillover.ts';
export type { PlaceReplicasInput } from './spillover.ts';
export { carbonSeriesSchema, seriesSchema } from './time-series.ts';
