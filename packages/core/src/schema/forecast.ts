import * as z from 'zod';
import type { EwmaState } from '../forecast/index.ts';
import { finite, record } from './primitives.ts';

/** Schema of an {@link EwmaState}: what a store gives back after a restart. */
export const ewmaStateSchema = record({
  version: z.literal(1, 'must be 1'),
  mean: finite().nullable(),
  atMs: finite().nullable(),
}) satisfies z.ZodType<EwmaState>;
