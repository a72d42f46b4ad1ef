/** An amount that has to be freed, and which units free how much of it. */
export interface Cover {
  /** Units that free some, and how much each. */
  readonly units: readonly number[];
  readonly gains: readonly number[];
  /** Positions in `units` by ascending weight for its gain, for each weight. */
  readonly orders: readonly (readonly number[])[];
}

/** Prepares a cover from the gain of each unit and the weights that will be asked for. `O(n log n)`. */
export function createCover(gainOf: readonly number[], weights: readonly (readonly number[])[]): Cover {
  const units = gainOf.flatMap((gain, unit) => (gain > 0 ? [unit] : []));
  const gains = units.map((unit) => gainOf[unit]!);
  const orders = weights.map((weight) => {
    const ratio = (k: number) => weight[units[k]!]! / gains[k]!;
    return units.map((_, k) => k).sort((x, y) => ratio(x) - ratio(y) || x - y);
  });
  return { units, gains, orders };
}

/**
 * The least weight of open units that frees an amount, if units could be evicted in part: no choice of whole units weighs less.
 * Infinity when all together do not free it. `O(n)`.
 */
export function leastToCover(
  { units, gains, orders }: Cover,
  amount: number,
  which: number,
  weight: readonly number[],
  isOpen: Uint8Array,
): number {
  let left = amount;
  let sum = 0;
  if (left <= 0) return 0;
  for (const k of orders[which]!) {
    const unit = units[k]!;
    if (isOpen[unit] === 0) continue;
    const gain = gains[k]!;
    if (gain >= left) return sum + (weight[unit]! * left) / gain;
    left -= gain;
    sum += weight[unit]!;
  }
  return Infinity;
}
