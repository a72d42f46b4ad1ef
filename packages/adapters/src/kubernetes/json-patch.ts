/** Data as JSON holds it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One step of a patch. Source: RFC 6902; paths are JSON pointers, RFC 6901. */
export type PatchStep =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

/** A JSON pointer to a member: `/metadata/labels/example.com~1team`. */
function pointer(...keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * The steps that make `after` of `before`. Lists that only grew get their new
 * elements added at the end, other lists of different length are replaced.
 *
 * @returns no step when both are equal. `O(size)`.
 */
export function diff(before: Json, after: Json, path = ''): PatchStep[] {
  if (before === after) return [];
  if (isObject(before) && isObject(after)) return diffMembers(before, after, path);
  if (isList(before) && isList(after)) return diffLists(before, after, path);
  return [{ op: 'replace', path, value: after }];
}

function diffMembers(before: Readonly<Record<string, Json>>, after: Readonly<Record<string, Json>>, path: string) {
  const steps = Object.entries(before).flatMap(([key, value]): PatchStep[] => {
    const at = path + pointer(key);
    return Object.hasOwn(after, key) ? diff(value, after[key]!, at) : [{ op: 'remove', path: at }];
  });
  for (const [key, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, key)) steps.push({ op: 'add', path: path + pointer(key), value });
  }
  return steps;
}

function diffLists(before: readonly Json[], after: readonly Json[], path: string): PatchStep[] {
  const steps = before.flatMap((value, index) =>
    index < after.length ? diff(value, after[index]!, path + pointer(index)) : [],
  );
  if (after.length === before.length) return steps;
  if (after.length < before.length || steps.length > 0) return [{ op: 'replace', path, value: after }];
  return after.slice(before.length).map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
