import * as z from 'zod';
import type {
  DisruptionBudget,
  Gpu,
  GpuNode,
  Job,
  MigInstance,
  Placement,
  Replica,
  Reservation,
  Taint,
  Tier,
  Toleration,
  Topology,
} from '../fleet/index.ts';
import { GPU_MILLI } from '../units.ts';
import { migGeometrySchema } from './mig.ts';
import { finite, flag, list, oneOf, positive, record, text, whole } from './primitives.ts';

const migInstanceSchema = record({
  profile: text(),
  start: whole({ min: 0 }),
  memoryMib: whole({ min: 0 }).exactOptional(),
}) satisfies z.ZodType<MigInstance>;

const gpuSchema = record({
  model: text(),
  memoryMib: whole({ min: 0 }).exactOptional(),
  migInstances: list(migInstanceSchema).exactOptional(),
  migGeometry: z
    .union([text(), migGeometrySchema], 'must be the name of a card or a well-formed geometry')
    .exactOptional(),
}).refine(
  ({ migInstances = [], migGeometry }) => migInstances.length === 0 || migGeometry === undefined,
  'must have migInstances or migGeometry, not both',
) satisfies z.ZodType<Gpu>;

/** A value of a label or a taint, which may be empty. */
const value = () => z.string('must be a string');
const taintSchema = record({ key: text(), value: value().exactOptional() }) satisfies z.ZodType<Taint>;
const tolerationSchema = record({ key: text(), value: value().exactOptional() }) satisfies z.ZodType<Toleration>;

const reservationSchema = record({
  tenants: list(text()).exactOptional(),
  jobIds: list(text()).exactOptional(),
}).refine(
  ({ tenants = [], jobIds = [] }) => tenants.length + jobIds.length > 0,
  'must name a tenant or a job',
) satisfies z.ZodType<Reservation>;

/** Schema of a {@link GpuNode}. */
export const gpuNodeSchema = record({
  id: text(),
  gpus: list(gpuSchema),
  cpuMilli: whole({ min: 0 }),
  memoryMib: whole({ min: 0 }),
  pool: text().exactOptional(),
  zone: text().exactOptional(),
  rack: text().exactOptional(),
  nvlinkDomain: text().exactOptional(),
  labels: z.record(z.string(), value(), 'must be an object of strings').exactOptional(),
  taints: list(taintSchema).exactOptional(),
  reservedFor: reservationSchema.exactOptional(),
  priceUsdPerHour: finite({ min: 0 }).exactOptional(),
  idleWatts: finite({ min: 0 }).exactOptional(),
  expiresAtMs: finite().exactOptional(),
  isCordoned: flag().exactOptional(),
}) satisfies z.ZodType<GpuNode>;

const topologySchema = record({
  required: oneOf('nvlinkDomain', 'rack', 'zone').exactOptional(),
  prefersCompact: flag().exactOptional(),
}).refine(
  ({ required, prefersCompact }) => required !== undefined || prefersCompact === true,
  'must require a level or prefer to be compact',
) satisfies z.ZodType<Topology>;

const jobShape = {
  gpuCount: whole({ min: 0 }),
  gpuMilli: whole({ min: 1, max: GPU_MILLI }).exactOptional(),
  gpuMemoryMib: whole({ min: 0 }).exactOptional(),
  gpuModels: list(text(), 1).exactOptional(),
  migProfile: text().exactOptional(),
  zones: list(text(), 1).exactOptional(),
  nodeLabels: z
    .record(
      z.string(),
      z.union([value(), list(value(), 1)], 'must be a string or a list of strings'),
      'must be an object of strings or lists of strings',
    )
    .exactOptional(),
  tolerations: list(tolerationSchema).exactOptional(),
  cpuMilli: whole({ min: 0 }),
  memoryMib: whole({ min: 0 }),
  priority: finite().exactOptional(),
  tenant: text().exactOptional(),
  gang: text().exactOptional(),
  topology: topologySchema.exactOptional(),
  runtimeMs: finite({ min: 1 }).exactOptional(),
  minRuntimeMs: finite({ min: 0 }).exactOptional(),
  isPreemptible: flag().exactOptional(),
};

/** A job of the expected mix: everything but its id. */
export const jobWithoutIdSchema = record(jobShape) satisfies z.ZodType<Omit<Job, 'id'>>;

/** Schema of a {@link Job}. */
export const jobSchema = record({ id: text(), ...jobShape }) satisfies z.ZodType<Job>;

/** Schema of a {@link Placement}. */
export const placementSchema = record({
  jobId: text(),
  nodeId: text(),
  gpus: list(record({ index: whole({ min: 0 }), milli: whole({ min: 1, max: GPU_MILLI }) })),
  mig: record({ gpuIndex: whole({ min: 0 }), profile: text(), start: whole({ min: 0 }) }).exactOptional(),
}) satisfies z.ZodType<Placement>;

/** Schema of a {@link Tier}. */
export const tierSchema = record({
  id: text(),
  kind: oneOf('fixed', 'hourly', 'spot', 'market'),
  capacity: whole({ min: 0 }).nullable(),
  priceUsdPerHour: finite({ min: 0 }),
  priority: finite().exactOptional(),
  noticeMs: finite({ min: 0 }).exactOptional(),
  startupMs: finite({ min: 0 }).exactOptional(),
  minCount: whole({ min: 0 }).exactOptional(),
  commitMs: finite({ min: 0 }).exactOptional(),
}) satisfies z.ZodType<Tier>;

/** Schema of a {@link DisruptionBudget}; which fields go together, and its schedule, are checked by whoever uses it. */
export const disruptionBudgetSchema = record({
  maxCount: whole({ min: 0 }).exactOptional(),
  maxRatio: finite({ min: 0, max: 1 }).exactOptional(),
  schedule: text().exactOptional(),
  durationMs: positive().exactOptional(),
  reasons: list(oneOf('empty', 'underutilized', 'drifted', 'surplus')).exactOptional(),
}) satisfies z.ZodType<DisruptionBudget>;

/** Schema of a {@link Replica}. */
export const replicaSchema = record({
  id: text(),
  tierId: text(),
  startedAtMs: finite(),
  isReady: flag().exactOptional(),
  health: oneOf('starting', 'healthy', 'saturated', 'sick', 'unknown').exactOptional(),
}) satisfies z.ZodType<Replica>;
