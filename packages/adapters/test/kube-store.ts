/** An object as it is stored. */
export interface Stored {
  apiVersion?: string;
  kind?: string;
  metadata: Record<string, unknown> & { name: string; namespace?: string; uid: string; resourceVersion: string };
  [field: string]: unknown;
}

/** What changed, and what was there before. */
export interface Change {
  readonly version: number;
  readonly collection: string;
  readonly before: Stored | undefined;
  readonly after: Stored | undefined;
}

/** A refusal of the server: status of HTTP, word and text of the `Status`. */
export class Refusal extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: object | undefined;
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: number, reason: string, message: string, details?: object, headers = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.headers = headers;
  }
}

export interface Place {
  /** `/api/v1/pods`: of all namespaces. */
  readonly collection: string;
  readonly namespace: string | undefined;
}

/**
 * Objects with versions, as an API server keeps them: one counter for all kinds, a log of changes that can be compacted, and
 * writes that do nothing when they change nothing.
 */
export class KubeStore {
  version = 1;
  /** Versions before this one are forgotten. */
  oldest = 1;
  log: Change[] = [];
  private readonly objects = new Map<string, Stored>();
  private readonly pages = new Map<number, ReadonlyMap<string, Stored>>();
  private readonly listeners = new Set<(change: Change) => void>();
  private uids = 0;

  static key({ collection, namespace }: Place, name: string): string {
    return `${collection}|${namespace ?? ''}|${name}`;
  }

  get(place: Place, name: string): Stored {
    const found = this.objects.get(KubeStore.key(place, name));
    if (!found) throw new Refusal(404, 'NotFound', `${place.collection} "${name}" not found`, { name });
    return found;
  }

  /** Objects of a place in the order of their keys, as of a version that was asked for with `limit`, or now. */
  list({ collection, namespace }: Place, atVersion?: number): Stored[] {
    const objects = atVersion === undefined ? this.objects : this.pages.get(atVersion);
    if (!objects) throw new Refusal(410, 'Expired', 'The provided continue parameter is too old');
    return [...objects]
      .filter(([key]) => key.startsWith(namespace === undefined ? `${collection}|` : `${collection}|${namespace}|`))
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Keeps the present for the pages that follow. */
  hold(): void {
    if (!this.pages.has(this.version)) this.pages.set(this.version, new Map(this.objects));
  }

  /** Whether a path is that of a group and version of which there are objects. */
  offers(path: string): boolean {
    return /^\/apis\/[^/]+\/[^/]+$/.test(path) && [...this.objects.keys()].some((key) => key.startsWith(`${path}/`));
  }

  create(place: Place, body: Stored): Stored {
    const metadata = { ...body.metadata };
    const prefix = metadata['generateName'];
    if (typeof prefix === 'string' && !(metadata.name as string | undefined)) metadata.name = `${prefix}${this.uids}`;
    if (place.namespace !== undefined) metadata.namespace = place.namespace;
    const key = KubeStore.key(
      { ...place, ...(metadata.namespace && { namespace: metadata.namespace }) },
      metadata.name,
    );
    if (this.objects.has(key)) throw new Refusal(409, 'AlreadyExists', `"${metadata.name}" already exists`);
    metadata.uid = `uid-${++this.uids}`;
    metadata['creationTimestamp'] ??= '2026-01-01T00:00:00Z';
    return this.write(place.collection, key, undefined, { ...body, metadata });
  }

  /** Changes one; refuses versions and uids that are not those of the present. */
  change(place: Place, name: string, edit: (present: Stored) => Stored): Stored {
    const present = this.get(place, name);
    const next = edit(structuredClone(present));
    const { resourceVersion = present.metadata.resourceVersion, uid = present.metadata.uid } = next.metadata as Partial<
      Stored['metadata']
    >;
    if (resourceVersion !== present.metadata.resourceVersion) {
      throw new Refusal(
        409,
        'Conflict',
        `the object has been modified; please apply your changes to the latest version`,
      );
    }
    if (uid !== present.metadata.uid) throw new Refusal(409, 'Conflict', 'Precondition failed: UID in precondition');
    const same = { ...next, metadata: { ...next.metadata, resourceVersion, uid } };
    if (JSON.stringify(same) === JSON.stringify(present)) return present;
    return this.write(place.collection, KubeStore.key(place, name), present, same);
  }

  remove(place: Place, name: string): Stored {
    const present = this.get(place, name);
    this.version++;
    const gone = { ...present, metadata: { ...present.metadata, resourceVersion: String(this.version) } };
    this.objects.delete(KubeStore.key(place, name));
    this.tell({ version: this.version, collection: place.collection, before: gone, after: undefined });
    return gone;
  }

  /** Forgets everything but the present. */
  compact(): void {
    this.oldest = this.version;
    this.log = [];
    this.pages.clear();
  }

  listen(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private write(collection: string, key: string, before: Stored | undefined, next: Stored): Stored {
    this.version++;
    const after = { ...next, metadata: { ...next.metadata, resourceVersion: String(this.version) } };
    this.objects.set(key, after);
    this.tell({ version: this.version, collection, before, after });
    return after;
  }

  private tell(change: Change): void {
    this.log.push(change);
    for (const listener of this.listeners) listener(change);
  }
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** RFC 6902: add, replace, remove and test. */
export function jsonPatch<T>(target: T, steps: readonly { op: string; path: string; value?: unknown }[]): T {
  const root = { root: structuredClone(target) as unknown };
  for (const { op, path, value } of steps) {
    const keys = ['root', ...path.split('/').slice(1)].map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop()!;
    const parent = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], root);
    if (typeof parent !== 'object' || parent === null) throw new Refusal(422, 'Invalid', `no ${path}`);
    const record = parent as Record<string, unknown>;
    if (op === 'test') {
      if (JSON.stringify(record[last]) !== JSON.stringify(value)) throw new Refusal(422, 'Invalid', `${path} differs`);
    } else if (Array.isArray(parent)) {
      const index = last === '-' ? parent.length : Number(last);
      parent.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
    } else if (op === 'remove') {
      if (!(last in record)) throw new Refusal(422, 'Invalid', `no ${path}`);
      Reflect.deleteProperty(record, last);
    } else record[last] = value;
  }
  return root.root as T;
}

/** `a=b,c!=d,e,!f`, over labels or over paths of fields. */
export function matches(selector: string | undefined, valueOf: (key: string) => string | undefined): boolean {
  return (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [, key, op, value] = /^([^=!]+)(==?|!=)(.*)$/.exec(term) ?? [];
      if (key === undefined)
        return term.startsWith('!') ? valueOf(term.slice(1)) === undefined : valueOf(term) !== undefined;
      return (valueOf(key) === value) === (op !== '!=');
    });
}
