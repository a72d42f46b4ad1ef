export { checkJob, checkJobs, checkNode, checkNodes, checkOptionalLevel } from './check.ts';
export { allowedDisruptions } from './disruption-budget.ts';
export type {
  AllowedDisruptions,
  AllowedDisruptionsInput,
  DisruptionBudget,
  DisruptionReason,
} from './disruption-budget.ts';
export type {
  Gpu,
  GpuNode,
  HealthStatus,
  Job,
  MigGeometry,
  MigInstance,
  MigProfile,
  Placement,
  Replica,
  Reservation,
  Taint,
  Tier,
  TierKind,
  Toleration,
  Topology,
  TopologyLevel,
} from './types.ts';
