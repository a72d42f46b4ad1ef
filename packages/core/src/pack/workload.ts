import type { Job } from '../fleet/index.ts';
import { gpuMilliOf, mixKey } from './demand.ts';
import type { Scorer, ScoreNode, WorkloadShape } from './types.ts';

/** Share of the jobs that the typical shapes cover, as in the FGD paper's simulator. */
const COVERAGE_RATIO = 0.95;
/** Shapes at most, so that a score stays cheap when no two jobs are alike. */
const MAX_SHAPES = 64;
/** Shapes at most where rare ones matter. */
const MAX_KNOWN_SHAPES = 512;

/** Jobs counted by shape. */
export interface JobCounts {
  readonly add: (job: Omit<Job, 'id'>, count?: number) => void;
  /** Jobs counted. */
  readonly total: () => number;
  /** Every shape seen, in the order of its first job, `weight` being the count, with the largest memory. */
  readonly shapes: () => readonly WorkloadShape[];
}

/** Creates empty counts. Space `O(shapes)`. */
export function createJobCounts(): JobCounts {
  const counts = new Map<string, { job: WorkloadShape['job']; weight: number }>();
  let total = 0;
  return {
    add: (job, count = 1) => {
      total += count;
      const key = mixKey(job);
      const shape = counts.get(key);
      if (shape === undefined) counts.set(key, copyShape({ job, weight: count }));
      else {
        shape.weight += count;
        // The largest, so that room kept for the shape is room for all of its jobs.
        if (job.memoryMib > shape.job.memoryMib) shape.job = { ...shape.job, memoryMib: job.memoryMib };
      }
    },
    total: () => total,
    shapes: () => [...counts.values()].map(copyShape),
  };
}

/**
 * The mix that a scorer looks at. `priced`: every shape, at most the 512 most frequent, because the rare ones are those it
 * protects. Others: the most frequent shapes that cover 95 % of the jobs, at most 64, and up to 64 more of MIG jobs: the largest profile
 * is rare and needs a whole card. Equally frequent ones by descending CPU, share and GPU count. `O(shapes log shapes)`.
 */
export function typicalShapes(scorer: Scorer | ScoreNode, shapes: readonly WorkloadShape[]): readonly WorkloadShape[] {
  const coverageRatio = scorer === 'priced' ? 1 : COVERAGE_RATIO;
  const maxShapes = scorer === 'priced' ? MAX_KNOWN_SHAPES : MAX_SHAPES;
  const total = shapes.reduce((sum, { weight }) => sum + weight, 0);
  const byFrequency = shapes.map((shape) => ({ shape, key: mixKey(shape.job) }));
  byFrequency.sort(({ shape: x, key: xKey }, { shape: y, key: yKey }) => {
    const order =
      y.weight - x.weight ||
      y.job.cpuMilli - x.job.cpuMilli ||
      gpuMilliOf(y.job) - gpuMilliOf(x.job) ||
      y.job.gpuCount - x.job.gpuCount;
    return order !== 0 ? order : xKey < yKey ? -1 : 1;
  });
  const typical: WorkloadShape[] = [];
  let covered = 0;
  for (const { shape } of byFrequency) {
    if (covered >= coverageRatio * total || typical.length === maxShapes) break;
    typical.push(shape);
    covered += shape.weight;
  }
  const rest = byFrequency.slice(typical.length).filter(({ shape }) => shape.job.migProfile !== undefined);
  for (const { shape } of rest.slice(0, MAX_SHAPES)) typical.push(shape);
  return typical;
}

/** A copy of a shape, with what makes the shape in the mix and nothing else. */
export function copyShape({ job, weight }: WorkloadShape): { job: Omit<Job, 'id'>; weight: number } {
  const { gpuCount, cpuMilli, memoryMib, gpuMilli, gpuMemoryMib, gpuModels, migProfile } = job;
  return {
    job: {
      gpuCount,
      cpuMilli,
      memoryMib,
      ...(gpuMilli === undefined ? {} : { gpuMilli }),
      ...(gpuMemoryMib === undefined ? {} : { gpuMemoryMib }),
      ...(gpuModels === undefined ? {} : { gpuModels: [...gpuModels] }),
      ...(migProfile === undefined ? {} : { migProfile }),
    },
    weight,
  };
}
