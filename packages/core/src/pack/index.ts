export { consolidate } from './consolidate.ts';
export { createPacker } from './packer.ts';
export { fewestNodes } from './fewest-nodes.ts';
export { pack } from './pack.ts';
export { packBound } from './bound.ts';
export { explainUnplaced } from './explain.ts';
export type { FewestNodesInput, FewestNodesOptions, FewestNodesResult } from './fewest-types.ts';
export type {
  ConsolidateInput,
  ConsolidateOptions,
  ConsolidateResult,
  KeptReason,
  Move,
  MoveBudget,
  RunningPlacement,
} from './consolidate-types.ts';
export type { NodeWeight } from './node-weight.ts';
export type {
  NearestBarrier,
  NearestDomain,
  NearestMiss,
  NodeBarrier,
  NodeRule,
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
