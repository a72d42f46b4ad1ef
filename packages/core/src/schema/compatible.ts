import * as z from 'zod';
import type {
  HpaConfig,
  HpaObservation,
  HpaState,
  KpaConfig,
  KpaObservation,
  KpaState,
  SkyServeConfig,
  SkyServeObservation,
  SkyServeState,
} from '../autoscale/index.ts';
import { finite, flag, list, oneOf, positive, record, text, whole } from './primitives.ts';

const count = whole({ min: 0 });
const duration = finite({ min: 0 });
const wishes = list(record({ atMs: finite(), replicas: count }));
const first = z.literal(1, 'must be 1');

const hpaRules = record({
  policies: list(record({ kind: oneOf('pods', 'percent'), value: finite({ min: 0 }), periodMs: positive() }), 1),
  select: oneOf('max', 'min', 'disabled').exactOptional(),
  windowMs: duration,
});

/** Schema of an {@link HpaConfig}. */
export const hpaConfigSchema = record({
  minReplicas: count,
  maxReplicas: count,
  metrics: list(
    z.discriminatedUnion(
      'kind',
      [
        record({ kind: z.literal('utilization'), targetPercent: positive() }),
        record({ kind: z.literal('pods'), targetMilli: positive() }),
        record({ kind: z.literal('value'), targetMilli: positive() }),
        record({ kind: z.literal('value-per-replica'), targetMilli: positive() }),
      ],
      "must be 'utilization' or 'pods' or 'value' or 'value-per-replica'",
    ),
  ),
  toleranceRatio: finite({ min: 0 }).exactOptional(),
  up: hpaRules.exactOptional(),
  down: hpaRules.exactOptional(),
  intervalMs: positive().exactOptional(),
}) satisfies z.ZodType<HpaConfig>;

const milli = list(finite().nullable());

/** Schema of an {@link HpaObservation}. */
export const hpaObservationSchema = record({
  nowMs: finite(),
  currentReplicas: count,
  pods: list(
    record({
      phase: oneOf('pending', 'running', 'succeeded', 'failed'),
      isReady: flag(),
      isDeleting: flag().exactOptional(),
      isWarmingUp: flag().exactOptional(),
    }),
  ),
  metrics: list(
    record({
      podsMilli: milli.exactOptional(),
      requestsMilli: milli.exactOptional(),
      valueMilli: finite().nullable().exactOptional(),
    }),
  ),
}) satisfies z.ZodType<HpaObservation>;

const hpaEvents = list(record({ atMs: finite(), change: whole() }));

/** Schema of an {@link HpaState}: what a store gives back after a restart. */
export const hpaStateSchema = record({
  version: first,
  lastMs: finite().nullable(),
  recommendations: wishes,
  upEvents: hpaEvents,
  downEvents: hpaEvents,
}) satisfies z.ZodType<HpaState>;

/** Schema of a {@link KpaConfig}. */
export const kpaConfigSchema = record({
  targetPerReplica: positive(),
  totalPerReplica: finite({ min: 0 }),
  burstCapacity: finite({ min: -1 }),
  panicThresholdRatio: finite({ min: 1 }).exactOptional(),
  maxUpRatio: finite({ min: 1 }).exactOptional(),
  maxDownRatio: finite({ min: 1 }).exactOptional(),
  stableWindowMs: positive().exactOptional(),
  scaleDownDelayMs: duration.exactOptional(),
  activationReplicas: count.exactOptional(),
  isReachable: flag().exactOptional(),
}) satisfies z.ZodType<KpaConfig>;

/** Schema of a {@link KpaObservation}. */
export const kpaObservationSchema = record({
  nowMs: finite(),
  readyReplicas: count,
  stableValue: finite({ min: 0 }).nullable(),
  panicValue: finite({ min: 0 }).nullable(),
}) satisfies z.ZodType<KpaObservation>;

/** Schema of a {@link KpaState}: what a store gives back after a restart. */
export const kpaStateSchema = record({
  version: first,
  lastMs: finite().nullable(),
  panicAtMs: finite().nullable(),
  maxPanicReplicas: count,
  wishes,
}) satisfies z.ZodType<KpaState>;

/** Schema of a {@link SkyServeConfig}. */
export const skyServeConfigSchema = record({
  minReplicas: count,
  maxReplicas: count,
  targetQps: z.union([positive(), z.record(text(), positive())], 'must be a number > 0, or one for each GPU model'),
  windowMs: positive().exactOptional(),
  upDelayMs: duration.exactOptional(),
  downDelayMs: duration.exactOptional(),
  intervalMs: positive().exactOptional(),
  overprovisionCount: count.exactOptional(),
}) satisfies z.ZodType<SkyServeConfig>;

/** Schema of a {@link SkyServeObservation}. */
export const skyServeObservationSchema = record({
  nowMs: finite(),
  requestCount: finite({ min: 0 }),
  readyGpus: list(text()).exactOptional(),
}) satisfies z.ZodType<SkyServeObservation>;

/** Schema of a {@link SkyServeState}: what a store gives back after a restart. */
export const skyServeStateSchema = record({
  version: first,
  lastMs: finite().nullable(),
  target: count.nullable(),
  upCount: count,
  downCount: count,
}) satisfies z.ZodType<SkyServeState>;
