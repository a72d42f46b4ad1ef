import type * as z from 'zod';
import type { Replica, Tier } from '../fleet/index.ts';
import type { PlaceReplicasRequest } from '../spillover/index.ts';
import { replicaSchema, tierSchema } from './fleet.ts';
import { list, record, whole } from './primitives.ts';

/** The three arguments of `placeReplicas` as one object, as a file or a request body holds them. */
export interface PlaceReplicasInput {
  /** How many replicas there should be. */
  readonly request: PlaceReplicasRequest;
  /** Where they may run. */
  readonly tiers: readonly Tier[];
  /** Where they run now. */
  readonly current: readonly Replica[];
}

/** Schema of a {@link PlaceReplicasInput}. */
export const placeReplicasInputSchema = record({
  request: record({ target: whole({ min: 0 }) }),
  tiers: list(tierSchema),
  current: list(replicaSchema),
}) satisfies z.ZodType<PlaceReplicasInput>;
