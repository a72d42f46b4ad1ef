import type { CallOptions } from '../contract/types.ts';
import type { KubeApi } from './api.ts';
import type { KubeObject } from './objects.ts';
import { kubePath } from './path.ts';

/** Something that happened to an object, for people who look at it with `kubectl describe`. */
export interface KubeEventNote {
  readonly regarding: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;
  readonly type: 'Normal' | 'Warning';
  /** Why, in one word for programs: `SpillwayDrainBlocked`. */
  readonly reason: string;
  /** What was done, in one word. */
  readonly action: string;
  /** For people, at most 1024 characters. */
  readonly note: string;
}

/**
 * Writes an event (events.k8s.io/v1), named after its object and the present. Never rejects: an event that cannot be written
 * must not stop what it tells of.
 */
export async function recordEvent(
  api: KubeApi,
  { regarding, type, reason, action, note }: KubeEventNote,
  call: CallOptions = {},
): Promise<void> {
  const { name, namespace = 'default', uid, resourceVersion } = regarding.metadata;
  const nowMs = api.clock.nowMs();
  const body = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { generateName: `${name.slice(0, 200)}.${nowMs.toString(16)}-`, namespace },
    // Six digits of a second are required.
    eventTime: new Date(nowMs).toISOString().replace('Z', '000Z'),
    reportingController: 'spillway.dev/adapter',
    reportingInstance: api.name,
    type,
    reason,
    action,
    note: note.slice(0, 1_024),
    regarding: {
      apiVersion: regarding.apiVersion ?? 'v1',
      kind: regarding.kind,
      name,
      ...(regarding.metadata.namespace !== undefined && { namespace }),
      uid,
      resourceVersion,
    },
  };
  try {
    await api.create(kubePath({ group: 'events.k8s.io', resource: 'events', namespace }), body, call);
  } catch {
    // See above.
  }
}
