import type { Job, Placement, TopologyLevel } from '../fleet/index.ts';
import type { Demand } from './demand.ts';
import { bestFitOrder, domainsOf, LEVELS, type Domain } from './domains.ts';
import { isGreedyExact, isTooLittle, searchPlaces, type Budget } from './gang-search.ts';
import { placementOf, type Packing } from './packing.ts';
import type { Held } from './running.ts';
import type { UnplacedReason } from './types.ts';

/** Steps of the searches for one gang in all: some milliseconds. */
const MAX_STEPS = 20_000;

/** A member of a gang. Members of equal demand have the same `demand`. */
export interface Member {
  readonly job: Job;
  readonly demand: Demand;
}

/** A member in its place. */
export interface Taken {
  readonly job: Job;
  readonly placement: Placement;
  readonly held: Held;
}

/** The members in their places, in no particular order; or, by id of the job, why not. */
export type GangOutcome =
  | { readonly taken: readonly Taken[] }
  | { readonly blockedBy: Job; readonly reason: UnplacedReason }
  | {
      readonly noDomain: {
        readonly level: TopologyLevel;
        readonly members: readonly Member[];
        readonly isProven: boolean;
      };
    };

/**
 * Takes a place for all jobs or none, within the domains that their topology asks for.
 *
 * Members go one by one, the hardest first, each to the best node of the domain; when that fails everywhere, a search over all
 * assignments, of bounded steps. Domains are tried in the order of best fit. `O(domains × members × nodes of a domain)`, and
 * 20,000 steps at most for the search.
 */
export function takeGang(packing: Packing, jobs: readonly Job[]): GangOutcome {
  const members = hardestFirst(packing, jobs);
  const { required, prefersCompact = false } = jobs[0]?.topology ?? {};
  const budget: Budget = { steps: MAX_STEPS, wasCut: false };
  const everywhere = allNodes(packing);
  if (required !== undefined) {
    const domains = domainsOf(packing.fleet, required, everywhere);
    // Levels need not lie inside each other, so closer domains are looked for within each of those required.
    const scopes = domains.map(({ nodes }) => nodes);
    const taken = prefersCompact
      ? takeInNarrowest(packing, members, scopes, LEVELS.indexOf(required) + 1, budget)
      : takeInOneDomain(packing, members, domains, budget)?.taken;
    return taken === undefined ? { noDomain: { level: required, members, isProven: !budget.wasCut } } : { taken };
  }
  if (prefersCompact) {
    const taken = takeCompact(packing, members, everywhere, LEVELS.length, budget);
    if (taken !== undefined) return { taken };
  }
  return takeAnywhere(packing, members, everywhere, budget);
}

/** Positions of all nodes. */
export function allNodes({ fleet }: Packing): Int32Array {
  return Int32Array.from(fleet.nodes, (_, node) => node);
}

/** Largest amount of GPU first, then MIG by slices, then CPU, memory and GPU memory; MIG before CPU jobs; equals by demand and then id. */
function hardestFirst(packing: Packing, jobs: readonly Job[]): readonly Member[] {
  const members = jobs.map((job) => ({ job, demand: packing.demandOf(job) }));
  const byId = members.sort((x, y) => (x.job.id < y.job.id ? -1 : 1));
  // Numbered in the order of ids, so that equal demands stay together whatever the order given.
  const numbers = new Map<Demand, number>();
  for (const { demand } of byId) if (!numbers.has(demand)) numbers.set(demand, numbers.size);
  return byId.sort(
    ({ demand: x }, { demand: y }) =>
      y.gpuCount * y.gpuMilli - x.gpuCount * x.gpuMilli ||
      y.gpuCount - x.gpuCount ||
      y.migSlices - x.migSlices ||
      y.cpuMilli - x.cpuMilli ||
      y.memoryMib - x.memoryMib ||
      y.gpuMemoryMib - x.gpuMemoryMib ||
      numbers.get(x)! - numbers.get(y)!,
  );
}

/** Takes what fits, the hardest first; `taken` is shorter than `members` when something was left. */
export function takeSome(
  packing: Packing,
  members: readonly Member[],
  nodes: Int32Array,
): { readonly taken: readonly Taken[]; readonly left: readonly Member[] } {
  const taken: Taken[] = [];
  const left: Member[] = [];
  for (const member of members) {
    // What did not fit does not fit now either.
    const isHopeless = left.at(-1)?.demand === member.demand;
    const one = isHopeless ? undefined : packing.takeAmong(member.job, nodes);
    if (one === undefined) left.push(member);
    else taken.push({ job: member.job, ...one });
  }
  return { taken, left };
}

/** Takes all members one by one, or none. */
export function takeEach(
  packing: Packing,
  members: readonly Member[],
  nodes: Int32Array,
): readonly Taken[] | undefined {
  const taken: Taken[] = [];
  for (const { job } of members) {
    const one = packing.takeAmong(job, nodes);
    if (one === undefined) {
      giveBack(packing, taken);
      return undefined;
    }
    taken.push({ job, ...one });
  }
  return taken;
}

