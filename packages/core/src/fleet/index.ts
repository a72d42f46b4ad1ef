export { checkJob, checkJobs, checkNode, checkNodes, checkOptionalLevel } from './check.ts';
export type {
  Gpu,
  GpuNode,
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
