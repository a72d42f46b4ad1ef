export { checkJob, checkJobs, checkNode, checkNodes } from './check.ts';
export type { Gpu, GpuNode, Job, MigInstance, Placement, Replica, Tier, TierKind } from './types.ts';
