import type { AdmitInput, PlanGangPreemptionInput, PlanPreemptionInput } from '../admission/index.ts';
import type { AutoscaleConfig, AutoscaleObservation, AutoscaleState } from '../autoscale/index.ts';
import type { CapacityConfig, CapacityObservation, CapacityState } from '../capacity/index.ts';
import type { GpuNode, Job } from '../fleet/index.ts';
import type { AdaptiveBandsState, DecayedHistogramState, EwmaState } from '../forecast/index.ts';
import type { PackMigInput, PlaceMigInput, RepartitionMigInput } from '../mig/index.ts';
import type { ConsolidateInput, FewestNodesInput, PackInput } from '../pack/index.ts';
import type {
  LexicographicOrder,
  ReplanInput,
  SampledPath,
  ScheduleLimits,
  ScheduleProblem,
} from '../schedule/index.ts';
import type {
  DeadlineJobConfig,
  DeadlineJobState,
  DeadlineObservation,
  PlanSpotConfig,
  PlanSpotObservation,
  PlanSpotState,
  SpotZoneModel,
} from '../spot/index.ts';
import { admitInputSchema, planGangPreemptionInputSchema, planPreemptionInputSchema } from './admission.ts';
import { autoscaleConfigSchema, autoscaleObservationSchema, autoscaleStateSchema } from './autoscale.ts';
import { capacityConfigSchema, capacityObservationSchema, capacityStateSchema } from './capacity.ts';
import { gpuNodeSchema, jobSchema } from './fleet.ts';
import { adaptiveBandsStateSchema, decayedHistogramStateSchema, ewmaStateSchema } from './forecast.ts';
import { packMigInputSchema, placeMigInputSchema, repartitionMigInputSchema } from './mig.ts';
import { consolidateInputSchema, fewestNodesInputSchema, packInputSchema } from './pack.ts';
import { parse } from './parse-value.ts';
import { list } from './primitives.ts';
import {
  lexicographicOrderSchema,
  replanInputSchema,
  sampledPathSchema,
  scheduleLimitsSchema,
  scheduleProblemSchema,
} from './schedule.ts';
import {
  deadlineJobConfigSchema,
  deadlineJobStateSchema,
  deadlineObservationSchema,
  planSpotConfigSchema,
  planSpotObservationSchema,
  planSpotStateSchema,
  spotZoneModelSchema,
} from './spot.ts';
import { placeReplicasInputSchema, type PlaceReplicasInput } from './spillover.ts';

const nodesSchema = list(gpuNodeSchema);
const jobsSchema = list(jobSchema);

/**
 * Returns unknown data as the nodes of a fleet. The data are not changed; a field that no node has is refused.
 *
 * @throws InvalidInputError with the path of the first wrong field (`nodes[3].cpuMilli`), its value, the first
 * wrong fields in `hint` and zod's error in `cause`.
 *
 * @example
 * ```ts
 * parseNodes(JSON.parse('[{ "id": "a", "gpus": [{ "model": "H100" }], "cpuMilli": 8000, "memoryMib": 65536 }]'));
 * ```
 */
export function parseNodes(value: unknown): readonly GpuNode[] {
  return parse('nodes', nodesSchema, value);
}

/** Returns unknown data as jobs. @throws InvalidInputError as {@link parseNodes}. */
export function parseJobs(value: unknown): readonly Job[] {
  return parse('jobs', jobsSchema, value);
}

/** Returns unknown data as the input of `pack`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePackInput(value: unknown): PackInput {
  return parse('input', packInputSchema, value);
}

/** Returns unknown data as the input of `consolidate`. @throws InvalidInputError as {@link parseNodes}. */
export function parseConsolidateInput(value: unknown): ConsolidateInput {
  return parse('input', consolidateInputSchema, value);
}

/** Returns unknown data as the input of `fewestNodes`. @throws InvalidInputError as {@link parseNodes}. */
export function parseFewestNodesInput(value: unknown): FewestNodesInput {
  return parse('input', fewestNodesInputSchema, value);
}

/** Returns unknown data as the input of `planPreemption`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePlanPreemptionInput(value: unknown): PlanPreemptionInput {
  return parse('input', planPreemptionInputSchema, value);
}

/** Returns unknown data as the input of `planGangPreemption`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePlanGangPreemptionInput(value: unknown): PlanGangPreemptionInput {
  return parse('input', planGangPreemptionInputSchema, value);
}

/** Returns unknown data as the input of `admit`. @throws InvalidInputError as {@link parseNodes}. */
export function parseAdmitInput(value: unknown): AdmitInput {
  return parse('input', admitInputSchema, value);
}

/** Returns unknown data as the input of `placeMig`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePlaceMigInput(value: unknown): PlaceMigInput {
  return parse('input', placeMigInputSchema, value);
}

/** Returns unknown data as the input of `packMig`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePackMigInput(value: unknown): PackMigInput {
  return parse('input', packMigInputSchema, value);
}

/** Returns unknown data as the input of `repartitionMig`. @throws InvalidInputError as {@link parseNodes}. */
export function parseRepartitionMigInput(value: unknown): RepartitionMigInput {
  return parse('input', repartitionMigInputSchema, value);
}

