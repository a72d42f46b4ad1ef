export { consolidate } from './consolidate.ts';
export { createPacker } from './packer.ts';
export { pack } from './pack.ts';
export { packBound } from './bound.ts';
export { explainUnplaced } from './explain.ts';
export type {
  ConsolidateInput,
  ConsolidateOptions,
  ConsolidateResult,
  KeptReason,
  Move,
  MoveBudget,
  NodeWeight,
} from './consolidate-types.ts';
export type {
  NearestMiss,
  Packer,
  PackBound,
  PackBoundInput,
  PackerInput,
  PackerSnapshot,
  PackInput,
  PackOptions,
  PackResult,
  PackStats,
  PlaceResult,
  ResourceMiss,
  RunningJob,
  Scorer,
  UnplacedJob,
  UnplacedReason,
  WorkloadShape,
} from './types.ts';
