import type * as z from 'zod';
import type { PackInput } from '../pack/index.ts';
import { gpuNodeSchema, jobSchema, jobWithoutIdSchema, placementSchema } from './fleet.ts';
import { finite, list, positive, record } from './primitives.ts';

/** Schema of a {@link PackInput}. */
export const packInputSchema = record({
  nodes: list(gpuNodeSchema),
  jobs: list(jobSchema),
  running: list(record({ job: jobSchema, placement: placementSchema })).exactOptional(),
  workload: list(record({ job: jobWithoutIdSchema, weight: positive() })).exactOptional(),
  nowMs: finite().exactOptional(),
}) satisfies z.ZodType<PackInput>;
