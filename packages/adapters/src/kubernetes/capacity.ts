import { checkNumber } from '@spillway/core';

import { defineProvider } from '../contract/define.ts';
import { ProviderError, type ProviderErrorCode } from '../contract/provider-error.ts';
import type { CallOptions, CapacityProvider } from '../contract/types.ts';
import { within } from '../http/within.ts';
import type { KubeApi } from './api.ts';
import { KubeError } from './error.ts';
import { kubeInformer, type KubeInformer } from './informer.ts';
import { readInventory, type InventoryOptions, type KubeInventory, type KubeState } from './inventory.ts';
import type { KubeNode, KubeObject, KubePod, KubeResourceClaim, KubeResourceSlice } from './objects.ts';

/** Which cluster, which of its nodes, and how they are looked at. */
export interface KubernetesCapacityOptions<Name extends string = string> extends InventoryOptions {
  readonly api: KubeApi;
  /** @defaultValue 'kubernetes' */
  readonly name?: Name;
  /** Labels of the nodes that are listed, for example `nvidia.com/gpu.present=true`. @defaultValue all nodes */
  readonly nodeSelector?: string;
  /**
   * Whether devices of dynamic resource allocation are read, where the cluster has them (`resource.k8s.io/v1`, from 1.34 on).
   * @defaultValue true
   */
  readonly readsDevices?: boolean;
  /**
   * True: follows the cluster from the first call until `close`, and answers from memory. False: asks anew for every call.
   * @defaultValue false
   */
  readonly isFollowing?: boolean;
  /** What was last heard longer ago is no answer, ms, > 0; when following. @defaultValue 300_000 */
  readonly maxAgeMs?: number;
}

/** The nodes of a cluster. */
export interface KubernetesCapacity<Name extends string = string> extends CapacityProvider<Name> {
  /** The nodes that `listNodes` lists, with what is not known or not free, and why. */
  readonly readInventory: (call?: CallOptions) => Promise<KubeInventory>;
  /** Ends the following. A later call begins anew. */
  readonly close: () => Promise<void>;
}

const PATHS = {
  nodes: '/api/v1/nodes',
  pods: '/api/v1/pods',
  slices: '/apis/resource.k8s.io/v1/resourceslices',
  claims: '/apis/resource.k8s.io/v1/resourceclaims',
} as const;
/** How long the first call waits to hear what the cluster offers. */
const BEGIN_MS = 60_000;
const NOT_ENDED = 'status.phase!=Succeeded,status.phase!=Failed';

/**
 * Creates a provider of the nodes of a cluster with what is free on them; see {@link readInventory} for what is counted how.
 *
 * It needs to list (and, when following, watch) nodes, pods of all namespaces and, unless `readsDevices` is false,
 * `resourceslices` and `resourceclaims` of `resource.k8s.io`.
 *
 * @returns a {@link KubernetesCapacity}. Asking anew takes a request for every 500 objects.
 * @throws InvalidInputError when `maxAgeMs` is not valid.
 *
 * @example
 * ```ts
 * const cluster = kubernetesCapacity({ api: kubeApi({ transport: kubeTransport() }), isFollowing: true });
 * const nodes = await cluster.listNodes();
 * await cluster.close();
 * ```
 */
