import { checkNumber } from '../check-number.ts';
import { InvalidInputError, SpillwayError } from '../errors.ts';
import type { Job } from '../fleet/index.ts';
import { checkIds } from '../internal/check.ts';
import {
  checkClock,
  checkNow,
  checkPackJob,
  checkPackNodes,
  checkRunning,
  checkSameTopology,
} from '../pack/check-input.ts';
import { domainsOf } from '../pack/domains.ts';
import { allNodes, takeGang } from '../pack/gang.ts';
import { createMix } from '../pack/mix.ts';
import { createKindStreams } from '../pack/node-kinds.ts';
import { createPacking, type Packing } from '../pack/packing.ts';
import { placeTogether, type Together } from '../pack/place-gang.ts';
import type { Held } from '../pack/running.ts';
import { cheapestEviction, firstEviction, type EvictionProblem } from './cheapest-eviction.ts';
import { evictionPlan } from './eviction-plan.ts';
import { lostWork, mayBeStopped, unitsOf, type EvictionUnit } from './eviction-units.ts';
import { gangBound } from './gang-bound.ts';
import { oneByOne } from './one-by-one.ts';
import type { GangPreemptionResult, PlanGangPreemptionInput, PlanGangPreemptionOptions } from './preemption-types.ts';
import type { RunningJob } from '../pack/types.ts';

type Unit = EvictionUnit<RunningJob>;

/**
 * Says which running jobs have to go so that all members of a gang find a place, within the domain their `topology` asks for; or none goes.
 *
 * Who may go is as for {@link planPreemption}, below the priority of the least important member. Of all choices it takes the
 * one with the lowest highest priority of a victim; then the least work lost; then the fewest victims; then the smallest ids. Exact with
 * `gapRatio` 0, as far as a place for the gang is found where there is one: see `placeGang` of the packer, whose search for one
 * gang is limited. When `maxSteps` is reached, which is usual beyond some tens of jobs that may go, still no victim can be spared, none is worse than with the
 * members planned one by one in the best domain, and `gapRatio` says how much less could be lost at most.
 *
 * Time: each step tries to place the gang, at `O(members × nodes)` and 20,000 steps at most of a search of its own; besides, one
 * `planPreemption` for each member in each domain.
 *
 * @throws InvalidInputError when nodes, running jobs or members are malformed or do not fit together, and when there is no member.
 *
 * @example
 * ```ts
 * const nodes = ['a', 'b'].map((id) => ({ id, gpus: [{ model: 'H100' }], cpuMilli: 8_000, memoryMib: 8_192 }));
 * const low = { id: 'low', gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_024, isPreemptible: true };
 * const running = [{ job: low, placement: { jobId: 'low', nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] } }];
 * const member = (id: string) => ({ ...low, id, gang: 'g', priority: 1 });
 * planGangPreemption({ nodes, running, jobs: [member('g1'), member('g2')] });
 * // { placements: [{ jobId: 'g1', … }, { jobId: 'g2', … }], victims: [{ jobId: 'low', nodeId: 'a' }], gapRatio: 0, … }
 * ```
 */
export function planGangPreemption(
  input: PlanGangPreemptionInput,
  options: PlanGangPreemptionOptions = {},
): GangPreemptionResult {
  const { nodes, running, jobs, nowMs } = input;
  const { maxSteps = 2_000 } = options;
  checkNumber('maxSteps', maxSteps, { min: 0, isWhole: true });
  checkPackNodes(nodes);
  checkNow(nowMs);
  checkRunning(running);
  checkMembers(input);

  const site = createSite(input);
  const { packing, heldOf, evict, restore, fits, place } = site;
  const lowest = jobs.reduce((least, { priority = 0 }) => Math.min(least, priority), Infinity);
  const units = unitsOf(running).filter(
    ({ members, priority }) => priority < lowest && members.every((entry) => mayBeStopped(entry, nowMs)),
  );
  const eligible = unitsOfLowestLevel(units, site);
  if (eligible === undefined) {
    const outcome = place();
    if ('takenBy' in outcome) return impossible();
    return { unplaced: jobs.map((job) => ({ jobId: job.id, reason: outcome.reasonOf(job) })) };
  }
  const scopes = scopesOf(packing, jobs[0]!);
  const starts = scopes.flatMap((scope) => {
    const home = [...scope].map((node) => packing.fleet.nodes[node]!);
    const start = oneByOne(home, running, jobs, eligible, nowMs);
    return start === undefined ? [] : [start];
  });
  const loss = lostWork(units, nowMs);
  const seen = eligible.map((unit) => ({
    held: heldOf(unit),
    loss: loss === undefined ? unit.gpuMilli : loss(unit),
    jobs: unit.members.length,
  }));
  const problem: EvictionProblem = {
    ...gangBound(packing.fleet, jobs.map(packing.demandOf), seen, scopes),
    evict: (unit) => {
      evict(eligible[unit]!);
    },
    restore: (unit) => {
      restore(eligible[unit]!);
    },
    fits,
  };
  const budget = { left: maxSteps };
  const eviction = cheapestEviction(problem, budget, undefined, starts)!;
  const first = eviction.isProven ? firstEviction(problem, eviction, budget) : undefined;
  const victims = (first ?? eviction.units).map((unit) => eligible[unit]!);
  for (const unit of victims) evict(unit);
  const outcome = place();
  if ('reasonOf' in outcome) return impossible();
  return {
    placements: jobs.map(({ id }) => outcome.takenBy.get(id)!.placement),
    ...evictionPlan(victims, loss, eviction.bound, first !== undefined),
  };
}

