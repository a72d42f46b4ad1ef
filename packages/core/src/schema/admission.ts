import * as z from 'zod';
import type {
  AdmitInput,
  PlanGangPreemptionInput,
  PlanPreemptionInput,
  ResourceAmounts,
  TenantQuota,
} from '../admission/index.ts';
import { gpuNodeSchema, jobSchema } from './fleet.ts';
import { runningSchema } from './pack.ts';
import { finite, list, positive, record, text, whole } from './primitives.ts';

/** Schema of a {@link PlanPreemptionInput}. */
export const planPreemptionInputSchema = record({
  nodes: list(gpuNodeSchema),
  running: runningSchema,
  job: jobSchema,
  nowMs: finite().exactOptional(),
}) satisfies z.ZodType<PlanPreemptionInput>;

/** Schema of a {@link PlanGangPreemptionInput}. */
export const planGangPreemptionInputSchema = record({
  nodes: list(gpuNodeSchema),
  running: runningSchema,
  jobs: list(jobSchema),
  nowMs: finite().exactOptional(),
}) satisfies z.ZodType<PlanGangPreemptionInput>;

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
