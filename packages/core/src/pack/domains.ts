import type { GpuNode, TopologyLevel } from '../fleet/index.ts';
import type { Fleet } from './fleet.ts';

/** Levels from the closest. */
export const LEVELS: readonly TopologyLevel[] = ['nvlinkDomain', 'rack', 'zone'];

/** Nodes that name the same domain of a level. */
export interface Domain {
  readonly name: string;
  /** Zone that racks and NVLink domains lie in; absent for zones and where no zone is named. */
  readonly zone?: string;
  /** Positions in the fleet, ascending. */
  readonly nodes: Int32Array;
}

/** Equal for nodes of one domain of the level; `undefined` for a node that names none. Names count within their zone. */
function domainKey(node: GpuNode, level: TopologyLevel): string | undefined {
  const name = node[level];
  if (name === undefined) return undefined;
  return level === 'zone' ? name : JSON.stringify([name, node.zone ?? null]);
}

/** The domains of a level among some nodes, by name and then zone. `O(nodes + domains log domains)` */
export function domainsOf({ nodes }: Fleet, level: TopologyLevel, among: Int32Array): readonly Domain[] {
  const byKey = new Map<string, number[]>();
  for (const position of among) {
    const key = domainKey(nodes[position]!, level);
    if (key === undefined) continue;
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [position]);
    else list.push(position);
  }
  const domains = [...byKey.values()].map((list): Domain => {
    const { [level]: name, zone } = nodes[list[0]!]!;
    return {
      name: name!,
      ...(level === 'zone' || zone === undefined ? {} : { zone }),
      nodes: Int32Array.from(list),
    };
  });
  return domains.sort((x, y) => compare(x.name, y.name) || compare(x.zone ?? '', y.zone ?? ''));
}

/**
 * Best fit: domains in use before empty ones, then the least idle GPU, then the order given. A gang takes as much GPU from one
 * domain as from the other, so the first domain with room is the one with the least idle GPU afterwards.
 */
export function bestFitOrder({ state }: Fleet, domains: readonly Domain[]): readonly Domain[] {
  const measured = domains.map((domain) => {
    let idleMilli = 0;
    let jobs = 0;
    for (const node of domain.nodes) {
      idleMilli += state.nodeGpuFree[node]!;
      jobs += state.jobCount[node]!;
    }
    return { domain, idleMilli, isEmpty: jobs === 0 ? 1 : 0 };
  });
  return measured.sort((x, y) => x.isEmpty - y.isEmpty || x.idleMilli - y.idleMilli).map(({ domain }) => domain);
}

function compare(x: string, y: string): number {
  return x === y ? 0 : x < y ? -1 : 1;
}
