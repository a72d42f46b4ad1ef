import type { GpuGap, GpuIdentity, GpuOwner, GpuOwnership } from '../contract/gpu-metrics.ts';
import { keyOf } from './labels.ts';

/** Who says who holds which GPU, besides the labels of the exporter. */
export interface GpuOwnerSources {
  /** Our own record of what was given to whom. It always wins. */
  readonly ledger?: () => readonly GpuOwner[] | Promise<readonly GpuOwner[]>;
  /** What the kubelet says (its pod-resources service). Wins over labels. */
  readonly podResources?: () => readonly GpuOwner[] | Promise<readonly GpuOwner[]>;
}

/** Finds the owner of a GPU or instance. */
export type OwnerLookup = (
  identity: GpuIdentity,
  labelled: GpuOwner | undefined,
) => { readonly owner: GpuOwnership | null; readonly gap: GpuGap | undefined };

/** Asks the sources once and answers for every GPU. */
export async function ownerLookup({ ledger, podResources }: GpuOwnerSources): Promise<OwnerLookup> {
  const [ours, kubelets] = await Promise.all([ledger?.() ?? [], podResources?.() ?? []]);
  const bySource = [
    { source: 'ledger' as const, owners: byKey(ours) },
    { source: 'pod-resources' as const, owners: byKey(kubelets) },
  ];
  return (identity, labelled) => {
    const said: GpuOwnership[] = bySource.flatMap(({ source, owners }) => {
      const owner = owners.get(keyOf(identity));
      return owner === undefined ? [] : [{ ...owner, source }];
    });
    if (labelled !== undefined) said.push({ ...labelled, source: 'labels' });
    const owner = said[0] ?? null;
    const other = said.find((claim) => nameOf(claim) !== nameOf(owner!));
    if (other === undefined) return { owner, gap: undefined };
    const detail = `${owner!.source} says ${nameOf(owner!)}, ${other.source} says ${nameOf(other)}`;
    const { gpuId, migInstanceId, nodeName } = identity;
    return { owner, gap: { reason: 'owner-conflict', nodeName, gpuId, migInstanceId, metric: null, detail } };
  };
}

function byKey(owners: readonly GpuOwner[]): ReadonlyMap<string, GpuOwner> {
  return new Map(
    owners.map((owner) => [keyOf({ gpuId: owner.gpuId, migInstanceId: owner.migInstanceId ?? null }), owner]),
  );
}

function nameOf({ namespace, name }: GpuOwner): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
