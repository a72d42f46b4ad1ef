import type {
  HpaConfig,
  HpaObservation,
  HpaState,
  KpaConfig,
  KpaObservation,
  KpaState,
  SkyServeConfig,
  SkyServeObservation,
  SkyServeState,
  HealthConfig,
  HealthObservation,
  HealthState,
  AutoscaleNodesConfig,
  AutoscaleNodesObservation,
  AutoscaleNodesState,
} from '../autoscale/index.ts';
import type { JobFailure, RecoverableJob, RecoverOptions } from '../spot/index.ts';
import {
  hpaConfigSchema,
  hpaObservationSchema,
  hpaStateSchema,
  kpaConfigSchema,
  kpaObservationSchema,
  kpaStateSchema,
  skyServeConfigSchema,
  skyServeObservationSchema,
  skyServeStateSchema,
} from './compatible.ts';
import { healthConfigSchema, healthObservationSchema, healthStateSchema } from './health.ts';
import { autoscaleNodesConfigSchema, autoscaleNodesObservationSchema, autoscaleNodesStateSchema } from './nodes.ts';
import { recoverableJobSchema, jobFailureSchema, recoverOptionsSchema } from './recover.ts';
import { parse } from './parse-value.ts';

/** Returns unknown data as the configuration of `autoscaleAsHpa`. @throws InvalidInputError as `parseNodes`. */
export function parseHpaConfig(value: unknown): HpaConfig {
  return parse('config', hpaConfigSchema, value);
}

/** Returns unknown data as an observation of `autoscaleAsHpa`. @throws InvalidInputError as `parseNodes`. */
export function parseHpaObservation(value: unknown): HpaObservation {
  return parse('observation', hpaObservationSchema, value);
}

/** Returns unknown data as the memory of `autoscaleAsHpa`. @throws InvalidInputError as `parseNodes`. */
export function parseHpaState(value: unknown): HpaState {
  return parse('state', hpaStateSchema, value);
}

/** Returns unknown data as the configuration of `autoscaleAsKpa`. @throws InvalidInputError as `parseNodes`. */
export function parseKpaConfig(value: unknown): KpaConfig {
  return parse('config', kpaConfigSchema, value);
}

/** Returns unknown data as an observation of `autoscaleAsKpa`. @throws InvalidInputError as `parseNodes`. */
export function parseKpaObservation(value: unknown): KpaObservation {
  return parse('observation', kpaObservationSchema, value);
}

/** Returns unknown data as the memory of `autoscaleAsKpa`. @throws InvalidInputError as `parseNodes`. */
export function parseKpaState(value: unknown): KpaState {
  return parse('state', kpaStateSchema, value);
}

/** Returns unknown data as the configuration of `autoscaleAsSkyServe`. @throws InvalidInputError as `parseNodes`. */
export function parseSkyServeConfig(value: unknown): SkyServeConfig {
  return parse('config', skyServeConfigSchema, value);
}

/** Returns unknown data as an observation of `autoscaleAsSkyServe`. @throws InvalidInputError as `parseNodes`. */
export function parseSkyServeObservation(value: unknown): SkyServeObservation {
  return parse('observation', skyServeObservationSchema, value);
}

/** Returns unknown data as the memory of `autoscaleAsSkyServe`. @throws InvalidInputError as `parseNodes`. */
export function parseSkyServeState(value: unknown): SkyServeState {
  return parse('state', skyServeStateSchema, value);
}

/** Returns unknown data as the limits of `evaluateHealth`. @throws InvalidInputError as `parseNodes`. */
export function parseHealthConfig(value: unknown): HealthConfig {
  return parse('config', healthConfigSchema, value);
}

/** Returns unknown data as an observation of `evaluateHealth`. @throws InvalidInputError as `parseNodes`. */
export function parseHealthObservation(value: unknown): HealthObservation {
  return parse('observation', healthObservationSchema, value);
}

/** Returns unknown data as the memory of `evaluateHealth`. @throws InvalidInputError as `parseNodes`. */
export function parseHealthState(value: unknown): HealthState {
  return parse('state', healthStateSchema, value);
}

/** Returns unknown data as the policy of `autoscaleNodes`. @throws InvalidInputError as `parseNodes`. */
export function parseAutoscaleNodesConfig(value: unknown): AutoscaleNodesConfig {
  return parse('config', autoscaleNodesConfigSchema, value);
}

/** Returns unknown data as an observation of `autoscaleNodes`. @throws InvalidInputError as `parseNodes`. */
export function parseAutoscaleNodesObservation(value: unknown): AutoscaleNodesObservation {
  return parse('observation', autoscaleNodesObservationSchema, value);
}

/** Returns unknown data as the memory of `autoscaleNodes`. @throws InvalidInputError as `parseNodes`. */
export function parseAutoscaleNodesState(value: unknown): AutoscaleNodesState {
  return parse('state', autoscaleNodesStateSchema, value);
}

/** Returns unknown data as the job of `recover`, with what it remembers. @throws InvalidInputError as `parseNodes`. */
export function parseRecoverableJob(value: unknown): RecoverableJob {
  return parse('job', recoverableJobSchema, value);
}

/** Returns unknown data as the failure of `recover`. @throws InvalidInputError as `parseNodes`. */
export function parseJobFailure(value: unknown): JobFailure {
  return parse('failure', jobFailureSchema, value);
}

/** Returns unknown data as the options of `recover`. @throws InvalidInputError as `parseNodes`. */
export function parseRecoverOptions(value: unknown): RecoverOptions {
  return parse('options', recoverOptionsSchema, value);
}
