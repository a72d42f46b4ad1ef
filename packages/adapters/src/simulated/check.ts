import { InvalidInputError } from '@spillway/core';

/** Bounds of a number, both inclusive. */
interface NumberRule {
  readonly min?: number;
  readonly max?: number;
  readonly isWhole?: boolean;
}

/** Throws unless `value` is a finite number within the rule. */
export function checkNumber(field: string, value: unknown, rule: NumberRule = {}): void {
  const { min = -Infinity, max = Infinity, isWhole = false } = rule;
  const isRight =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= min &&
    value <= max &&
    (!isWhole || Number.isSafeInteger(value));
  if (isRight) return;
  const range = max < Infinity ? ` from ${min} to ${max}` : min > -Infinity ? ` >= ${min}` : '';
  throw new InvalidInputError(field, `must be a ${isWhole ? 'whole' : 'finite'} number${range}`, value);
}
