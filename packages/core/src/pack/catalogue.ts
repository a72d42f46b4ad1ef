import type { Gpu, GpuNode, MigGeometry, MigInstance } from '../fleet/index.ts';
import { knownGeometry } from '../mig/geometry.ts';
import { createCardStates, expectMix, type CardStates } from './card-states.ts';
import { reservedNames, ruleSetKey, type ReservedNames } from './node-rules.ts';

/** GPUs that no job can tell apart when they are empty. */
interface GpuType {
  readonly model: string;
  /** MiB; `undefined` when the fleet does not state it. */
  readonly memoryMib: number | undefined;
  /** True: in MIG mode, so it serves MIG jobs only. */
  readonly isCut: boolean;
  /** How it is cut as jobs come; `undefined`: it is not cut, or its instances stay. */
  readonly cards: CardStates | undefined;
}

/** MIG instances that no job can tell apart. */
interface InstanceType {
  readonly profile: string;
  readonly memoryMib: number | undefined;
  /** Where GPUs are cut for it, what it takes; 0: it is there. */
  readonly memorySlices: number;
}

/** An instance that is on a GPU, or that can be. */
interface InstanceOfGpu extends MigInstance {
  readonly memorySlices?: number;
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
  readonly instanceTypeOf: (instance: InstanceOfGpu) => number;
  /** The instances of a GPU: those that stay, or all that it can be cut into, of which many exclude each other. */
  readonly instancesOf: (gpu: Gpu) => readonly InstanceOfGpu[];
  /** By geometry that GPUs are cut by. */
  readonly cards: readonly CardStates[];
}

/** True when the GPU is in MIG mode: cut into at least one instance, or to be cut as jobs come. */
export function isCut(gpu: Gpu): boolean {
  return gpu.migGeometry !== undefined || (gpu.migInstances !== undefined && gpu.migInstances.length > 0);
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
  const cards: CardStates[] = [];
  const cardNumbers = new Map<string, number>();
  const numberOfNamed = new Map<string | MigGeometry, number>();
  const cardNumberOf = (named: string | MigGeometry): number => {
    const known = numberOfNamed.get(named);
    if (known !== undefined) return known;
    const geometry = typeof named === 'string' ? knownGeometry(named)! : named;
    // Equal geometries are one, so that nodes are alike that are.
    const number = numberOf(cardNumbers, cards, JSON.stringify(geometry), () => createCardStates(geometry));
    numberOfNamed.set(named, number);
    return number;
  };
  const cardsOf = ({ migGeometry }: Gpu) => (migGeometry === undefined ? undefined : cardNumberOf(migGeometry));
  const gpuTypeOf: Catalogue['gpuTypeOf'] = (gpu) => {
    const card = cardsOf(gpu);
    const mode = isCut(gpu) ? `cut${card ?? ''}` : 'whole';
    return numberOf(gpuNumbers, gpuTypes, `${mode}/${gpu.memoryMib ?? ''}/${gpu.model}`, () => ({
      model: gpu.model,
      memoryMib: gpu.memoryMib,
      isCut: isCut(gpu),
      cards: card === undefined ? undefined : cards[card],
    }));
  };
  const instanceTypeOf: Catalogue['instanceTypeOf'] = ({ profile, memoryMib, memorySlices = 0 }) =>
    numberOf(instanceNumbers, instanceTypes, `${memorySlices}/${memoryMib ?? ''}/${profile}`, () => ({
      profile,
      memoryMib,
      memorySlices,
    }));
  const instancesOf: Catalogue['instancesOf'] = (gpu) => {
    const card = cardsOf(gpu);
    return card === undefined ? (gpu.migInstances ?? []) : cards[card]!.instances;
  };

  const kindNodes: GpuNode[] = [];
  const kindNumbers = new Map<string, number>();
  const kindOf = new Int32Array(nodes.length);
  const ruleNodes: GpuNode[] = [];
  const ruleNumbers = new Map<string, number>();
  const ruleSetOf = new Int32Array(nodes.length);
  nodes.forEach((node, index) => {
    const gpus = node.gpus.map((gpu) => {
      const instances = instancesOf(gpu).map(instanceTypeOf);
      return instances.length === 0 ? `${gpuTypeOf(gpu)}` : `${gpuTypeOf(gpu)}:${instances.join('+')}`;
    });
    kindOf[index] = numberOf(kindNumbers, kindNodes, `${node.cpuMilli}/${node.memoryMib}/${gpus.join()}`, () => node);
    ruleSetOf[index] = numberOf(ruleNumbers, ruleNodes, ruleSetKey(node), () => node);
  });
  const reserved = reservedNames(ruleNodes);
  expectMix(cards, []);
  const types = { gpuTypes, gpuTypeOf, instanceTypes, instanceTypeOf, instancesOf, cards };
  return { ...types, kindNodes, kindOf, ruleNodes, ruleSetOf, reserved };
}
