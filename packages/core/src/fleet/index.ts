export { checkJob, checkJobs, checkNode, checkNodes } from './check.ts';
export type {
  Gpu,
  GpuNode,
  Job,
  MigInstance,
  Placement,
  Replica,
  Reservation,
  Taint,
  Tier,
  TierKind,
  Toleration,
} from './types.ts';