/** Returns unknown data as the problem of `schedule`. @throws InvalidInputError as {@link parseNodes}. */
export function parseScheduleProblem(value: unknown): ScheduleProblem {
  return parse('problem', scheduleProblemSchema, value);
}

/** Returns unknown data as the input of `replan`. @throws InvalidInputError as {@link parseNodes}. */
export function parseReplanInput(value: unknown): ReplanInput {
  return parse('input', replanInputSchema, value);
}

/** Returns unknown data as the limits of `scheduleWithin`. @throws InvalidInputError as {@link parseNodes}. */
export function parseScheduleLimits(value: unknown): ScheduleLimits {
  return parse('limits', scheduleLimitsSchema, value);
}

/** Returns unknown data as the order of `scheduleLexicographic`. @throws InvalidInputError as {@link parseNodes}. */
export function parseLexicographicOrder(value: unknown): LexicographicOrder {
  return parse('order', lexicographicOrderSchema, value);
}

/** Returns unknown data as the paths of `scheduleOnPaths`. @throws InvalidInputError as {@link parseNodes}. */
export function parseSampledPaths(value: unknown): readonly SampledPath[] {
  return parse('paths', list(sampledPathSchema), value);
}

/** Returns unknown data as the policy of `autoscale`. @throws InvalidInputError as {@link parseNodes}. */
export function parseAutoscaleConfig(value: unknown): AutoscaleConfig {
  return parse('config', autoscaleConfigSchema, value);
}

/** Returns unknown data as an observation of `autoscale`. @throws InvalidInputError as {@link parseNodes}. */
export function parseAutoscaleObservation(value: unknown): AutoscaleObservation {
  return parse('observation', autoscaleObservationSchema, value);
}

/** Returns unknown data as the memory of `autoscale`. @throws InvalidInputError as {@link parseNodes}. */
export function parseAutoscaleState(value: unknown): AutoscaleState {
  return parse('state', autoscaleStateSchema, value);
}

/** Returns unknown data as the configuration of `planCapacity`. @throws InvalidInputError as {@link parseNodes}. */
export function parseCapacityConfig(value: unknown): CapacityConfig {
  return parse('config', capacityConfigSchema, value);
}

/** Returns unknown data as an observation of `planCapacity`. @throws InvalidInputError as {@link parseNodes}. */
export function parseCapacityObservation(value: unknown): CapacityObservation {
  return parse('observation', capacityObservationSchema, value);
}

/** Returns unknown data as the memory of `planCapacity`. @throws InvalidInputError as {@link parseNodes}. */
export function parseCapacityState(value: unknown): CapacityState {
  return parse('state', capacityStateSchema, value);
}

/** Returns unknown data as the arguments of `placeReplicas`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePlaceReplicasInput(value: unknown): PlaceReplicasInput {
  return parse('input', placeReplicasInputSchema, value);
}

/** Returns unknown data as the job of `stepDeadlineJob`, without a table. @throws InvalidInputError as {@link parseNodes}. */
export function parseDeadlineJobConfig(value: unknown): Omit<DeadlineJobConfig, 'table'> {
  return parse('config', deadlineJobConfigSchema, value);
}

/** Returns unknown data as an observation of `stepDeadlineJob`. @throws InvalidInputError as {@link parseNodes}. */
export function parseDeadlineObservation(value: unknown): DeadlineObservation {
  return parse('observation', deadlineObservationSchema, value);
}

/** Returns unknown data as the memory of `stepDeadlineJob`. @throws InvalidInputError as {@link parseNodes}. */
export function parseDeadlineJobState(value: unknown): DeadlineJobState {
  return parse('state', deadlineJobStateSchema, value);
}

/** Returns unknown data as the policy of `planSpot`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePlanSpotConfig(value: unknown): PlanSpotConfig {
  return parse('config', planSpotConfigSchema, value);
}

/** Returns unknown data as an observation of `planSpot`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePlanSpotObservation(value: unknown): PlanSpotObservation {
  return parse('observation', planSpotObservationSchema, value);
}

/** Returns unknown data as the memory of `planSpot`. @throws InvalidInputError as {@link parseNodes}. */
export function parsePlanSpotState(value: unknown): PlanSpotState {
  return parse('state', planSpotStateSchema, value);
}

/** Returns unknown data as a model of spot zones. @throws InvalidInputError as {@link parseNodes}. */
export function parseSpotZoneModel(value: unknown): SpotZoneModel {
  return parse('model', spotZoneModelSchema, value);
}

/** Returns unknown data as the memory of `ewma`. @throws InvalidInputError as {@link parseNodes}. */
export function parseEwmaState(value: unknown): EwmaState {
  return parse('state', ewmaStateSchema, value);
}

/** Returns unknown data as the state of a `decayedHistogram`. @throws InvalidInputError as {@link parseNodes}. */
export function parseDecayedHistogramState(value: unknown): DecayedHistogramState {
  return parse('state', decayedHistogramStateSchema, value);
}

/** Returns unknown data as the state of `adaptiveBands`. @throws InvalidInputError as {@link parseNodes}. */
export function parseAdaptiveBandsState(value: unknown): AdaptiveBandsState {
  return parse('state', adaptiveBandsStateSchema, value);
}
