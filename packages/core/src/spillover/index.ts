export { placeReplicas } from './place-replicas.ts';
export { explainPlaceReplicas } from './explain.ts';
export type { PlaceReplicasReason, PlaceReplicasRequest, PlaceReplicasResult } from './types.ts';
