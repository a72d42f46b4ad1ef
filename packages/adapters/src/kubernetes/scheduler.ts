import { checkNumber } from '@spillway/core';

import { ProviderError } from '../contract/provider-error.ts';
import type { KubeApi } from './api.ts';
import { bindPod, isWaitingFor } from './binding.ts';
import type { KubePod } from './objects.ts';

/** A scheduler of your own. */
export interface SchedulerOptions {
  readonly api: Pick<KubeApi, 'name' | 'clock' | 'get' | 'list' | 'request' | 'watch'>;
  /** Pods that name it in `schedulerName` are its own. */
  readonly schedulerName: string;
  /**
   * Decides about all pods that wait, by name and namespace: where they go now. Pods that are left out wait on; every pod that waits is
   * there again the next time.
   */
  readonly decide: (
    pods: readonly KubePod[],
    options: { readonly signal: AbortSignal },
  ) => Promise<readonly PodDecision[]>;
  /** Told of every pod that was bound. */
  readonly onBound?: (decision: PodDecision) => void;
  /** Told of every failure; what failed is tried again. @defaultValue nobody is told */
  readonly onError?: (error: unknown, pod?: KubePod) => void;
  /** Asked before every round and every binding; for a scheduler that runs more than once, whether this one leads. @defaultValue always true */
  readonly isLeader?: () => boolean;
  /** At most so long between two rounds, ms, > 0; a pod that comes is seen at once. @defaultValue 10_000 */
  readonly intervalMs?: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Where a pod goes. */
export interface PodDecision {
  readonly pod: KubePod;
  readonly nodeName: string;
}

const PODS = '/api/v1/pods';

/**
 * Runs a scheduler of your own beside kube-scheduler: lists the pods that wait for it, asks where they go, binds them, and waits for more.
 * Every round starts from what the server says, so nothing is lost when it is stopped or fails. A pod that was bound by somebody else
 * in the meantime, or is gone, is no failure.
 *
 * @returns when the signal is aborted.
 * @throws InvalidInputError when `intervalMs` is not valid.
 *
 * @example
 * ```ts
 * await runScheduler({
 *   api,
 *   schedulerName: 'spillway',
 *   signal,
 *   decide: async (pods) => {
 *     const { nodes } = readInventory(await readState());
 *     const jobs = pods.flatMap((pod) => podJob(pod) ?? []);
 *     const { placements } = pack({ nodes, jobs });
 *     return placements.map(({ jobId, nodeId }) => ({ pod: podOf(jobId), nodeName: nodeId }));
 *   },
 * });
 * ```
 */
export async function runScheduler(options: SchedulerOptions): Promise<void> {
  const { api, schedulerName, signal, isLeader = () => true, intervalMs = 10_000, onError } = options;
  checkNumber('intervalMs', intervalMs, { above: 0 });
  const fieldSelector = `spec.schedulerName=${schedulerName},spec.nodeName=`;
  const isOver = (): boolean => signal.aborted;

  const bind = async (decision: PodDecision): Promise<void> => {
    const { pod, nodeName } = decision;
    const { name: podName, namespace: podNamespace = 'default', uid: podUid = '' } = pod.metadata;
    try {
      await bindPod(api, { podName, podNamespace, podUid, nodeName }, { signal });
      options.onBound?.(decision);
    } catch (error) {
      const isSettled = ProviderError.is(error) && ['conflict', 'not-found'].includes(error.providerCode);
      if (!isSettled && !isOver()) onError?.(error, pod);
    }
  };
  /** One round. Returns the version that it saw. */
  const round = async (): Promise<string> => {
    const { items, resourceVersion } = await api.list<KubePod>(PODS, { fieldSelector }, { signal });
    const waiting = items.filter((pod) => isWaitingFor(pod, schedulerName)).sort(byName);
    if (waiting.length === 0) return resourceVersion;
    for (const decision of await options.decide(waiting, { signal })) {
      if (isOver() || !isLeader()) break;
      await bind(decision);
    }
    return resourceVersion;
  };
  /** Until a pod comes that waits, or the time is over. */
  const rest = async (resourceVersion: string | undefined): Promise<void> => {
    const end = new AbortController();
    const ended = AbortSignal.any([end.signal, signal]);
    const slept = api.clock.sleep(intervalMs, { signal: ended }).catch(() => undefined);
    const news = async (): Promise<void> => {
      if (resourceVersion === undefined) return;
      const events = api.watch<KubePod>(PODS, { fieldSelector, resourceVersion }, { signal: ended });
      for await (const { type, object } of events) {
        if ((type === 'ADDED' || type === 'MODIFIED') && isWaitingFor(object, schedulerName)) end.abort();
      }
    };
    // A stream that ends or fails may do so at once again, so the next one is not begun at once.
    news().catch(() => undefined);
    await slept;
    end.abort();
  };

  while (!isOver()) {
    let version: string | undefined;
    try {
      if (isLeader()) version = await round();
    } catch (error) {
      if (!isOver()) onError?.(error);
    }
    await rest(version);
  }
}

function byName({ metadata: x }: KubePod, { metadata: y }: KubePod): number {
  const [one, other] = [`${x.namespace ?? ''}/${x.name}`, `${y.namespace ?? ''}/${y.name}`];
  return one < other ? -1 : one > other ? 1 : 0;
}
