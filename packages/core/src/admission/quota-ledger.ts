import type { QuotaMiss } from './admit-types.ts';
import type { Cohort } from './cohort.ts';

/** Who uses how much. */
export interface QuotaLedger {
  /** By tenant row, then resource. */
  readonly used: readonly number[][];
  /** Books (`sign` 1) or gives back (-1). */
  readonly book: (row: number, use: readonly number[], sign?: 1 | -1) => void;
  /** What the tenant may still take of a resource: its own that is never lent, and the pool, and not more than is there. */
  readonly available: (row: number, resource: number) => number;
  /** What must be given back by others before the tenant may use that much, 0 when it may now. */
  readonly short: (row: number, resource: number, amount: number) => number;
  readonly totalUsed: (resource: number) => number;
}

/** An empty ledger. All operations are `O(resources)`. */
export function createQuotaLedger({ capacity, kept, pool, resources }: Cohort): QuotaLedger {
  const used = kept.map(() => resources.map(() => 0));
  const total = resources.map(() => 0);
  /** What all use beyond what they never lend. */
  const poolUsed = resources.map(() => 0);
  const own = (row: number, r: number) => Math.max(0, kept[row]![r]! - used[row]![r]!);
  return {
    used,
    book: (row, use, sign = 1) => {
      use.forEach((amount, r) => {
        poolUsed[r]! -= Math.max(0, used[row]![r]! - kept[row]![r]!);
        used[row]![r]! += sign * amount;
        poolUsed[r]! += Math.max(0, used[row]![r]! - kept[row]![r]!);
        total[r]! += sign * amount;
      });
    },
    available: (row, r) =>
      Math.max(0, Math.min(own(row, r) + Math.max(0, pool[r]! - poolUsed[r]!), capacity[r]! - total[r]!)),
    short: (row, r, amount) => {
      if (amount === 0) return 0;
      const fromPool = amount - own(row, r);
      const lacksPool = fromPool > 0 ? fromPool - (pool[r]! - poolUsed[r]!) : 0;
      return Math.max(0, lacksPool, amount - (capacity[r]! - total[r]!));
    },
    totalUsed: (r) => total[r]!,
  };
}

/** The resources of which `available` is less than what is used, with the amounts. */
export function quotaMisses(
  { resources }: Cohort,
  use: readonly number[],
  available: (resource: number) => number,
): readonly QuotaMiss[] {
  return use.flatMap((needed, r) => {
    if (needed === 0) return [];
    const left = Math.max(0, available(r));
    return needed > left ? [{ ...resources[r]!, needed, available: left }] : [];
  });
}
