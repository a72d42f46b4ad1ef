import type { GpuNode } from '../fleet/index.ts';
import { GPU_MILLI } from '../units.ts';
import type { CardStates } from './card-states.ts';
import { isCut, type Catalogue } from './catalogue.ts';

/** Amounts left on every node, as columns. GPUs of node `n` are the rows `gpuStart[n]` to `gpuStart[n + 1] - 1`. */
export interface FleetState {
  readonly nodeCount: number;
  readonly cpuFree: Float64Array;
  readonly memoryFree: Float64Array;
  readonly gpuStart: Int32Array;
  readonly gpuType: Int32Array;
  /** Milli-GPU left; 0 for a GPU cut into instances. */
  readonly gpuFree: Int32Array;
  /** MiB left; -1 when the fleet does not state the memory. */
  readonly gpuMemoryFree: Float64Array;
  /** Milli-GPU left on the node. */
  readonly nodeGpuFree: Float64Array;
  /** The type of all GPUs of the node; -1 when they differ, some are cut into instances, or there are none. */
  readonly nodeGpuType: Int32Array;
  /** GPUs of the node that nobody uses. */
  readonly nodeWholeFree: Int32Array;
  /** Most milli-GPU left on one GPU of the node. */
  readonly nodeMostFree: Int32Array;
  /** Instances of GPU row `g` are the rows `instanceStart[g]` to `instanceStart[g + 1] - 1`. */
  readonly instanceStart: Int32Array;
  /** Row of the GPU of the instance. */
  readonly instanceGpu: Int32Array;
  readonly instanceType: Int32Array;
  /** First memory slice of the instance. */
  readonly instanceSlice: Float64Array;
  /** 1: a job can take it. Of a GPU that is cut as jobs come, these are the places where an instance fits now. */
  readonly isInstanceFree: Uint8Array;
  /** 1: a job has it. */
  readonly isInstanceTaken: Uint8Array;
  /** Free instances on the node, of any profile, that stay. */
  readonly nodeInstancesFree: Int32Array;
  /** By GPU type: how it is cut as jobs come; `undefined`: it is not. */
  readonly cards: readonly (CardStates | undefined)[];
  /** State of the GPU as a card; 0 for one that is not cut as jobs come. */
  readonly cardState: Int32Array;
  /** Jobs on the node. */
  readonly jobCount: Int32Array;
}

/** What a job holds on a node, as rows of the state. */
export interface Holding {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  /** Rows of the GPUs held. */
  readonly gpus: readonly number[];
  /** Milli-GPU held of each. */
  readonly gpuMilli: number;
  /** MiB held of each. */
  readonly gpuMemoryMib: number;
  /** Row of the MIG instance held, -1 for none. */
  readonly instance: number;
}

