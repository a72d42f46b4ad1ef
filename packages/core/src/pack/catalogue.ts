import type { Gpu, GpuNode } from '../fleet/index.ts';
import { reservedNames, ruleSetKey, type ReservedNames } from './node-rules.ts';

/** GPUs that no job can tell apart when they are empty. */
interface GpuType {
  readonly model: string;
  /** MiB; `undefined` when the fleet does not state it. */
  readonly memoryMib: number | undefined;
  /** True: cut into MIG instances, so it serves MIG jobs only. */
  readonly isCut: boolean;
}

/** MIG instances that no job can tell apart. */
interface InstanceType {
  readonly profile: string;
  readonly memoryMib: number | undefined;
}

/**
 * The distinct things a fleet is made of. A job is compared with each of them once; the hot loops then read a flag by
 * number instead of comparing names.
 */
export interface Catalogue {
  readonly gpuTypes: readonly GpuType[];
  readonly instanceTypes: readonly InstanceType[];
  /** One node of every kind: nodes of one kind have the same capacities, GPU by GPU. */
  readonly kindNodes: readonly GpuNode[];
  /** Kind of each node, by its position. */
  readonly kindOf: Int32Array;
  /** One node of every rule set: nodes of one set have the same zone, labels, taints and reservation. */
  readonly ruleNodes: readonly GpuNode[];
  /** Rule set of each node, by its position. */
  readonly ruleSetOf: Int32Array;
  readonly reserved: ReservedNames;
  readonly gpuTypeOf: (gpu: Gpu) => number;
  readonly instanceTypeOf: (instance: { readonly profile: string; readonly memoryMib?: number }) => number;
}

/** True when the GPU is cut into at least one MIG instance. */
export function isCut(gpu: Gpu): boolean {
  return gpu.migInstances !== undefined && gpu.migInstances.length > 0;
}

/** Lists the distinct GPUs, instances, kinds of nodes and sets of rules. `O(GPUs + instances + labels)`. */
export function catalogue(nodes: readonly GpuNode[]): Catalogue {
  const gpuTypes: GpuType[] = [];
  const instanceTypes: InstanceType[] = [];
  const gpuNumbers = new Map<string, number>();
  const instanceNumbers = new Map<string, number>();
  const numberOf = <T>(numbers: Map<string, number>, list: T[], key: string, make: () => T): number => {
    let number = numbers.get(key);
    if (number === undefined) {
      number = list.length;
      numbers.set(key, number);
      list.push(make());
    }
    return number;
  };
  const gpuTypeOf: Catalogue['gpuTypeOf'] = (gpu) =>
    numberOf(gpuNumbers, gpuTypes, `${isCut(gpu) ? 'cut' : 'whole'}/${gpu.memoryMib ?? ''}/${gpu.model}`, () => ({
      model: gpu.model,
      memoryMib: gpu.memoryMib,
      isCut: isCut(gpu),
    }));
  const instanceTypeOf: Catalogue['instanceTypeOf'] = ({ profile, memoryMib }) =>
    numberOf(instanceNumbers, instanceTypes, `${memoryMib ?? ''}/${profile}`, () => ({ profile, memoryMib }));

  const kindNodes: GpuNode[] = [];
  const kindNumbers = new Map<string, number>();
  const kindOf = new Int32Array(nodes.length);
  const ruleNodes: GpuNode[] = [];
  const ruleNumbers = new Map<string, number>();
  const ruleSetOf = new Int32Array(nodes.length);
  nodes.forEach((node, index) => {
    const gpus = node.gpus.map((gpu) => {
      const instances = (gpu.migInstances ?? []).map(instanceTypeOf);
      return instances.length === 0 ? `${gpuTypeOf(gpu)}` : `${gpuTypeOf(gpu)}:${instances.join('+')}`;
    });
    kindOf[index] = numberOf(kindNumbers, kindNodes, `${node.cpuMilli}/${node.memoryMib}/${gpus.join()}`, () => node);
    ruleSetOf[index] = numberOf(ruleNumbers, ruleNodes, ruleSetKey(node), () => node);
  });
  const reserved = reservedNames(ruleNodes);
  return { gpuTypes, instanceTypes, kindNodes, kindOf, ruleNodes, ruleSetOf, reserved, gpuTypeOf, instanceTypeOf };
}
