import type { AdmitInput, Job, RunningJob } from '../../src/index.ts';

/** Quotas on GPUs and CPU, counted with plain maps: nothing here is shared with the code under test. */
export const RESOURCES = ['gpuMilli', 'cpuMilli'] as const;
export type Resource = (typeof RESOURCES)[number];

export const useOf = (job: Job, resource: Resource): number =>
  resource === 'cpuMilli' ? job.cpuMilli : job.gpuCount * (job.gpuMilli ?? 1_000);

export const usedBy = (jobs: readonly Job[], tenant: string, resource: Resource): number =>
  jobs.filter((job) => job.tenant === tenant).reduce((sum, job) => sum + useOf(job, resource), 0);

/** What is wrong with a set of jobs that run together, in words; empty when quotas and capacity hold. */
export function breaches({ capacity, tenants }: AdmitInput, jobs: readonly Job[]): string[] {
  return RESOURCES.flatMap((resource) => {
    const found: string[] = [];
    const total = jobs.reduce((sum, job) => sum + useOf(job, resource), 0);
    if (total > capacity[resource]!) found.push(`${resource}: ${total} used of ${capacity[resource]}`);
    let borrowed = 0;
    let lendable = capacity[resource]!;
    for (const { id, nominal, maxBorrowed, maxLent } of tenants) {
      const owned = nominal[resource] ?? 0;
      const used = usedBy(jobs, id, resource);
      const beyond = Math.max(0, used - owned);
      if (beyond > (maxBorrowed?.[resource] ?? Infinity)) found.push(`${id} borrows ${beyond} ${resource}`);
      borrowed += beyond;
      lendable += Math.min(maxLent?.[resource] ?? Infinity, Math.max(0, owned - used)) - owned;
    }
    if (borrowed > 0 && borrowed > lendable) found.push(`${resource}: ${borrowed} lent of ${lendable} unused`);
    return found;
  });
}

/** Units of jobs that no nominal quota covers: fixed ones first, then important, then old, then by id. */
export function uncoveredUnits({ tenants, running }: AdmitInput): readonly (readonly RunningJob[])[] {
  const groups = new Map<string, RunningJob[]>();
  for (const entry of running) {
    const key = entry.job.gang ?? `alone:${entry.job.id}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const rank = (unit: readonly RunningJob[]) => ({
    fixed: unit.some(({ job }) => !job.isPreemptible) ? 0 : 1,
    priority: -Math.max(...unit.map(({ job }) => job.priority ?? 0)),
    start: Math.min(...unit.map(({ startedAtMs }) => startedAtMs!)),
    id: unit.map(({ job }) => job.id).sort()[0]!,
  });
  const units = [...groups.values()].sort((x, y) => {
    const [a, b] = [rank(x), rank(y)];
    return a.fixed - b.fixed || a.priority - b.priority || a.start - b.start || (a.id < b.id ? -1 : 1);
  });
  const covered: Job[] = [];
  return units.filter((unit) => {
    const next = [...covered, ...unit.map(({ job }) => job)];
    const fits = unit.every(({ job }) =>
      RESOURCES.every((resource) => {
        const owned = tenants.find(({ id }) => id === job.tenant)?.nominal[resource] ?? 0;
        return useOf(job, resource) === 0 || usedBy(next, job.tenant!, resource) <= owned;
      }),
    );
    if (fits) covered.push(...unit.map(({ job }) => job));
    return !fits;
  });
}
