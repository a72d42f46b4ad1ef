import type { GpuNode } from '../fleet/index.ts';
import { catalogue, type Catalogue } from './catalogue.ts';
import type { Demand } from './demand.ts';
import { emptyState, type FleetState } from './fleet-state.ts';
import { shortfall } from './shortfall.ts';

/** A fleet, its nodes in ascending order of id, so that the lowest position is the smallest id. */
export interface Fleet {
  readonly nodes: readonly GpuNode[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly catalogue: Catalogue;
  readonly state: FleetState;
  /** Empty nodes, one of every kind. */
  readonly kindState: FleetState;
  /** Ms since the Unix epoch; Infinity: the node stays. */
  readonly expiresAtMs: Float64Array;
  readonly isCordoned: Uint8Array;
}

/** Builds an empty fleet. `O(nodes log nodes + GPUs)`. */
export function createFleet(nodes: readonly GpuNode[]): Fleet {
  const sorted = [...nodes].sort((x, y) => (x.id < y.id ? -1 : 1));
  const kinds = catalogue(sorted);
  return {
    nodes: sorted,
    indexOf: new Map(sorted.map(({ id }, index) => [id, index])),
    catalogue: kinds,
    state: emptyState(sorted, kinds),
    kindState: emptyState(kinds.kindNodes, kinds),
    expiresAtMs: Float64Array.from(sorted, (node) => node.expiresAtMs ?? Infinity),
    isCordoned: Uint8Array.from(sorted, (node) => (node.isCordoned === true ? 1 : 0)),
  };
}

/** By kind of node: 1 when an empty one holds the demand. `O(kinds × GPUs of a node)`. */
export function capableKinds({ kindState }: Fleet, demand: Demand): Uint8Array {
  const capable = new Uint8Array(kindState.nodeCount);
  for (let kind = 0; kind < capable.length; kind++) capable[kind] = shortfall(kindState, kind, demand) === 0 ? 1 : 0;
  return capable;
}
