import type { Job } from '../fleet/index.ts';
import { gpuMilliOf, mixKey } from './demand.ts';
import type { WorkloadShape } from './types.ts';

/** Share of the jobs that the typical shapes cover, as in the FGD paper's simulator. */
const COVERAGE_RATIO = 0.95;
/** Shapes at most, so that a score stays cheap when no two jobs are alike. */
const MAX_SHAPES = 64;

/** Jobs counted by shape. */
export interface JobCounts {
  readonly add: (job: Omit<Job, 'id'>, count?: number) => void;
  /** Jobs counted. */
  readonly total: () => number;
  /** Every shape seen, in the order of its first job, `weight` being the count. */
  readonly shapes: () => readonly WorkloadShape[];
}

/** Creates empty counts. Space `O(shapes)`. */
export function createJobCounts(): JobCounts {
  const counts = new Map<string, { readonly job: WorkloadShape['job']; weight: number }>();
  let total = 0;
  return {
    add: (job, count = 1) => {
      total += count;
      const key = mixKey(job);
      const shape = counts.get(key);
      if (shape === undefined) counts.set(key, copyShape({ job, weight: count }));
      else shape.weight += count;
    },
    total: () => total,
    shapes: () => [...counts.values()].map(copyShape),
  };
}

/**
 * The mix to measure fragmentation against: the most frequent shapes that cover 95 % of the jobs, at most 64; equally
 * frequent ones by descending CPU, share and GPU count. `O(shapes log shapes)`.
 */
export function typicalShapes(shapes: readonly WorkloadShape[]): readonly WorkloadShape[] {
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
    if (covered >= COVERAGE_RATIO * total || typical.length === MAX_SHAPES) break;
    typical.push(shape);
    covered += shape.weight;
  }
  return typical;
}

/** A copy of a shape, with what makes the shape in the mix and nothing else. */
export function copyShape({ job, weight }: WorkloadShape): { readonly job: Omit<Job, 'id'>; weight: number } {
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
