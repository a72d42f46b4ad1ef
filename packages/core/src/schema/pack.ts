import type * as z from 'zod';
import type { ConsolidateInput, FewestNodesInput, PackInput } from '../pack/index.ts';
import { gpuNodeSchema, jobSchema, jobWithoutIdSchema, placementSchema } from './fleet.ts';
import { finite, list, positive, record, text, whole } from './primitives.ts';

/** Schema of what runs, with its places. */
export const runningSchema = list(
  record({ job: jobSchema, placement: placementSchema, startedAtMs: finite().exactOptional() }),
);

const fewestNodesShape = {
  nodes: list(gpuNodeSchema),
  jobs: list(jobSchema),
  running: runningSchema.exactOptional(),
  nowMs: finite().exactOptional(),
};

/** Schema of a {@link FewestNodesInput}. */
export const fewestNodesInputSchema = record(fewestNodesShape) satisfies z.ZodType<FewestNodesInput>;

/** Schema of a {@link PackInput}. */
export const packInputSchema = record({
  ...fewestNodesShape,
  workload: list(record({ job: jobWithoutIdSchema, weight: positive() })).exactOptional(),
}) satisfies z.ZodType<PackInput>;

/** Schema of a {@link ConsolidateInput}. */
export const consolidateInputSchema = record({
  nodes: list(gpuNodeSchema),
  jobs: list(jobSchema),
  placements: list(placementSchema.extend({ startedAtMs: finite().exactOptional() })),
  budgets: list(record({ maxMoves: whole({ min: 0 }), tenant: text().exactOptional() })).exactOptional(),
  nowMs: finite().exactOptional(),
}) satisfies z.ZodType<ConsolidateInput>;
