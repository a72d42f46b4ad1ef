import { InvalidInputError } from '@spillway/core';

import type { Json } from './json-patch.ts';

/** Entries of a map of strings to set; `null` takes one away. */
export type StringChanges = Readonly<Record<string, string | null>>;

/** What is to be different in a pod. What is absent stays as it is. */
export interface PodChanges {
  readonly labels?: StringChanges;
  readonly annotations?: StringChanges;
  readonly nodeSelector?: StringChanges;
  /** Which scheduler binds it. */
  readonly schedulerName?: string;
  /** Gates that it gets, by name, unless it has them: it is not scheduled before all are removed. */
  readonly schedulingGates?: readonly string[];
  /** Tolerations that it gets, unless it has the same. */
  readonly tolerations?: readonly Readonly<Record<string, string | number>>[];
  /**
   * Amounts of extended resources by container, set as request and limit alike, which extended resources need:
   * `{ train: { 'nvidia.com/gpu': null, 'nvidia.com/mig-3g.40gb': '1' } }`. Containers that the pod lacks are left out.
   */
  readonly resources?: Readonly<Record<string, StringChanges>>;
}

type Members = Readonly<Record<string, Json>>;

/**
 * The pod with the changes made. Made twice, they are as if made once.
 *
 * @param scope - `labels`: only labels and annotations, which is all that may change once a pod is there or has its node.
 * @returns another object; parts without a change are those of `pod`.
 * @throws InvalidInputError for a value that is no string.
 */
export function withChanges(pod: Members, changes: PodChanges, scope: 'all' | 'labels' = 'all'): Members {
  const metadata = {
    ...merged(pod, 'metadata', (old) => ({
      ...old,
      ...merged(old, 'labels', (labels) => withStrings(labels, changes.labels)),
      ...merged(old, 'annotations', (annotations) => withStrings(annotations, changes.annotations)),
    })),
  };
  if (scope === 'labels') return { ...pod, ...metadata };
  return { ...pod, ...metadata, ...merged(pod, 'spec', (spec) => withSpec(spec, changes)) };
}

function withSpec(spec: Members, changes: PodChanges): Members {
  const { schedulerName, schedulingGates = [], tolerations = [], resources = {} } = changes;
  const gates = schedulingGates.map((name) => ({ name }));
  return {
    ...spec,
    ...merged(spec, 'nodeSelector', (selector) => withStrings(selector, changes.nodeSelector)),
    ...(schedulerName !== undefined && { schedulerName }),
    ...grown(spec, 'schedulingGates', gates),
    ...grown(spec, 'tolerations', tolerations),
    ...Object.fromEntries(
      ['initContainers', 'containers'].flatMap((field) => {
        const containers = spec[field];
        if (!Array.isArray(containers)) return [];
        return [[field, (containers as readonly Members[]).map((one) => withResources(one, resources))]];
      }),
    ),
  };
}

function withResources(container: Members, resources: NonNullable<PodChanges['resources']>): Members {
  const name = typeof container['name'] === 'string' ? container['name'] : '';
  const amounts = Object.hasOwn(resources, name) ? resources[name] : undefined;
  if (amounts === undefined) return container;
  return {
    ...container,
    ...merged(container, 'resources', (old) => ({
      ...old,
      ...merged(old, 'requests', (requests) => withStrings(requests, amounts)),
      ...merged(old, 'limits', (limits) => withStrings(limits, amounts)),
    })),
  };
}

/** The member `field`, changed; nothing when it was absent and is empty after. */
function merged(owner: Members, field: string, change: (old: Members) => Members): Members {
  const old = owner[field];
  const next = change(isMembers(old) ? old : {});
  return !isMembers(old) && Object.keys(next).length === 0 ? {} : { [field]: next };
}

function withStrings(old: Members, changes: StringChanges = {}): Members {
  for (const [key, value] of Object.entries(changes)) {
    // The server would refuse the whole pod.
    if (value !== null && typeof value !== 'string')
      throw new InvalidInputError(key, 'must be a string or null', value);
  }
  const kept = Object.entries(old).filter(([key]) => !Object.hasOwn(changes, key));
  const set = Object.entries(changes).filter(([, value]) => value !== null);
  return Object.fromEntries([...kept, ...set]);
}

/** The list `field` with what it lacks at its end. */
function grown(owner: Members, field: string, wanted: readonly Json[]): Members {
  const old = Array.isArray(owner[field]) ? (owner[field] as readonly Json[]) : [];
  const known = new Set(old.map(keyOf));
  const added = wanted.filter((entry) => {
    const key = keyOf(entry);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
  return added.length === 0 ? {} : { [field]: [...old, ...added] };
}

/** Equal for entries that are the same but for the order of their members. */
const keyOf = (entry: Json): string =>
  JSON.stringify(isMembers(entry) ? Object.entries(entry).sort(([x], [y]) => (x < y ? -1 : 1)) : entry);

const isMembers = (value: Json | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
