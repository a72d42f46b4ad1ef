import * as z from 'zod';
import type {
  AdmitInput,
  ConsolidateInput,
  FewestNodesInput,
  PackInput,
  PlanPreemptionInput,
  ResourceAmounts,
  TenantQuota,
} from '../pack/index.ts';
import { gpuNodeSchema, jobSchema, jobWithoutIdSchema, placementSchema } from './fleet.ts';
import { finite, list, positive, record, text, whole } from './primitives.ts';

const runningSchema = list(
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

/** Schema of a {@link PlanPreemptionInput}. */
export const planPreemptionInputSchema = record({
  nodes: list(gpuNodeSchema),
  running: runningSchema,
  job: jobSchema,
  nowMs: finite().exactOptional(),
}) satisfies z.ZodType<PlanPreemptionInput>;

const amountsSchema = record({
  gpuMilli: whole({ min: 0 }).exactOptional(),
  gpuMilliByModel: z.record(z.string(), whole({ min: 0 }), 'must be an object of amounts').exactOptional(),
  cpuMilli: whole({ min: 0 }).exactOptional(),
  memoryMib: whole({ min: 0 }).exactOptional(),
}) satisfies z.ZodType<ResourceAmounts>;

const tenantQuotaSchema = record({
  id: text(),
  nominal: amountsSchema,
  maxBorrowed: amountsSchema.exactOptional(),
  maxLent: amountsSchema.exactOptional(),
  weight: positive().exactOptional(),
}) satisfies z.ZodType<TenantQuota>;

/** Schema of an {@link AdmitInput}. */
export const admitInputSchema = record({
  capacity: amountsSchema,
  tenants: list(tenantQuotaSchema),
  running: runningSchema,
  jobs: list(record({ job: jobSchema, queuedAtMs: finite() })),
  nowMs: finite(),
}) satisfies z.ZodType<AdmitInput>;
