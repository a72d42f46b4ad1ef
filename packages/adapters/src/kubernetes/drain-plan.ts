import { checkNumber } from '@spillway/core';

import type { KubePod, ObjectMeta } from './objects.ts';

/** What a drain may do to pods that would be lost, or come back. The defaults are those of `kubectl drain --ignore-daemonsets`. */
export interface DrainRules {
  /** Whether pods of a DaemonSet stay, as it would only start them again; otherwise they refuse the drain. @defaultValue true */
  readonly leaveDaemonSets?: boolean;
  /** Whether pods that nothing will start again are evicted; otherwise they refuse the drain. @defaultValue false */
  readonly evictUnmanaged?: boolean;
  /** Whether pods with data in an emptyDir volume are evicted; otherwise they refuse the drain. @defaultValue false */
  readonly deleteEmptyDir?: boolean;
  /** Leaves alone pods that have been ending for longer than this, ms, > 0: their node may be dead. @defaultValue none */
  readonly skipEndingForMs?: number;
}

/** A pod, told apart from another of the same name. */
export interface PodReference {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Why a pod stays. */
export type LeaveReason = 'daemon-set' | 'static' | 'ending-for-too-long';

/** Why a pod forbids the drain; each has a rule that allows it. */
export type RefuseReason = 'daemon-set' | 'daemon-set-is-gone' | 'empty-dir' | 'unmanaged';

/** What is to be done with one pod. */
export type PodVerdict = { readonly pod: PodReference; readonly priority: number } & (
  | { readonly verdict: 'evict' }
  | { readonly verdict: 'leave'; readonly reason: LeaveReason }
  | { readonly verdict: 'refuse'; readonly reason: RefuseReason }
);

/** What is known of a node. */
export interface DrainInput {
  /** The pods on the node. */
  readonly pods: readonly KubePod[];
  /** DaemonSets that own one of the pods and do not exist, as `namespace/name`. @defaultValue none */
  readonly missingDaemonSets?: ReadonlySet<string>;
  /** The present, ms since the Unix epoch. */
  readonly nowMs: number;
}

const MIRROR = 'kubernetes.io/config.mirror';
const ENDED: ReadonlySet<string | undefined> = new Set(['Succeeded', 'Failed']);

/**
 * Decides what a drain does with each pod of a node, as `kubectl drain` decides: a finished pod always goes, a static one and
 * one of a DaemonSet stay, and what would be lost refuses the drain unless a rule allows it.
 *
 * @returns a verdict a pod, in the order of eviction: lowest priority first, ties by namespace and name. `O(n log n)`.
 * @throws InvalidInputError when `skipEndingForMs` is not > 0.
 *
 * Source: k8s.io/kubectl v0.36.3, pkg/drain/filters.go. Differences: it knows no order, and counts the age of an ending pod in
 * whole seconds.
 *
 * @example
 * ```ts
 * const verdicts = planDrain({ pods, nowMs: Date.now() }, { deleteEmptyDir: true });
 * const refused = verdicts.filter(({ verdict }) => verdict === 'refuse');
 * ```
 */
export function planDrain(input: DrainInput, rules: DrainRules = {}): readonly PodVerdict[] {
  const { missingDaemonSets = new Set<string>(), nowMs } = input;
  if (rules.skipEndingForMs !== undefined) checkNumber('skipEndingForMs', rules.skipEndingForMs, { above: 0 });
  return input.pods
    .map((pod) => ({
      pod: podReference(pod),
      priority: pod.spec?.priority ?? 0,
      ...judge(pod, missingDaemonSets, nowMs, rules),
    }))
    .sort(
      (x, y) => x.priority - y.priority || compare(x.pod.namespace, y.pod.namespace) || compare(x.pod.name, y.pod.name),
    );
}

type Judgement =
  | { readonly verdict: 'evict' }
  | { readonly verdict: 'leave'; readonly reason: LeaveReason }
  | { readonly verdict: 'refuse'; readonly reason: RefuseReason };

function judge(
  pod: KubePod,
  missingDaemonSets: ReadonlySet<string>,
  nowMs: number,
  { leaveDaemonSets = true, evictUnmanaged = false, deleteEmptyDir = false, skipEndingForMs = Infinity }: DrainRules,
): Judgement {
  const { deletionTimestamp, annotations } = pod.metadata;
  if (deletionTimestamp !== undefined && nowMs - Date.parse(deletionTimestamp) > skipEndingForMs)
    return { verdict: 'leave', reason: 'ending-for-too-long' };

  const isEnded = ENDED.has(pod.status?.phase);
  const controller = controllerOf(pod.metadata);
  const daemonSet = daemonSetOf(pod);
  if (daemonSet !== undefined && !isEnded) {
    const isMissing = missingDaemonSets.has(daemonSet);
    if (isMissing && !evictUnmanaged) return { verdict: 'refuse', reason: 'daemon-set-is-gone' };
    if (!isMissing)
      return leaveDaemonSets ? { verdict: 'leave', reason: 'daemon-set' } : { verdict: 'refuse', reason: 'daemon-set' };
  }
  if (annotations?.[MIRROR] !== undefined) return { verdict: 'leave', reason: 'static' };
  if (isEnded) return { verdict: 'evict' };
  const hasData = pod.spec?.volumes?.some(({ emptyDir }) => emptyDir !== undefined && emptyDir !== null) ?? false;
  if (hasData && !deleteEmptyDir) return { verdict: 'refuse', reason: 'empty-dir' };
  if (controller === undefined && !evictUnmanaged) return { verdict: 'refuse', reason: 'unmanaged' };
  return { verdict: 'evict' };
}

/** The DaemonSet that a pod says to be of, as `namespace/name`; `undefined` for one of none. */
export function daemonSetOf(pod: KubePod): string | undefined {
  const owner = controllerOf(pod.metadata);
  const isDaemonSet = owner?.kind === 'DaemonSet' && owner.apiVersion === 'apps/v1';
  return isDaemonSet ? `${pod.metadata.namespace ?? ''}/${owner.name}` : undefined;
}

function controllerOf({ ownerReferences }: ObjectMeta) {
  return ownerReferences?.find(({ controller }) => controller === true);
}

/** Which pod it is. */
function podReference({ metadata: { namespace = '', name, uid = '' } }: KubePod): PodReference {
  return { namespace, name, uid };
}

function compare(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}
