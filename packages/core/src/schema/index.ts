export {
  parseAdmitInput,
  parseAutoscaleConfig,
  parseAutoscaleObservation,
  parseAutoscaleState,
  parseConsolidateInput,
  parseEwmaState,
  parseJobs,
  parseNodes,
  parsePackInput,
  parsePlaceReplicasInput,
  parsePlanPreemptionInput,
  parseScheduleProblem,
} from './parse.ts';
export { autoscaleConfigSchema, autoscaleObservationSchema, autoscaleStateSchema } from './autoscale.ts';
export { gpuNodeSchema, jobSchema, placementSchema, replicaSchema, tierSchema } from './fleet.ts';
export { ewmaStateSchema } from './forecast.ts';
export { admitInputSchema, consolidateInputSchema, packInputSchema, planPreemptionInputSchema } from './pack.ts';
export { scheduleProblemSchema } from './schedule.ts';
export { placeReplicasInputSchema } from './spillover.ts';
export type { PlaceReplicasInput } from './spillover.ts';
export { carbonSeriesSchema, seriesSchema } from './time-series.ts';
