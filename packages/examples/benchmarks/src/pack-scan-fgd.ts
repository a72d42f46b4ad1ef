import { GPU_MILLI, type GpuNode, type Job, type Placement, type WorkloadShape } from '@spillway/core';

/** A node as the peer sees it. */
interface PeerNode {
  readonly id: string;
  readonly model: string;
  cpuMilli: number;
  memoryMib: number;
  readonly gpuMilli: number[];
}

/**
 * FGD as its authors publish it: every node is scored for every job, and the first of equal nodes in the list wins. Written
 * apart from the library, as a peer to compare with. Nodes have GPUs of one model; GPU memory and MIG are not looked at.
 *
 * Source: Weng et al., "Beware of Fragmentation", USENIX ATC 2023, and the plugin `fgd_score.go` of the published simulator
 * (hkust-adsl/kubernetes-scheduler-simulator), from which the rule is taken, not the code.
 */
export function createScanFgd(
  nodes: readonly GpuNode[],
  mix: readonly WorkloadShape[],
): (job: Job) => Placement | undefined {
  const peers: readonly PeerNode[] = nodes.map(({ id, gpus, cpuMilli, memoryMib }) => ({
    id,
    model: gpus[0]?.model ?? '',
    cpuMilli,
    memoryMib,
    gpuMilli: gpus.map(() => GPU_MILLI),
  }));
  const total = mix.reduce((sum, { weight }) => sum + weight, 0);
  // A node's score for a shape changes only when the node does, so it is kept until then.
  const known = new Map<string, (readonly [score: number, gpu: number] | undefined)[]>();
  const scoresOf = (job: Job) => {
    const key = `${job.cpuMilli}/${job.gpuCount}/${job.gpuMilli ?? GPU_MILLI}/${job.gpuModels?.join('|') ?? ''}`;
    const scores = known.get(key) ?? new Array<readonly [number, number] | undefined>(peers.length).fill(undefined);
    known.set(key, scores);
    return scores;
  };

  return (job) => {
    const scores = scoresOf(job);
    let best = -1;
    let bestScore = -1;
    for (let n = 0; n < peers.length; n++) {
      if (!fits(peers[n]!, job)) continue;
      scores[n] ??= score(peers[n]!, job, mix, total);
      if (scores[n]![0] <= bestScore) continue;
      best = n;
      bestScore = scores[n]![0];
    }
    if (best < 0) return undefined;
    const peer = peers[best]!;
    const milli = job.gpuMilli ?? GPU_MILLI;
    const gpus = gpusFor(peer, job, scores[best]![1]).map((index) => ({ index, milli }));
    peer.cpuMilli -= job.cpuMilli;
    peer.memoryMib -= job.memoryMib;
    for (const { index } of gpus) peer.gpuMilli[index]! -= milli;
    for (const list of known.values()) list[best] = undefined;
    return { jobId: job.id, nodeId: peer.id, gpus };
  };
}

function fits({ cpuMilli, memoryMib, model, gpuMilli }: PeerNode, job: Job): boolean {
  if (cpuMilli < job.cpuMilli || memoryMib < job.memoryMib) return false;
  if (job.gpuCount === 0) return true;
  if (job.gpuModels?.includes(model) === false) return false;
  const milli = job.gpuMilli ?? GPU_MILLI;
  let usable = 0;
  for (const left of gpuMilli) if (left >= milli) usable++;
  return usable >= job.gpuCount;
}

/** GPUs for the job: the one chosen for a share, else the first that are free. */
function gpusFor(
  { gpuMilli }: PeerNode,
  { gpuCount, gpuMilli: milli = GPU_MILLI }: Job,
  shareGpu: number,
): readonly number[] {
  if (gpuCount === 1 && milli < GPU_MILLI) return [shareGpu];
  return gpuMilli.flatMap((left, index) => (left === GPU_MILLI ? [index] : [])).slice(0, gpuCount);
}

/** Whole points of the node, and the GPU that earns them for a share. */
function score(peer: PeerNode, job: Job, mix: readonly WorkloadShape[], total: number): readonly [number, number] {
  const { gpuCount, gpuMilli: milli = GPU_MILLI } = job;
  const isShare = gpuCount === 1 && milli < GPU_MILLI;
  const before = fragmentation(peer, peer.cpuMilli, mix);
  let best: readonly [number, number] = [-1, -1];
  for (let gpu = 0; gpu < (isShare ? peer.gpuMilli.length : 1); gpu++) {
    if (isShare && peer.gpuMilli[gpu]! < milli) continue;
    const taken = gpusFor(peer, job, gpu);
    for (const index of taken) peer.gpuMilli[index]! -= milli;
    const drop = (before - fragmentation(peer, peer.cpuMilli - job.cpuMilli, mix)) / total;
    for (const index of taken) peer.gpuMilli[index]! += milli;
    const points = Math.trunc(100 / (1 + Math.exp(-drop / 1_000)));
    if (points > best[0]) best = [points, gpu];
  }
  return best;
}

/** Idle milli-GPU that jobs of the mix cannot use on the node, summed with their weights. */
function fragmentation({ model, gpuMilli }: PeerNode, cpuMilli: number, mix: readonly WorkloadShape[]): number {
  let sum = 0;
  for (const { job, weight } of mix) {
    const milli = job.gpuMilli ?? GPU_MILLI;
    let usable = 0;
    let tooSmall = 0;
    let idle = 0;
    for (const left of gpuMilli) {
      idle += left;
      if (left >= milli) usable++;
      else tooSmall += left;
    }
    const canRun =
      job.gpuCount > 0 &&
      cpuMilli >= job.cpuMilli &&
      usable >= job.gpuCount &&
      job.gpuModels?.includes(model) !== false;
    sum += weight * (canRun ? tooSmall : idle);
  }
  return sum;
}
