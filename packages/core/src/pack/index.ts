export { consolidate } from './consolidate.ts';
export { createPacker } from './packer.ts';
export { fewestNodes } from './fewest-nodes.ts';
export { pack } from './pack.ts';
export { packBound, unplacedBound } from './bound.ts';
export { explainUnplaced } from './explain.ts';
export { mostAllocated, weightedScorer } from './weighted-scorer.ts';
export type { ScoreWeights } from './weighted-scorer.ts';
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
  JobView,
  NearestBarrier,
  NearestDomain,
  NearestMigPlace,
  NearestMiss,
  NodeBarrier,
  NodeRule,
  NodeView,
  Packer,
  PackBound,
  PackBoundInput,
  PackBoundOptions,
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
  ScoreNode,
  UnplacedBound,
  UnplacedJob,
  UnplacedReason,
  WorkloadShape,
} from './types.ts';
