import * as z from 'zod';
import type { AdaptiveBandsState, DecayedHistogramState, EwmaState } from '../forecast/index.ts';
import { finite, list, record, whole } from './primitives.ts';

/** Schema of an {@link EwmaState}: what a store gives back after a restart. */
export const ewmaStateSchema = record({
  version: z.literal(1, 'must be 1'),
  mean: finite().nullable(),
  atMs: finite().nullable(),
}) satisfies z.ZodType<EwmaState>;

/** Schema of a {@link DecayedHistogramState}. */
export const decayedHistogramStateSchema = record({
  version: z.literal(1, 'must be 1'),
  referenceAtMs: finite().nullable(),
  atMs: finite().nullable(),
  weights: list(finite({ min: 0 })),
}) satisfies z.ZodType<DecayedHistogramState>;

/** Schema of an {@link AdaptiveBandsState}. */
export const adaptiveBandsStateSchema = record({
  version: z.literal(1, 'must be 1'),
  radius: finite().nullable(),
  largest: finite({ min: 0 }),
  errorCount: whole({ min: 0 }),
}) satisfies z.ZodType<AdaptiveBandsState>;
