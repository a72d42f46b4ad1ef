export { autoscale, createAutoscaleState } from './autoscale.ts';
export { explainAutoscale } from './explain.ts';
export type {
  AutoscaleConfig,
  AutoscaleForecast,
  AutoscaleObservation,
  AutoscalePick,
  AutoscaleRateRule,
  AutoscaleReason,
  AutoscaleResult,
  AutoscaleState,
  AutoscaleTarget,
} from './types.ts';
export { autoscaleAsHpa, createHpaState } from './hpa.ts';
export type {
  HpaConfig,
  HpaMetricTarget,
  HpaMetricValue,
  HpaObservation,
  HpaPod,
  HpaReason,
  HpaResult,
  HpaRules,
  HpaEvent,
  HpaState,
} from './hpa-types.ts';
export { autoscaleAsKpa, createKpaState } from './kpa.ts';
export type { KpaConfig, KpaObservation, KpaReason, KpaResult, KpaState } from './kpa.ts';
export { autoscaleAsSkyServe, createSkyServeState, skyServeVictims } from './sky-serve.ts';
export type {
  SkyServeConfig,
  SkyServeObservation,
  SkyServeReason,
  SkyServeReplica,
  SkyServeResult,
  SkyServeState,
} from './sky-serve.ts';
export { createHealthState, evaluateHealth } from './evaluate-health.ts';
export { explainHealth } from './explain-health.ts';
export type {
  GpuFault,
  HealthAction,
  HealthConfig,
  HealthObservation,
  HealthReason,
  HealthResult,
  HealthState,
  ProbeAnswer,
} from './health-types.ts';
export { autoscaleNodes, createAutoscaleNodesState } from './autoscale-nodes.ts';
export { explainAutoscaleNodes } from './explain-nodes.ts';
export type {
  AutoscaleNodesConfig,
  AutoscaleNodesObservation,
  AutoscaleNodesReason,
  AutoscaleNodesResult,
  AutoscaleNodesState,
  NodeAction,
  NodeKept,
  NodeSight,
  NodeTier,
} from './nodes-types.ts';