/** The fleet with what runs on it, some of which can be taken away and put back. */
interface Site {
  readonly packing: Packing;
  readonly heldOf: (unit: Unit) => readonly Held[];
  readonly evict: (unit: Unit) => void;
  readonly restore: (unit: Unit) => void;
  /** True when the gang finds a place as the fleet stands. */
  readonly fits: () => boolean;
  /** Takes the place of the gang, or says why there is none. */
  readonly place: () => Together;
}

function createSite({ nodes, running, jobs, nowMs }: PlanGangPreemptionInput): Site {
  const mix = createMix({ nodes, running }, 'fgd');
  const packing = createPacking(nodes, mix.shapes(), {
    scorer: 'fgd',
    nowMs,
    kindStreams: createKindStreams(mix.jobCount),
    turnover: { departureRatio: 0 },
    prefersEarlyExpiry: false,
    keepsDomainsEmpty: undefined,
    protectsLarge: false,
  });
  for (const job of jobs) checkClock(job, packing.hasExpiry, nowMs);
  const heldBy = new Map<string, Held>();
  running.forEach((entry, index) => heldBy.set(entry.job.id, packing.occupy(entry, `running[${index}]`)));
  const heldOf = ({ members }: Unit) => members.map(({ job }) => heldBy.get(job.id)!);
  const gone = new Set<Held>();
  return {
    packing,
    heldOf,
    evict: (unit) => {
      for (const held of heldOf(unit)) {
        packing.giveBack(held);
        gone.add(held);
      }
    },
    restore: (unit) => {
      for (const held of heldOf(unit)) {
        packing.hold(held);
        gone.delete(held);
      }
    },
    fits: () => {
      const outcome = takeGang(packing, jobs);
      if (!('taken' in outcome)) return false;
      for (const { held } of outcome.taken) packing.giveBack(held);
      return true;
    },
    place: () => {
      const stay = () => [...heldBy.values()].filter((held) => !gone.has(held));
      return placeTogether(packing, jobs, jobs[0]!.gang ?? jobs[0]!.id, stay);
    },
  };
}

/** The domains that the gang must lie in, or the whole fleet. */
function scopesOf(packing: Packing, { topology }: Job): readonly Int32Array[] {
  const everywhere = allNodes(packing);
  if (topology?.required === undefined) return [everywhere];
  return domainsOf(packing.fleet, topology.required, everywhere).map(({ nodes }) => nodes);
}

/** What fits follows from what is free alone. */
function impossible(): never {
  throw new SpillwayError('SPILLWAY_INTERNAL', 'the same room was judged in two ways');
}

/** Members of one gang that do not run. @throws InvalidInputError */
function checkMembers({ running, jobs }: PlanGangPreemptionInput): void {
  checkIds('jobs', jobs);
  if (jobs.length === 0) {
    throw new InvalidInputError('jobs', 'must list the members of a gang', jobs, { hint: 'Pass at least one job.' });
  }
  const [first] = jobs;
  const isRunning = new Set(running.map(({ job }) => job.id));
  for (const job of jobs) {
    checkPackJob(job);
    checkSameTopology(first!, job);
    if (job.gang !== first!.gang || (job.gang === undefined && jobs.length > 1)) {
      throw new InvalidInputError(`gang of job '${job.id}'`, 'must be that of the other jobs', job.gang, {
        hint: 'Plan each gang in a call of its own.',
      });
    }
    if (isRunning.has(job.id)) {
      throw new InvalidInputError(`id of job '${job.id}'`, 'must not be that of a running job', job.id, {
        hint: 'Pass the members that wait.',
      });
    }
  }
}

/**
 * The units of the lowest priority, and below, that make room when all of them are gone. `undefined`: not even all units do, and they are left
 * evicted.
 */
function unitsOfLowestLevel(units: readonly Unit[], { evict, restore, fits }: Site): readonly Unit[] | undefined {
  if (fits()) return [];
  const levels = [...new Set(units.map(({ priority }) => priority))].sort((x, y) => x - y);
  for (const level of levels) {
    for (const unit of units) if (unit.priority === level) evict(unit);
    if (!fits()) continue;
    const found = units.filter(({ priority }) => priority <= level);
    found.forEach(restore);
    return found;
  }
  return undefined;
}
