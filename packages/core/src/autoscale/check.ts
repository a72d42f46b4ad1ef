import { InvalidInputError } from '../errors.ts';
import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import type { AutoscaleConfig, AutoscaleObservation, AutoscaleState, AutoscaleTarget } from './types.ts';

/** Throws unless the configuration is one that `autoscale` can follow. */
export function checkConfig(config: AutoscaleConfig): void {
  checkNumber(() => 'minReplicas', config.minReplicas, { min: 0, isWhole: true });
  checkNumber(() => 'maxReplicas', config.maxReplicas, {
    min: config.minReplicas,
    isWhole: true,
    hint: 'maxReplicas must not be below minReplicas.',
  });
  if (!Array.isArray(config.targets) || config.targets.length === 0) {
    throw new InvalidInputError('targets', 'must list at least one signal', config.targets, {
      hint: "Start with { signal: 'rate', perReplica } of what one replica can carry.",
    });
  }
  config.targets.forEach(checkTarget);
  checkOptionalNumber(() => 'tolerance.up', config.tolerance?.up, { min: 0, hint: '0.1 is 10 %.' });
  checkOptionalNumber(() => 'tolerance.down', config.tolerance?.down, { min: 0, hint: '0.1 is 10 %.' });
  checkOptionalNumber(() => 'window.upMs', config.window?.upMs, { min: 0, hint: '30 s is 30_000.' });
  checkOptionalNumber(() => 'window.downMs', config.window?.downMs, { min: 0, hint: '300 s is 300_000.' });
  checkPick('window.upPick', config.window?.upPick);
  checkPick('window.downPick', config.window?.downPick);
  checkMore(config);
  checkOptionalNumber(() => 'intervalMs', config.intervalMs, { min: 1, hint: '15 s is 15_000.' });
}

function checkPick(field: string, pick: unknown): void {
  if (pick === undefined || pick === 'min' || pick === 'mean' || pick === 'max') return;
  throw new InvalidInputError(field, "must be 'min', 'mean' or 'max'", pick);
}

function checkMore(config: AutoscaleConfig): void {
  checkOptionalNumber('coldStartMs', config.coldStartMs, { min: 0, hint: 'Two minutes are 120_000.' });
  checkOptionalNumber('overprovisionCount', config.overprovisionCount, { min: 0, isWhole: true });
  checkOptionalNumber('forecastQuantile', config.forecastQuantile, { above: 0, max: 1 });
  checkOptionalNumber('maxFailedStarts', config.maxFailedStarts, { min: 1, isWhole: true });
  for (const direction of ['up', 'down'] as const) {
    config.rates?.[direction]?.forEach(({ kind, value, periodMs }, index) => {
      const field = `rates.${direction}[${index}]`;
      if ((kind as unknown) !== 'replicas' && (kind as unknown) !== 'ratio') {
        throw new InvalidInputError(`${field}.kind`, "must be 'replicas' or 'ratio'", kind);
      }
      checkNumber(() => `${field}.value`, value, { above: 0 });
      checkNumber(() => `${field}.periodMs`, periodMs, { above: 0 });
    });
  }
  const { zero, panic, emergency } = config;
  if (zero !== undefined && 'idleMs' in zero) checkNumber('zero.idleMs', zero.idleMs, { min: 0 });
  else if (zero !== undefined) {
    checkNumber('zero.coldStartCostUsd', zero.coldStartCostUsd, { min: 0 });
    checkNumber('zero.idleCostUsdPerHour', zero.idleCostUsdPerHour, { above: 0 });
  }
  if (panic !== undefined) {
    checkNumber('panic.thresholdRatio', panic.thresholdRatio, { above: 1 });
    checkNumber('panic.holdMs', panic.holdMs, { min: 0 });
  }
  if (emergency !== undefined) checkNumber('emergency.queueDepth', emergency.queueDepth, { above: 0 });
}

function checkTarget(target: AutoscaleTarget, index: number): void {
  const { signal } = target as { readonly signal: unknown };
  if (signal !== 'rate' && signal !== 'utilization') {
    throw new InvalidInputError(`targets[${index}].signal`, "must be 'rate' or 'utilization'", signal, {
      hint: 'Turn other signals into one of these before the call.',
    });
  }
  const [name, value] =
    target.signal === 'rate' ? ['perReplica', target.perReplica] : (['ratio', target.ratio] as const);
  checkNumber(() => `targets[${index}].${name}`, value, { above: 0, hint: 'It is what one replica should carry.' });
  if (target.signal === 'rate') checkOptionalNumber(() => `targets[${index}].drainMs`, target.drainMs, { above: 0 });
}

/** Throws unless the observation is measured in numbers and not older than the state. */
export function checkObservation(observation: AutoscaleObservation, state: AutoscaleState): void {
  if ((state as { readonly version: unknown }).version !== 1 || !Array.isArray(state.wishes)) {
    throw new InvalidInputError('state', 'must come from createAutoscaleState or an earlier call', state, {
      hint: 'Store the state as it is returned; start again with createAutoscaleState().',
    });
  }
  checkNumber(() => 'nowMs', observation.nowMs);
  if (state.lastMs !== null && observation.nowMs < state.lastMs) {
    throw new InvalidInputError('nowMs', `must not be before the last call at ${state.lastMs}`, observation.nowMs, {
      hint: 'Pass observations in the order of their time.',
    });
  }
  checkNumber(() => 'readyReplicas', observation.readyReplicas, { min: 0, isWhole: true });
  checkOptionalNumber(() => 'pendingReplicas', observation.pendingReplicas, { min: 0, isWhole: true });
  const hint = 'Pass null when a signal could not be measured.';
  checkOptionalNumber(() => 'ratePerSecond', observation.ratePerSecond ?? undefined, { min: 0, hint });
  checkOptionalNumber(() => 'utilizationRatio', observation.utilizationRatio ?? undefined, { min: 0, hint });
  checkOptionalNumber(() => 'queueDepth', observation.queueDepth ?? undefined, { min: 0, hint });
  checkOptionalNumber(() => 'failedStarts', observation.failedStarts, { min: 0, isWhole: true });
  const { pendingReadyAtMs, pendingReplicas = 0 } = observation;
  if (pendingReadyAtMs !== undefined && pendingReadyAtMs.length !== pendingReplicas) {
    throw new InvalidInputError(
      'pendingReadyAtMs',
      `must have a time for each of ${pendingReplicas}`,
      pendingReadyAtMs,
    );
  }
  pendingReadyAtMs?.forEach((atMs, index) => {
    checkNumber(() => `pendingReadyAtMs[${index}]`, atMs);
  });
  checkForecast(observation.forecast);
}

function checkForecast(forecast: AutoscaleObservation['forecast']): void {
  if (forecast === undefined) return;
  checkNumber('forecast.startAtMs', forecast.startAtMs);
  checkNumber('forecast.stepMs', forecast.stepMs, { above: 0 });
  for (const [key, rates] of Object.entries(forecast.quantiles)) {
    checkNumber(() => `forecast.quantiles['${key}']`, Number(key), { above: 0, max: 1, hint: "For example '0.9'." });
    rates.forEach((rate, step) => {
      checkNumber(() => `forecast.quantiles['${key}'][${step}]`, rate, { min: 0 });
    });
  }
}
