import { InvalidInputError } from '../errors.ts';

/** Bounds of a number, both inclusive. */
export interface NumberRule {
  readonly min?: number;
  readonly max?: number;
  readonly isWhole?: boolean;
  readonly hint?: string;
}

/** Throws unless `value` is a finite number within the rule. `field` is only rendered when it fails. */
export function checkNumber(field: () => string, value: unknown, rule: NumberRule = {}): asserts value is number {
  const { min = -Infinity, max = Infinity, isWhole = false } = rule;
  const isRight =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= min &&
    value <= max &&
    (!isWhole || Number.isSafeInteger(value));
  if (isRight) return;
  const noun = isWhole ? 'a whole number' : 'a finite number';
  const range =
    min === -Infinity && max === Infinity
      ? ''
      : max === Infinity
        ? ` >= ${min}`
        : min === -Infinity
          ? ` <= ${max}`
          : ` from ${min} to ${max}`;
  throw new InvalidInputError(
    field(),
    `must be ${noun}${range}`,
    value,
    rule.hint === undefined ? {} : { hint: rule.hint },
  );
}

/** As {@link checkNumber}, but `undefined` passes. */
export function checkOptionalNumber(field: () => string, value: unknown, rule: NumberRule = {}): void {
  if (value !== undefined) checkNumber(field, value, rule);
}

/** Throws unless every id is a non-empty string and no two are equal. `O(n)`. */
export function checkIds(list: string, items: readonly { readonly id: string }[]): void {
  if (!Array.isArray(items)) {
    throw new InvalidInputError(list, 'must be a list', items, { hint: 'Pass an array, empty if there are none.' });
  }
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const { id } = item as { readonly id: unknown };
    if (typeof id !== 'string' || id.length === 0) {
      throw new InvalidInputError(`${list}[${index}].id`, 'must be a non-empty string', id, {
        hint: 'Give every item an id that is unique in its list.',
      });
    }
    if (seen.has(id)) {
      throw new InvalidInputError(`${list}[${index}].id`, 'must be unique', id, {
        hint: `Remove or rename the second '${id}'.`,
      });
    }
    seen.add(id);
  });
}
