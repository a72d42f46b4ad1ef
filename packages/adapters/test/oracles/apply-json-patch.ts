/**
 * Applies a patch of RFC 6902, written from its text: pointers are walked one step at a time, `~1` and `~0` undone in the
 * order of RFC 6901 section 4, `-` is the place after the last element, and every path but the new one must exist.
 */
export function applyJsonPatch(document: unknown, patch: readonly Step[]): unknown {
  let root: unknown = structuredClone(document);
  for (const step of patch) {
    const keys = tokens(step.path);
    const last = keys.pop();
    if (last === undefined) {
      if (step.op === 'remove') throw new Error('the whole document cannot be removed');
      root = structuredClone(step.value);
      continue;
    }
    let owner = root;
    for (const key of keys) owner = child(owner, key);
    if (Array.isArray(owner)) changeList(owner, last, step);
    else changeMembers(owner, last, step);
  }
  return root;
}

interface Step {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

function tokens(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw new Error(`no pointer: ${path}`);
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function child(owner: unknown, key: string): unknown {
  if (typeof owner !== 'object' || owner === null || !Object.hasOwn(owner, key)) throw new Error(`no ${key} there`);
  return (owner as Record<string, unknown>)[key];
}

function changeList(list: unknown[], key: string, step: Step): void {
  const index = key === '-' && step.op === 'add' ? list.length : Number(key);
  const end = step.op === 'add' ? list.length : list.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > end || key === '') throw new Error(`no element ${key}`);
  if (step.op === 'add') list.splice(index, 0, structuredClone(step.value));
  else if (step.op === 'remove') list.splice(index, 1);
  else if (step.op === 'replace') list[index] = structuredClone(step.value);
  else throw new Error(`unknown step ${step.op}`);
}

function changeMembers(owner: unknown, key: string, step: Step): void {
  if (typeof owner !== 'object' || owner === null) throw new Error('no object there');
  const members = owner as Record<string, unknown>;
  if (step.op !== 'add' && !Object.hasOwn(members, key)) throw new Error(`no member ${key}`);
  if (step.op === 'remove') Reflect.deleteProperty(members, key);
  else if (step.op === 'add' || step.op === 'replace') {
    Object.defineProperty(members, key, {
      value: structuredClone(step.value),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  } else throw new Error(`unknown step ${step.op}`);
}
