import { SECOND_MS } from '@spillway/core';

import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import type { KubeApi } from './api.ts';
import type { PodReference } from './drain-plan.ts';
import { KubeError } from './error.ts';
import { kubePath } from './path.ts';

/** What became of one attempt to evict a pod. */
export type EvictionAnswer =
  /** It is ending, or with `isDryRun` it might. */
  | { readonly kind: 'accepted' }
  /** There is no such pod, or another one under its name. */
  | { readonly kind: 'gone' }
  /** Its budget forbids it for now. */
  | { readonly kind: 'blocked'; readonly message: string; readonly retryAfterMs: number }
  /** More than one budget covers it: nobody can evict it until all but one are removed. */
  | { readonly kind: 'several-budgets' }
  /** Nothing was decided: the server was busy, failed, or is removing the namespace. */
  | { readonly kind: 'again'; readonly retryAfterMs: number | undefined }
  /** It will be refused every time. */
  | { readonly kind: 'failed'; readonly error: ProviderError };

/** As kubectl waits. */
const RETRY_MS = 5 * SECOND_MS;

/** Asks once for the eviction of a pod, and of no other with its name. @throws ProviderError `aborted` */
export async function evict(
  api: KubeApi,
  { namespace, name, uid }: PodReference,
  options: { readonly gracePeriodSeconds?: number; readonly isDryRun?: boolean },
  call: CallOptions = {},
): Promise<EvictionAnswer> {
  const { gracePeriodSeconds, isDryRun = false } = options;
  const path = kubePath({ resource: 'pods', namespace, name, subresource: 'eviction' });
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: {
      preconditions: { uid },
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(isDryRun && { dryRun: ['All'] }),
    },
  };
  try {
    await api.create(path, body, call);
    return { kind: 'accepted' };
  } catch (error) {
    if (!ProviderError.is(error) || error.providerCode === 'aborted') throw error;
    return answerOf(error);
  }
}

function answerOf(error: ProviderError): EvictionAnswer {
  const again = { kind: 'again', retryAfterMs: error.retryAfterMs } as const;
  if (!KubeError.is(error)) return error.isRetryable ? again : { kind: 'failed', error };
  const causes = error.details?.causes ?? [];
  if (error.status === 404) return { kind: 'gone' };
  if (error.status === 429) {
    const cause = causes.find(({ reason }) => reason === 'DisruptionBudget');
    // Without the cause it is the server that has too much to do.
    if (cause === undefined) return again;
    return { kind: 'blocked', message: cause.message ?? error.message, retryAfterMs: error.retryAfterMs ?? RETRY_MS };
  }
  // Another pod by that name, or another version of this one; the next look at the node tells which.
  if (error.status === 409) return { kind: 'again', retryAfterMs: SECOND_MS };
  // The pod will be removed with its namespace.
  if (error.status === 403 && causes.some(({ reason }) => reason === 'NamespaceTerminating'))
    return { kind: 'again', retryAfterMs: RETRY_MS };
  if (error.status === 500 && error.message.includes('more than one PodDisruptionBudget'))
    return { kind: 'several-budgets' };
  return error.isRetryable ? again : { kind: 'failed', error };
}
