import * as z from 'zod';
import type { AutoscaleNodesConfig, AutoscaleNodesObservation, AutoscaleNodesState } from '../autoscale/index.ts';
import { disruptionBudgetSchema, gpuNodeSchema, jobSchema, tierSchema } from './fleet.ts';
import { runningSchema } from './pack.ts';
import { finite, flag, list, positive, record, text } from './primitives.ts';

const duration = finite({ min: 0 }).exactOptional();

/** Schema of an {@link AutoscaleNodesConfig}. */
export const autoscaleNodesConfigSchema = record({
  tiers: list(tierSchema.extend({ node: gpuNodeSchema.omit({ id: true, isCordoned: true }) })),
  pendingMs: duration,
  upUtilizationRatio: finite({ min: 0, max: 1 }).exactOptional(),
  idleMs: duration,
  downUtilizationRatio: finite({ min: 0, max: 1 }).exactOptional(),
  budgets: list(disruptionBudgetSchema).exactOptional(),
  moveCostMs: duration,
  paybackMs: positive().exactOptional(),
  startTimeoutMs: positive().exactOptional(),
  intervalMs: finite({ min: 1 }).exactOptional(),
}) satisfies z.ZodType<AutoscaleNodesConfig>;

/** Schema of an {@link AutoscaleNodesObservation}. */
export const autoscaleNodesObservationSchema = record({
  nowMs: finite(),
  nodes: list(
    record({
      node: gpuNodeSchema,
      tierId: text(),
      launchedAtMs: finite(),
      isReady: flag().exactOptional(),
      utilizationRatio: finite({ min: 0 }).nullable().exactOptional(),
    }),
  ),
  running: runningSchema,
  pending: list(record({ job: jobSchema, pendingSinceMs: finite() })),
}) satisfies z.ZodType<AutoscaleNodesObservation>;

/** Schema of an {@link AutoscaleNodesState}: what a store gives back after a restart. */
export const autoscaleNodesStateSchema = record({
  version: z.literal(1, 'must be 1'),
  lastMs: finite().nullable(),
  busySinceMs: finite().nullable(),
  quiet: list(record({ nodeId: text(), sinceMs: finite() })),
  leaving: list(text()),
}) satisfies z.ZodType<AutoscaleNodesState>;
