export { placeReplicas } from './place-replicas.ts';
export { explainPlaceReplicas } from './explain.ts';
export type { PlaceReplicasOptions, PlaceReplicasReason, PlaceReplicasRequest, PlaceReplicasResult } from './types.ts';
