import { checkNumber } from '../check-number.ts';
import { SpillwayError } from '../errors.ts';
import {
  cheapestEviction,
  firstEviction,
  isWorse,
  type Eviction,
  type EvictionProblem,
  type Price,
  type StepBudget,
} from './cheapest-eviction.ts';
import { checkClock, checkNow, checkPackJob, checkPackNodes, checkRunning } from '../pack/check-input.ts';
import { demandOf, type Demand } from '../pack/demand.ts';
import { lostWork, mayBeStopped, unitsOf, type EvictionUnit } from './eviction-units.ts';
import { move } from '../pack/fleet-state.ts';
import { createFleet, type Fleet } from '../pack/fleet.ts';
import { nodeEviction } from './node-eviction.ts';
import { createPacker } from '../pack/packer.ts';
import { evictionPlan } from './eviction-plan.ts';
import type { PlanPreemptionInput, PlanPreemptionOptions, PreemptionResult } from './preemption-types.ts';
import { holdingOf, type Held } from '../pack/running.ts';
import { shortfall } from '../pack/shortfall.ts';
import type { RunningJob } from '../pack/types.ts';

type Unit = EvictionUnit<RunningJob>;

/** A node where the job fits once units of priority `level` and below are gone, and what it takes. */
interface Site {
  readonly node: number;
  readonly units: readonly Unit[];
  readonly problem: EvictionProblem;
  /** Absent: nothing as good as what other nodes offer. */
  eviction: Eviction | undefined;
}

/**
 * Says which running jobs have to go for a job, and where it then goes: on one node that admits it, as few and as cheap as possible.
 *
 * Who may go: a job that says `isPreemptible`, is of strictly lower priority than the job and has run for its `minRuntimeMs`. A
 * gang goes as a whole, wherever its members run, or stays when one of them may not go.
 *
 * Of all choices on all nodes it takes the one with the lowest highest priority of a victim; then the least work lost (milli-GPU ×
 * run time so far, or milli-GPU when that is not known); then the fewest victims; then the smallest ids in order, a gang named by
 * its smallest; then the smallest node id. This is exact: `gapRatio` is 0 and no victim can be spared. If `maxSteps` is reached,
 * highest priority and sparing are exact still, and `gapRatio` says how much less could be lost at most.
 *
 * Time `O(nodes × jobs of a node)` and a branch and bound over the jobs of each node that could be the best, exponential in the
 * worst case and cut off by `maxSteps`.
 *
 * Source of the order: kube-scheduler's `pickOneNodeForPreemption` (highest priority, then sums and numbers). Deviations: the victims
 * on a node are chosen by optimum, not by sparing in order of priority; there are no disruption budgets.
 *
 * @throws InvalidInputError when nodes, running jobs or the job are malformed or do not fit together.
 *
 * @example
 * ```ts
 * const nodes = [{ id: 'a', gpus: [{ model: 'H100' }], cpuMilli: 8_000, memoryMib: 8_192 }];
 * const low = { id: 'low', gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_024, isPreemptible: true };
 * const running = [{ job: low, placement: { jobId: 'low', nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] } }];
 * planPreemption({ nodes, running, job: { ...low, id: 'high', priority: 1 } });
 * // { placement: { jobId: 'high', nodeId: 'a', … }, victims: [{ jobId: 'low', nodeId: 'a' }], gapRatio: 0, … }
 * ```
 */
export function planPreemption(input: PlanPreemptionInput, options: PlanPreemptionOptions = {}): PreemptionResult {
  const { nodes, running, job, nowMs } = input;
  const { maxSteps = 100_000 } = options;
  checkNumber('maxSteps', maxSteps, { min: 0, isWhole: true });
  checkPackNodes(nodes);
  checkNow(nowMs);
  checkRunning(running);
  checkPackJob(job);
  const fleet = createFleet(nodes);
  checkClock(job, fleet.expiresAtMs.some(Number.isFinite), nowMs);

  const priority = job.priority ?? 0;
  const mayGo = ({ members, priority: highest }: Unit) =>
    highest < priority && members.every((entry) => mayBeStopped(entry, nowMs));
  const units = unitsOf(running).filter(mayGo);
  const gone = new Set(units.flatMap(({ members }) => members.map((entry) => entry.job.id)));
  const place = (kept: readonly RunningJob[]) => {
    // A gang of one: the other members are not looked at.
    return createPacker({ nodes, running: kept, ...(nowMs === undefined ? {} : { nowMs }) }).placeGang([job])[0]!;
  };
  const asItIs = place(running);
  if ('placement' in asItIs) return { placement: asItIs.placement, ...evictionPlan([], undefined, 0, true) };
  if (units.length === 0) return { unplaced: asItIs.unplaced };

  const holdings = new Map<string, Held>();
  running.forEach((entry, index) => {
    const held = holdingOf(fleet, entry.job, entry.placement, `running[${index}]`);
    holdings.set(entry.job.id, held);
    move(fleet.state, held.node, held.holding, -1);
  });
  const neededUntilMs = job.runtimeMs === undefined || nowMs === undefined ? -Infinity : nowMs + job.runtimeMs;
  const demand = demandOf(job, fleet.catalogue, neededUntilMs);
  const loss = lostWork(units, nowMs);
  const sites = sitesOf(fleet, demand, units, holdings, loss ?? (({ gpuMilli }) => gpuMilli));
  if (sites.length === 0) {
    const emptied = place(running.filter((entry) => !gone.has(entry.job.id)));
    return 'placement' in emptied ? impossible(job.id) : { unplaced: emptied.unplaced };
  }

  const budget = { left: maxSteps };
  const { site, chosen, bound, isProven } = cheapestSite(sites, budget);
  const victims = chosen.map((unit) => site.units[unit]!);
  const ids = new Set(victims.flatMap(({ members }) => members.map((entry) => entry.job.id)));
  const nodeId = fleet.nodes[site.node]!.id;
  const kept = running.filter((entry) => !ids.has(entry.job.id) && entry.placement.nodeId === nodeId);
  const home = nodes.filter(({ id }) => id === nodeId);
  const there = createPacker({ nodes: home, running: kept, ...(nowMs === undefined ? {} : { nowMs }) }).placeGang([
    job,
  ])[0]!;
  if ('unplaced' in there) return impossible(job.id);
  return { placement: there.placement, ...evictionPlan(victims, loss, bound, isProven) };
}

