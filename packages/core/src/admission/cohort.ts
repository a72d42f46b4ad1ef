import type { QuotaMiss, ResourceAmounts, TenantQuota } from './admit-types.ts';
import { gpuMilliHeld } from './eviction-units.ts';
import type { Job } from '../fleet/index.ts';

/** One governed resource. */
interface Resource {
  readonly resource: QuotaMiss['resource'];
  readonly model?: string;
}

/** Quotas as numbers: by tenant (ascending id; the last row is everybody else), then by resource. */
export interface Cohort {
  readonly resources: readonly Resource[];
  readonly models: readonly string[];
  readonly tenants: readonly TenantQuota[];
  readonly rowOf: (tenant: string | undefined) => number;
  readonly capacity: readonly number[];
  readonly nominal: readonly (readonly number[])[];
  /** Nominal plus what may be borrowed. */
  readonly most: readonly (readonly number[])[];
  /** Nominal that is never lent. */
  readonly kept: readonly (readonly number[])[];
  /** What can be borrowed in all: promised to nobody, or lent. */
  readonly pool: readonly number[];
}

/** Reads quotas. `O(tenants × resources)`. */
export function createCohort(capacity: ResourceAmounts, quotas: readonly TenantQuota[]): Cohort {
  const models = Object.keys(capacity.gpuMilliByModel ?? {}).sort();
  const resources: Resource[] = [
    ...(capacity.gpuMilli === undefined ? [] : [{ resource: 'gpu-milli' } as const]),
    ...models.map((model) => ({ resource: 'gpu-milli', model }) as const),
    ...(capacity.cpuMilli === undefined ? [] : [{ resource: 'cpu-milli' } as const]),
    ...(capacity.memoryMib === undefined ? [] : [{ resource: 'memory-mib' } as const]),
  ];
  const tenants = [...quotas].sort((x, y) => (x.id < y.id ? -1 : 1));
  const rows = new Map(tenants.map(({ id }, row) => [id, row]));
  const read = (amounts: ResourceAmounts | undefined, absent: number) =>
    resources.map((resource) => amountOf(amounts ?? {}, resource) ?? absent);
  const all = read(capacity, 0);
  const nobody = resources.map(() => 0);
  const nominal = [...tenants.map((tenant) => read(tenant.nominal, 0)), nobody];
  const lendable = tenants.map((tenant, row) =>
    read(tenant.maxLent, Infinity).map((most, r) => Math.min(most, nominal[row]![r]!)),
  );
  return {
    resources,
    models,
    tenants,
    rowOf: (tenant) => (tenant === undefined ? tenants.length : (rows.get(tenant) ?? tenants.length)),
    capacity: all,
    nominal,
    most: [
      ...tenants.map((tenant, row) => read(tenant.maxBorrowed, Infinity).map((most, r) => most + nominal[row]![r]!)),
      resources.map(() => Infinity),
    ],
    kept: [...lendable.map((lent, row) => lent.map((amount, r) => nominal[row]![r]! - amount)), nobody],
    pool: all.map((amount, r) => {
      const promised = nominal.reduce((sum, row) => sum + row[r]!, 0);
      return Math.max(0, amount - promised) + lendable.reduce((sum, row) => sum + row[r]!, 0);
    }),
  };
}

/** The amount of one resource; `undefined` when it is not stated. */
function amountOf(amounts: ResourceAmounts, { resource, model }: Resource): number | undefined {
  if (model !== undefined) return amounts.gpuMilliByModel?.[model];
  return { 'gpu-milli': amounts.gpuMilli, 'cpu-milli': amounts.cpuMilli, 'memory-mib': amounts.memoryMib }[resource];
}

/** What a job uses of each governed resource. */
export function useOf({ resources }: Cohort, job: Job): readonly number[] {
  return resources.map(({ resource, model }) => {
    if (resource === 'cpu-milli') return job.cpuMilli;
    if (resource === 'memory-mib') return job.memoryMib;
    return model === undefined || job.gpuModels?.[0] === model ? gpuMilliHeld(job) : 0;
  });
}

/** True when it is clear which model's quota a job draws on. */
export function namesModel({ models }: Cohort, job: Job): boolean {
  return models.length === 0 || job.gpuCount === 0 || new Set(job.gpuModels).size === 1;
}
