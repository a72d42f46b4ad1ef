import * as z from 'zod';
import type { ScheduleProblem } from '../schedule/index.ts';
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
      locationIds: list(text(), 1).exactOptional(),
      marginalThroughput: list(positive(), 1).exactOptional(),
      value: positive().exactOptional(),
      after: list(record({ jobId: text(), lagMs: finite({ min: 0 }).exactOptional() })).exactOptional(),
    }),
  ),
  objective: objectiveSchema.exactOptional(),
  previous: record({
    assignments: list(
      record({
        jobId: text(),
        locationId: text(),
        slot: whole(),
        startAtMs: finite(),
        durationMs: positive(),
        replicaCount: whole({ min: 1 }).exactOptional(),
      }),
    ),
    movePenalty: finite({ min: 0 }).exactOptional(),
  }).exactOptional(),
  constraints: list(constraintSchema).exactOptional(),
}) satisfies z.ZodType<ScheduleProblem>;
