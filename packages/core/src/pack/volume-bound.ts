import { checkJobs, type Job, type Placement } from '../fleet/index.ts';
import { checkClock, checkNow, checkPackNodes, checkRunning } from './check-input.ts';
import { demandKey, demandOf, type Demand } from './demand.ts';
import { move } from './fleet-state.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { maximumFlow } from './maximum-flow.ts';
import { holdingOf } from './running.ts';
import { shortfall } from './shortfall.ts';
import type { PackBound, PackInput } from './types.ts';

/** A problem read: the fleet with what runs in place. */
export interface BoundProblem {
  readonly fleet: Fleet;
  /** What running jobs hold, milli-GPU. */
  readonly runningMilli: number;
  /** The present where it matters: some node expires. */
  readonly nowMs: number | undefined;
}

/** Checks and reads a problem. `O(nodes log nodes + jobs)` @throws InvalidInputError as `pack` */
export function boundProblem({ nodes, jobs, running = [], nowMs }: Omit<PackInput, 'workload'>): BoundProblem {
  checkPackNodes(nodes);
  checkJobs(jobs);
  checkNow(nowMs);
  checkRunning(running);
  const fleet = createFleet(nodes);
  const hasExpiry = fleet.expiresAtMs.some((expiresAtMs) => expiresAtMs < Infinity);
  for (const job of jobs) checkClock(job, hasExpiry, nowMs);
  let runningMilli = 0;
  running.forEach(({ job, placement }, index) => {
    const { node, holding } = holdingOf(fleet, job, placement, `running[${index}]`);
    move(fleet.state, node, holding, -1);
    runningMilli += holding.gpus.length * holding.gpuMilli;
  });
  return { fleet, runningMilli, nowMs: hasExpiry ? nowMs : undefined };
}

/**
 * How much milli-GPU any scheduler could allocate at most, those of running jobs included, by volume.
 *
 * The relaxation: jobs may be cut into pieces and spread over all GPUs of the types (model and memory) they could be given
 * on some node that has room for them now, so that only the volume of each type limits them. Running jobs keep their place; jobs that
 * fit no node, nodes that are cordoned, expire or do not admit the job counting as full, are left out. The bound is the maximum flow from jobs to types,
 * so it is exact for that relaxation, and never below what can be placed.
 *
 * Time `O(demands × nodes)` for the types of each demand, and a flow over the distinct sets of types.
 */
export function volumeBound({ fleet, runningMilli, nowMs }: BoundProblem, jobs: readonly Job[]): number {
  const supplies = new Map<string, { readonly types: readonly number[]; milli: number }>();
  for (const { demand, count } of demandsOf(fleet, jobs, nowMs)) {
    const types = typesFor(fleet, demand);
    const milli = count * demand.gpuCount * demand.gpuMilli;
    const supply = supplies.get(types.join());
    if (supply === undefined) supplies.set(types.join(), { types, milli });
    else supply.milli += milli;
  }
  return runningMilli + maximumFlow([...supplies.values()], typeCapacity(fleet));
}

/** The bound beside an answer. */
export function measured(
  gpuMilli: number,
  runningMilli: number,
  placements: readonly Placement[],
  method: PackBound['method'],
): PackBound {
  const allocated = runningMilli + placedMilli(placements);
  return { gpuMilli, gapRatio: gpuMilli === 0 ? 0 : Math.max(0, (gpuMilli - allocated) / gpuMilli), method };
}

/** Milli-GPU that placements hold. */
export function placedMilli(placements: readonly Placement[]): number {
  return placements.reduce((sum, { gpus }) => sum + gpus.reduce((all, { milli }) => all + milli, 0), 0);
}

/** Distinct demands for GPUs, and how many jobs have each. */
function demandsOf(
  { catalogue }: Fleet,
  jobs: readonly Job[],
  nowMs: number | undefined,
): readonly { readonly demand: Demand; readonly count: number }[] {
  const groups = new Map<string, { readonly demand: Demand; count: number }>();
  for (const job of jobs) {
    if (job.gpuCount === 0 || job.migProfile !== undefined) continue;
    const neededUntilMs = nowMs === undefined || job.runtimeMs === undefined ? -Infinity : nowMs + job.runtimeMs;
    const key = `${demandKey(job, catalogue)}|${neededUntilMs}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { demand: demandOf(job, catalogue, neededUntilMs), count: 1 });
    else group.count++;
  }
  return [...groups.values()];
}

/** GPU types that the demand could be given on some open node, ascending. */
function typesFor({ state, catalogue, expiresAtMs, isCordoned }: Fleet, demand: Demand): readonly number[] {
  const wanted = demand.isGpuEligible.reduce((sum, flag) => sum + flag, 0);
  const types = new Set<number>();
  for (let node = 0; node < state.nodeCount && types.size < wanted; node++) {
    if (isCordoned[node] === 1 || expiresAtMs[node]! < demand.neededUntilMs) continue;
    if (demand.isAdmitted[catalogue.ruleSetOf[node]!] === 0 || shortfall(state, node, demand) > 0) continue;
    for (let g = state.gpuStart[node]!; g < state.gpuStart[node + 1]!; g++) {
      if (demand.isGpuEligible[state.gpuType[g]!] === 1) types.add(state.gpuType[g]!);
    }
  }
  return [...types].sort((x, y) => x - y);
}

/** Milli-GPU left of each GPU type on open nodes. */
function typeCapacity({ state, catalogue, isCordoned }: Fleet): readonly number[] {
  const capacity = new Array<number>(catalogue.gpuTypes.length).fill(0);
  for (let node = 0; node < state.nodeCount; node++) {
    if (isCordoned[node] === 1) continue;
    for (let g = state.gpuStart[node]!; g < state.gpuStart[node + 1]!; g++) {
      capacity[state.gpuType[g]!]! += state.gpuFree[g]!;
    }
  }
  return capacity;
}
