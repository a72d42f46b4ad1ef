import { InvalidInputError } from '@spillway/core';

import type { PodBinding } from './binding.ts';
import type { KubePod } from './objects.ts';

/** A question of kube-scheduler, read. Source: k8s.io/kube-scheduler, extender/v1, types.go. */
export interface ExtenderArgs {
  readonly pod: KubePod;
  readonly names: readonly string[];
  /** The nodes as they came, one for each name; absent when only names came. */
  readonly nodes?: readonly unknown[];
}

/** Reads ExtenderArgs. @throws InvalidInputError for anything else. */
export function readExtenderArgs(value: unknown): ExtenderArgs {
  const pod = member(value, 'Pod');
  if (typeof member(pod, 'metadata') !== 'object') throw new InvalidInputError('Pod', 'must be a pod', pod);
  const names = member(value, 'NodeNames');
  if (Array.isArray(names)) {
    return { pod: pod as KubePod, names: names.map((name, index) => textOf(`NodeNames[${index}]`, name)) };
  }
  const nodes: unknown = member(member(value, 'Nodes'), 'items');
  if (!Array.isArray(nodes)) throw new InvalidInputError('Nodes', 'must be there, or NodeNames', nodes);
  const nameOf = (node: unknown, index: number): string =>
    textOf(`Nodes.items[${index}].metadata.name`, member(member(node, 'metadata'), 'name'));
  return { pod: pod as KubePod, names: nodes.map(nameOf), nodes };
}

/** Reads ExtenderBindingArgs. @throws InvalidInputError for anything else. */
export function readExtenderBinding(value: unknown): PodBinding {
  const text = (field: string): string => textOf(field, member(value, field));
  return {
    podName: text('PodName'),
    podNamespace: text('PodNamespace'),
    podUid: text('PodUID'),
    nodeName: text('Node'),
  };
}

function textOf(field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new InvalidInputError(field, 'must be a text', value);
}

function member(owner: unknown, field: string): unknown {
  return typeof owner === 'object' && owner !== null && Object.hasOwn(owner, field)
    ? (owner as Readonly<Record<string, unknown>>)[field]
    : undefined;
}
