import type { Demand } from './demand.ts';
import { deviceChoices } from './device-choices.ts';
import { move } from './fleet-state.ts';
import type { Fleet } from './fleet.ts';
import type { Held } from './running.ts';
import { shortfall } from './shortfall.ts';

/** Steps left to the searches for one gang; a step looks at one node, or one choice of devices, for one member. */
export interface Budget {
  steps: number;
  /** True: some search ended before it had looked at everything. */
  wasCut: boolean;
}

/**
 * Looks for a place of all members among some nodes by trying everything, in a fixed order: depth first over members, nodes and
 * devices. Skipped is only what differs by exchanging members of one demand, nodes alike and empty, or devices in the same state.
 *
 * @param demands - of the members, those of equal demand next to each other and the same object.
 * @param nodes - positions, ascending.
 * @returns what each member would hold, in their order, `undefined` when there is no place or the steps ran out. The fleet is as it was.
 */
export function searchPlaces(
  fleet: Fleet,
  demands: readonly Demand[],
  nodes: Int32Array,
  budget: Budget,
): readonly Held[] | undefined {
  const { state } = fleet;
  if (isTooLittle(fleet, demands, nodes)) return undefined;
  const chosen: Held[] = [];
  /** Positions from `from` on, in `nodes`, are open to the member. */
  const place = (member: number, from: number): boolean => {
    if (member === demands.length) return true;
    const demand = demands[member]!;
    const triedTwins = new Set<string>();
    for (let at = from; at < nodes.length; at++) {
      if (--budget.steps < 0) {
        budget.wasCut = true;
        return false;
      }
      const node = nodes[at]!;
      if (!fitsNow(fleet, node, demand)) continue;
      const twin = twinKey(fleet, node);
      if (twin !== undefined) {
        if (triedTwins.has(twin)) continue;
        triedTwins.add(twin);
      }
      for (const holding of deviceChoices(state, node, demand, budget.steps + 1)) {
        if (--budget.steps < 0) {
          budget.wasCut = true;
          return false;
        }
        move(state, node, holding, -1);
        chosen.push({ node, holding });
        // Members of one demand can be exchanged, so the later one never goes to an earlier node.
        const isFound = place(member + 1, demands[member + 1] === demand ? at : 0);
        move(state, node, holding, 1);
        if (isFound) return true;
        chosen.pop();
      }
    }
    return false;
  };
  return place(0, 0) ? chosen : undefined;
}

/** True when the node admits the demand and has room for it now. */
function fitsNow({ state, isCordoned, expiresAtMs, catalogue }: Fleet, node: number, demand: Demand): boolean {
  if (isCordoned[node] === 1 || expiresAtMs[node]! < demand.neededUntilMs) return false;
  return demand.isAdmitted[catalogue.ruleSetOf[node]!] === 1 && shortfall(state, node, demand) === 0;
}

/** Equal for empty nodes that no job can tell apart; `undefined` for a node in use. */
function twinKey({ state, catalogue, expiresAtMs }: Fleet, node: number): string | undefined {
  if (state.jobCount[node]! > 0) return undefined;
  return `${catalogue.kindOf[node]}/${catalogue.ruleSetOf[node]}/${expiresAtMs[node]}`;
}

/** True when the amounts alone rule a place out: their sums, or a member that fits no node. `O(nodes × distinct demands)` */
export function isTooLittle(fleet: Fleet, demands: readonly Demand[], nodes: Int32Array): boolean {
  const { cpuFree, memoryFree, nodeGpuFree } = fleet.state;
  let [cpu, memory, gpu] = [0, 0, 0];
  for (const { cpuMilli, memoryMib, gpuMilli, gpuCount } of demands) {
    cpu -= cpuMilli;
    memory -= memoryMib;
    gpu -= gpuMilli * gpuCount;
  }
  for (const node of nodes) {
    if (fleet.isCordoned[node] === 1) continue;
    cpu += cpuFree[node]!;
    memory += memoryFree[node]!;
    gpu += nodeGpuFree[node]!;
  }
  if (cpu < 0 || memory < 0 || gpu < 0) return true;
  return [...new Set(demands)].some((demand) => !nodes.some((node) => fitsNow(fleet, node, demand)));
}

/**
 * True when placing members one after the other finds a place whenever there is one: equal members, but for spread shares and for
 * MIG instances whose places on a card overlap each other.
 */
export function isGreedyExact({ catalogue }: Fleet, demands: readonly Demand[]): boolean {
  const [first] = demands;
  if (first === undefined) return true;
  const overlaps = catalogue.cards.some(({ places }) =>
    places.some((place, at) =>
      places.some((other, next) => next > at && other.profile === place.profile && (other.mask & place.mask) !== 0),
    ),
  );
  return demands.every((demand) => demand === first && !demand.isSpread) && !(first.isMig && overlaps);
}
