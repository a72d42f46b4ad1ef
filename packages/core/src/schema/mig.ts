import * as z from 'zod';
import type { MigCard, MigGeometry, PackMigInput, PlaceMigInput, RepartitionMigInput } from '../mig/index.ts';
import { flag, list, oneOf, positive, record, text, whole } from './primitives.ts';

/** More memory slices than any card has: the searches keep them as bits. */
const MAX_MEMORY_SLICES = 12;

/** Schema of a {@link MigGeometry}, for cards whose model is not known. */
export const migGeometrySchema = record({
  name: text(),
  memorySlices: whole({ min: 1, max: MAX_MEMORY_SLICES }),
  computeSlices: whole({ min: 1 }),
  profiles: list(
    record({
      name: text(),
      computeSlices: whole({ min: 1 }),
      memorySlices: whole({ min: 1 }),
      starts: list(whole({ min: 0 }), 1),
      maxInstances: whole({ min: 1 }).exactOptional(),
      memoryMib: whole({ min: 0 }).exactOptional(),
      hasMediaExtensions: flag().exactOptional(),
    }),
  ),
  startsSource: oneOf('driver', 'assumed'),
}) satisfies z.ZodType<MigGeometry>;

/** Schema of a {@link MigCard}. */
export const migCardSchema = record({
  id: text(),
  model: z.union([text(), migGeometrySchema], 'must be a model name or a well-formed geometry'),
  instances: list(
    record({
      profile: text(),
      start: whole({ min: 0 }),
      memoryMib: whole({ min: 0 }).exactOptional(),
      isMovable: flag().exactOptional(),
    }),
  ).exactOptional(),
}) satisfies z.ZodType<MigCard>;

/** Schema of a {@link PlaceMigInput}. */
export const placeMigInputSchema = record({
  cards: list(migCardSchema),
  profile: text(),
  workload: list(record({ profile: text(), weight: positive() })).exactOptional(),
}) satisfies z.ZodType<PlaceMigInput>;

/** Schema of a {@link PackMigInput}. */
export const packMigInputSchema = record({
  cards: list(migCardSchema),
  jobs: list(record({ id: text(), profile: text() })),
}) satisfies z.ZodType<PackMigInput>;

/** Schema of a {@link RepartitionMigInput}. */
export const repartitionMigInputSchema = record({
  cards: list(migCardSchema),
  wanted: list(record({ profile: text(), count: whole({ min: 0 }) })),
}) satisfies z.ZodType<RepartitionMigInput>;
