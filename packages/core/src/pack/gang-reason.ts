import type { TopologyLevel } from '../fleet/index.ts';
import { bestFitOrder, domainsOf, LEVELS, type Domain } from './domains.ts';
import { allNodes, giveBack, takeEach, takeSome, type GangOutcome, type Member } from './gang.ts';
import { isTooLittle } from './gang-search.ts';
import type { Packing } from './packing.ts';
import type { Held } from './running.ts';
import type { NearestDomain, UnplacedReason } from './types.ts';

/** Why no domain took a gang: a member that fits nowhere, or else what each member says. */
export type DomainMiss = Extract<GangOutcome, { readonly reason: UnplacedReason }> | { readonly ofAll: UnplacedReason };

/**
 * Why no domain of a level took a gang. A member that could not start alone for another reason than want of room is named. The remedies
 * are tried: members one by one, without a search, so what is offered works and what would need a search is not offered.
 * `O(domains × members × nodes of a domain)`, and for a domain that could be emptied once more by its nodes in use.
 *
 * @param running - what everything that is placed holds, but for the gang.
 */
export function domainMiss(
  packing: Packing,
  { level, members, isProven }: Extract<GangOutcome, { readonly noDomain: object }>['noDomain'],
  gang: string,
  running: readonly Held[],
): DomainMiss {
  for (const { job } of members) {
    const alone = packing.take(job);
    if (!('reason' in alone)) packing.giveBack(alone.held);
    else if (alone.reason.kind !== 'no-room') return { blockedBy: job, reason: alone.reason };
  }
  const everywhere = allNodes(packing);
  const nearest = nearestDomain(packing, members, domainsOf(packing.fleet, level, everywhere), running);
  const fitsAt = narrowestFit(packing, members, everywhere, LEVELS.indexOf(level) + 1);
  const ofAll = {
    kind: 'no-domain',
    gang,
    level,
    memberCount: members.length,
    ...(nearest === undefined ? {} : { nearest }),
    ...(fitsAt === undefined ? {} : { fitsAt }),
    isProven,
  } as const;
  return { ofAll };
}

function nearestDomain(
  packing: Packing,
  members: readonly Member[],
  domains: readonly Domain[],
  running: readonly Held[],
): NearestDomain | undefined {
  const counted = bestFitOrder(packing.fleet, domains).map((domain) => {
    const { taken } = takeSome(packing, members, domain.nodes);
    giveBack(packing, taken);
    return { domain, placeableCount: taken.length };
  });
  counted.sort((x, y) => y.placeableCount - x.placeableCount);
  const describe = ({ domain: { name, zone }, placeableCount }: (typeof counted)[number]) => ({
    name,
    ...(zone === undefined ? {} : { zone }),
    placeableCount,
  });
  for (const entry of counted) {
    const nodesToEmpty = emptied(packing, members, entry.domain.nodes, running);
    if (nodesToEmpty !== undefined) return { ...describe(entry), nodesToEmpty };
  }
  return counted[0] === undefined ? undefined : describe(counted[0]);
}

/**
 * Ids of nodes without whose jobs the gang fits, none of which could keep its jobs when the others are emptied; the most loaded
 * are spared first. `undefined`: the gang does not fit the empty nodes.
 */
function emptied(
  packing: Packing,
  members: readonly Member[],
  nodes: Int32Array,
  running: readonly Held[],
): readonly string[] | undefined {
  const isInside = new Set(nodes);
  const onNode = new Map<number, Held[]>();
  for (const held of running) {
    if (!isInside.has(held.node)) continue;
    const list = onNode.get(held.node);
    if (list === undefined) onNode.set(held.node, [held]);
    else list.push(held);
  }
  const fits = (): boolean => {
    const taken = takeEach(packing, members, nodes);
    if (taken !== undefined) giveBack(packing, taken);
    return taken !== undefined;
  };
  const milliOf = (list: readonly Held[]) =>
    list.reduce((sum, { holding }) => sum + holding.gpuMilli * holding.gpus.length, 0);
  const loaded = [...onNode].map(([node, list]) => ({ node, list, milli: milliOf(list) }));
  loaded.sort((x, y) => y.milli - x.milli || y.list.length - x.list.length || x.node - y.node);
  for (const { list } of loaded) for (const held of list) packing.giveBack(held);
  const demands = members.map(({ demand }) => demand);
  const isEnough = !isTooLittle(packing.fleet, demands, nodes) && fits();
  const toEmpty: number[] = [];
  for (const { node, list } of loaded) {
    for (const held of list) packing.hold(held);
    if (!isEnough || fits()) continue;
    for (const held of list) packing.giveBack(held);
    toEmpty.push(node);
  }
  for (const node of toEmpty) for (const held of onNode.get(node)!) packing.hold(held);
  return isEnough ? toEmpty.sort((x, y) => x - y).map((node) => packing.fleet.nodes[node]!.id) : undefined;
}

/** The narrowest of the levels from `from` on that has a domain with room for all members now; `undefined`: none was found. */
function narrowestFit(
  packing: Packing,
  members: readonly Member[],
  everywhere: Int32Array,
  from: number,
): TopologyLevel | 'anywhere' | undefined {
  const fits = (nodes: Int32Array): boolean => {
    const taken = takeEach(packing, members, nodes);
    if (taken !== undefined) giveBack(packing, taken);
    return taken !== undefined;
  };
  for (const level of LEVELS.slice(from)) {
    if (domainsOf(packing.fleet, level, everywhere).some(({ nodes }) => fits(nodes))) return level;
  }
  return fits(everywhere) ? 'anywhere' : undefined;
}
