import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import type { KubeApi } from './api.ts';
import type { KubePod } from './objects.ts';
import { kubePath } from './path.ts';

/** A pod, and the node it goes to. */
export interface PodBinding {
  readonly podName: string;
  readonly podNamespace: string;
  /** Of the pod that was decided about; another one of the same name is not bound. */
  readonly podUid: string;
  readonly nodeName: string;
}

/**
 * Binds a pod to a node, which is what a scheduler does. A pod that is bound to that node already counts as bound, so a call whose
 * answer was lost can be repeated.
 *
 * @throws ProviderError `conflict` when the pod is bound to another node, is another pod by now, is being deleted, or has scheduling gates;
 * `not-found` when it is gone.
 *
 * @example
 * ```ts
 * await bindPod(api, { podName: 'train-0', podNamespace: 'ml', podUid: pod.metadata.uid, nodeName: 'gpu-a' });
 * ```
 */
export async function bindPod(
  api: Pick<KubeApi, 'name' | 'get' | 'request'>,
  { podName, podNamespace, podUid, nodeName }: PodBinding,
  call: CallOptions = {},
): Promise<void> {
  const pod = { resource: 'pods', namespace: podNamespace, name: podName };
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: podName, namespace: podNamespace, uid: podUid },
    target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
  };
  const path = kubePath({ ...pod, subresource: 'binding' });
  try {
    const contentType = 'application/json';
    await api.request({ method: 'POST', path, body: JSON.stringify(body), contentType }, call);
  } catch (error) {
    if (!ProviderError.is(error) || error.providerCode !== 'conflict') throw error;
    const found = await api.get<KubePod>(kubePath(pod), call);
    if (found.metadata.uid === podUid && found.spec?.nodeName === nodeName) return;
    throw error;
  }
}

/**
 * Whether a pod waits for a scheduler of this name: not bound, not gated, not ended, not being deleted.
 *
 * @example
 * ```ts
 * const waiting = items.filter((pod) => isWaitingFor(pod, 'spillway'));
 * ```
 */
export function isWaitingFor(pod: KubePod, schedulerName: string): boolean {
  const { spec = {}, status = {}, metadata } = pod;
  return (
    (spec.schedulerName ?? 'default-scheduler') === schedulerName &&
    (spec.nodeName ?? '') === '' &&
    (spec.schedulingGates ?? []).length === 0 &&
    (status.phase ?? 'Pending') === 'Pending' &&
    metadata.deletionTimestamp === undefined
  );
}
