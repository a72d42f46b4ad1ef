import * as z from 'zod';
import type { CapacityConfig, CapacityObservation, CapacityState } from '../capacity/index.ts';
import { finite, list, oneOf, positive, record, text, whole } from './primitives.ts';

/** Prices and GPUs, as `planCapacity` bounds them. */
const amount = () => finite({ min: 0, max: 1_000_000 });
const ratio = () => finite({ min: 0, max: 1 });

const sizingSchema = z.discriminatedUnion(
  'kind',
  [
    record({ kind: z.literal('newsvendor') }),
    record({
      kind: z.literal('safety-factor'),
      factor: finite({ min: 0, max: 1_000 }).exactOptional(),
      of: oneOf('mean', 'peak').exactOptional(),
    }),
  ],
  "must be 'newsvendor' or 'safety-factor'",
);

/** Schema of a {@link CapacityConfig}. */
export const capacityConfigSchema = record({
  unmetUsdPerGpuHour: positive(),
  sizing: sizingSchema.exactOptional(),
  resale: record({
    spreadRatio: ratio().exactOptional(),
    fillRatio: ratio().exactOptional(),
  }).exactOptional(),
  limits: record({
    maxFastUsdPerGpuHour: amount().exactOptional(),
    maxFlexUsdPerGpuHour: amount().exactOptional(),
    minSellUsdPerGpuHour: amount().exactOptional(),
  }).exactOptional(),
  budgetMicroUsd: whole({ min: 0 }).exactOptional(),
  maxGpus: whole({ min: 0 }).exactOptional(),
}) satisfies z.ZodType<CapacityConfig>;

const period = { startAtMs: finite(), endAtMs: finite() };

/** Schema of a {@link CapacityObservation}. */
export const capacityObservationSchema = record({
  nowMs: finite(),
  stepMs: positive(),
  demandGpus: amount(),
  spotUsdPerGpuHour: amount().nullable(),
  scenarios: list(
    record({
      weight: positive().exactOptional(),
      demandGpus: list(amount(), 1),
      priceUsdPerGpuHour: list(amount(), 1),
    }),
    1,
  ),
  offers: list(
    record({
      id: text(),
      ...period,
      priceUsdPerGpuHour: amount(),
      granularityGpus: whole({ min: 1 }).exactOptional(),
      maxGpus: whole({ min: 0 }).exactOptional(),
    }),
  ),
  holdings: list(record({ id: text(), gpus: whole({ min: 0, max: 1_000_000 }), ...period })),
  flexQueue: list(record({ id: text(), gpuHours: finite({ min: 0, max: 1_000_000_000 }), deadlineAtMs: finite() })),
  returnedMicroUsd: whole({ min: 0 }).exactOptional(),
}) satisfies z.ZodType<CapacityObservation>;

/** Schema of a {@link CapacityState}: what a store gives back after a restart. */
export const capacityStateSchema = record({
  version: z.literal(1, 'must be 1'),
  lastMs: finite().nullable(),
  committedMicroUsd: whole({ min: 0 }),
}) satisfies z.ZodType<CapacityState>;
