import type * as z from 'zod';
import type { Replica, Tier } from '../fleet/index.ts';
import type { PlaceReplicasOptions, PlaceReplicasRequest } from '../spillover/index.ts';
import { disruptionBudgetSchema, replicaSchema, tierSchema } from './fleet.ts';
import { finite, list, record, whole } from './primitives.ts';

/** The arguments of `placeReplicas` as one object, as a file or a request body holds them. */
export interface PlaceReplicasInput {
  /** How many replicas there should be. */
  readonly request: PlaceReplicasRequest;
  /** Where they may run. */
  readonly tiers: readonly Tier[];
  /** Where they run now. */
  readonly current: readonly Replica[];
  /** How to go about it. */
  readonly options?: PlaceReplicasOptions;
}

/** Schema of a {@link PlaceReplicasInput}. */
export const placeReplicasInputSchema = record({
  request: record({ target: whole({ min: 0 }), maxTarget: whole({ min: 0 }).exactOptional() }),
  tiers: list(tierSchema),
  current: list(replicaSchema),
  options: record({
    nowMs: finite().exactOptional(),
    budgets: list(disruptionBudgetSchema).exactOptional(),
    reliefRatio: finite({ min: 0, max: 1 }).exactOptional(),
  }).exactOptional(),
}) satisfies z.ZodType<PlaceReplicasInput>;
