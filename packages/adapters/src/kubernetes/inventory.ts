import type { Gpu, GpuNode, Taint } from '@spillway/core';

import { draGpus } from './dra-gpus.ts';
import type { KubeGap, KubeGapReason } from './gaps.ts';
import { CLIQUE_LABEL, POOL_LABELS, SHARED_TAINT, ZONE_LABELS } from './gpu-rules.ts';
import type { KubeNode, KubePod, KubeResourceClaim, KubeResourceSlice } from './objects.ts';
import { pluginGpus, type PluginGpus } from './plugin-gpus.ts';
import { add, amountsOf, hasEnded, podRequests, type Amounts } from './pod-requests.ts';
import { NANO } from './quantity.ts';

/** Objects of a cluster, all of one kind together. */
export interface KubeState {
  readonly nodes: readonly KubeNode[];
  /** Of all namespaces. */
  readonly pods: readonly KubePod[];
  /** @defaultValue none: the cluster has no dynamic resource allocation */
  readonly resourceSlices?: readonly KubeResourceSlice[];
  readonly resourceClaims?: readonly KubeResourceClaim[];
}

/** How a cluster is read. */
export interface InventoryOptions {
  /** Label that names the rack of a node. @defaultValue none does */
  readonly rackLabel?: string;
  /**
   * Pods that take nothing, because the scheduler is told of them as running jobs. The GPUs they hold are among those listed;
   * which of them they hold is not known. @defaultValue none: what every pod takes is left out
   */
  readonly isOwn?: (pod: KubePod) => boolean;
}

/** Nodes with what is free on them, and what is not known. */
export interface KubeInventory {
  /** By id, which is the name of the node. */
  readonly nodes: readonly GpuNode[];
  readonly gaps: readonly KubeGap[];
}

const MIB = 2n ** 20n * NANO;

/**
 * Reads the nodes of a cluster and what is free on them: allocatable less what pods that have not ended take, by the rules of
 * the scheduler. GPUs come from device plugins (whole, MIG, shared) or from dynamic resource allocation; what is not
 * understood is reported, and left out.
 *
 * A node is cordoned when it is unschedulable, being deleted, not ready, full of pods, or when it is not known what is taken of it.
 * Shares of GPUs are listed as GPUs of a model that ends in `-SHARED`, on a node with the taint `spillway.dev/shared-gpu`, so that
 * only jobs that are meant for a share get one. Free MIG instances of a device plugin are listed at legal places that are made up.
 *
 * @returns a {@link KubeInventory}. The same objects in any order give the same. `O(nodes + pods + devices)`.
 *
 * @example
 * ```ts
 * const { items: nodes } = await api.list<KubeNode>('/api/v1/nodes');
 * const { items: pods } = await api.list<KubePod>('/api/v1/pods');
 * const { nodes: free, gaps } = readInventory({ nodes, pods });
 * ```
 */
export function readInventory(state: KubeState, options: InventoryOptions = {}): KubeInventory {
  const { rackLabel, isOwn = () => false } = options;
  const gaps: KubeGap[] = [];
  const podsOf = new Map<string, KubePod[]>();
  for (const pod of state.pods) {
    const nodeName = pod.spec?.nodeName ?? '';
    if (nodeName === '' || hasEnded(pod)) continue;
    const present = podsOf.get(nodeName);
    if (present === undefined) podsOf.set(nodeName, [pod]);
    else present.push(pod);
  }
  const dra = draGpus(state.resourceSlices ?? [], heldByOthers(state, isOwn));
  const nodes = [...state.nodes]
    .sort((x, y) => (x.metadata.name < y.metadata.name ? -1 : 1))
    .map((node): GpuNode => {
      const nodeName = node.metadata.name;
      const gap = (reason: KubeGapReason, detail: string): void => {
        gaps.push({ reason, nodeName, detail });
      };
      const pods = podsOf.get(nodeName) ?? [];
      const counted = takenBy(pods, isOwn, gap);
      const allocatable = amountsOf(node.status?.allocatable);
      if (allocatable === undefined) gap('unreadable', 'what is allocatable is no quantity');
      const offered: Amounts = allocatable ?? new Map();
      const labels = node.metadata.labels ?? {};
      const fromPlugins = pluginGpus(labels, amountsOf(node.status?.capacity) ?? offered, offered, counted.taken);
      for (const { reason, detail } of fromPlugins.gaps) gap(reason, detail);
      const gpus = chooseSource(fromPlugins, dra.byNode.get(nodeName), gap);
      const limit = offered.get('pods');
      const isFull = limit !== undefined && BigInt(pods.length) * NANO >= limit;
      if (isFull) gap('pods-full', `${pods.length} pods`);

      const free = (resource: string, unit: bigint): number => {
        const rest = (offered.get(resource) ?? 0n) - (counted.taken.get(resource) ?? 0n);
        return rest > 0n ? Number(rest / unit) : 0;
      };
      return {
        id: nodeName,
        gpus,
        cpuMilli: free('cpu', NANO / 1000n),
        memoryMib: free('memory', MIB),
        ...placeOf(labels, rackLabel),
        labels: { ...labels },
        taints: taintsOf(node, fromPlugins.sharing),
        ...((isFull || !counted.isKnown || isCordoned(node)) && { isCordoned: true }),
      };
    });
  const order = (gap: KubeGap): string => `${gap.nodeName ?? ''} ${gap.reason} ${gap.detail}`;
  return { nodes, gaps: [...gaps, ...dra.gaps].sort((x, y) => (order(x) < order(y) ? -1 : 1)) };
}

