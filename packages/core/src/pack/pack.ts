import { InvalidInputError } from '../errors.ts';
import { checkJobs, type Job, type Placement } from '../fleet/index.ts';
import { checkClock, checkPackNodes, checkSameTopology, scorerOf } from './check-input.ts';
import { createPacker } from './packer.ts';
import type { PackInput, PackOptions, PackResult, UnplacedJob } from './types.ts';
import { boundProblem, measured, volumeBound } from './volume-bound.ts';
import { createJobCounts, typicalShapes } from './workload.ts';

/**
 * Places jobs on a fleet, one after the other, by descending priority and then in the order given. A gang is tried as a whole
 * at the turn of its first member; see {@link createPacker} for how a place is chosen.
 *
 * Every job is in `placements` or in `unplaced`, and no node is ever filled beyond its CPU, memory, GPUs, GPU memory or MIG
 * instances. A job without a gang that is unplaced fitted no node when its turn came.
 *
 * Time `O(demands × nodes + jobs × (changes + ∛nodes))`, where changes are the nodes touched since a job of the same demand
 * came; space `O(nodes × demands)`.
 *
 * The bound beside the answer is the cheap one, by volume; `packBound` with the placements gives a tighter one.
 *
 * @throws InvalidInputError as {@link createPacker}, and when a job is malformed, comes twice, or `nowMs` is absent
 * although a node expires and a job has `runtimeMs`.
 *
 * @example
 * ```ts
 * const gpus = [{ model: 'H100' }];
 * const { placements, unplaced } = pack({
 *   nodes: [{ id: 'a', gpus, cpuMilli: 16_000, memoryMib: 65_536 }],
 *   jobs: [
 *     { id: 'half', gpuCount: 1, gpuMilli: 500, cpuMilli: 1_000, memoryMib: 1_024 },
 *     { id: 'whole', gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_024 },
 *   ],
 * });
 * // placements: [{ jobId: 'half', nodeId: 'a', gpus: [{ index: 0, milli: 500 }] }]
 * // unplaced[0].reason.kind: 'no-room'
 * ```
 */
export function pack(input: PackInput, options: PackOptions = {}): PackResult {
  const { nodes, jobs, running = [] } = input;
  checkPackInput(input);
  const counts = createJobCounts();
  for (const job of jobs) counts.add(job);
  const workload = input.workload?.length ? input.workload : typicalShapes(scorerOf(options), counts.shapes());
  const { nowMs } = input;
  const packer = createPacker({ nodes, running, workload, ...(nowMs === undefined ? {} : { nowMs }) }, options);

  const placements: Placement[] = [];
  const unplaced: UnplacedJob[] = [];
  for (const turn of turnsOf(jobs)) {
    const results = turn[0]!.gang === undefined ? [packer.place(turn[0]!)] : packer.placeGang(turn);
    for (const result of results) {
      if ('placement' in result) placements.push(result.placement);
      else unplaced.push(result.unplaced);
    }
  }
  const problem = boundProblem(input);
  const bound = measured(volumeBound(problem, jobs), problem.runningMilli, placements, 'volume-by-model');
  return { placements, unplaced, bound, stats: packer.stats() };
}

/** Jobs in the order tried, the members of a gang together at the turn of the first. */
export function turnsOf(jobs: readonly Job[]): readonly (readonly Job[])[] {
  // The sort is stable: equal priorities stay in the order given.
  const sorted = [...jobs].sort((x, y) => (y.priority ?? 0) - (x.priority ?? 0));
  const gangs = new Map<string, Job[]>();
  const turns: Job[][] = [];
  for (const job of sorted) {
    const members = job.gang === undefined ? undefined : gangs.get(job.gang);
    if (members !== undefined) {
      members.push(job);
      continue;
    }
    const turn = [job];
    if (job.gang !== undefined) gangs.set(job.gang, turn);
    turns.push(turn);
  }
  return turns;
}

/** All of the input is checked before the first job is placed. @throws InvalidInputError as {@link pack} */
export function checkPackInput({ nodes, jobs, running = [], nowMs }: Omit<PackInput, 'workload'>): void {
  checkPackNodes(nodes);
  checkJobs(jobs);
  const hasExpiry = nodes.some(({ expiresAtMs }) => expiresAtMs !== undefined);
  for (const job of jobs) checkClock(job, hasExpiry, nowMs);
  const firstOf = new Map<string, Job>();
  for (const job of jobs) {
    if (job.gang === undefined) continue;
    const first = firstOf.get(job.gang);
    if (first === undefined) firstOf.set(job.gang, job);
    else checkSameTopology(first, job);
  }
  const runningIds = new Set(running.map(({ job }) => job.id));
  jobs.forEach(({ id }, index) => {
    if (!runningIds.has(id)) return;
    throw new InvalidInputError(`jobs[${index}].id`, 'must not be that of a running job', id, {
      hint: 'Pass a job as running or as a job to place, not as both.',
    });
  });
}
