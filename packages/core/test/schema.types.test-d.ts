import type * as z from 'zod';
import type {
  AdmitInput,
  AutoscaleConfig,
  AutoscaleObservation,
  AutoscaleState,
  CapacityConfig,
  CapacityObservation,
  CapacityState,
  CarbonSeries,
  ConsolidateInput,
  AdaptiveBandsState,
  DeadlineJobConfig,
  DeadlineJobState,
  DeadlineObservation,
  DecayedHistogramState,
  EwmaState,
  FewestNodesInput,
  GpuNode,
  Job,
  MigCard,
  MigGeometry,
  PackInput,
  PackMigInput,
  PlaceMigInput,
  Placement,
  PlanGangPreemptionInput,
  PlanPreemptionInput,
  PlanSpotConfig,
  PlanSpotObservation,
  PlanSpotState,
  RepartitionMigInput,
  Replica,
  ReplanInput,
  LexicographicOrder,
  SampledPath,
  ScheduleLimits,
  ScheduleProblem,
  Series,
  ShadowPrices,
  SpotZoneModel,
  Tier,
} from '../src/index.ts';
import type * as schema from '../src/schema/index.ts';

// `satisfies z.ZodType<T>` refuses a schema that lacks a required field. A field that is optional in the type and
// unknown to the schema passes it, and good input would be refused at run time; so both directions are compared here.
type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
// The type parameter is what makes the compiler compare for identity, not for assignability.
/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters */
type IsSame<A, B> =
  (<T>() => T extends DeepReadonly<A> ? 1 : 2) extends <T>() => T extends DeepReadonly<B> ? 1 : 2 ? true : false;
/* eslint-enable @typescript-eslint/no-unnecessary-type-parameters */
type Reads<Schema extends z.ZodType, Type> = IsSame<z.output<Schema>, Type>;

export const isSame = {
  gpuNode: true satisfies Reads<typeof schema.gpuNodeSchema, GpuNode>,
  job: true satisfies Reads<typeof schema.jobSchema, Job>,
  placement: true satisfies Reads<typeof schema.placementSchema, Placement>,
  tier: true satisfies Reads<typeof schema.tierSchema, Tier>,
  replica: true satisfies Reads<typeof schema.replicaSchema, Replica>,
  series: true satisfies Reads<typeof schema.seriesSchema, Series>,
  carbonSeries: true satisfies Reads<typeof schema.carbonSeriesSchema, CarbonSeries>,
  packInput: true satisfies Reads<typeof schema.packInputSchema, PackInput>,
  fewestNodesInput: true satisfies Reads<typeof schema.fewestNodesInputSchema, FewestNodesInput>,
  migCard: true satisfies Reads<typeof schema.migCardSchema, MigCard>,
  migGeometry: true satisfies Reads<typeof schema.migGeometrySchema, MigGeometry>,
  placeMigInput: true satisfies Reads<typeof schema.placeMigInputSchema, PlaceMigInput>,
  packMigInput: true satisfies Reads<typeof schema.packMigInputSchema, PackMigInput>,
  repartitionMigInput: true satisfies Reads<typeof schema.repartitionMigInputSchema, RepartitionMigInput>,
  planGangPreemptionInput: true satisfies Reads<typeof schema.planGangPreemptionInputSchema, PlanGangPreemptionInput>,
  planPreemptionInput: true satisfies Reads<typeof schema.planPreemptionInputSchema, PlanPreemptionInput>,
  admitInput: true satisfies Reads<typeof schema.admitInputSchema, AdmitInput>,
  consolidateInput: true satisfies Reads<typeof schema.consolidateInputSchema, ConsolidateInput>,
  scheduleProblem: true satisfies Reads<typeof schema.scheduleProblemSchema, ScheduleProblem>,
  replanInput: true satisfies Reads<typeof schema.replanInputSchema, ReplanInput>,
  scheduleLimits: true satisfies Reads<typeof schema.scheduleLimitsSchema, ScheduleLimits>,
  lexicographicOrder: true satisfies Reads<typeof schema.lexicographicOrderSchema, LexicographicOrder>,
  sampledPath: true satisfies Reads<typeof schema.sampledPathSchema, SampledPath>,
  shadowPrices: true satisfies Reads<typeof schema.shadowPricesSchema, ShadowPrices>,
  autoscaleConfig: true satisfies Reads<typeof schema.autoscaleConfigSchema, AutoscaleConfig>,
  autoscaleObservation: true satisfies Reads<typeof schema.autoscaleObservationSchema, AutoscaleObservation>,
  autoscaleState: true satisfies Reads<typeof schema.autoscaleStateSchema, AutoscaleState>,
  capacityConfig: true satisfies Reads<typeof schema.capacityConfigSchema, CapacityConfig>,
  capacityObservation: true satisfies Reads<typeof schema.capacityObservationSchema, CapacityObservation>,
  capacityState: true satisfies Reads<typeof schema.capacityStateSchema, CapacityState>,
  placeReplicasInput: true satisfies Reads<typeof schema.placeReplicasInputSchema, schema.PlaceReplicasInput>,
  decayedHistogramState: true satisfies Reads<typeof schema.decayedHistogramStateSchema, DecayedHistogramState>,
  adaptiveBandsState: true satisfies Reads<typeof schema.adaptiveBandsStateSchema, AdaptiveBandsState>,
  deadlineJobConfig: true satisfies Reads<typeof schema.deadlineJobConfigSchema, Omit<DeadlineJobConfig, 'table'>>,
  deadlineObservation: true satisfies Reads<typeof schema.deadlineObservationSchema, DeadlineObservation>,
  deadlineJobState: true satisfies Reads<typeof schema.deadlineJobStateSchema, DeadlineJobState>,
  planSpotConfig: true satisfies Reads<typeof schema.planSpotConfigSchema, PlanSpotConfig>,
  planSpotObservation: true satisfies Reads<typeof schema.planSpotObservationSchema, PlanSpotObservation>,
  planSpotState: true satisfies Reads<typeof schema.planSpotStateSchema, PlanSpotState>,
  spotZoneModel: true satisfies Reads<typeof schema.spotZoneModelSchema, SpotZoneModel>,
  ewmaState: true satisfies Reads<typeof schema.ewmaStateSchema, EwmaState>,
};

// The comparison itself can fail: a missing optional field, and a field of another type.
export const isDifferent = {
  missing: false satisfies IsSame<Omit<Job, 'gang'>, Job>,
  other: false satisfies IsSame<Omit<Job, 'gang'> & { gang?: number }, Job>,
};
