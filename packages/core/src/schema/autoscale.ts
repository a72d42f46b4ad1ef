import * as z from 'zod';
import type { AutoscaleConfig, AutoscaleObservation, AutoscaleState } from '../autoscale/index.ts';
import { finite, list, oneOf, positive, record, whole } from './primitives.ts';

const targetSchema = z.discriminatedUnion(
  'signal',
  [
    record({ signal: z.literal('rate'), perReplica: positive(), drainMs: positive().exactOptional() }),
    record({ signal: z.literal('utilization'), ratio: positive() }),
  ],
  "must be 'rate' or 'utilization'",
);

const pick = oneOf('min', 'mean', 'max');
const rule = record({ kind: oneOf('replicas', 'ratio'), value: positive(), periodMs: positive() });

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
    upPick: pick.exactOptional(),
    downPick: pick.exactOptional(),
  }).exactOptional(),
  coldStartMs: finite({ min: 0 }).exactOptional(),
  rates: record({ up: list(rule).exactOptional(), down: list(rule).exactOptional() }).exactOptional(),
  zero: z
    .union([
      record({ idleMs: finite({ min: 0 }) }),
      record({ coldStartCostUsd: finite({ min: 0 }), idleCostUsdPerHour: positive() }),
    ])
    .exactOptional(),
  panic: record({ thresholdRatio: finite({ min: 1 }), holdMs: finite({ min: 0 }) }).exactOptional(),
  emergency: record({ queueDepth: positive() }).exactOptional(),
  overprovisionCount: whole({ min: 0 }).exactOptional(),
  forecastQuantile: finite({ min: 0, max: 1 }).exactOptional(),
  maxFailedStarts: whole({ min: 1 }).exactOptional(),
  intervalMs: finite({ min: 1 }).exactOptional(),
}) satisfies z.ZodType<AutoscaleConfig>;

/** Schema of an {@link AutoscaleObservation}. */
export const autoscaleObservationSchema = record({
  nowMs: finite(),
  readyReplicas: whole({ min: 0 }),
  pendingReplicas: whole({ min: 0 }).exactOptional(),
  pendingReadyAtMs: list(finite()).exactOptional(),
  queueDepth: finite({ min: 0 }).nullable().exactOptional(),
  forecast: record({
    startAtMs: finite(),
    stepMs: positive(),
    quantiles: z.record(z.string(), list(finite({ min: 0 }))),
  }).exactOptional(),
  failedStarts: whole({ min: 0 }).exactOptional(),
  ratePerSecond: finite({ min: 0 }).nullable().exactOptional(),
  utilizationRatio: finite({ min: 0 }).nullable().exactOptional(),
}) satisfies z.ZodType<AutoscaleObservation>;

/** Schema of an {@link AutoscaleState}: what a store gives back after a restart. */
export const autoscaleStateSchema = record({
  version: z.literal(1, 'must be 1'),
  sinceMs: finite().nullable(),
  lastMs: finite().nullable(),
  wishes: list(record({ atMs: finite(), replicas: whole({ min: 0 }) })),
  changes: list(record({ atMs: finite(), change: whole() })).exactOptional(),
  panicAtMs: finite().exactOptional(),
}) satisfies z.ZodType<AutoscaleState>;
