import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import type { DeadlineJobConfig, DeadlineJobState, DeadlineObservation, SpotZoneModel } from './types.ts';

/** Throws unless the configuration is one that `stepDeadlineJob` can follow. */
export function checkDeadlineConfig(config: DeadlineJobConfig): void {
  checkNumber('startAtMs', config.startAtMs);
  checkNumber('deadlineAtMs', config.deadlineAtMs, {
    above: config.startAtMs,
    hint: 'deadlineAtMs must be after startAtMs.',
  });
  checkNumber('workMs', config.workMs, { above: 0, hint: 'An hour is 3_600_000.' });
  checkNumber('restartMs', config.restartMs, { min: 0, hint: 'Two minutes are 120_000.' });
  checkNumber('spotPriceUsdPerHour', config.spotPriceUsdPerHour, { above: 0 });
  checkNumber('onDemandPriceUsdPerHour', config.onDemandPriceUsdPerHour, { above: 0 });
  checkOptionalNumber('tickMs', config.tickMs, { above: 0, hint: 'Ten minutes are 600_000.' });
  const policies: readonly unknown[] = [undefined, 'learned', 'greedy', 'uniform-progress'];
  if (!policies.includes(config.policy)) {
    throw new InvalidInputError('policy', "must be 'learned', 'greedy' or 'uniform-progress'", config.policy);
  }
}

/** Throws unless the chains of a model are chains. */
export function checkZones(zones: SpotZoneModel): void {
  checkNumber('zones.tickMs', zones.tickMs, { above: 0 });
  if (!Array.isArray(zones.kinds) || zones.kinds.length === 0) {
    throw new InvalidInputError('zones.kinds', 'must list at least one kind', zones.kinds);
  }
  (zones.kinds as SpotZoneModel['kinds']).forEach(({ weight, start, transition }, kind) => {
    checkNumber(`zones.kinds[${kind}].weight`, weight, { above: 0 });
    checkRow(`zones.kinds[${kind}].start`, start);
    if (!Array.isArray(transition) || transition.length !== 4) {
      throw new InvalidInputError(`zones.kinds[${kind}].transition`, 'must have four rows', transition);
    }
    (transition as readonly (readonly number[])[]).forEach((row, from) => {
      const field = `zones.kinds[${kind}].transition[${from}]`;
      checkRow(field, row);
      const sum = row.reduce((total, probability) => total + probability, 0);
      if (Math.abs(sum - 1) > 1e-3) throw new InvalidInputError(field, 'must add up to 1', sum);
    });
  });
}

function checkRow(field: string, row: readonly number[]): void {
  if (!Array.isArray(row) || row.length !== 4) throw new InvalidInputError(field, 'must be four numbers', row);
  row.forEach((probability: unknown, state) => {
    checkNumber(`${field}[${state}]`, probability, { min: 0, max: 1 });
  });
}

/** Throws unless the observation is of this job and not older than the state. */
export function checkDeadlineObservation(observation: DeadlineObservation, state: DeadlineJobState): void {
  if ((state as { readonly version: unknown }).version !== 1) {
    throw new InvalidInputError('state', 'must come from createDeadlineJobState or an earlier call', state, {
      hint: 'Store the state as it is returned; start again with createDeadlineJobState().',
    });
  }
  checkNumber('nowMs', observation.nowMs);
  if (state.lastMs !== null && observation.nowMs < state.lastMs) {
    throw new InvalidInputError('nowMs', `must not be before the last call at ${state.lastMs}`, observation.nowMs, {
      hint: 'Pass observations in the order of their time.',
    });
  }
  checkNumber('workLeftMs', observation.workLeftMs, { min: 0 });
  checkOptionalNumber('restartLeftMs', observation.restartLeftMs, { min: 0 });
  const { isSpotAvailable, running } = observation as { isSpotAvailable: unknown; running: unknown };
  if (typeof isSpotAvailable !== 'boolean') {
    throw new InvalidInputError('isSpotAvailable', 'must be true or false', isSpotAvailable, {
      hint: 'Ask the provider, or pass what the last launch showed.',
    });
  }
  if (running !== 'none' && running !== 'spot' && running !== 'on-demand') {
    throw new InvalidInputError('running', "must be 'none', 'spot' or 'on-demand'", running);
  }
}
