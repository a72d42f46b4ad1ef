import { InvalidInputError } from '../errors.ts';

/** Throws unless `value` is a string with at least one character. */
export function checkText(field: () => string, value: unknown, hint?: string): asserts value is string {
  if (typeof value === 'string' && value.length > 0) return;
  throw new InvalidInputError(field(), 'must be a non-empty string', value, hint === undefined ? {} : { hint });
}

/** As {@link checkText}, but `undefined` passes. */
export function checkOptionalText(field: () => string, value: unknown, hint?: string): void {
  if (value !== undefined) checkText(field, value, hint);
}

/** Throws unless `value` is a boolean or `undefined`: the text `'false'` would count as true. */
export function checkOptionalFlag(field: () => string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new InvalidInputError(field(), 'must be true or false', value, { hint: 'Pass a boolean, or leave it out.' });
}

/** Throws unless `value` is an array. Its items are unknown still. */
export function checkList(field: () => string, value: unknown, hint: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw new InvalidInputError(field(), 'must be a list', value, { hint });
}

/** Throws unless `value` is an object, so that its fields can be read. */
export function checkObject(field: () => string, value: unknown): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new InvalidInputError(field(), 'must be an object', value, { hint: 'Pass plain data, one object an item.' });
}

/** Throws unless every item is an object with a non-empty id and no two ids are equal. `O(n)`. */
export function checkIds(list: string, items: readonly { readonly id: string }[]): void {
  checkList(() => list, items, 'Pass an array, empty if there are none.');
  const seen = new Set<string>();
  items.forEach((item, index) => {
    checkObject(() => `${list}[${index}]`, item);
    const { id } = item;
    checkText(() => `${list}[${index}].id`, id, 'Give every item an id that is unique in its list.');
    if (seen.has(id)) {
      throw new InvalidInputError(`${list}[${index}].id`, 'must be unique', id, {
        hint: `Remove or rename the second '${id}'.`,
      });
    }
    seen.add(id);
  });
}
