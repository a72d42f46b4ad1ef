import * as z from 'zod';
import type { JobFailure, RecoverableJob, RecoverOptions, RecoverState } from '../spot/index.ts';
import { finite, flag, list, oneOf, positive, record, text, whole } from './primitives.ts';

const count = whole({ min: 0 });

/** Schema of a {@link RecoverState}: what a store gives back after a restart. */
export const recoverStateSchema = record({
  version: z.literal(1, 'must be 1'),
  lastMs: finite(),
  errorCount: count,
  timeoutCount: count,
  fruitlessCount: count,
  crashCount: count,
  lossCount: count,
  checkpointAtMs: finite().nullable(),
  lostPlaces: list(record({ place: text(), atMs: finite() })),
}) satisfies z.ZodType<RecoverState>;

/** Schema of a {@link RecoverableJob}. */
export const recoverableJobSchema = record({
  id: text(),
  startedAtMs: finite(),
  checkpointAtMs: finite().nullable().exactOptional(),
  place: text().exactOptional(),
  places: list(text()).exactOptional(),
  state: recoverStateSchema.exactOptional(),
}) satisfies z.ZodType<RecoverableJob>;

const ended = { atMs: finite(), nodeId: text().exactOptional() };

/** Schema of a {@link JobFailure}. */
export const jobFailureSchema = z.discriminatedUnion(
  'kind',
  [
    record({ ...ended, kind: z.literal('error'), isRetryable: flag().exactOptional() }),
    record({
      ...ended,
      kind: z.literal('out-of-memory'),
      memory: oneOf('gpu', 'host'),
      hadMib: positive().nullable().exactOptional(),
    }),
    record({ ...ended, kind: z.literal('timeout') }),
    record({ ...ended, kind: z.literal('preempted') }),
    record({ ...ended, kind: z.literal('node-lost') }),
    record({ ...ended, kind: z.literal('unknown') }),
  ],
  'must be a kind of failure',
) satisfies z.ZodType<JobFailure>;

/** Schema of {@link RecoverOptions}. */
export const recoverOptionsSchema = record({
  maxErrorRestarts: count.exactOptional(),
  maxTimeoutRestarts: count.exactOptional(),
  backoffMs: finite({ min: 0 }).exactOptional(),
  maxBackoffMs: finite({ min: 0 }).exactOptional(),
  progressMs: positive().exactOptional(),
  crashLoopCount: whole({ min: 2 }).exactOptional(),
  placeMemoryMs: finite({ min: 0 }).exactOptional(),
  maxFruitlessLosses: whole({ min: 1 }).exactOptional(),
}) satisfies z.ZodType<RecoverOptions>;
