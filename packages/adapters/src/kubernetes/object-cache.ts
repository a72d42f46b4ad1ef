import type { KubeObject } from './objects.ts';

/** Something that happened to an object. */
export interface KubeChange<T extends KubeObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  /** As it is now; of one that was deleted, as it last was. */
  readonly object: T;
}

/** Objects by name, and who wants to know of changes. */
export interface ObjectCache<T extends KubeObject> {
  readonly list: () => readonly T[];
  readonly get: (name: string, namespace?: string) => T | undefined;
  readonly version: () => number;
  readonly subscribe: (listener: (change: KubeChange<T>) => void) => () => void;
  /** Takes a list for all there is. What is there in the same version stays the same object. */
  readonly replace: (objects: readonly T[]) => void;
  readonly apply: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T) => void;
}

/** Creates an empty one. A change takes `O(listeners)`. */
export function createObjectCache<T extends KubeObject>(): ObjectCache<T> {
  const objects = new Map<string, T>();
  const listeners = new Set<(change: KubeChange<T>) => void>();
  let version = 0;

  const tell = (type: KubeChange<T>['type'], object: T): void => {
    version++;
    for (const listener of listeners) {
      // What a listener throws is its own: it ends neither the watch nor the other listeners.
      void Promise.resolve().then(() => {
        listener({ type, object });
      });
    }
  };
  const put = (key: string, object: T): void => {
    const present = objects.get(key);
    if (present !== undefined && isSame(present, object)) return;
    objects.set(key, lean(object));
    tell(present === undefined ? 'added' : 'modified', object);
  };
  const drop = (key: string, last?: T): void => {
    const present = objects.get(key);
    if (present === undefined) return;
    objects.delete(key);
    tell('deleted', last === undefined ? present : lean(last));
  };

  return {
    list: () => [...objects.values()],
    get: (name, namespace) => objects.get(keyOf({ name, namespace })),
    version: () => version,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    replace: (all) => {
      const gone = new Set(objects.keys());
      for (const object of all) {
        const key = keyOf(object.metadata);
        gone.delete(key);
        const present = objects.get(key);
        // Another object of the same name: the one before is gone.
        if (present !== undefined && present.metadata.uid !== object.metadata.uid) drop(key);
        put(key, object);
      }
      for (const key of gone) drop(key);
    },
    apply: (type, object) => {
      const key = keyOf(object.metadata);
      if (type === 'DELETED') drop(key, object);
      else put(key, object);
    },
  };
}

function keyOf({ name, namespace = '' }: { readonly name: string; readonly namespace?: string | undefined }): string {
  return `${namespace}/${name}`;
}

function isSame(x: KubeObject, y: KubeObject): boolean {
  const version = x.metadata.resourceVersion;
  return version !== undefined && version === y.metadata.resourceVersion && x.metadata.uid === y.metadata.uid;
}

/** Without who set which field, which is often the larger half. The object is ours: it was just read from the wire. */
function lean<T extends KubeObject>(object: T): T {
  Reflect.deleteProperty(object.metadata, 'managedFields');
  return object;
}