function takenBy(
  pods: readonly KubePod[],
  isOwn: (pod: KubePod) => boolean,
  gap: (reason: KubeGapReason, detail: string) => void,
): { readonly taken: Amounts; readonly isKnown: boolean } {
  const taken = new Map<string, bigint>();
  let isKnown = true;
  for (const pod of pods) {
    if (isOwn(pod)) continue;
    const requests = podRequests(pod);
    if (requests === undefined) {
      isKnown = false;
      gap('unreadable', `what pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name} takes is no quantity`);
    } else add(taken, requests);
  }
  return { taken, isKnown };
}

/** Claims without those that only our own pods use. */
function heldByOthers(
  { pods, resourceClaims = [] }: KubeState,
  isOwn: (pod: KubePod) => boolean,
): readonly KubeResourceClaim[] {
  const own = new Set(pods.filter(isOwn).map(({ metadata }) => metadata.uid));
  return resourceClaims.filter(({ status }) => {
    const users = status?.reservedFor ?? [];
    return users.length === 0 || !users.every(({ uid }) => own.has(uid));
  });
}

function chooseSource(
  fromPlugins: PluginGpus,
  fromDra: readonly Gpu[] | undefined,
  gap: (reason: KubeGapReason, detail: string) => void,
): readonly Gpu[] {
  if (fromDra === undefined) return fromPlugins.gpus;
  if (!fromPlugins.isOffering) return fromDra;
  gap('two-sources', 'device plugins and dynamic resource allocation both offer GPUs');
  return [];
}

function placeOf(
  labels: Readonly<Record<string, string>>,
  rackLabel: string | undefined,
): Pick<GpuNode, 'pool' | 'zone' | 'rack' | 'nvlinkDomain'> {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => labels[name]).find((value) => value !== undefined && value !== '');
  const pool = first(POOL_LABELS);
  const zone = first(ZONE_LABELS);
  const rack = rackLabel === undefined ? undefined : first([rackLabel]);
  const nvlinkDomain = first([CLIQUE_LABEL]);
  return {
    ...(pool !== undefined && { pool }),
    ...(zone !== undefined && { zone }),
    ...(rack !== undefined && { rack }),
    ...(nvlinkDomain !== undefined && { nvlinkDomain }),
  };
}

/** Taints that keep pods away. That of a cordon is told by the cordon. */
function taintsOf({ spec }: KubeNode, sharing: string | null): readonly Taint[] {
  const taints = new Map<string, Taint>();
  for (const { key, value = '', effect } of spec?.taints ?? []) {
    if (effect !== 'NoSchedule' && effect !== 'NoExecute') continue;
    if (key !== 'node.kubernetes.io/unschedulable') taints.set(`${key}=${value}`, { key, value });
  }
  if (sharing !== null) taints.set(SHARED_TAINT, { key: SHARED_TAINT, value: sharing });
  return [...taints.values()];
}

/** Whether nothing new may be placed: also when the node does not say that it is ready. */
function isCordoned({ metadata, spec, status }: KubeNode): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return spec?.unschedulable === true || metadata.deletionTimestamp !== undefined || ready?.status !== 'True';
}
