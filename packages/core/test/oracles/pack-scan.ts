import type { Job, Placement, Scorer, WorkloadShape } from '../../src/index.ts';
import { migChoice } from './mig-choice.ts';
import { admits, usableGpus, type LedgerNode } from './pack-ledger.ts';

/**
 * The decision by the letter: every node is looked at, every score computed from the definition. Fragmentation after Weng et
 * al., USENIX ATC 2023: idle milli-GPU a job of the mix cannot use on the node, weighted by how often it comes.
 */
export function scanPlace(
  nodes: readonly LedgerNode[],
  job: Job,
  options: {
    readonly scorer: Scorer;
    readonly mix: readonly WorkloadShape[];
    readonly nowMs: number;
    readonly empty: readonly LedgerNode[];
    readonly prefersEarlyExpiry?: boolean;
  },
): Placement | undefined {
  const { scorer, mix, nowMs, empty, prefersEarlyExpiry = false } = options;
  let best: { node: LedgerNode; placement: Placement; rank: readonly number[] } | undefined;
  for (const node of nodes) {
    if (!admits(node, job, nowMs)) continue;
    const { rank: byScore, ...placement } = choices(node, job, scorer, mix, empty);
    const isTimed = prefersEarlyExpiry && job.runtimeMs !== undefined;
    const rank = isTimed ? [byScore[0] ?? 0, node.expiresAtMs ?? Infinity, ...byScore.slice(1)] : byScore;
    const order = best === undefined ? -1 : compare(rank, best.rank);
    if (best === undefined || order < 0 || (order === 0 && node.id < best.node.id)) best = { node, placement, rank };
  }
  return best?.placement;
}

/** The devices taken on a node, and its rank: the smaller, number by number, the better. */
function choices(
  node: LedgerNode,
  job: Job,
  scorer: Scorer,
  mix: readonly WorkloadShape[],
  empty: readonly LedgerNode[],
): Placement & { readonly rank: readonly number[] } {
  const base = { jobId: job.id, nodeId: node.id };
  const idle = node.gpus.reduce((sum, gpu) => sum + (gpu.instances.length === 0 ? gpu.milli : 0), 0);
  if (job.migProfile !== undefined) {
    const { mig, rank } = migChoice(node, job, scorer === 'fgd' ? mix : [], empty);
    return { ...base, gpus: [], mig, rank: scorer === 'first-fit' ? [] : rank };
  }
  const milli = job.gpuMilli ?? 1_000;
  const usable = job.gpuCount === 0 ? [] : usableGpus(node, job);
  const isShare = job.gpuCount === 1 && milli < 1_000;
  const isSpread = job.gpuCount > 1 && milli < 1_000;
  const fullest = [...usable].sort((x, y) => node.gpus[x]!.milli - node.gpus[y]!.milli || x - y);
  const several = (isSpread ? fullest : usable).slice(0, job.gpuCount).sort((x, y) => x - y);
  const sets = isShare ? usable.map((index) => [index]) : [several];
  const at = (set: readonly number[]) => set.map((index) => ({ index, milli }));
  if (scorer !== 'fgd') {
    const tightest = [...sets].sort((x, y) =>
      isShare ? node.gpus[x[0]!]!.milli - node.gpus[y[0]!]!.milli || x[0]! - y[0]! : 0,
    );
    const largestCpu = Math.max(1, ...empty.map(({ cpu }) => cpu));
    const largestGpu = Math.max(
      1,
      ...empty.map(({ gpus }) => gpus.filter((gpu) => gpu.instances.length === 0).length * 1_000),
    );
    const left =
      0.5 * ((node.cpu - job.cpuMilli) / largestCpu) +
      0.5 * ((idle - (job.gpuCount === 0 ? 0 : job.gpuCount * milli)) / largestGpu);
    return { ...base, gpus: at(tightest[0]!), rank: scorer === 'first-fit' ? [] : [-Math.trunc((1 - left) * 100)] };
  }
  const total = mix.reduce((sum, { weight }) => sum + weight, 0);
  const before = fragmentation(node, mix);
  const scored = sets.map((set) => {
    const trial: LedgerNode = {
      ...node,
      cpu: node.cpu - job.cpuMilli,
      gpus: node.gpus.map((gpu, index) => {
        if (!set.includes(index)) return gpu;
        const memory = gpu.memory === undefined ? undefined : gpu.memory - (job.gpuMemoryMib ?? 0);
        return { ...gpu, milli: gpu.milli - milli, memory };
      }),
    };
    const drop = (before - fragmentation(trial, mix)) / (total === 0 ? 1 : total);
    return { set, points: Math.trunc(100 / (1 + Math.exp(-drop / 1_000))) };
  });
  scored.sort((x, y) => y.points - x.points || (x.set[0] ?? 0) - (y.set[0] ?? 0));
  const size = node.gpus.filter((gpu) => gpu.instances.length === 0).length * 1_000;
  return { ...base, gpus: at(scored[0]!.set), rank: [-scored[0]!.points, size === 0 ? 0 : idle / size] };
}

/** Idle milli-GPU that jobs of the mix cannot use on the node, summed with their weights. */
export function fragmentation(node: LedgerNode, mix: readonly WorkloadShape[]): number {
  let sum = 0;
  for (const { job, weight } of mix) {
    const usable = job.migProfile !== undefined || job.gpuCount === 0 ? [] : usableGpus(node, job);
    const fits = usable.length > 0 && usable.length >= job.gpuCount && node.cpu >= job.cpuMilli;
    node.gpus.forEach((gpu, index) => {
      if (gpu.instances.length === 0 && !(fits && usable.includes(index))) sum += weight * gpu.milli;
    });
  }
  return sum;
}

function compare(x: readonly number[], y: readonly number[]): number {
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return 0;
}
