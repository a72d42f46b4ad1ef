export { checkNumber, checkOptionalNumber } from './check-number.ts';
export type { NumberRule } from './check-number.ts';
export { InvalidInputError, SpillwayError } from './errors.ts';
export type { SpillwayErrorOptions } from './errors.ts';
export { createRandom } from './random.ts';
export type { Random } from './random.ts';
export { countReasons } from './reasons.ts';
export type { Reason } from './reasons.ts';
export { checkSeries, resample, seriesEndAtMs, valueAt } from './time-series.ts';
export type { CarbonSeries, Series, SeriesUnit } from './time-series.ts';
export {
  DAY_MS,
  GPU_MILLI,
  HOUR_MS,
  hoursFromMs,
  kilogramsFromGrams,
  kilowattHoursFromWattHours,
  MINUTE_MS,
  SECOND_MS,
  tonnesFromGrams,
  wattHoursFromJoules,
  wattHoursFromWatts,
} from './units.ts';

export type {
  Gpu,
  GpuNode,
  Job,
  MigInstance,
  Placement,
  Replica,
  Reservation,
  Taint,
  Tier,
  TierKind,
  Toleration,
  Topology,
  TopologyLevel,
} from './fleet/index.ts';
export {
  consolidate,
  createPacker,
  explainUnplaced,
  mostAllocated,
  weightedScorer,
  fewestNodes,
  pack,
  packBound,
  unplacedBound,
} from './pack/index.ts';
export type {
  ConsolidateInput,
  ConsolidateOptions,
  ConsolidateResult,
  FewestNodesInput,
  FewestNodesOptions,
  FewestNodesResult,
  KeptReason,
  Move,
  MoveBudget,
  NodeWeight,
  JobView,
  NearestBarrier,
  NearestDomain,
  NearestMiss,
  NodeBarrier,
  NodeRule,
  NodeView,
  Packer,
  PackBound,
  PackBoundInput,
  PackBoundOptions,
  PackerInput,
  PackerSnapshot,
  PackInput,
  PackOptions,
  PackResult,
  PackStats,
  PlaceResult,
  ResourceMiss,
  RunningJob,
  RunningPlacement,
  Scorer,
  ScoreNode,
  ScoreWeights,
  UnplacedBound,
  UnplacedJob,
  UnplacedReason,
  WorkloadShape,
} from './pack/index.ts';
export { admit, planGangPreemption, planPreemption } from './admission/index.ts';
export type {
  AdmitInput,
  AdmitOptions,
  AdmitResult,
  AdmittedJobs,
  DominantShare,
  EvictionCost,
  EvictionPlan,
  GangPreemptionResult,
  Loan,
  PendingJob,
  PlanGangPreemptionInput,
  PlanGangPreemptionOptions,
  PlanPreemptionInput,
  PlanPreemptionOptions,
  PreemptionResult,
  QuotaMiss,
  ResourceAmounts,
  TenantQuota,
  Victim,
  WaitingJobs,
  WaitingReason,
} from './admission/index.ts';
export { explainMig, isLegalLayout, migGeometry, migLayouts, packMig, placeMig, repartitionMig } from './mig/index.ts';
export type {
  MigCard,
  MigCardInstance,
  MigGeometry,
  MigJob,
  MigLayouts,
  MigLayoutsOptions,
  MigProfile,
  MigSearchOptions,
  MigSlot,
  MigStep,
  MigUnplacedReason,
  MigWorkloadShape,
  PackMigInput,
  PackMigResult,
  PlaceMigInput,
  PlaceMigResult,
  RepartitionMigInput,
  RepartitionMigOptions,
  RepartitionMigReason,
  RepartitionMigResult,
} from './mig/index.ts';
export { explainSchedule, paretoFront, schedule, verifyBound, verifySchedule } from './schedule/index.ts';
export type {
  Assignment,
  BaselineAmounts,
  BoundVerification,
  ParetoOptions,
  ParetoPoint,
  RunNow,
  ScheduleAmounts,
  ScheduledJob,
  ScheduleJob,
  ScheduleLocation,
  ScheduleObjective,
  ScheduleOptions,
  ScheduleProblem,
  ScheduleResult,
  ScheduleRule,
  ScheduleVerification,
  ScheduleViolation,
  ShadowPrices,
  SlotGrid,
  UnplaceableJob,
  UnplaceableReason,
  VerifyBoundOptions,
} from './schedule/index.ts';
export { adaptiveBands, decayedHistogram, ewma, fitHalfLife } from './forecast/index.ts';
export type {
  AdaptiveBand,
  AdaptiveBands,
  AdaptiveBandsOptions,
  AdaptiveBandsState,
  DecayedHistogram,
  DecayedHistogramOptions,
  DecayedHistogramState,
  Ewma,
  EwmaSample,
  EwmaState,
  FitHalfLifeOptions,
  FitHalfLifeReason,
  FitHalfLifeResult,
  HistogramSample,
} from './forecast/index.ts';
export { autoscale, createAutoscaleState, explainAutoscale } from './autoscale/index.ts';
export type {
  AutoscaleConfig,
  AutoscaleObservation,
  AutoscaleReason,
  AutoscaleResult,
  AutoscaleState,
  AutoscaleTarget,
} from './autoscale/index.ts';
export { explainPlaceReplicas, placeReplicas } from './spillover/index.ts';
export type { PlaceReplicasReason, PlaceReplicasRequest, PlaceReplicasResult } from './spillover/index.ts';
export { embodiedCarbon, emissions, sci } from './carbon/index.ts';
export type { EmbodiedInput, Emissions, EmissionsInput, Sci, SciInput } from './carbon/index.ts';
