export { createPacker } from './packer.ts';
export { pack } from './pack.ts';
export { packBound } from './bound.ts';
export { explainUnplaced } from './explain.ts';
export type {
  Packer,
  PackBound,
  PackerInput,
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