/** Takes what a search finds for all members, or nothing. */
function takeFound(
  packing: Packing,
  members: readonly Member[],
  nodes: Int32Array,
  budget: Budget,
): readonly Taken[] | undefined {
  const demands = members.map(({ demand }) => demand);
  if (isGreedyExact(packing.fleet, demands)) return undefined;
  const found = searchPlaces(packing.fleet, demands, nodes, budget);
  return found?.map((held, index) => {
    const { job } = members[index]!;
    packing.hold(held);
    return { job, placement: placementOf(packing.fleet, job, held), held };
  });
}

/** Gives all of it back. */
export function giveBack(packing: Packing, taken: readonly Taken[]): void {
  for (const { held } of taken) packing.giveBack(held);
}

/** Takes all members in one of the domains, the best fit with room: one by one where that works, else by search. */
function takeInOneDomain(
  packing: Packing,
  members: readonly Member[],
  domains: readonly Domain[],
  budget: Budget,
): { readonly domain: Domain; readonly taken: readonly Taken[] } | undefined {
  const demands = members.map(({ demand }) => demand);
  const able = bestFitOrder(packing.fleet, domains).filter(({ nodes }) => !isTooLittle(packing.fleet, demands, nodes));
  for (const take of [takeEach, takeFound]) {
    for (const domain of able) {
      const taken = take(packing, members, domain.nodes, budget);
      if (taken !== undefined) return { domain, taken };
    }
  }
  return undefined;
}

/** Takes all members in one domain of the narrowest level that has one with room within one of the scopes, there as compactly as it goes. */
function takeInNarrowest(
  packing: Packing,
  members: readonly Member[],
  scopes: readonly Int32Array[],
  reach: number,
  budget: Budget,
): readonly Taken[] | undefined {
  for (let level = 0; level < reach; level++) {
    const domains = scopes.flatMap((nodes) => domainsOf(packing.fleet, LEVELS[level]!, nodes));
    const one = takeInOneDomain(packing, members, domains, budget);
    if (one === undefined || level === 0) {
      if (one !== undefined) return one.taken;
      continue;
    }
    // The place found is given up for a closer one in the same domain, if there is one.
    giveBack(packing, one.taken);
    const closer = takeInFewest(packing, members, one.domain.nodes, level, budget);
    if (closer !== undefined) return closer;
    for (const { held } of one.taken) packing.hold(held);
    return one.taken;
  }
  return undefined;
}

/** Takes all members as compactly as it goes among the nodes, looking at the first `reach` levels. */
function takeCompact(
  packing: Packing,
  members: readonly Member[],
  nodes: Int32Array,
  reach: number,
  budget: Budget,
): readonly Taken[] | undefined {
  return (
    takeInNarrowest(packing, members, [nodes], reach, budget) ?? takeInFewest(packing, members, nodes, reach, budget)
  );
}

/**
 * Takes all members in several domains, of the widest of the first `reach` levels that the nodes name: again and again in the
 * domain that takes most of those left, the last of them in the best fit. Within a domain as compactly as it goes.
 */
function takeInFewest(
  packing: Packing,
  members: readonly Member[],
  nodes: Int32Array,
  reach: number,
  budget: Budget,
): readonly Taken[] | undefined {
  const { fleet } = packing;
  let level = reach - 1;
  while (level >= 0 && !nodes.some((node) => fleet.nodes[node]![LEVELS[level]!] !== undefined)) level--;
  if (level < 0) return undefined;
  const taken: Taken[] = [];
  let open = domainsOf(fleet, LEVELS[level]!, nodes);
  let left = members;
  while (left.length > 0) {
    const most = takingMost(packing, left, bestFitOrder(fleet, open));
    if (most === undefined) break;
    const { domain, taken: chosen } = most;
    const ids = new Set(chosen.map(({ job }) => job.id));
    const inside = left.filter(({ job }) => ids.has(job.id));
    const compact = takeCompact(packing, inside, domain.nodes, level, budget);
    if (compact === undefined) for (const { held } of chosen) packing.hold(held);
    taken.push(...(compact ?? chosen));
    left = left.filter(({ job }) => !ids.has(job.id));
    open = open.filter((other) => other !== domain);
  }
  // Nodes that name no domain take the rest.
  const rest = takeEach(packing, left, nodes);
  if (rest !== undefined) return [...taken, ...rest];
  giveBack(packing, taken);
  return undefined;
}

/** The first domain that takes all members, else the one that takes most, with what they would hold; all is given back. */
function takingMost(
  packing: Packing,
  members: readonly Member[],
  domains: readonly Domain[],
): { readonly domain: Domain; readonly taken: readonly Taken[] } | undefined {
  let most: { readonly domain: Domain; readonly taken: readonly Taken[] } | undefined;
  for (const domain of domains) {
    const { taken } = takeSome(packing, members, domain.nodes);
    giveBack(packing, taken);
    if (taken.length > (most?.taken.length ?? 0)) most = { domain, taken };
    if (taken.length === members.length) break;
  }
  return most;
}

/** Takes all members wherever there is room. The reason counts the members before as in place. */
function takeAnywhere(packing: Packing, members: readonly Member[], nodes: Int32Array, budget: Budget): GangOutcome {
  const taken: Taken[] = [];
  for (const { job } of members) {
    const one = packing.take(job);
    if (!('reason' in one)) {
      taken.push({ job, ...one });
      continue;
    }
    giveBack(packing, taken);
    const found = takeFound(packing, members, nodes, budget);
    return found === undefined ? { blockedBy: job, reason: one.reason } : { taken: found };
  }
  return { taken };
}
