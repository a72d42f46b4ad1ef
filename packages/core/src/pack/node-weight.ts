import { InvalidInputError } from '../errors.ts';
import type { GpuNode } from '../fleet/index.ts';

/** What a node that is switched on costs: 1, its `priceUsdPerHour`, or its `idleWatts`. */
export type NodeWeight = 'count' | 'price' | 'watts';

/** The weight of a node. @throws InvalidInputError when the node lacks the number, or the weight is not one of these. */
export function nodeWeight(node: GpuNode, weight: NodeWeight): number {
  if (weight === 'count') return 1;
  const fields = { price: 'priceUsdPerHour', watts: 'idleWatts' } as const;
  const field = fields[weight] as (typeof fields)[keyof typeof fields] | undefined;
  if (field === undefined) {
    throw new InvalidInputError('weight', 'must be one of count, price, watts', weight, {
      hint: 'Leave it out for count.',
    });
  }
  const value = node[field];
  if (value !== undefined) return value;
  throw new InvalidInputError(`${field} of node '${node.id}'`, `must be given when weight is '${weight}'`, value, {
    hint: "Give every node one, or weigh by 'count'.",
  });
}
