import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import type { Job, Placement } from '../fleet/index.ts';
import { checkNow, checkRunning } from './check-input.ts';
import { fewestProblem, isHoldable, type FewestProblem } from './fewest-problem.ts';
import { MAX_STARTS, searchFewest } from './fewest-search.ts';
import type { FewestNodesInput, FewestNodesOptions, FewestNodesResult } from './fewest-types.ts';
import { move } from './fleet-state.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { nodeWeight } from './node-weight.ts';
import { checkPackInput, pack, turnsOf } from './pack.ts';
import { createPacker } from './packer.ts';
import { patternBound, type PatternBound } from './pattern-bound.ts';
import { holdingOf } from './running.ts';
import type { UnplacedJob } from './types.ts';

/** Searches at most when not all jobs are held: each makes room, which jobs without a place are then offered. */
const MAX_ROUNDS = 3;

/**
 * Finds a small set of nodes that holds all jobs, when all of them are known, and proves how small it could be at best. For
 * nodes that can be switched off when they are idle; weigh them by number, price or idle power.
 *
 * Nodes are filled one at a time by greedy rules, the best of several starts is improved by emptying nodes and filling others
 * (deterministic for a seed). It is a heuristic: `gapRatio` says how far it may be from the smallest. The bound is a linear
 * relaxation by GPU patterns and holds in spite of rounding: its prices are repaired to satisfy weak duality, and 1e-10 of the
 * amounts added up is taken off for rounding.
 *
 * What runs keeps its place, and its nodes count as switched on. Every rule of {@link pack} is kept: models, memory, MIG,
 * cordons, expiry, gangs. When no place for all jobs is found, the jobs that `pack` would place of them, by descending
 * priority and then id, are held on few nodes. Those left are tried in the room this makes, and what fits is held as well; three
 * times at most. So no job that `pack` places is left out, and none that still fits.
 *
 * The order of nodes and jobs does not matter. Time: for the bound a linear program of `shapes + kinds of nodes × resources`
 * rows, for each round `O(nodes × shapes)`. Space `O(nodes + jobs + rows^2)`.
 *
 * `topology.prefersCompact` is not looked at.
 *
 * @throws InvalidInputError as {@link pack}, when an option is malformed, when a gang requires a topology, and when a node lacks the price or the power that
 * `weight` asks for.
 *
 * @example
 * ```ts
 * const node = (id: string) => ({ id, gpus: [{ model: 'T4' }], cpuMilli: 8_000, memoryMib: 32_768 });
 * const job = (id: string) => ({ id, gpuCount: 1, gpuMilli: 500, cpuMilli: 1_000, memoryMib: 1_024 });
 * fewestNodes({ nodes: [node('a'), node('b'), node('c')], jobs: [job('x'), job('y'), job('z')] });
 * // nodeIds: ['a', 'b'], weightTotal: 2, lowerBound: 2, gapRatio: 0
 * ```
 */
export function fewestNodes(input: FewestNodesInput, options: FewestNodesOptions = {}): FewestNodesResult {
  const { weight = 'count', maxStarts = MAX_STARTS, maxSteps = 1_000, seed = 1 } = options;
  checkNumber('maxStarts', maxStarts, { min: 1, max: MAX_STARTS, isWhole: true });
  checkNumber('maxSteps', maxSteps, { min: 0, isWhole: true });
  checkNumber('seed', seed, { isWhole: true, hint: 'Pass an integer such as 42.' });
  checkPackInput(input);
  for (const job of input.jobs) {
    if (job.gang === undefined || job.topology?.required === undefined) continue;
    throw new InvalidInputError(`topology.required of job '${job.id}'`, 'must be absent here', job.topology.required, {
      hint: 'Place gangs that need one domain with pack, and pass them as running.',
    });
  }
  checkNow(input.nowMs);
  checkRunning(input.running);
  const weights = new Map(input.nodes.map((node) => [node.id, nodeWeight(node, weight)]));

  const fleet = occupied(input);
  const weightOf = (node: number) => weights.get(fleet.nodes[node]!.id)!;
  const problemOf = (jobs: readonly Job[]) => fewestProblem(fleet, jobs, weightOf, input.nowMs);
  const planOf = ({ worth, total }: PatternBound) => ({ worth, lowerBound: total, maxStarts, maxSteps, seed });
  const whole = problemOf(input.jobs);
  if (isHoldable(whole)) {
    const bound = patternBound(whole);
    const all = bound.total > weightOfAll(whole) ? undefined : searchFewest(whole, planOf(bound));
    if (all !== undefined) return resultOf(input, weights, all, [], bound);
  }
  const jobsOf = (list: readonly Placement[]) => {
    const ids = new Set(list.map(({ jobId }) => jobId));
    return input.jobs.filter(({ id }) => ids.has(id));
  };
  let known = pack({ ...input, jobs: inOrder(input.jobs) }).placements;
  for (let round = 1; ; round++) {
    const some = problemOf(jobsOf(known));
    const bound = patternBound(some);
    const held = searchFewest(some, planOf(bound), known)!;
    const { placements, unplaced } = placeLeft(input, held);
    if (placements.length === held.length) return resultOf(input, weights, placements, unplaced, bound);
    if (round === MAX_ROUNDS) {
      return resultOf(input, weights, placements, unplaced, patternBound(problemOf(jobsOf(placements))));
    }
    known = placements;
  }
}

