/** Says why something was or was not done. `kind` tells which; each area has a union of its own with the numbers. */
export interface Reason {
  /** Kebab-case name of the reason, stable within a major version. */
  readonly kind: string;
}

/**
 * Counts reasons by kind, most frequent first, ties by kind. `O(n log n)`.
 *
 * @example
 * ```ts
 * countReasons([{ kind: 'no-gpu-share' }, { kind: 'no-gpu-share' }, { kind: 'no-cpu' }]);
 * // [{ kind: 'no-gpu-share', count: 2 }, { kind: 'no-cpu', count: 1 }]
 * ```
 */
export function countReasons(reasons: readonly Reason[]): readonly { readonly kind: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { kind } of reasons) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .map(([kind, count]) => ({ kind, count }))
    .sort((x, y) => y.count - x.count || (x.kind < y.kind ? -1 : 1));
}
