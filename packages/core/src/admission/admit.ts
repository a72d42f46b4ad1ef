import type {
  AdmitInput,
  AdmitOptions,
  AdmitResult,
  AdmittedJobs,
  Loan,
  WaitingJobs,
  WaitingReason,
} from './admit-types.ts';
import { checkAdmit, checkModels } from './check-admit.ts';
import { createCohort, namesModel, useOf, type Cohort } from './cohort.ts';
import { lostWork, unitsOf } from './eviction-units.ts';
import { costOf } from './eviction-plan.ts';
import { createQuotaLedger, quotaMisses, type QuotaLedger } from './quota-ledger.ts';
import { borrowerOf, candidatesOf, reclaim, uncovered, type Borrower } from './reclaim.ts';

/** A job or gang that waits. */
interface Entry {
  readonly jobIds: readonly string[];
  readonly tenant: string | undefined;
  readonly row: number;
  readonly priority: number;
  readonly queuedAtMs: number;
  readonly canBorrow: boolean;
  readonly isModelNamed: boolean;
  readonly use: readonly number[];
}

/** An older job that is kept from being passed. */
interface Hold {
  readonly entry: Entry;
  /** True: what it needs counts as used when others want to borrow. */
  readonly isBooked: boolean;
}

/**
 * Decides which waiting jobs may start under the quotas of their tenants. It says who, not where: place the admitted with
 * `pack`, and make room for `reclaims` by evicting their victims.
 *
 * **Order.** First what is within nominal quotas, then what borrows. Both times the tenant goes next that has the smallest dominant
 * share: the largest, over resources, of what it uses beyond nominal by capacity, divided by its weight. Ties: the job that has waited
 * longest, then the smallest tenant id. Inside a tenant: descending priority, then longest waiting, then id; what does not fit is passed.
 * Without nominal quotas this is dominant resource fairness.
 *
 * **Quotas.** Unused nominal quota can be borrowed, as far as `maxLent` of the owner and `maxBorrowed` of the borrower go. What may not
 * be preempted does not borrow. An owner that comes back gets its quota: if borrowers are in the way, `reclaims` names the cheapest
 * to evict, by the rules of {@link planPreemption} except that priority protects nobody. A job covered by its tenant's nominal quota is
 * never named.
 *
 * **No starvation.** The first job (priority, waiting, id) that has waited `holdAfterMs` is tried before all others, if it borrows
 * then after what is nominal. If it does not fit it is held for: no job of its tenant and no borrower passes it unless more
 * important. As running work ends it starts. What that cannot give: room that owners use themselves, and a turn before more
 * important jobs.
 *
 * Time `O(jobs × tenants × resources)` and, for each job that reclaims, a branch and bound over the borrowers.
 *
 * Source: Ghodsi et al., "Dominant Resource Fairness", NSDI 2011, algorithm 1; quotas as Kueue's cohorts. Deviations: shares count what
 * is borrowed only; a held job comes first.
 *
 * @throws InvalidInputError when an amount, a tenant or a job is malformed, a quota is of a resource that `capacity` does not name, a
 * gang has several tenants, or a job both runs and waits.
 *
 * @example
 * ```ts
 * const capacity = { gpuMilli: 8_000 };
 * const tenants = [{ id: 'red', nominal: { gpuMilli: 4_000 } }, { id: 'blue', nominal: { gpuMilli: 4_000 } }];
 * const job = { id: 'x', tenant: 'red', gpuCount: 6, cpuMilli: 0, memoryMib: 0, isPreemptible: true };
 * admit({ capacity, tenants, running: [], jobs: [{ job, queuedAtMs: 0 }], nowMs: 0 }).admitted;
 * // [{ jobIds: ['x'], tenant: 'red', borrowed: [{ resource: 'gpu-milli', amount: 2000, from: 'blue' }] }]
 * ```
 */
