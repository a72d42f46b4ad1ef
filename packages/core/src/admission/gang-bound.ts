import type { Demand } from '../pack/demand.ts';
import type { Fleet } from '../pack/fleet.ts';
import type { Held } from '../pack/running.ts';
import { GPU_MILLI } from '../units.ts';
import type { EvictionProblem } from './cheapest-eviction.ts';
import { createCover, leastToCover, type Cover } from './cover.ts';

/** What goes together, and where it is. */
export interface HeldUnit {
  readonly held: readonly Held[];
  readonly loss: number;
  readonly jobs: number;
}

/** The amounts that every member of a gang asks for at least, wherever any of them may go. */
interface LeastDemand {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  /** 0 when some member takes no part of a GPU. */
  readonly gpuCount: number;
  readonly gpuMilli: number;
  readonly isNodeEligible: (node: number) => boolean;
  readonly isGpuEligible: (row: number) => boolean;
}

/** A node where some unit runs. */
interface NodeCovers {
  readonly node: number;
  readonly cpu: Cover;
  readonly memory: Cover;
  /** By eligible GPU, what frees milli-GPU on it. */
  readonly gpus: readonly { readonly row: number; readonly milli: Cover }[];
  /** `[loss, jobs]` of the units, split over the nodes a unit is on; and over its GPUs on this node besides. */
  readonly onNode: readonly [readonly number[], readonly number[]];
  readonly perGpu: readonly [readonly number[], readonly number[]];
}

/** Nodes that all members go to, or none of them. */
interface Scope {
  /** Those where some unit runs. */
  readonly covers: readonly NodeCovers[];
  /** Members that the others hold at most. */
  readonly elsewhere: number;
}

/**
 * What the eviction for a gang costs at least. Every member asks at least for the least amounts of all members. What it costs that a node
 * takes m of these, for CPU, memory and GPUs apart and units evicted in part, is added up over the nodes of a scope for the
 * cheapest spread of the members (dynamic programming); the cheapest scope counts. A unit on several nodes counts on each for its
 * part. `O(nodes with units × members × (members + units of the node × GPUs))` a bound.
 *
 * @param scopes - the gang lies within one of them.
 */
export function gangBound(
  fleet: Fleet,
  members: readonly Demand[],
  units: readonly HeldUnit[],
  scopes: readonly Int32Array[],
): Pick<EvictionProblem, 'weights' | 'leastMore'> {
  const weights = [units.map(({ loss }) => loss), units.map(({ jobs }) => jobs)] as const;
  const least = leastOf(fleet, members);
  const unitsOn = new Set(units.flatMap(({ held }) => held.map(({ node }) => node)));
  const nodesHeld = units.map(({ held }) => new Set(held.map(({ node }) => node)).size);
  const most = members.length;
  const closed = new Uint8Array(units.length);
  const covered = scopes.map((nodes): Scope => {
    const eligible = [...nodes].filter(least.isNodeEligible);
    const covers = eligible.map((node) => coversOf(fleet, node, units, weights, nodesHeld, least));
    const elsewhere = covers
      .filter(({ node }) => !unitsOn.has(node))
      .reduce((sum, at) => sum + costsOn(fleet, at, least, most, 0, closed).findLastIndex((cost) => cost === 0), 0);
    return { covers: covers.filter(({ node }) => unitsOn.has(node)), elsewhere };
  });
  const leastIn = ({ covers, elsewhere }: Scope, which: 0 | 1, isOpen: Uint8Array): number => {
    const wanted = Math.max(0, most - elsewhere);
    let cheapest = Array.from({ length: wanted + 1 }, (_, count) => (count === 0 ? 0 : Infinity));
    for (const at of covers) {
      const cost = costsOn(fleet, at, least, wanted, which, isOpen);
      const before = cheapest;
      cheapest = before.map((_, count) => {
        let sum = Infinity;
        for (let here = 0; here <= count; here++) sum = Math.min(sum, cost[here]! + before[count - here]!);
        return sum;
      });
    }
    return cheapest[wanted]!;
  };
  return {
    weights,
    leastMore: (which, isOpen) =>
      covered.reduce((sum, scope) => Math.min(sum, leastIn(scope, which, isOpen)), Infinity),
  };
}

