/** What every object says of itself. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
  }[];
}

/** Anything the server stores. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** A list, all pages of it. */
export interface KubeList<T extends KubeObject = KubeObject> {
  readonly items: readonly T[];
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
}

/** Amounts by resource, as quantities: `nvidia.com/gpu: '8'`, `memory: 64Gi`. */
export type KubeAmounts = Readonly<Record<string, string>>;

/** A machine. */
export interface KubeNode extends KubeObject {
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  };
  readonly status?: {
    readonly capacity?: KubeAmounts;
    readonly allocatable?: KubeAmounts;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** One thing that is said of an object, and whether it is true. */
export interface KubeCondition {
  readonly type: string;
  /** `True`, `False` or `Unknown`. */
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** A container of a pod. */
export interface KubeContainer {
  readonly name: string;
  /** `Always` makes an init container a sidecar, which stays. */
  readonly restartPolicy?: string;
  readonly resources?: { readonly requests?: KubeAmounts; readonly limits?: KubeAmounts };
}

/** A pod. */
export interface KubePod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly schedulerName?: string;
    /** It is not scheduled before all of them are gone. */
    readonly schedulingGates?: readonly { readonly name: string }[];
    readonly priority?: number;
    readonly containers?: readonly KubeContainer[];
    readonly initContainers?: readonly KubeContainer[];
    readonly overhead?: KubeAmounts;
    readonly volumes?: readonly { readonly name: string; readonly emptyDir?: object | null }[];
    /** Of the pod as a whole. */
    readonly resources?: { readonly requests?: KubeAmounts; readonly limits?: KubeAmounts };
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly KubeCondition[];
    /** Where it will go once others have left for it. */
    readonly nominatedNodeName?: string;
    readonly containerStatuses?: readonly KubeContainerStatus[];
    readonly initContainerStatuses?: readonly KubeContainerStatus[];
  };
}

/** What a container was given, and how it is. */
export interface KubeContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly exitCode: number; readonly reason?: string };
  };
  readonly resources?: { readonly requests?: KubeAmounts };
  readonly allocatedResources?: KubeAmounts;
}

/** Devices that a driver of dynamic resource allocation offers, a part of a pool. `resource.k8s.io/v1` */
export interface KubeResourceSlice extends KubeObject {
  readonly spec?: {
    readonly driver: string;
    readonly nodeName?: string;
    readonly pool: { readonly name: string; readonly generation: number; readonly resourceSliceCount: number };
    readonly devices?: readonly KubeDevice[];
  };
}

/** One device. */
export interface KubeDevice {
  readonly name: string;
  readonly attributes?: Readonly<
    Record<
      string,
      { readonly string?: string; readonly int?: number; readonly bool?: boolean; readonly version?: string }
    >
  >;
  readonly capacity?: Readonly<Record<string, { readonly value: string }>>;
  /** Present when it is cut from, or shares parts with, others. */
  readonly consumesCounters?: readonly {
    readonly counterSet: string;
    readonly counters?: Readonly<Record<string, { readonly value: string }>>;
  }[];
  readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  readonly allowMultipleAllocations?: boolean;
}

/** A request for devices, and those it was given. `resource.k8s.io/v1` */
export interface KubeResourceClaim extends KubeObject {
  readonly status?: {
    readonly allocation?: {
      readonly devices?: {
        readonly results?: readonly {
          readonly driver: string;
          readonly pool: string;
          readonly device: string;
          readonly adminAccess?: boolean;
        }[];
      };
    };
    /** Who uses it. */
    readonly reservedFor?: readonly { readonly resource: string; readonly name: string; readonly uid: string }[];
  };
}

/** Why a request failed, as the server tells it. */
export interface KubeStatus {
  readonly kind: 'Status';
  readonly status?: string;
  readonly message?: string;
  /** A word for programs: `Conflict`, `AlreadyExists`, `Expired`, `TooManyRequests`, … */
  readonly reason?: string;
  readonly code?: number;
  readonly details?: KubeStatusDetails;
}

/** What a failure is about. */
export interface KubeStatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}
