import type { Demand } from './demand.ts';
import { capableKinds, type Fleet } from './fleet.ts';

/** Nodes that admit the same jobs and, empty, hold the same jobs. */
export interface NodeClasses {
  /** By node. */
  readonly classOf: Int32Array;
  /** By class: 1 when an empty node of it admits and holds the demand. `O(classes + kinds × GPUs of a node)` */
  readonly capable: (demand: Demand) => Uint8Array;
}

/** Puts the nodes of a fleet into classes: one for each kind of node and set of rules that come together. */
export function createNodeClasses(fleet: Fleet): NodeClasses {
  const { kindOf, ruleSetOf } = fleet.catalogue;
  const numbers = new Map<string, number>();
  const members: number[] = [];
  const classOf = kindOf.map((kind, node) => {
    const key = `${kind}/${ruleSetOf[node]}`;
    const number = numbers.get(key) ?? members.push(node) - 1;
    numbers.set(key, number);
    return number;
  });
  const capable = (demand: Demand): Uint8Array => {
    const kinds = capableKinds(fleet, demand);
    return Uint8Array.from(members, (node) => kinds[kindOf[node]!]! & demand.isAdmitted[ruleSetOf[node]!]!);
  };
  return { classOf, capable };
}
