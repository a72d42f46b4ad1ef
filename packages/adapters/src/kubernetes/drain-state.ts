import type { CallOptions } from '../contract/types.ts';
import type { KubeApi } from './api.ts';
import { KubeError } from './error.ts';
import { isRecord, jsonOf } from './json.ts';
import type { KubeNode } from './objects.ts';
import { kubePath } from './path.ts';

/** A drain as its node remembers it, in an annotation: whoever drains can be replaced in the middle. */
export interface DrainState {
  readonly startedAtMs: number;
  /** When it gives up, ms since the Unix epoch. */
  readonly untilMs: number;
  /** Whether the node was cordoned before: then it stays so when the drain is cancelled. */
  readonly wasCordoned: boolean;
  /** Present once it has ended, well or not. */
  readonly endedAtMs?: number;
}

/** Annotation of a node that is drained or has been. */
const DRAIN_ANNOTATION = 'spillway.dev/drain';

const CONFLICT_TRIES = 8;

/** The drain a node remembers; `undefined` for none, and for a text that is not ours. */
export function drainStateOf({ metadata }: KubeNode): DrainState | undefined {
  const value = jsonOf(metadata.annotations?.[DRAIN_ANNOTATION] ?? '');
  if (!isRecord(value)) return undefined;
  const { startedAtMs, untilMs, wasCordoned, endedAtMs } = value;
  if (typeof startedAtMs !== 'number' || typeof untilMs !== 'number' || typeof wasCordoned !== 'boolean')
    return undefined;
  return { startedAtMs, untilMs, wasCordoned, ...(typeof endedAtMs === 'number' && { endedAtMs }) };
}

/** Whether a drain is going on, or was when its process ended. A node that was uncordoned since is in service again. */
export function isUnderWay(node: KubeNode): boolean {
  const state = drainStateOf(node);
  return state !== undefined && state.endedAtMs === undefined && node.spec?.unschedulable === true;
}

/** What to make of a node: its drain and whether pods may be placed on it; `undefined` to leave it as it is. */
export type NodeChange = (
  node: KubeNode,
) => { readonly state: DrainState | null; readonly isCordoned: boolean } | undefined;

/** Changes a node in one step, by what it is at that moment. @returns the node as it is afterwards. */
export async function changeNode(
  api: KubeApi,
  nodeName: string,
  change: NodeChange,
  call: CallOptions,
): Promise<KubeNode> {
  const path = nodePath(nodeName);
  for (let attempt = 1; ; attempt++) {
    const node = await api.get<KubeNode>(path, call);
    const wanted = change(node);
    if (wanted === undefined) return node;
    const { state, isCordoned } = wanted;
    const body = {
      metadata: {
        // Another writer in between, such as a heartbeat, makes a conflict.
        resourceVersion: node.metadata.resourceVersion,
        annotations: { [DRAIN_ANNOTATION]: state && JSON.stringify(state) },
      },
      spec: { unschedulable: isCordoned ? true : null },
    };
    try {
      return await api.patch<KubeNode>(path, body, {}, call);
    } catch (error) {
      if (!KubeError.is(error) || error.status !== 409 || attempt === CONFLICT_TRIES) throw error;
    }
  }
}

/** @throws InvalidInputError when it is no name of a node. */
export function nodePath(nodeName: string): string {
  return kubePath({ resource: 'nodes', name: nodeName });
}