/** The search and the packer count the room of a node in the same way, so they cannot disagree. */
function impossible(jobId: string): never {
  throw new SpillwayError('SPILLWAY_INTERNAL', `search and packer disagree on the room for job '${jobId}'`);
}

/** The nodes of the lowest level, the highest priority that has to go. The state of the fleet is left as it was. */
function sitesOf(
  fleet: Fleet,
  demand: Demand,
  units: readonly Unit[],
  holdings: ReadonlyMap<string, Held>,
  loss: (unit: Unit) => number,
): readonly Site[] {
  const onNode = new Map<number, Unit[]>();
  for (const unit of units) {
    for (const node of new Set(unit.members.map(({ job }) => holdings.get(job.id)!.node))) {
      const list = onNode.get(node);
      if (list === undefined) onNode.set(node, [unit]);
      else list.push(unit);
    }
  }
  const holdingsOf = (unit: Unit, node: number) =>
    unit.members.map(({ job }) => holdings.get(job.id)!).flatMap((held) => (held.node === node ? [held.holding] : []));
  let lowest = Infinity;
  const levels: { readonly node: number; readonly level: number; readonly own: readonly Unit[] }[] = [];
  for (const [node, own] of [...onNode].sort(([x], [y]) => x - y)) {
    if (fleet.isCordoned[node] === 1 || fleet.expiresAtMs[node]! < demand.neededUntilMs) continue;
    if (demand.isAdmitted[fleet.catalogue.ruleSetOf[node]!] === 0) continue;
    const level = levelOf(fleet, node, demand, own, (unit) => holdingsOf(unit, node));
    lowest = Math.min(lowest, level);
    if (level < Infinity) levels.push({ node, level, own });
  }
  return levels
    .filter(({ level }) => level === lowest)
    .map(({ node, own }) => {
      const eligible = own.filter(({ priority }) => priority <= lowest);
      const seen = eligible.map((unit) => ({
        holdings: holdingsOf(unit, node),
        loss: loss(unit),
        jobs: unit.members.length,
      }));
      return { node, units: eligible, problem: nodeEviction(fleet, node, demand, seen), eviction: undefined };
    });
}

/** The lowest priority such that the demand fits the node without units up to it; Infinity: there is none. */
function levelOf(
  { state }: Fleet,
  node: number,
  demand: Demand,
  own: readonly Unit[],
  holdingsOf: (unit: Unit) => readonly Held['holding'][],
): number {
  const ascending = [...own].sort((x, y) => x.priority - y.priority);
  let level = Infinity;
  let taken = 0;
  while (taken < ascending.length && level === Infinity) {
    const unit = ascending[taken++]!;
    for (const holding of holdingsOf(unit)) move(state, node, holding, 1);
    if (shortfall(state, node, demand) === 0) level = unit.priority;
  }
  for (const unit of ascending.slice(0, taken)) for (const holding of holdingsOf(unit)) move(state, node, holding, -1);
  return level;
}

/** The best choice over the sites, ties by the ids in order and then the node. */
function cheapestSite(sites: readonly Site[], budget: StepBudget) {
  let best: Price = { loss: Infinity, jobs: Infinity };
  for (const site of sites) {
    site.eviction = cheapestEviction(site.problem, budget, best);
    if (site.eviction !== undefined && isWorse(best, site.eviction)) best = site.eviction;
  }
  // A site without an answer offers nothing better, so the bounds of the others hold for it too.
  const bound = sites.reduce((least, { eviction }) => Math.min(least, eviction?.bound ?? Infinity), Infinity);
  let isProven = sites.every(({ eviction }) => eviction === undefined || eviction.isProven);
  let winner: { site: Site; chosen: readonly number[] } | undefined;
  for (const site of sites) {
    const { eviction } = site;
    if (eviction === undefined || isWorse(eviction, best)) continue;
    const first = eviction.isProven ? firstEviction(site.problem, eviction, budget) : undefined;
    if (first === undefined) isProven = false;
    const chosen = first ?? eviction.units;
    if (winner === undefined || comesFirst(site, chosen, winner.site, winner.chosen)) winner = { site, chosen };
  }
  return { ...winner!, bound, isProven };
}

/** True when the ids of one choice come before those of another, at the first where they differ. */
function comesFirst(x: Site, chosenX: readonly number[], y: Site, chosenY: readonly number[]): boolean {
  for (let k = 0; k < Math.min(chosenX.length, chosenY.length); k++) {
    const idX = x.units[chosenX[k]!]!.id;
    const idY = y.units[chosenY[k]!]!.id;
    if (idX !== idY) return idX < idY;
  }
  return false;
}
