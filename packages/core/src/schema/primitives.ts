import * as z from 'zod';

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** The rule in words, as the checks of core say it, so that both refuse a value with the same sentence. */
function ruleOf(noun: string, { min, max }: Range): string {
  if (min === undefined) return `must be ${noun}`;
  return max === undefined ? `must be ${noun} >= ${min}` : `must be ${noun} from ${min} to ${max}`;
}

/** A finite number within bounds, both inclusive. */
export function finite(range: Range = {}) {
  const rule = ruleOf('a finite number', range);
  return z
    .number(rule)
    .min(range.min ?? -Number.MAX_VALUE, rule)
    .max(range.max ?? Number.MAX_VALUE, rule);
}

/** A safe integer within bounds, both inclusive. */
export function whole(range: Range = {}) {
  const rule = ruleOf('a whole number', range);
  return z
    .int(rule)
    .min(range.min ?? Number.MIN_SAFE_INTEGER, rule)
    .max(range.max ?? Number.MAX_SAFE_INTEGER, rule);
}

/** A finite number above 0. */
export function positive() {
  const rule = 'must be a finite number > 0';
  return z.number(rule).gt(0, rule);
}

/** A string with at least one character. */
export function text() {
  const rule = 'must be a non-empty string';
  return z.string(rule).min(1, rule);
}

/** `true` or `false`. */
export function flag() {
  return z.boolean('must be true or false');
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words, `must be ${words.map((word) => `'${word}'`).join(' or ')}`);
}

/** A list; `minLength` 1 refuses the empty one. */
export function list<Item extends z.ZodType>(item: Item, minLength = 0) {
  const rule = minLength === 0 ? 'must be a list' : 'must be a list with at least one item';
  return z.array(item, rule).min(minLength, rule);
}

/** An object of exactly these fields: a field that nobody reads is a misspelt field. */
export function record<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object' : undefined) });
}
