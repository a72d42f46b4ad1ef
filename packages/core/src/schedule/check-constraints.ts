import { checkOptionalNumber, checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkIds, checkList } from '../internal/check.ts';
import type { ScheduleConstraint, ScheduleLocation } from './types.ts';

const KINDS: readonly string[] = [
  'blackout',
  'gpu-cap',
  'power-cap',
  'forbidden',
] satisfies ScheduleConstraint['kind'][];

/** Checks named constraints. @throws InvalidInputError as `checkProblem`. */
export function checkConstraints(
  constraints: readonly ScheduleConstraint[],
  locations: readonly ScheduleLocation[],
): void {
  checkIds('constraints', constraints);
  const locationIds = new Set(locations.map(({ id }) => id));
  const checkPlace = (field: string, id: unknown) => {
    if (locationIds.has(id as string)) return;
    throw new InvalidInputError(field, 'must be the id of a location', id, {
      hint: 'A constraint on a location that does not exist would hold nothing back: check the spelling.',
    });
  };
  for (const constraint of constraints) {
    const field = (name: string) => `${name} of constraint '${constraint.id}'`;
    if (!KINDS.includes(constraint.kind)) {
      const words = KINDS.map((kind) => `'${kind}'`).join(' or ');
      throw new InvalidInputError(field('kind'), `must be ${words}`, constraint.kind, { hint: 'Check the spelling.' });
    }
    if (constraint.kind === 'forbidden') {
      checkList(() => field('locationIds'), constraint.locationIds, 'Pass ids of locations.');
      constraint.locationIds.forEach((id, index) => {
        checkPlace(field(`locationIds[${index}]`), id);
      });
      if (constraint.jobIds !== undefined) checkList(() => field('jobIds'), constraint.jobIds, 'Pass ids of jobs.');
      continue;
    }
    const { locationId, startAtMs, endAtMs } = constraint;
    checkPlace(field('locationId'), locationId);
    checkOptionalNumber(() => field('startAtMs'), startAtMs);
    checkOptionalNumber(() => field('endAtMs'), endAtMs);
    if (startAtMs !== undefined && endAtMs !== undefined && endAtMs <= startAtMs) {
      throw new InvalidInputError(field('endAtMs'), `must be > startAtMs ${startAtMs}`, endAtMs, {
        hint: 'Both are ms since the Unix epoch.',
      });
    }
    if (constraint.kind === 'gpu-cap') {
      checkNumber(() => field('gpuCount'), constraint.gpuCount, { min: 0, isWhole: true });
    }
    if (constraint.kind === 'power-cap')
      checkNumber(() => field('powerCapWatts'), constraint.powerCapWatts, { min: 0 });
  }
}