export function admit(input: AdmitInput, options: AdmitOptions = {}): AdmitResult {
  checkAdmit(input, options);
  const { holdAfterMs = 600_000, maxSteps = 100_000 } = options;
  const { running, nowMs } = input;
  const cohort = createCohort(input.capacity, input.tenants);
  checkModels(cohort, running);
  const entries = entriesOf(cohort, input.jobs);
  const units = unitsOf(running);
  const loss = lostWork(units, nowMs);
  const lossOf = loss ?? (({ gpuMilli }) => gpuMilli);
  const borrowers = uncovered(
    cohort,
    units.map((unit) => borrowerOf(cohort, unit)),
  );
  const candidates = candidatesOf(borrowers, lossOf, nowMs);
  // `now`: what runs and what was admitted. `later`: also what reclaims, without its victims.
  const now = createQuotaLedger(cohort);
  const later = createQuotaLedger(cohort);
  for (const { job } of running)
    for (const ledger of [now, later]) ledger.book(cohort.rowOf(job.tenant), useOf(cohort, job));
  const before = cohort.tenants.map((_, row) => dominantShare(cohort, now.used[row]!, row));

  const budget = { left: maxSteps };
  const evicted = new Set<Borrower>();
  const admitted: AdmittedJobs[] = [];
  const waiting: WaitingJobs[] = [];
  const isOpen = new Set(entries);
  let hold: Hold | undefined;

  const used = (row: number, r: number) => Math.max(now.used[row]![r]!, later.used[row]![r]!);
  const isNominal = ({ row, use }: Entry) =>
    use.every((amount, r) => amount === 0 || used(row, r) + amount <= cohort.nominal[row]![r]!);
  const available = (row: number) => (r: number) => Math.min(now.available(row, r), later.available(row, r));
  const isHeldBack = (entry: Entry) => hold !== undefined && entry.priority <= hold.entry.priority;

  const start = (entry: Entry): void => {
    admitted.push({ jobIds: entry.jobIds, tenant: entry.tenant!, borrowed: loansOf(cohort, now, entry) });
    now.book(entry.row, entry.use);
    later.book(entry.row, entry.use);
  };
  /** Starts it, or says why not. */
  const decide = (entry: Entry): WaitingReason | undefined => {
    const { row, use } = entry;
    if (isHeldBack(entry) && hold!.entry.row === row) return { kind: 'held', heldForJobId: hold!.entry.jobIds[0]! };
    const misses = quotaMisses(cohort, use, available(row));
    if (isNominal(entry)) {
      if (misses.length > 0) return makeRoom(entry) ?? { kind: 'not-reclaimable', misses };
      start(entry);
      return undefined;
    }
    if (!entry.canBorrow) {
      const over = quotaMisses(cohort, use, (r) => cohort.nominal[row]![r]! - used(row, r));
      return { kind: 'must-not-borrow', misses: over };
    }
    const over = quotaMisses(cohort, use, (r) => cohort.most[row]![r]! - used(row, r));
    if (over.length > 0) return { kind: 'over-limit', misses: over };
    if (misses.length > 0) return { kind: 'nothing-to-borrow', misses };
    if (hold?.isBooked === true && isHeldBack(entry)) {
      later.book(hold.entry.row, hold.entry.use);
      const behind = quotaMisses(cohort, use, available(row));
      later.book(hold.entry.row, hold.entry.use, -1);
      if (behind.length > 0) return { kind: 'held', heldForJobId: hold.entry.jobIds[0]! };
    }
    start(entry);
    return undefined;
  };
  /** Plans evictions for an owner, and books its place in what is to come. */
  const makeRoom = (entry: Entry): WaitingReason | undefined => {
    const left = candidates.filter((borrower) => !evicted.has(borrower));
    const plan = reclaim(later, entry.row, entry.use, left, lossOf, budget);
    // Without victims of its own it waits for those of an owner before it.
    if (plan === undefined) return undefined;
    for (const borrower of plan.victims) {
      evicted.add(borrower);
      for (const { row, use } of borrower.parts) later.book(row, use, -1);
    }
    later.book(entry.row, entry.use);
    const victims = plan.victims.flatMap(({ unit }) => unit.members);
    return {
      kind: 'reclaims',
      victims: victims
        .map(({ job, placement: { nodeId } }) => ({
          jobId: job.id,
          nodeId,
          ...(job.gang === undefined ? {} : { gang: job.gang }),
        }))
        .sort((x, y) => (x.jobId < y.jobId ? -1 : 1)),
      cost: costOf(
        plan.victims.map(({ unit }) => unit),
        loss,
      ),
      ...(plan.isProven ? {} : { stoppedBy: 'max-steps' }),
    };
  };
  const close = (entry: Entry, reason: WaitingReason | undefined): void => {
    isOpen.delete(entry);
    if (reason === undefined) return;
    const { jobIds, tenant } = entry;
    waiting.push(tenant === undefined ? { jobIds, reason } : { jobIds, tenant, reason });
  };

  for (const entry of entries) {
    const reason = impossible(cohort, entry);
    if (reason !== undefined) close(entry, reason);
  }
  const shareOf = (row: number) => {
    const sums = cohort.resources.map((_, r) => used(row, r));
    return dominantShare(cohort, sums, row) / (cohort.tenants[row]!.weight ?? 1);
  };
  /** Decides about all candidates, one by one: next is the first of the tenant with the smallest share. */
  const run = (isCandidate: (entry: Entry) => boolean): void => {
    const queues = cohort.tenants.map((_, row) => entries.filter((entry) => entry.row === row));
    // What a tenant uses never falls here, so what is no candidate will not become one.
    const heads = queues.map(() => 0);
    for (;;) {
      let best: { readonly entry: Entry; readonly share: number } | undefined;
      queues.forEach((queue, row) => {
        while (heads[row]! < queue.length && !(isOpen.has(queue[heads[row]!]!) && isCandidate(queue[heads[row]!]!))) {
          heads[row]!++;
        }
        const entry = queue[heads[row]!];
        if (entry === undefined) return;
        const share = shareOf(row);
        if (best !== undefined) {
          if (share > best.share) return;
          if (share === best.share && entry.queuedAtMs >= best.entry.queuedAtMs) return;
        }
        best = { entry, share };
      });
      if (best === undefined) return;
      close(best.entry, decide(best.entry));
    }
  };
  const oldest = [...isOpen].find(({ queuedAtMs }) => nowMs - queuedAtMs >= holdAfterMs);
  const settleOldest = (): void => {
    if (oldest === undefined) return;
    const reason = decide(oldest);
    close(oldest, reason);
    if (reason === undefined || reason.kind === 'reclaims') return;
    const isBooked = reason.kind === 'nothing-to-borrow' || reason.kind === 'not-reclaimable';
    hold = { entry: oldest, isBooked };
  };
  if (oldest === undefined || isNominal(oldest)) {
    settleOldest();
  } else {
    // It borrows, so owners go first, but nothing of its own tenant that is not more important.
    run((entry) => isNominal(entry) && (entry.row !== oldest.row || entry.priority > oldest.priority));
    settleOldest();
  }
  run(isNominal);
  run(() => true);
  return {
    admitted,
    waiting,
    ...(hold === undefined ? {} : { heldForJobId: hold.entry.jobIds[0]! }),
    shares: cohort.tenants.map(({ id }, row) => ({
      tenant: id,
      beforeRatio: before[row]!,
      afterRatio: dominantShare(cohort, now.used[row]!, row),
    })),
  };
}

