import { InvalidInputError } from './errors.ts';

/** What a number must be. */
export interface NumberRule {
  /** Smallest value allowed. */
  readonly min?: number;
  /** Largest value allowed. */
  readonly max?: number;
  /** The value must be larger than this. */
  readonly above?: number;
  /** The value must be a safe integer. @defaultValue false */
  readonly isWhole?: boolean;
  /** What the caller can do about it, for the error. */
  readonly hint?: string;
}

/**
 * Throws unless a value is a finite number within a rule. For what is embedded beside Spillway and checks its input the
 * same way: adapters, forecast models, policies.
 *
 * @param field - path of the value, for the error; a function is only called when the check fails.
 * @throws {@link InvalidInputError} naming field, rule and value.
 *
 * @example
 * ```ts
 * checkNumber('timeoutMs', 0, { above: 0 }); // throws: timeoutMs must be a finite number > 0, got 0
 * ```
 */
export function checkNumber(
  field: string | (() => string),
  value: unknown,
  rule: NumberRule = {},
): asserts value is number {
  if (isNumber(value, rule)) return;
  const name = typeof field === 'string' ? field : field();
  throw new InvalidInputError(name, inWords(rule), value, rule.hint === undefined ? {} : { hint: rule.hint });
}

/** True when {@link checkNumber} passes. For checks so frequent that even naming the field costs too much. */
export function isNumber(value: unknown, rule: NumberRule): value is number {
  const { min = -Infinity, max = Infinity, above = -Infinity, isWhole = false } = rule;
  return (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= min &&
    value <= max &&
    value > above &&
    (!isWhole || Number.isSafeInteger(value))
  );
}

/** As {@link checkNumber}, but `undefined` passes. */
export function checkOptionalNumber(field: string | (() => string), value: unknown, rule: NumberRule = {}): void {
  if (value !== undefined) checkNumber(field, value, rule);
}

/** `must be a whole number from 1 to 1000` */
function inWords({ min, max, above, isWhole = false }: NumberRule): string {
  const noun = `must be a ${isWhole ? 'whole' : 'finite'} number`;
  if (min !== undefined && max !== undefined) return `${noun} from ${min} to ${max}`;
  const bounds = [
    ...(min === undefined ? [] : [`>= ${min}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(max === undefined ? [] : [`<= ${max}`]),
  ];
  return bounds.length === 0 ? noun : `${noun} ${bounds.join(' and ')}`;
}
