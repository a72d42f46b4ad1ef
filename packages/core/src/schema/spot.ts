import * as z from 'zod';
import type {
  DeadlineJobConfig,
  DeadlineJobState,
  DeadlineObservation,
  PlanSpotConfig,
  PlanSpotObservation,
  PlanSpotState,
  SpotZoneModel,
} from '../spot/index.ts';
import { finite, flag, list, oneOf, positive, record, text, whole } from './primitives.ts';

const row = list(finite({ min: 0, max: 1 }))
  .min(4, 'must be four numbers')
  .max(4, 'must be four numbers');

/** Schema of a {@link SpotZoneModel}. */
export const spotZoneModelSchema = record({
  tickMs: positive(),
  kinds: list(
    record({
      weight: positive(),
      start: row,
      transition: list(row).min(4, 'must have four rows').max(4, 'must have four rows'),
    }),
    1,
  ),
}) satisfies z.ZodType<SpotZoneModel>;

/** Schema of a {@link DeadlineJobConfig} without its table, which is built and never parsed. */
export const deadlineJobConfigSchema = record({
  startAtMs: finite(),
  deadlineAtMs: finite(),
  workMs: positive(),
  restartMs: finite({ min: 0 }),
  spotPriceUsdPerHour: positive(),
  onDemandPriceUsdPerHour: positive(),
  policy: oneOf('learned', 'greedy', 'uniform-progress').exactOptional(),
  tickMs: positive().exactOptional(),
  zones: spotZoneModelSchema.exactOptional(),
}) satisfies z.ZodType<Omit<DeadlineJobConfig, 'table'>>;

/** Schema of a {@link DeadlineObservation}. */
export const deadlineObservationSchema = record({
  nowMs: finite(),
  workLeftMs: finite({ min: 0 }),
  isSpotAvailable: flag(),
  running: oneOf('none', 'spot', 'on-demand'),
  restartLeftMs: finite({ min: 0 }).exactOptional(),
}) satisfies z.ZodType<DeadlineObservation>;

const share = finite({ min: 0, max: 1 });

/** Schema of a {@link DeadlineJobState}: what a store gives back after a restart. */
export const deadlineJobStateSchema = record({
  version: z.literal(1, 'must be 1'),
  lastMs: finite().nullable(),
  zone: record({ isAvailable: flag(), kinds: list(share, 1), long: list(share, 1) }).nullable(),
}) satisfies z.ZodType<DeadlineJobState>;

const count = whole({ min: 0 });

/** Schema of a {@link PlanSpotConfig}. */
export const planSpotConfigSchema = record({
  coldStartMs: positive(),
  spotPriceUsdPerHour: positive(),
  onDemandPriceUsdPerHour: positive(),
  shortfallWeight: finite({ min: 0 }).exactOptional(),
  maxPerZone: whole({ min: 1 }).exactOptional(),
  maxSpare: whole({ min: 0, max: 4 }).exactOptional(),
  zones: spotZoneModelSchema.exactOptional(),
}) satisfies z.ZodType<PlanSpotConfig>;

/** Schema of a {@link PlanSpotObservation}. */
export const planSpotObservationSchema = record({
  nowMs: finite(),
  target: whole({ min: 0, max: 16 }),
  zones: list(record({ id: text(), running: count, ready: count })),
  onDemand: record({ running: count, ready: count }),
}) satisfies z.ZodType<PlanSpotObservation>;

/** Schema of a {@link PlanSpotState}: what a store gives back after a restart. */
export const planSpotStateSchema = record({
  version: z.literal(1, 'must be 1'),
  lastMs: finite().nullable(),
  zones: list(
    record({
      id: text(),
      odds: list(row, 1),
      asked: count,
      running: count,
      cap: record({ count, untilMs: finite() }).nullable(),
      triedAtMs: finite().nullable(),
    }),
  ),
}) satisfies z.ZodType<PlanSpotState>;
