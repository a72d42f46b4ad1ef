import type * as z from 'zod';
import type { ConsolidateInput, PackInput } from '../pack/index.ts';
import { gpuNodeSchema, jobSchema, jobWithoutIdSchema, placementSchema } from './fleet.ts';
import { finite, list, positive, record, text, whole } from './primitives.ts';

/** Schema of a {@link PackInput}. */
export const packInputSchema = record({
  nodes: list(gpuNodeSchema),
  jobs: list(jobSchema),
  running: list(
    record({ job: jobSchema, placement: placementSchema, startedAtMs: finite().exactOptional() }),
  ).exactOptional(),
  workload: list(record({ job: jobWithoutIdSchema, weight: positive() })).exactOptional(),
  nowMs: finite().exactOptional(),
}) satisfies z.ZodType<PackInput>;

/** Schema of a {@link ConsolidateInput}. */
export const consolidateInputSchema = record({
  nodes: list(gpuNodeSchema),
  jobs: list(jobSchema),
  placements: list(placementSchema.extend({ startedAtMs: finite().exactOptional() })),
  budgets: list(record({ maxMoves: whole({ min: 0 }), tenant: text().exactOptional() })).exactOptional(),
  nowMs: finite().exactOptional(),
}) satisfies z.ZodType<ConsolidateInput>;
