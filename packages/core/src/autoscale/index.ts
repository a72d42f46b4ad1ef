export { autoscale, createAutoscaleState } from './autoscale.ts';
export { explainAutoscale } from './explain.ts';
export type {
  AutoscaleConfig,
  AutoscaleObservation,
  AutoscaleReason,
  AutoscaleResult,
  AutoscaleState,
  AutoscaleTarget,
} from './types.ts';