/** Jobs by gang, the most important first, then the longest waiting, then by id. */
function entriesOf(cohort: Cohort, jobs: AdmitInput['jobs']): readonly Entry[] {
  const since = new Map(jobs.map(({ job, queuedAtMs }) => [job.id, queuedAtMs]));
  return unitsOf(jobs.map(({ job }) => ({ job })))
    .map(({ members, priority }): Entry => {
      const { tenant } = members[0]!.job;
      const uses = members.map(({ job }) => useOf(cohort, job));
      return {
        jobIds: members.map(({ job }) => job.id),
        tenant,
        row: cohort.rowOf(tenant),
        priority,
        queuedAtMs: Math.min(...members.map(({ job }) => since.get(job.id)!)),
        canBorrow: members.every(({ job }) => job.isPreemptible === true),
        isModelNamed: members.every(({ job }) => namesModel(cohort, job)),
        use: cohort.resources.map((_, r) => uses.reduce((sum, use) => sum + use[r]!, 0)),
      };
    })
    .sort((x, y) => y.priority - x.priority || x.queuedAtMs - y.queuedAtMs || (x.jobIds[0]! < y.jobIds[0]! ? -1 : 1));
}

/** Why the jobs could not start even if nothing else ran. */
function impossible(cohort: Cohort, { tenant, row, use, canBorrow, isModelNamed }: Entry): WaitingReason | undefined {
  if (row === cohort.tenants.length) return { kind: 'unknown-tenant', ...(tenant === undefined ? {} : { tenant }) };
  if (!isModelNamed) return { kind: 'model-not-named', models: cohort.models };
  const most = (r: number) =>
    Math.min(cohort.most[row]![r]!, cohort.kept[row]![r]! + cohort.pool[r]!, cohort.capacity[r]!);
  const misses = quotaMisses(cohort, use, most);
  if (misses.length > 0) return { kind: 'exceeds-quota', misses };
  const beyond = quotaMisses(cohort, use, (r) => cohort.nominal[row]![r]!);
  return canBorrow || beyond.length === 0 ? undefined : { kind: 'must-not-borrow', misses: beyond };
}

/** What a tenant uses beyond nominal, as the largest share of any capacity; something of nothing is all of it. */
function dominantShare({ capacity, nominal }: Cohort, used: readonly number[], row: number): number {
  return used.reduce((most, amount, r) => {
    const beyond = amount - nominal[row]![r]!;
    if (beyond <= 0) return most;
    return Math.max(most, capacity[r] === 0 ? 1 : beyond / capacity[r]!);
  }, 0);
}

/**
 * Whose quota an entry borrows: first what is promised to nobody, then that of tenants by id, after what is borrowed already.
 */
function loansOf(cohort: Cohort, { used }: QuotaLedger, { row, use }: Entry): readonly Loan[] {
  const { capacity, nominal, kept, resources, tenants } = cohort;
  return resources.flatMap((resource, r) => {
    const beyond = (of: number, extra: number) => Math.max(0, used[of]![r]! + extra - nominal[of]![r]!);
    let amount = beyond(row, use[r]!) - beyond(row, 0);
    if (amount === 0) return [];
    let taken = used.reduce((sum, _, of) => sum + beyond(of, 0), 0);
    const promised = nominal.reduce((sum, of) => sum + of[r]!, 0);
    const sources = [
      { most: Math.max(0, capacity[r]! - promised) },
      ...tenants.map(({ id }, of) => ({
        most: of === row ? 0 : Math.max(0, nominal[of]![r]! - Math.max(kept[of]![r]!, used[of]![r]!)),
        from: id,
      })),
    ];
    return sources.flatMap(({ most, ...from }): readonly Loan[] => {
      const skipped = Math.min(most, taken);
      taken -= skipped;
      const lent = Math.min(most - skipped, amount);
      amount -= lent;
      return lent === 0 ? [] : [{ ...resource, amount: lent, ...from }];
    });
  });
}
