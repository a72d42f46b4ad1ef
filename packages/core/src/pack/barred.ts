import type { Job } from '../fleet/index.ts';
import type { Demand } from './demand.ts';
import type { Fleet } from './fleet.ts';
import { missesNow } from './misses.ts';
import { barriersOf } from './node-rules.ts';
import { shortfall } from './shortfall.ts';
import type { NearestBarrier, NodeBarrier, NodeRule } from './types.ts';

/** Of nodes that could hold the job if they were empty and do not admit it, the nearest, and how many each rule bars. */
export interface Barred {
  readonly nearest: NearestBarrier;
  readonly nodesByRule: Readonly<Record<NodeRule, number>>;
}

/**
 * Looks at nodes that do not admit a job. The nearest is one with room, if there is one, then the one with the fewest barriers
 * (a cordon and an early expiry count), then the one that lacks least, then the smallest id. `O(nodes × GPUs of a node)`
 *
 * @param nodes - positions of nodes that could hold the job if they were empty, ascending, at least one.
 */
export function barredOf(fleet: Fleet, demand: Demand, job: Job, nodes: readonly number[]): Barred {
  const { state, catalogue } = fleet;
  const nodesByRule = { reservation: 0, taint: 0, label: 0, zone: 0 };
  let best: { readonly node: number; readonly lack: number; readonly count: number } | undefined;
  for (const node of nodes) {
    const rules = demand.barredBy[catalogue.ruleSetOf[node]!]!;
    rules.forEach((rule, index) => {
      if (rules.indexOf(rule) === index) nodesByRule[rule]++;
    });
    const count = rules.length + otherBarriers(fleet, node, demand).length;
    const lack = shortfall(state, node, demand);
    const isNearer =
      best === undefined || (Number(lack > 0) - Number(best.lack > 0) || count - best.count || lack - best.lack) < 0;
    if (isNearer) best = { node, lack, count };
  }
  const { node } = best!;
  const rules = barriersOf(fleet.nodes[node]!, job);
  const barriers = [...rules, ...otherBarriers(fleet, node, demand)];
  const misses = missesNow(fleet, node, demand);
  return { nearest: { nodeId: fleet.nodes[node]!.id, misses, barriers }, nodesByRule };
}

/** A node that would take the job at once but for its rules, the one with the fewest barriers; `{}` when there is none. */
export function barredWithRoom(
  fleet: Fleet,
  demand: Demand,
  capable: Uint8Array,
  job: Job,
): { readonly barred?: NearestBarrier } {
  if (!demand.isAdmitted.includes(0)) return {};
  const { state, catalogue } = fleet;
  const nodes: number[] = [];
  for (let node = 0; node < state.nodeCount; node++) {
    if (demand.isAdmitted[catalogue.ruleSetOf[node]!] === 1 || capable[catalogue.kindOf[node]!] === 0) continue;
    if (otherBarriers(fleet, node, demand).length === 0 && shortfall(state, node, demand) === 0) nodes.push(node);
  }
  return nodes.length === 0 ? {} : { barred: barredOf(fleet, demand, job, nodes).nearest };
}

function otherBarriers({ isCordoned, expiresAtMs }: Fleet, node: number, { neededUntilMs }: Demand): NodeBarrier[] {
  const barriers: NodeBarrier[] = [];
  if (isCordoned[node] === 1) barriers.push({ rule: 'cordon' });
  if (expiresAtMs[node]! < neededUntilMs) {
    barriers.push({ rule: 'expiry', neededUntilMs, expiresAtMs: expiresAtMs[node]! });
  }
  return barriers;
}
