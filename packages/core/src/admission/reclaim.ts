import { cheapestEviction, firstEviction, type EvictionProblem, type StepBudget } from './cheapest-eviction.ts';
import type { Cohort } from './cohort.ts';
import { useOf } from './cohort.ts';
import { createCover, leastToCover } from './cover.ts';
import { mayBeStopped, type EvictionUnit } from './eviction-units.ts';
import type { QuotaLedger } from './quota-ledger.ts';
import type { RunningJob } from '../pack/types.ts';

/** Borrowers that one search looks at, unless more are needed. */
const MAX_CANDIDATES = 200;

/** A running job or gang, and whose quota it uses. */
export interface Borrower {
  readonly unit: EvictionUnit<RunningJob>;
  readonly parts: readonly { readonly row: number; readonly use: readonly number[] }[];
}

/** What a unit uses, by tenant. */
export function borrowerOf(cohort: Cohort, unit: EvictionUnit<RunningJob>): Borrower {
  const parts = unit.members.map(({ job }) => ({ row: cohort.rowOf(job.tenant), use: useOf(cohort, job) }));
  return { unit, parts };
}

/**
 * Those that run beyond their tenants' nominal quotas. A tenant's quota covers its jobs one by one: first those that may not be
 * preempted, then by descending priority, then the longest running, then by id; a job that does not fit what is left is not covered.
 */
export function uncovered(cohort: Cohort, borrowers: readonly Borrower[]): readonly Borrower[] {
  const left = cohort.nominal.map((row) => [...row]);
  const isFixed = ({ unit }: Borrower) => (unit.members.some(({ job }) => job.isPreemptible !== true) ? 0 : 1);
  const start = ({ unit }: Borrower) => Math.min(...unit.members.map(({ startedAtMs }) => startedAtMs ?? -Infinity));
  const sorted = [...borrowers].sort(
    (x, y) =>
      isFixed(x) - isFixed(y) ||
      y.unit.priority - x.unit.priority ||
      (start(x) === start(y) ? 0 : start(x) - start(y)) ||
      (x.unit.id < y.unit.id ? -1 : 1),
  );
  return sorted.filter(({ parts }) => {
    for (const { row, use } of parts) use.forEach((amount, r) => (left[row]![r]! -= amount));
    if (parts.every(({ row, use }) => use.every((amount, r) => amount === 0 || left[row]![r]! >= 0))) return false;
    for (const { row, use } of parts) use.forEach((amount, r) => (left[row]![r]! += amount));
    return true;
  });
}

/** Those that may go, by ascending priority, then loss, then id. `O(n log n)`. */
export function candidatesOf(
  borrowers: readonly Borrower[],
  loss: (unit: EvictionUnit) => number,
  nowMs: number,
): readonly Borrower[] {
  return borrowers
    .filter(({ unit }) => unit.members.every((entry) => mayBeStopped(entry, nowMs)))
    .map((borrower) => ({ borrower, lost: loss(borrower.unit) }))
    .sort(
      ({ borrower: { unit: x }, lost: lostX }, { borrower: { unit: y }, lost: lostY }) =>
        x.priority - y.priority || lostX - lostY || (x.id < y.id ? -1 : 1),
    )
    .map(({ borrower }) => borrower);
}

/**
 * The cheapest borrowers to evict so that a tenant may use what it asks for: as for preemption, only that quota, not priority, says
 * who may go. The ledger is left as it was.
 *
 * @param candidates - as {@link candidatesOf} orders them.
 * @returns `undefined` when all that may go are not enough.
 */
export function reclaim(
  ledger: QuotaLedger,
  row: number,
  use: readonly number[],
  candidates: readonly Borrower[],
  loss: (unit: EvictionUnit) => number,
  budget: StepBudget,
): { readonly victims: readonly Borrower[]; readonly isProven: boolean } | undefined {
  const may = candidates.filter(({ parts }) => {
    const helps = parts.some((part) => part.use.some((amount, r) => amount > 0 && use[r]! > 0));
    return helps && parts.every((part) => part.row !== row);
  });
  const book = ({ parts }: Borrower, sign: 1 | -1) => {
    for (const part of parts) ledger.book(part.row, part.use, sign);
  };
  const fits = () => use.every((amount, r) => ledger.short(row, r, amount) === 0);

  // The lowest priority up to which borrowers have to go.
  let taken = 0;
  while (!fits() && taken < may.length) book(may[taken++]!, -1);
  const isEnough = fits();
  for (const borrower of may.slice(0, taken)) book(borrower, 1);
  if (!isEnough) return undefined;
  const level = may[taken - 1]?.unit.priority ?? -Infinity;
  // Those up to `taken` are enough; where there are very many, only the cheapest others are looked at.
  const all = may.filter(({ unit }) => unit.priority <= level);
  const eligible = all.slice(0, Math.max(taken, MAX_CANDIDATES)).sort((x, y) => (x.unit.id < y.unit.id ? -1 : 1));

  const weights = [eligible.map(({ unit }) => loss(unit)), eligible.map(({ unit }) => unit.members.length)] as const;
  const covers = use.map((_, r) =>
    createCover(
      eligible.map(({ parts }) => parts.reduce((sum, part) => sum + part.use[r]!, 0)),
      weights,
    ),
  );
  const problem: EvictionProblem = {
    weights,
    evict: (k) => {
      book(eligible[k]!, -1);
    },
    restore: (k) => {
      book(eligible[k]!, 1);
    },
    fits,
    leastMore: (which, isOpen) =>
      covers.reduce((most, cover, r) => {
        const short = ledger.short(row, r, use[r]!);
        return Math.max(most, leastToCover(cover, short, which, weights[which], isOpen));
      }, 0),
  };
  const eviction = cheapestEviction(problem, budget);
  if (eviction === undefined) return undefined;
  const first = eviction.isProven ? firstEviction(problem, eviction, budget) : undefined;
  const victims = (first ?? eviction.units).map((k) => eligible[k]!);
  return { victims, isProven: first !== undefined && eligible.length === all.length };
}
