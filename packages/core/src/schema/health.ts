import * as z from 'zod';
import type { HealthConfig, HealthObservation, HealthState } from '../autoscale/index.ts';
import { finite, flag, list, oneOf, positive, record, text, whole } from './primitives.ts';

/** Schema of a {@link HealthConfig}. */
export const healthConfigSchema = record({
  maxLatencyMs: positive().exactOptional(),
  maxMemoryBandwidthRatio: positive().exactOptional(),
  maxTimeToFirstTokenMs: positive().exactOptional(),
  worseAfter: whole({ min: 1 }).exactOptional(),
  betterAfter: whole({ min: 1 }).exactOptional(),
  startupMs: finite({ min: 0 }).exactOptional(),
  coldStartMs: finite({ min: 0 }).exactOptional(),
  intervalMs: finite({ min: 1 }).exactOptional(),
}) satisfies z.ZodType<HealthConfig>;

const measure = finite({ min: 0 }).nullable().exactOptional();

/** Schema of a {@link HealthObservation}. */
export const healthObservationSchema = record({
  nowMs: finite(),
  httpStatus: z
    .union([whole({ min: 100, max: 599 }), z.literal('no-answer')], "must be a status from 100 to 599 or 'no-answer'")
    .nullable()
    .exactOptional(),
  latencyMs: measure,
  memoryBandwidthRatio: measure,
  timeToFirstTokenMs: measure,
  isThrottled: flag().nullable().exactOptional(),
  gpuFaults: list(record({ kind: text(), value: finite(), fault: oneOf('application', 'hardware', 'unknown') }))
    .nullable()
    .exactOptional(),
}) satisfies z.ZodType<HealthObservation>;

/** Schema of a {@link HealthState}: what a store gives back after a restart. */
export const healthStateSchema = record({
  version: z.literal(1, 'must be 1'),
  sinceMs: finite().nullable(),
  lastMs: finite().nullable(),
  serves: flag().nullable(),
  isFull: flag(),
  isLate: flag(),
  hasFault: flag(),
  streaks: record({ failed: whole(), full: whole(), late: whole() }),
  scaledAtMs: finite().nullable(),
}) satisfies z.ZodType<HealthState>;
