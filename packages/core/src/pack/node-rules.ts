import type { GpuNode, Job } from '../fleet/index.ts';
import type { NodeBarrier, NodeRule } from './types.ts';

/** A barrier that a rule of the node makes, not the time or a cordon. */
type RuleBarrier = Extract<NodeBarrier, { readonly rule: NodeRule }>;

/** Equal for nodes that every job may use or none: they differ in no rule. */
export function ruleSetKey({ zone, labels, taints, reservedFor }: GpuNode): string {
  if (zone === undefined && labels === undefined && taints === undefined && reservedFor === undefined) return '';
  return JSON.stringify([
    zone ?? null,
    sortedEntries(labels ?? {}),
    (taints ?? []).map(({ key, value = '' }) => JSON.stringify([key, value])).sort(),
    reservedFor === undefined ? null : [sorted(reservedFor.tenants), sorted(reservedFor.jobIds)],
  ]);
}

/** Whose names reservations of a fleet mention: other tenants and ids make no difference to any node. */
export interface ReservedNames {
  readonly tenants: ReadonlySet<string>;
  readonly jobIds: ReadonlySet<string>;
}

/** Collects the names in the reservations of nodes. `O(nodes + names)` */
export function reservedNames(nodes: readonly GpuNode[]): ReservedNames {
  return {
    tenants: new Set(nodes.flatMap(({ reservedFor }) => reservedFor?.tenants ?? [])),
    jobIds: new Set(nodes.flatMap(({ reservedFor }) => reservedFor?.jobIds ?? [])),
  };
}

/** Equal for jobs that every node of the fleet admits alike. `id` is absent for shapes of the mix. */
export function jobRuleKey(
  { id, tenant, zones, nodeLabels, tolerations }: Omit<Job, 'id'> & { readonly id?: string },
  { tenants, jobIds }: ReservedNames,
): string {
  const named = [
    tenant !== undefined && tenants.has(tenant) ? tenant : null,
    id !== undefined && jobIds.has(id) ? id : null,
  ];
  const isPlain = zones === undefined && nodeLabels === undefined && tolerations === undefined;
  if (isPlain && named[0] === null && named[1] === null) return '';
  return JSON.stringify([
    named,
    zones === undefined ? null : sorted(zones),
    sortedEntries(nodeLabels ?? {}).map(([key, wanted]) => [
      key,
      typeof wanted === 'string' ? [wanted] : sorted(wanted),
    ]),
    (tolerations ?? []).map(({ key, value }) => JSON.stringify([key, value])).sort(),
  ]);
}

/** Every rule of the node that keeps the job away; empty: the node admits it. `O(labels + taints × tolerations + names)` */
export function barriersOf(node: GpuNode, job: Omit<Job, 'id'> & { readonly id?: string }): readonly RuleBarrier[] {
  const barriers: RuleBarrier[] = [];
  const { zone, labels = {}, taints = [], reservedFor } = node;
  const { zones, nodeLabels, tolerations = [] } = job;
  if (reservedFor !== undefined) {
    const { tenants = [], jobIds = [] } = reservedFor;
    const isNamed =
      (job.tenant !== undefined && tenants.includes(job.tenant)) || (job.id !== undefined && jobIds.includes(job.id));
    if (!isNamed) barriers.push({ rule: 'reservation', tenants: [...tenants], jobIds: [...jobIds] });
  }
  for (const { key, value = '' } of taints) {
    const isTolerated = tolerations.some((one) => one.key === key && (one.value === undefined || one.value === value));
    if (!isTolerated) barriers.push({ rule: 'taint', key, value });
  }
  for (const [key, wanted] of sortedEntries(nodeLabels ?? {})) {
    const present = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const values = typeof wanted === 'string' ? [wanted] : [...wanted];
    if (present !== undefined && values.includes(present)) continue;
    barriers.push({ rule: 'label', key, wanted: values, ...(present === undefined ? {} : { present }) });
  }
  if (zones !== undefined && (zone === undefined || !zones.includes(zone))) {
    barriers.push({ rule: 'zone', wanted: [...zones], ...(zone === undefined ? {} : { present: zone }) });
  }
  return barriers;
}

function sorted(list: readonly string[] = []): readonly string[] {
  return [...new Set(list)].sort();
}

function sortedEntries<T>(fields: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(fields).sort(([x], [y]) => (x < y ? -1 : 1));
}