export function kubernetesCapacity<const Name extends string = 'kubernetes'>(
  options: KubernetesCapacityOptions<Name>,
): KubernetesCapacity<Name> {
  const { api, name = 'kubernetes' as Name, nodeSelector, readsDevices = true, isFollowing = false } = options;
  const { maxAgeMs = 300_000 } = options;
  checkNumber('maxAgeMs', maxAgeMs, { above: 0 });
  const { rackLabel, isOwn } = options;
  const inventoryOptions = { ...(rackLabel !== undefined && { rackLabel }), ...(isOwn && { isOwn }) };
  const ofNodes = nodeSelector === undefined ? {} : { labelSelector: nodeSelector };

  const snapshot = async (call: CallOptions): Promise<KubeState> => {
    const devices = async <T extends KubeObject>(path: string): Promise<readonly T[]> => {
      if (!readsDevices) return [];
      try {
        return (await api.list<T>(path, {}, call)).items;
      } catch (error) {
        // The cluster has no such kind.
        if (KubeError.is(error) && error.status === 404) return [];
        throw error;
      }
    };
    const [nodes, pods, resourceSlices, resourceClaims] = await Promise.all([
      api.list<KubeNode>(PATHS.nodes, ofNodes, call),
      api.list<KubePod>(PATHS.pods, { fieldSelector: NOT_ENDED }, call),
      devices<KubeResourceSlice>(PATHS.slices),
      devices<KubeResourceClaim>(PATHS.claims),
    ]);
    return { nodes: nodes.items, pods: pods.items, resourceSlices, resourceClaims };
  };

  let following: Promise<Followed> | undefined;
  const follow = async (): Promise<Followed> => {
    // Not for the caller alone: others may come to wait for the same.
    const hasDevices = readsDevices && (await offersDevices(api));
    return {
      nodes: kubeInformer<KubeNode>({ api, path: PATHS.nodes, ...ofNodes }),
      pods: kubeInformer<KubePod>({ api, path: PATHS.pods, fieldSelector: NOT_ENDED }),
      ...(hasDevices && {
        slices: kubeInformer<KubeResourceSlice>({ api, path: PATHS.slices }),
        claims: kubeInformer<KubeResourceClaim>({ api, path: PATHS.claims }),
      }),
    };
  };
  const begin = async (): Promise<Followed> => {
    const beginning = (following ??= follow());
    try {
      return await beginning;
    } catch (error) {
      if (following === beginning) following = undefined;
      throw error;
    }
  };
  const fail = (code: ProviderErrorCode, text: string, _: boolean, cause?: unknown): ProviderError =>
    new ProviderError(name, code, `listNodes ${text}`, { isAmbiguous: false, cause });
  const remembered = async (call: CallOptions): Promise<KubeState> => {
    const { nodes, pods, slices, claims } = await within({ clock: api.clock, timeoutMs: BEGIN_MS, fail }, call, begin);
    const all: readonly Followable[] = [nodes, pods, slices, claims].filter((one) => one !== undefined);
    await Promise.all(all.map((one) => one.synced(call)));
    for (const { heardAtMs, error } of all.map((one) => one.status())) {
      const ageMs = api.clock.nowMs() - (heardAtMs ?? -Infinity);
      if (ageMs <= maxAgeMs) continue;
      const text = `nothing was heard for ${Math.round(ageMs)} ms`;
      throw new ProviderError(name, 'unavailable', text, { isAmbiguous: false, cause: error });
    }
    return {
      nodes: nodes.list(),
      pods: pods.list(),
      ...(slices && { resourceSlices: slices.list() }),
      ...(claims && { resourceClaims: claims.list() }),
    };
  };

  const read = async (call: CallOptions = {}): Promise<KubeInventory> =>
    readInventory(await (isFollowing ? remembered(call) : snapshot(call)), inventoryOptions);
  return defineProvider({
    name,
    specVersion: 1,
    listNodes: async (call) => (await read(call)).nodes,
    readInventory: read,
    close: async () => {
      const ending = await following?.catch(() => undefined);
      following = undefined;
      await Promise.all(Object.values(ending ?? {}).map((one: Followable) => one.stop()));
    },
  } satisfies KubernetesCapacity<Name>);
}

type Followable = Pick<KubeInformer<KubeObject>, 'synced' | 'status' | 'stop'>;

interface Followed {
  readonly nodes: KubeInformer<KubeNode>;
  readonly pods: KubeInformer<KubePod>;
  readonly slices?: KubeInformer<KubeResourceSlice>;
  readonly claims?: KubeInformer<KubeResourceClaim>;
}

async function offersDevices(api: KubeApi): Promise<boolean> {
  try {
    await api.get('/apis/resource.k8s.io/v1');
    return true;
  } catch (error) {
    if (KubeError.is(error) && error.status === 404) return false;
    throw error;
  }
}
