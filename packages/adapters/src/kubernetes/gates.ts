import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import type { KubeApi } from './api.ts';
import { KubeError } from './error.ts';
import type { KubePod } from './objects.ts';
import { kubePath } from './path.ts';

/**
 * Whether a scheduling gate of this name holds a pod back.
 *
 * @example
 * ```ts
 * const held = items.filter((pod) => isHeldBy(pod, 'spillway.dev/until-cheap'));
 * ```
 */
export function isHeldBy(pod: KubePod, gate: string): boolean {
  return pod.spec?.schedulingGates?.some(({ name }) => name === gate) ?? false;
}

/**
 * Removes a scheduling gate from a pod, so that it is scheduled once it has no other. A gate that is not there counts as removed, so a call
 * whose answer was lost can be repeated. Gates are put on by the pod's template or by a webhook: the API server takes none for a pod
 * that exists.
 *
 * @param pod - as it was read: another one of the same name keeps its gates.
 * @returns the pod as it is then.
 * @throws ProviderError `not-found` when the pod is gone, `conflict` when it is another one by now.
 *
 * @example
 * ```ts
 * for (const pod of held) if (isCheap) await openGate(api, pod, 'spillway.dev/until-cheap');
 * ```
 */
export async function openGate(
  api: Pick<KubeApi, 'patch'>,
  pod: KubePod,
  gate: string,
  call: CallOptions = {},
): Promise<KubePod> {
  const { name, namespace = 'default', uid } = pod.metadata;
  // Gates are a map by name to this kind of patch, so nothing depends on their order or on what others remove.
  const body = {
    metadata: { ...(uid !== undefined && { uid }) },
    spec: { schedulingGates: [{ $patch: 'delete', name: gate }] },
  };
  const path = kubePath({ resource: 'pods', namespace, name });
  try {
    return await api.patch<KubePod>(path, body, { type: 'strategic' }, call);
  } catch (error) {
    const isOther = KubeError.is(error) && error.details?.causes?.some(({ field }) => field === 'metadata.uid');
    if (isOther !== true) throw error;
    const text = `pod '${namespace}/${name}' is another one by now`;
    throw new ProviderError(error.provider, 'conflict', text, { isAmbiguous: false, cause: error });
  }
}
