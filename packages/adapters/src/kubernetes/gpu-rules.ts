/** Which kind of device an extended resource stands for. */
export type DeviceFamily = 'nvidia' | 'amd' | 'intel';

/**
 * Whole devices, by the resource they are asked for with. Source: NVIDIA/k8s-device-plugin README; ROCm/k8s-device-plugin;
 * intel/intel-device-plugins-for-kubernetes cmd/gpu_plugin.
 */
export const DEVICE_RESOURCES: Readonly<Record<string, DeviceFamily>> = {
  'nvidia.com/gpu': 'nvidia',
  'nvidia.com/gpu.shared': 'nvidia',
  'amd.com/gpu': 'amd',
  'gpu.intel.com/i915': 'intel',
  'gpu.intel.com/xe': 'intel',
};

/** Resources of these domains are devices, understood or not. */
export const DEVICE_DOMAINS = ['nvidia.com/', 'amd.com/', 'gpu.intel.com/'];

/** Where a label names the model, and another its memory in MiB. */
export interface ModelRule {
  readonly family: DeviceFamily;
  readonly label: string;
  readonly memoryLabel?: string;
}

/**
 * Labels that name the model, the most exact first. The memory AMD's label tells is rounded to whole G, and is not used.
 * Source: NVIDIA/k8s-device-plugin docs/gpu-feature-discovery; ROCm/k8s-device-plugin cmd/k8s-node-labeller;
 * intel-device-plugins-for-kubernetes cmd/gpu_plugin/labels.md; kubernetes/autoscaler cluster-autoscaler (GKE, EKS);
 * karpenter-provider-aws and karpenter-provider-azure, labels of instance types.
 */
export const MODEL_RULES: readonly ModelRule[] = [
  { family: 'nvidia', label: 'nvidia.com/gpu.product', memoryLabel: 'nvidia.com/gpu.memory' },
  { family: 'nvidia', label: 'cloud.google.com/gke-accelerator' },
  { family: 'nvidia', label: 'k8s.amazonaws.com/accelerator' },
  {
    family: 'nvidia',
    label: 'karpenter.k8s.aws/instance-gpu-name',
    memoryLabel: 'karpenter.k8s.aws/instance-gpu-memory',
  },
  { family: 'nvidia', label: 'karpenter.azure.com/sku-gpu-name' },
  { family: 'amd', label: 'amd.com/gpu.product-name' },
  { family: 'amd', label: 'beta.amd.com/gpu.product-name' },
  { family: 'intel', label: 'gpu.intel.com/product' },
];

/** Labels that say how one device is given to several. Source: as above; GKE documentation on GPU sharing. */
export const SHARING_LABELS = {
  strategy: ['nvidia.com/gpu.sharing-strategy', 'cloud.google.com/gke-gpu-sharing-strategy'],
  replicas: ['nvidia.com/gpu.replicas', 'cloud.google.com/gke-max-shared-clients-per-gpu'],
} as const;

/** Says the MIG profile of all devices of a node. */
export const PARTITION_LABEL = 'cloud.google.com/gke-gpu-partition-size';

/** Labels that name the pool a node belongs to. */
export const POOL_LABELS = [
  'karpenter.sh/nodepool',
  'cloud.google.com/gke-nodepool',
  'eks.amazonaws.com/nodegroup',
  'kubernetes.azure.com/agentpool',
];

export const ZONE_LABELS = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];

/** Names the NVLink fabric and the part of it a node is in: those of the same value reach each other. */
export const CLIQUE_LABEL = 'nvidia.com/gpu.clique';

/** The taint of nodes whose devices are shared by time or by MPS: only jobs that tolerate it are meant for a share. */
export const SHARED_TAINT = 'spillway.dev/shared-gpu';
