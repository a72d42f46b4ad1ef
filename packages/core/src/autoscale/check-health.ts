import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import type { HealthConfig, HealthObservation, HealthState } from './health-types.ts';

/** Throws unless limits and measurements are in range and the observation is not older than the state. */
export function checkHealth(config: HealthConfig, state: HealthState, observation: HealthObservation): void {
  checkOptionalNumber('maxLatencyMs', config.maxLatencyMs, { above: 0, hint: '200 ms is 200.' });
  checkOptionalNumber('maxMemoryBandwidthRatio', config.maxMemoryBandwidthRatio, { above: 0, hint: '90 % is 0.9.' });
  checkOptionalNumber('maxTimeToFirstTokenMs', config.maxTimeToFirstTokenMs, { above: 0 });
  checkOptionalNumber('worseAfter', config.worseAfter, { min: 1, isWhole: true });
  checkOptionalNumber('betterAfter', config.betterAfter, { min: 1, isWhole: true });
  checkOptionalNumber('startupMs', config.startupMs, { min: 0, hint: 'Ten minutes are 600_000.' });
  checkOptionalNumber('coldStartMs', config.coldStartMs, { min: 0, hint: 'Two minutes are 120_000.' });
  checkOptionalNumber('intervalMs', config.intervalMs, { min: 1, hint: '10 s is 10_000.' });
  const { version, streaks } = state as { readonly version: unknown; readonly streaks: unknown };
  if (version !== 1 || typeof streaks !== 'object') {
    throw new InvalidInputError('state', 'must come from createHealthState or an earlier call', state, {
      hint: 'Store the state as it is returned; start again with createHealthState().',
    });
  }
  checkNumber('nowMs', observation.nowMs);
  if (state.lastMs !== null && observation.nowMs < state.lastMs) {
    throw new InvalidInputError('nowMs', `must not be before the last call at ${state.lastMs}`, observation.nowMs, {
      hint: 'Pass observations in the order of their time.',
    });
  }
  const hint = 'Pass null when a signal could not be measured.';
  const { httpStatus, latencyMs, memoryBandwidthRatio, timeToFirstTokenMs, isThrottled, gpuFaults } = observation;
  if (httpStatus !== 'no-answer') {
    checkOptionalNumber('httpStatus', httpStatus ?? undefined, {
      min: 100,
      max: 599,
      isWhole: true,
      hint: "Pass 'no-answer' when the probe got none, null when there was no probe.",
    });
  }
  checkOptionalNumber('latencyMs', latencyMs ?? undefined, { min: 0, hint });
  checkOptionalNumber('memoryBandwidthRatio', memoryBandwidthRatio ?? undefined, { min: 0, hint });
  checkOptionalNumber('timeToFirstTokenMs', timeToFirstTokenMs ?? undefined, { min: 0, hint });
  if (isThrottled !== undefined && isThrottled !== null && typeof isThrottled !== 'boolean') {
    throw new InvalidInputError('isThrottled', 'must be true or false', isThrottled, { hint });
  }
  gpuFaults?.forEach(({ fault }: { readonly fault: unknown }, index) => {
    if (fault === 'application' || fault === 'hardware' || fault === 'unknown') return;
    throw new InvalidInputError(`gpuFaults[${index}].fault`, "must be 'application', 'hardware' or 'unknown'", fault);
  });
}