/** What all nodes that are off weigh together. */
function weightOfAll({ pools }: FewestProblem): number {
  return pools.reduce((sum, { nodes, weight }) => sum + nodes.length * weight, 0);
}

/** The fleet with what runs in place. */
function occupied({ nodes, running = [] }: FewestNodesInput): Fleet {
  const fleet = createFleet(nodes);
  running.forEach(({ job, placement }, index) => {
    const { node, holding } = holdingOf(fleet, job, placement, `running[${index}]`);
    move(fleet.state, node, holding, -1);
  });
  return fleet;
}

/** By id; turns then go by priority. */
function inOrder(jobs: readonly Job[]): readonly Job[] {
  return [...jobs].sort((x, y) => (x.id < y.id ? -1 : 1));
}

/** Tries the jobs without a place once more beside the placements found. */
function placeLeft(
  { nodes, jobs, running = [], nowMs }: FewestNodesInput,
  found: readonly Placement[],
): { readonly placements: readonly Placement[]; readonly unplaced: readonly UnplacedJob[] } {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const held = found.map((placement) => ({ job: byId.get(placement.jobId)!, placement }));
  const inPlace = [...[...running].sort((x, y) => (x.job.id < y.job.id ? -1 : 1)), ...held];
  const packer = createPacker({ nodes, running: inPlace, ...(nowMs === undefined ? {} : { nowMs }) });
  const isHeld = new Set(found.map(({ jobId }) => jobId));
  const placements = [...found];
  const unplaced: UnplacedJob[] = [];
  for (const turn of turnsOf(inOrder(jobs).filter(({ id }) => !isHeld.has(id)))) {
    const results = turn[0]!.gang === undefined ? [packer.place(turn[0]!)] : packer.placeGang(turn);
    for (const result of results) {
      if ('placement' in result) placements.push(result.placement);
      else unplaced.push(result.unplaced);
    }
  }
  return { placements: placements.sort((x, y) => (x.jobId < y.jobId ? -1 : 1)), unplaced };
}

function resultOf(
  { running = [] }: FewestNodesInput,
  weights: ReadonlyMap<string, number>,
  placements: readonly Placement[],
  unplaced: readonly UnplacedJob[],
  { total, method }: ReturnType<typeof patternBound>,
): FewestNodesResult {
  const sum = (ids: readonly string[]) => ids.reduce((all, id) => all + weights.get(id)!, 0);
  const idsOf = (list: readonly Placement[]) => [...new Set(list.map(({ nodeId }) => nodeId))].sort();
  const before = idsOf(running.map(({ placement }) => placement));
  const nodeIds = idsOf([...running.map(({ placement }) => placement), ...placements]);
  const weightTotal = sum(nodeIds);
  const lowerBound = sum(before) + total;
  return {
    nodeIds,
    placements,
    unplaced,
    weightTotal,
    lowerBound,
    gapRatio: weightTotal === 0 ? 0 : Math.max(0, (weightTotal - lowerBound) / weightTotal),
    method,
  };
}