function leastOf({ state, catalogue, isCordoned, expiresAtMs }: Fleet, members: readonly Demand[]): LeastDemand {
  const min = (amount: (demand: Demand) => number) =>
    members.reduce((x, demand) => Math.min(x, amount(demand)), Infinity);
  return {
    cpuMilli: min(({ cpuMilli }) => cpuMilli),
    memoryMib: min(({ memoryMib }) => memoryMib),
    gpuCount: min(({ gpuCount, isMig }) => (isMig ? 0 : gpuCount)),
    gpuMilli: min(({ gpuMilli }) => gpuMilli),
    isNodeEligible: (node) =>
      isCordoned[node] === 0 &&
      members.some(
        ({ isAdmitted, neededUntilMs }) =>
          isAdmitted[catalogue.ruleSetOf[node]!] === 1 && expiresAtMs[node]! >= neededUntilMs,
      ),
    isGpuEligible: (row) => members.some(({ isGpuEligible }) => isGpuEligible[state.gpuType[row]!] === 1),
  };
}

function coversOf(
  { state }: Fleet,
  node: number,
  units: readonly HeldUnit[],
  weights: readonly [readonly number[], readonly number[]],
  nodesHeld: readonly number[],
  least: LeastDemand,
): NodeCovers {
  const here = units.map(({ held }) => held.flatMap((each) => (each.node === node ? [each.holding] : [])));
  const split = (parts: readonly number[]) =>
    [0, 1].map((which) => weights[which]!.map((value, unit) => value / Math.max(1, parts[unit]!)));
  const gpusHeld = here.map((holdings) => new Set(holdings.flatMap(({ gpus }) => gpus)).size);
  const onNode = split(nodesHeld);
  const perGpu = split(nodesHeld.map((nodes, unit) => nodes * Math.max(1, gpusHeld[unit]!)));
  const sum = (gain: (holding: (typeof here)[number][number]) => number) =>
    here.map((holdings) => holdings.reduce((total, holding) => total + gain(holding), 0));
  const rows = Array.from(
    { length: state.gpuStart[node + 1]! - state.gpuStart[node]! },
    (_, g) => state.gpuStart[node]! + g,
  );
  return {
    node,
    cpu: createCover(
      sum(({ cpuMilli }) => cpuMilli),
      onNode,
    ),
    memory: createCover(
      sum(({ memoryMib }) => memoryMib),
      onNode,
    ),
    gpus: rows.filter(least.isGpuEligible).map((row) => ({
      row,
      milli: createCover(
        sum(({ gpus, gpuMilli }) => (gpus.includes(row) ? gpuMilli : 0)),
        perGpu,
      ),
    })),
    onNode: [onNode[0]!, onNode[1]!],
    perGpu: [perGpu[0]!, perGpu[1]!],
  };
}

/** By number of members, 0 to `most`: what the node costs at least that takes so many; Infinity: it cannot. Never falls. */
function costsOn(
  { state }: Fleet,
  { node, cpu, memory, gpus, onNode, perGpu }: NodeCovers,
  { cpuMilli, memoryMib, gpuCount, gpuMilli }: LeastDemand,
  most: number,
  which: 0 | 1,
  isOpen: Uint8Array,
): readonly number[] {
  // Shares of more than half a GPU have one each.
  const isAlone = 2 * gpuMilli > GPU_MILLI;
  const perTake = Math.max(1, Math.floor(GPU_MILLI / Math.max(1, gpuMilli)));
  const rowCosts = gpus
    .map(({ row, milli }) => leastToCover(milli, gpuMilli - state.gpuFree[row]!, which, perGpu[which], isOpen))
    .sort((x, y) => x - y);
  const costs: number[] = [];
  for (let count = 0; count <= most; count++) {
    // As many GPUs as hold that many shares, each at least with room for one.
    const shares = count * gpuCount;
    const needed = Math.max(count === 0 ? 0 : gpuCount, isAlone ? shares : Math.ceil(shares / perTake));
    const ofGpus = needed > rowCosts.length ? Infinity : rowCosts.slice(0, needed).reduce((sum, cost) => sum + cost, 0);
    costs.push(
      Math.max(
        costs.at(-1) ?? 0,
        gpuCount === 0 || gpuMilli === 0 ? 0 : ofGpus,
        leastToCover(cpu, count * cpuMilli - state.cpuFree[node]!, which, onNode[which], isOpen),
        leastToCover(memory, count * memoryMib - state.memoryFree[node]!, which, onNode[which], isOpen),
      ),
    );
  }
  return costs;
}
