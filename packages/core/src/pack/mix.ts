import type { Job } from '../fleet/index.ts';
import { checkWorkload } from './check-input.ts';
import type { PackerInput, Scorer, ScoreNode, WorkloadShape } from './types.ts';
import { copyShape, createJobCounts, typicalShapes } from './workload.ts';

/** The mix of work that fragmentation is measured against: given once, or learned. */
export interface Mix {
  readonly shapes: () => readonly WorkloadShape[];
  /** How much to build on it: Infinity when it was given, else the jobs it was estimated from. */
  readonly jobCount: () => number;
  /** Counts a job that comes. True when the mix is estimated anew, because the number of jobs seen is a power of two. */
  readonly observe: (job: Job) => boolean;
  readonly snapshot: () => Required<Pick<PackerInput, 'workload'>> & Pick<PackerInput, 'observed'>;
}

/** @throws InvalidInputError when a shape is malformed */
export function createMix({ workload, observed, running = [] }: PackerInput, scorer: Scorer | ScoreNode): Mix {
  checkWorkload('workload', workload);
  checkWorkload('observed', observed);
  let shapes = (workload ?? []).map(copyShape);
  if (shapes.length > 0 && observed === undefined) {
    const snapshot = () => ({ workload: shapes.map(copyShape) });
    return { shapes: () => shapes, jobCount: () => Infinity, observe: () => false, snapshot };
  }
  const counts = createJobCounts();
  if (observed === undefined) for (const { job } of running) counts.add(job);
  else for (const { job, weight } of observed) counts.add(job, weight);
  let nextEstimateAt = powerOfTwoAbove(counts.total());
  if (shapes.length === 0) shapes = [...typicalShapes(scorer, counts.shapes())];
  return {
    shapes: () => shapes,
    jobCount: () => shapes.reduce((sum, { weight }) => sum + weight, 0),
    observe: (job) => {
      counts.add(job);
      if (counts.total() < nextEstimateAt) return false;
      nextEstimateAt = powerOfTwoAbove(counts.total());
      shapes = [...typicalShapes(scorer, counts.shapes())];
      return true;
    },
    snapshot: () => ({ workload: shapes.map(copyShape), observed: counts.shapes().map(copyShape) }),
  };
}

function powerOfTwoAbove(count: number): number {
  let power = 1;
  while (power <= count) power *= 2;
  return power;
}
