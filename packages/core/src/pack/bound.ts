import { InvalidInputError } from '../errors.ts';
import type { Job } from '../fleet/index.ts';
import { gpuMilliOf } from './demand.ts';
import { fewestProblem } from './fewest-problem.ts';
import { leaveOutBound } from './placement-bound.ts';
import type { PackBound, PackBoundInput, PackBoundOptions, UnplacedBound } from './types.ts';
import { boundProblem, measured, placedMilli, volumeBound, type BoundProblem } from './volume-bound.ts';

const RELAXATIONS: readonly PackBoundOptions['relaxation'][] = ['patterns', 'volume'];

/**
 * How much milli-GPU any scheduler could allocate at most, even one that knows all jobs and chooses which to run, and how far
 * an answer is from it. Running jobs keep their place.
 *
 * Two relaxations, of which the smaller bound is given. `volume-by-model`: jobs may be cut and spread over all GPUs of the types
 * they could be given on some node. `pattern-lp`: nodes of one kind that admit and have room for the same jobs are pooled, so that CPU, memory and
 * whole GPUs may be split between them; but every pool has only so much of each, and a share sits on one GPU, filled by
 * a pattern of shares. The second is a linear program by column generation; the bound holds however badly it is
 * solved, because its prices are repaired to satisfy weak duality and 1e-10 of the amounts is added for rounding. Neither sees
 * gangs, GPU memory that shares use up, or what splitting a large job over nodes would break.
 *
 * `volume-by-model` takes `O(demands × nodes)`. The program has `R = shapes of jobs + resources of every pool` rows; it takes
 * `O(R^2)` space and about `O(R^3)` time, 0.3 s for the OpenB trace (300 rows), and is left out when it would have more than 600
 * rows or when the bound by volume proves the answer optimal already.
 *
 * @param input - as for `pack`; `placements` is the answer to measure.
 * @throws InvalidInputError as `pack`, and when an option is malformed.
 *
 * @example
 * ```ts
 * packBound({
 *   nodes: [{ id: 'a', gpus: [{ model: 'T4' }], cpuMilli: 8_000, memoryMib: 32_768 }],
 *   jobs: [
 *     { id: 'x', gpuCount: 1, gpuMilli: 600, cpuMilli: 1_000, memoryMib: 1_024 },
 *     { id: 'y', gpuCount: 1, gpuMilli: 600, cpuMilli: 1_000, memoryMib: 1_024 },
 *   ],
 * });
 * // { gpuMilli: 600, gapRatio: 1, method: 'pattern-lp' }: by volume alone it would be 1000
 * ```
 */
export function packBound(input: PackBoundInput, options: PackBoundOptions = {}): PackBound {
  const { relaxation = 'patterns' } = options;
  if (!RELAXATIONS.includes(relaxation)) {
    throw new InvalidInputError('relaxation', 'must be one of patterns, volume', relaxation, {
      hint: 'Leave it out for patterns, the tighter one.',
    });
  }
  const { jobs, placements = [] } = input;
  const problem = boundProblem(input);
  const { runningMilli } = problem;
  const volume = volumeBound(problem, jobs);
  const isProven = runningMilli + placedMilli(placements) >= volume;
  const patterns = relaxation === 'volume' || isProven ? undefined : patternMilli(problem, jobs);
  return patterns === undefined || patterns >= volume
    ? measured(volume, runningMilli, placements, 'volume-by-model')
    : measured(patterns, runningMilli, placements, 'pattern-lp');
}

/**
 * How many of the jobs no scheduler could place, at least, whatever it knows and does; running jobs keep their place. 0 does not
 * prove that all can be placed. It is the least that the relaxation `pattern-lp` of {@link packBound} leaves out, rounded up,
 * and takes as long; where that program would be too large, only jobs that fit no node are counted.
 *
 * @throws InvalidInputError as `pack`.
 *
 * @example
 * ```ts
 * const job = (id: string) => ({ id, gpuCount: 1, gpuMilli: 600, cpuMilli: 1_000, memoryMib: 1_024 });
 * unplacedBound({
 *   nodes: [{ id: 'a', gpus: [{ model: 'T4' }, { model: 'T4' }], cpuMilli: 8_000, memoryMib: 32_768 }],
 *   jobs: [job('x'), job('y'), job('z')],
 * });
 * // { jobCount: 1, method: 'pattern-lp' }: two GPUs hold one each
 * ```
 */
export function unplacedBound(input: Omit<PackBoundInput, 'placements'>): UnplacedBound {
  const { fleet, nowMs } = boundProblem(input);
  const problem = fewestProblem(fleet, input.jobs, () => 0, nowMs);
  const jobCount = leaveOutBound(problem, () => 1);
  if (jobCount !== undefined) return { jobCount, method: 'pattern-lp' };
  const fitting = new Set(problem.pools.flatMap(({ shapes }) => shapes));
  const fitsNone = problem.shapes.filter((_, shape) => !fitting.has(shape));
  return { jobCount: fitsNone.reduce((sum, { jobs }) => sum + jobs.length, 0), method: 'fits-no-node' };
}

/** Milli-GPU that the relaxation by patterns allocates at most. Jobs without GPUs are not run: that leaves room for others. */
function patternMilli({ fleet, runningMilli, nowMs }: BoundProblem, jobs: readonly Job[]): number | undefined {
  const asking = jobs.filter((job) => job.gpuCount > 0 && job.migProfile === undefined);
  const leftOut = leaveOutBound(
    fewestProblem(fleet, asking, () => 0, nowMs),
    ({ gpuMilli }) => gpuMilli,
  );
  if (leftOut === undefined) return undefined;
  return runningMilli + asking.reduce((sum, job) => sum + job.gpuCount * gpuMilliOf(job), 0) - leftOut;
}
