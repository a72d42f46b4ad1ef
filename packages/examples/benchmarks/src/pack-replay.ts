import { GPU_MILLI, type GpuNode, type Job, type Placement } from '@spillway/core';

/** Where a policy puts a job; `undefined`: nowhere. */
export type PackPolicy = (job: Job) => Placement | undefined;

/** Kinds of jobs that are counted apart. */
export const JOB_CLASSES = ['cpu', 'share', '1', '2', '4', '8'] as const;
export type JobClass = (typeof JOB_CLASSES)[number];

/** What came of one sequence of arrivals. */
export interface Replay {
  readonly allocatedRatio: number;
  readonly idleGpus: number;
  /** GPUs asked for up to the first job turned away, over all GPUs; `undefined` when none was. */
  readonly firstFailureRatio: number | undefined;
  readonly failed: Readonly<Record<JobClass, number>>;
  /** Jobs turned away although some node could hold them. */
  readonly refused: number;
  readonly jobs: number;
  /** Time spent in the policy. */
  readonly decisionMs: number;
}

interface Books {
  cpuMilli: number;
  memoryMib: number;
  readonly models: readonly string[];
  readonly gpuMilli: number[];
}

/** Replays arrivals through a policy and books every placement itself. @throws Error when a placement is not possible */
export function replay(
  nodes: readonly GpuNode[],
  arrivals: readonly Job[],
  policy: PackPolicy,
  now: () => number,
): Replay {
  const books = new Map<string, Books>(
    nodes.map(({ id, gpus, cpuMilli, memoryMib }) => [
      id,
      { cpuMilli, memoryMib, models: gpus.map(({ model }) => model), gpuMilli: gpus.map(() => GPU_MILLI) },
    ]),
  );
  const total = nodes.reduce((sum, { gpus }) => sum + gpus.length * GPU_MILLI, 0);
  const failed: Record<JobClass, number> = { cpu: 0, share: 0, '1': 0, '2': 0, '4': 0, '8': 0 };
  let asked = 0;
  let allocated = 0;
  let refused = 0;
  let decisionMs = 0;
  let firstFailureRatio: number | undefined;
  for (const job of arrivals) {
    const milli = job.gpuCount * (job.gpuMilli ?? GPU_MILLI);
    asked += milli;
    const startMs = now();
    const placement = policy(job);
    decisionMs += now() - startMs;
    if (placement !== undefined) {
      book(books.get(placement.nodeId), job, placement);
      allocated += milli;
      continue;
    }
    firstFailureRatio ??= asked / total;
    failed[classOf(job)]++;
    for (const node of books.values()) {
      if (usableGpus(node, job) === undefined) continue;
      refused++;
      break;
    }
  }
  return {
    allocatedRatio: allocated / total,
    idleGpus: (total - allocated) / GPU_MILLI,
    firstFailureRatio,
    failed,
    refused,
    jobs: arrivals.length,
    decisionMs,
  };
}

/** The kind of a job. */
export function classOf({ gpuCount, gpuMilli = GPU_MILLI }: Job): JobClass {
  if (gpuCount === 0) return 'cpu';
  return gpuMilli < GPU_MILLI ? 'share' : (String(gpuCount) as JobClass);
}

/** GPUs that could serve the job; `undefined` when the node cannot hold it. */
function usableGpus({ cpuMilli, memoryMib, models, gpuMilli }: Books, job: Job): readonly number[] | undefined {
  if (cpuMilli < job.cpuMilli || memoryMib < job.memoryMib) return undefined;
  const milli = job.gpuMilli ?? GPU_MILLI;
  const usable: number[] = [];
  for (let index = 0; index < gpuMilli.length; index++) {
    if (gpuMilli[index]! >= milli && job.gpuModels?.includes(models[index]!) !== false) usable.push(index);
  }
  return usable.length >= job.gpuCount ? usable : undefined;
}

function book(node: Books | undefined, job: Job, { gpus }: Placement): void {
  const usable = node === undefined ? undefined : usableGpus(node, job);
  const indices = new Set(gpus.map(({ index }) => index));
  const isRight =
    indices.size === job.gpuCount &&
    gpus.every(({ index, milli }) => usable?.includes(index) === true && milli === (job.gpuMilli ?? GPU_MILLI));
  if (node === undefined || usable === undefined || !isRight)
    throw new Error(`The placement of ${job.id} is not possible.`);
  node.cpuMilli -= job.cpuMilli;
  node.memoryMib -= job.memoryMib;
  for (const { index, milli } of gpus) node.gpuMilli[index]! -= milli;
}
