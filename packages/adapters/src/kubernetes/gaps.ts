/** Why something is not among the nodes, or not free. */
export type KubeGapReason =
  /** Devices whose model no label and no attribute names. */
  | 'no-model'
  /** A resource of a vendor of GPUs that is not understood. */
  | 'unknown-resource'
  /** A MIG profile that the model is not known to have. */
  | 'unknown-profile'
  /** A device of a kind, or in a pool, that is not understood. */
  | 'unknown-device'
  /** Devices that are there and cannot be allocated. */
  | 'unhealthy'
  /** Pods take more than there is. */
  | 'overcommitted'
  /** An amount that is no quantity; the node is cordoned when it is not known what is taken. */
  | 'unreadable'
  /** A pool of devices whose slices are not all there. */
  | 'incomplete-pool'
  /** A card of which a partition is held. */
  | 'partly-cut'
  /** The same GPUs may be offered by a device plugin and by dynamic resource allocation; neither is listed. */
  | 'two-sources'
  /** No further pod is admitted; the node is cordoned. */
  | 'pods-full';

/** Something that should have been known, or free, and is not. */
export interface KubeGap {
  readonly reason: KubeGapReason;
  /** `null` when it is about no single node. */
  readonly nodeName: string | null;
  /** For people. */
  readonly detail: string;
}