/** The state of an empty fleet. `O(nodes + GPUs + instances)`. */
export function emptyState(
  nodes: readonly GpuNode[],
  { gpuTypes, gpuTypeOf, instanceTypeOf, instancesOf }: Catalogue,
): FleetState {
  const gpus = nodes.flatMap((node) => node.gpus);
  const instances = gpus.flatMap(instancesOf);
  const gpuStart = new Int32Array(nodes.length + 1);
  const nodeGpuFree = new Float64Array(nodes.length);
  const nodeInstancesFree = new Int32Array(nodes.length);
  nodes.forEach((node, n) => {
    gpuStart[n + 1] = gpuStart[n]! + node.gpus.length;
    for (const gpu of node.gpus) {
      nodeGpuFree[n]! += isCut(gpu) ? 0 : GPU_MILLI;
      nodeInstancesFree[n]! += gpu.migInstances?.length ?? 0;
    }
  });
  const gpuType = Int32Array.from(gpus, gpuTypeOf);
  const gpuFree = Int32Array.from(gpus, (gpu) => (isCut(gpu) ? 0 : GPU_MILLI));
  const nodeGpuType = Int32Array.from(nodes, ({ gpus: own }, node) => {
    const type = own.length > 0 ? gpuType[gpuStart[node]!]! : -1;
    return own.every((gpu, index) => !isCut(gpu) && gpuType[gpuStart[node]! + index] === type) ? type : -1;
  });
  const instanceStart = new Int32Array(gpus.length + 1);
  const instanceGpu = new Int32Array(instances.length);
  gpus.forEach((gpu, g) => {
    instanceStart[g + 1] = instanceStart[g]! + instancesOf(gpu).length;
    instanceGpu.fill(g, instanceStart[g], instanceStart[g + 1]);
  });
  return {
    nodeCount: nodes.length,
    cpuFree: Float64Array.from(nodes, (node) => node.cpuMilli),
    memoryFree: Float64Array.from(nodes, (node) => node.memoryMib),
    gpuStart,
    gpuType,
    gpuFree,
    gpuMemoryFree: Float64Array.from(gpus, (gpu) => gpu.memoryMib ?? -1),
    nodeGpuFree,
    nodeGpuType,
    nodeWholeFree: Int32Array.from(nodes, ({ gpus: own }) => own.filter((gpu) => !isCut(gpu)).length),
    nodeMostFree: Int32Array.from(nodes, ({ gpus: own }) => (own.some((gpu) => !isCut(gpu)) ? GPU_MILLI : 0)),
    instanceStart,
    instanceGpu,
    instanceType: Int32Array.from(instances, instanceTypeOf),
    instanceSlice: Float64Array.from(instances, (instance) => instance.start),
    isInstanceFree: new Uint8Array(instances.length).fill(1),
    isInstanceTaken: new Uint8Array(instances.length),
    nodeInstancesFree,
    cards: gpuTypes.map(({ cards }) => cards),
    cardState: new Int32Array(gpus.length),
    jobCount: new Int32Array(nodes.length),
  };
}

/** Takes (`sign` -1) or gives back (`sign` 1) what a job holds. All amounts are whole, so giving back undoes exactly. */
export function move(state: FleetState, node: number, holding: Holding, sign: -1 | 1): void {
  state.cpuFree[node]! += sign * holding.cpuMilli;
  state.memoryFree[node]! += sign * holding.memoryMib;
  for (const gpu of holding.gpus) {
    state.gpuFree[gpu]! += sign * holding.gpuMilli;
    if (state.gpuMemoryFree[gpu]! >= 0) state.gpuMemoryFree[gpu]! += sign * holding.gpuMemoryMib;
  }
  if (holding.gpus.length > 0) {
    state.nodeGpuFree[node]! += sign * holding.gpuMilli * holding.gpus.length;
    lookOver(state, node);
  }
  if (holding.instance >= 0) moveInstance(state, node, holding.instance, sign);
  state.jobCount[node]! -= sign;
}

/** Takes or gives back an instance. `O(instances of the GPU)` */
function moveInstance(state: FleetState, node: number, instance: number, sign: -1 | 1): void {
  const { instanceGpu, instanceStart, isInstanceFree, isInstanceTaken, nodeInstancesFree, gpuType, cardState } = state;
  const gpu = instanceGpu[instance]!;
  const cards = state.cards[gpuType[gpu]!];
  isInstanceTaken[instance] = sign === 1 ? 0 : 1;
  if (cards === undefined) {
    isInstanceFree[instance] = sign === 1 ? 1 : 0;
    nodeInstancesFree[node]! += sign;
    return;
  }
  const start = instanceStart[gpu]!;
  const change = sign === 1 ? cards.given : cards.taken;
  cardState[gpu] = change(cardState[gpu]!, instance - start);
  isInstanceFree.set(cards.isFree(cardState[gpu]), start);
}

/** Sets what follows from the GPUs of the node. `O(GPUs)` */
function lookOver({ gpuStart, gpuFree, nodeWholeFree, nodeMostFree }: FleetState, node: number): void {
  let whole = 0;
  let most = 0;
  for (let g = gpuStart[node]!, end = gpuStart[node + 1]!; g < end; g++) {
    const free = gpuFree[g]!;
    if (free === GPU_MILLI) whole++;
    if (free > most) most = free;
  }
  nodeWholeFree[node] = whole;
  nodeMostFree[node] = most;
}
