import type { GpuIdentity, GpuOwner } from '../contract/gpu-metrics.ts';

type Labels = Readonly<Record<string, string>>;

/** The first of some labels that is there and not empty. */
function first(labels: Labels, names: readonly string[]): string | null {
  for (const name of names) if (Object.hasOwn(labels, name) && labels[name] !== '') return labels[name]!;
  return null;
}

/**
 * Which GPU a series is about, in any of the spellings of dcgm-exporter: `UUID` or `uuid`, `Hostname` (before 2026-05) or
 * `hostname`. `undefined` without a UUID.
 */
export function identityOf(labels: Labels): GpuIdentity | undefined {
  const gpuId = first(labels, ['UUID', 'uuid']);
  if (gpuId === null) return undefined;
  const index = first(labels, ['gpu']);
  return {
    gpuId,
    migInstanceId: first(labels, ['GPU_I_ID']),
    migProfile: first(labels, ['GPU_I_PROFILE']),
    nodeName: first(labels, ['Hostname', 'hostname', 'exported_hostname']),
    index: index !== null && /^\d{1,9}$/.test(index) ? Number(index) : null,
    model: first(labels, ['modelName']),
  };
}

/** The card on which an instance is. */
export function cardOf(identity: GpuIdentity): GpuIdentity {
  return { ...identity, migInstanceId: null, migProfile: null };
}

/** A text that is the same for two series of the same GPU or instance, and sorts by GPU, then instance. */
export function keyOf({ gpuId, migInstanceId }: Pick<GpuIdentity, 'gpuId' | 'migInstanceId'>): string {
  return `${gpuId}\u0000${migInstanceId ?? ''}`;
}

/**
 * Which pod the labels name. A Prometheus that does not honour labels keeps `pod` for the exporter's own pod and moves the
 * one that holds the GPU to `exported_pod`; then only that one counts.
 */
export function labelledOwner(labels: Labels, isExported: boolean): GpuOwner | undefined {
  const names = (kind: string) => (isExported ? [`exported_${kind}`, `exported_${kind}_name`] : [kind, `${kind}_name`]);
  const name = first(labels, names('pod'));
  const gpuId = first(labels, ['UUID', 'uuid']);
  if (name === null || gpuId === null) return undefined;
  const namespace = first(
    labels,
    isExported ? ['exported_namespace', 'exported_pod_namespace'] : ['namespace', 'pod_namespace'],
  );
  const container = first(labels, names('container'));
  const migInstanceId = first(labels, ['GPU_I_ID']);
  return {
    gpuId,
    name,
    ...(migInstanceId !== null && { migInstanceId }),
    ...(namespace !== null && { namespace }),
    ...(container !== null && { container }),
  };
}
