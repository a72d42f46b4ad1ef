import * as z from 'zod';
import type { AutoscaleConfig, AutoscaleObservation, AutoscaleState } from '../autoscale/index.ts';
import { finite, list, positive, record, whole } from './primitives.ts';

const targetSchema = z.discriminatedUnion(
  'signal',
  [
    record({ signal: z.literal('rate'), perReplica: positive() }),
    record({ signal: z.literal('utilization'), ratio: positive() }),
  ],
  "must be 'rate' or 'utilization'",
);

/** Schema of an {@link AutoscaleConfig}. */
export const autoscaleConfigSchema = record({
  minReplicas: whole({ min: 0 }),
  maxReplicas: whole({ min: 0 }),
  targets: list(targetSchema, 1),
  tolerance: record({
    up: finite({ min: 0 }).exactOptional(),
    down: finite({ min: 0 }).exactOptional(),
  }).exactOptional(),
  window: record({
    upMs: finite({ min: 0 }).exactOptional(),
    downMs: finite({ min: 0 }).exactOptional(),
  }).exactOptional(),
  intervalMs: finite({ min: 1 }).exactOptional(),
}) satisfies z.ZodType<AutoscaleConfig>;

/** Schema of an {@link AutoscaleObservation}. */
export const autoscaleObservationSchema = record({
  nowMs: finite(),
  readyReplicas: whole({ min: 0 }),
  pendingReplicas: whole({ min: 0 }).exactOptional(),
  ratePerSecond: finite({ min: 0 }).nullable().exactOptional(),
  utilizationRatio: finite({ min: 0 }).nullable().exactOptional(),
}) satisfies z.ZodType<AutoscaleObservation>;

/** Schema of an {@link AutoscaleState}: what a store gives back after a restart. */
export const autoscaleStateSchema = record({
  version: z.literal(1, 'must be 1'),
  sinceMs: finite().nullable(),
  lastMs: finite().nullable(),
  wishes: list(record({ atMs: finite(), replicas: whole({ min: 0 }) })),
}) satisfies z.ZodType<AutoscaleState>;
