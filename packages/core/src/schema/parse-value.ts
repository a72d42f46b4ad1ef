import * as z from 'zod';
import { InvalidInputError } from '../errors.ts';

/** A list of ten thousand broken rows is told by its first few. */
const SHOWN_ISSUES = 5;

/** Returns unknown data as a schema has it. @throws InvalidInputError with the path of the first wrong field, under the name of the whole. */
export function parse<Schema extends z.ZodType>(root: string, schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const first = issues[0]!;
  const isUnknownField = first.code === 'unrecognized_keys';
  const path = isUnknownField ? [...first.path, first.keys[0]!] : first.path;
  const requirement = isUnknownField ? 'must be absent: no such field is known' : first.message;
  const rest = issues.length > SHOWN_ISSUES ? `\n… and ${issues.length - SHOWN_ISSUES} more` : '';
  const hint = z.prettifyError({ issues: issues.slice(0, SHOWN_ISSUES) }) + rest;
  throw new InvalidInputError(fieldOf(root, path), requirement, valueAtPath(value, path), {
    hint,
    cause: parsed.error,
  });
}

/** `nodes[3].labels["a b"]`; the name of the whole stands before an index and for the whole itself. */
function fieldOf(root: string, path: readonly PropertyKey[]): string {
  const field = path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
    })
    .join('');
  return field.startsWith('.') ? field.slice(1) : root + field;
}

function valueAtPath(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
