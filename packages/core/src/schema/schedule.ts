import * as z from 'zod';
import type {
  LexicographicOrder,
  ReplanInput,
  SampledPath,
  ScheduleLimits,
  ScheduleProblem,
  ShadowPrices,
} from '../schedule/index.ts';
import { finite, list, oneOf, positive, record, text, whole } from './primitives.ts';
import { carbonSeriesSchema, energyPriceSchema, pueSeriesSchema } from './time-series.ts';

const objectiveSchema = z.discriminatedUnion(
  'kind',
  [
    record({ kind: z.literal('carbon') }),
    record({ kind: z.literal('cost') }),
    record({ kind: z.literal('weighted'), carbonPriceUsdPerTonne: finite({ min: 0 }) }),
  ],
  "must be 'carbon', 'cost' or 'weighted'",
);

const named = { id: text(), reason: text().exactOptional() };
const local = {
  ...named,
  locationId: text(),
  startAtMs: finite().exactOptional(),
  endAtMs: finite().exactOptional(),
};

const constraintSchema = z.discriminatedUnion(
  'kind',
  [
    record({ ...local, kind: z.literal('blackout') }),
    record({ ...local, kind: z.literal('gpu-cap'), gpuCount: whole({ min: 0 }) }),
    record({ ...local, kind: z.literal('power-cap'), powerCapWatts: finite({ min: 0 }) }),
    record({
      ...named,
      kind: z.literal('forbidden'),
      jobIds: list(text()).exactOptional(),
      locationIds: list(text()),
    }),
  ],
  "must be 'blackout', 'gpu-cap', 'power-cap' or 'forbidden'",
);

const assignmentSchema = record({
  jobId: text(),
  locationId: text(),
  slot: whole(),
  startAtMs: finite(),
  durationMs: positive(),
  replicaCount: whole({ min: 1 }).exactOptional(),
});

/** Schema of a {@link ScheduleProblem}. */
export const scheduleProblemSchema = record({
  slots: record({ startAtMs: whole(), stepMs: whole({ min: 1 }), count: whole({ min: 1 }) }),
  locations: list(
    record({
      id: text(),
      carbon: carbonSeriesSchema,
      energyPrice: energyPriceSchema.exactOptional(),
      priceUsdPerGpuHour: finite({ min: 0 }).exactOptional(),
      pueRatio: z.union([finite({ min: 1 }), pueSeriesSchema]).exactOptional(),
      gpuCount: z.union([whole({ min: 0 }), list(whole({ min: 0 }))]).exactOptional(),
      powerCapWatts: z.union([finite({ min: 0 }), list(finite({ min: 0 }))]).exactOptional(),
    }),
  ),
  jobs: list(
    record({
      id: text(),
      runtimeMs: finite({ min: 1 }),
      powerWatts: finite({ min: 0 }),
      gpuCount: whole({ min: 0 }).exactOptional(),
      earliestStartAtMs: finite().exactOptional(),
      deadlineAtMs: finite().exactOptional(),
      mode: oneOf('contiguous', 'interruptible', 'migratable'),
      minRunMs: finite({ min: 0 }).exactOptional(),
      resumeMs: finite({ min: 0 }).exactOptional(),
      locationIds: list(text(), 1).exactOptional(),
      marginalThroughput: list(positive(), 1).exactOptional(),
      value: positive().exactOptional(),
      after: list(record({ jobId: text(), lagMs: finite({ min: 0 }).exactOptional() })).exactOptional(),
    }),
  ),
  objective: objectiveSchema.exactOptional(),
  previous: record({
    assignments: list(assignmentSchema),
    movePenalty: finite({ min: 0 }).exactOptional(),
  }).exactOptional(),
  constraints: list(constraintSchema).exactOptional(),
}) satisfies z.ZodType<ScheduleProblem>;

/** Schema of {@link ShadowPrices}: one entry of the `startPrices` of a search. */
export const shadowPricesSchema = record({
  locationId: text(),
  values: list(finite({ min: 0 })),
  wattValues: list(finite({ min: 0 })).exactOptional(),
}) satisfies z.ZodType<ShadowPrices>;

/** Schema of a {@link ReplanInput}. */
export const replanInputSchema = record({
  problem: scheduleProblemSchema,
  previous: record({ assignments: list(assignmentSchema), shadowPrices: list(shadowPricesSchema).exactOptional() }),
  frozenUntilMs: finite(),
  movePenalty: finite({ min: 0 }).exactOptional(),
}) satisfies z.ZodType<ReplanInput>;

/** Schema of {@link ScheduleLimits}. */
export const scheduleLimitsSchema = record({
  carbonGrams: finite({ min: 0 }).exactOptional(),
  costUsd: finite().exactOptional(),
}) satisfies z.ZodType<ScheduleLimits>;

/** Schema of a {@link LexicographicOrder}. */
export const lexicographicOrderSchema = record({
  first: oneOf('carbon', 'cost'),
  toleranceRatio: finite({ min: 0 }).exactOptional(),
}) satisfies z.ZodType<LexicographicOrder>;

/** Schema of a {@link SampledPath}. */
export const sampledPathSchema = record({
  locations: list(
    record({
      locationId: text(),
      carbonGramsPerKwh: list(finite({ min: 0 })).exactOptional(),
      energyPriceUsdPerKwh: list(finite()).exactOptional(),
    }),
  ),
}) satisfies z.ZodType<SampledPath>;
