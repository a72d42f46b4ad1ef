import type { Job, Placement, TopologyLevel } from '../fleet/index.ts';
import { demandKey, demandOf, type Demand } from './demand.ts';
import { earlyExpiryFirst } from './early-expiry.ts';
import { move, type Holding } from './fleet-state.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { createFragmentation, type Fragmentation } from './fragmentation.ts';
import { severalGpus } from './gpu-choice.ts';
import { emptyDomainsLast } from './keep-empty.ts';
import type { KindStreams } from './node-kinds.ts';
import type { NodeScorer } from './node-scorer.ts';
import { holdingOf, type Held } from './running.ts';
import { bestAmong, bestNode, createScoreIndex, type ScoreIndex, type ScoreTree } from './score-index.ts';
import { createScorer } from './scorers.ts';
import { findInstance } from './shortfall.ts';
import type { RunningJob, Scorer, UnplacedReason, WorkloadShape } from './types.ts';
import { unplacedReason } from './unplaced-reason.ts';

/** A fleet of fixed nodes with an index over it. Rebuilt when nodes come or go. */
export interface Packing {
  readonly fleet: Fleet;
  readonly hasExpiry: boolean;
  /** Takes the best place for a job, or says why there is none. */
  readonly take: (
    job: Job,
  ) => { readonly placement: Placement; readonly held: Held } | { readonly reason: UnplacedReason };
  /** Takes the best place for a job among some nodes, ascending; `undefined`: it fits none of them. `O(nodes given)` */
  readonly takeAmong: (
    job: Job,
    nodes: Int32Array,
  ) => { readonly placement: Placement; readonly held: Held } | undefined;
  /** What a job asks for. The same object for all jobs of a gang that ask for the same. */
  readonly demandOf: (job: Job) => Demand;
  readonly giveBack: (held: Held) => void;
  /** Takes what was given back, or what is known to be free. */
  readonly hold: (held: Held) => void;
  /** Takes the place a running job holds. @throws InvalidInputError as {@link holdingOf} */
  readonly occupy: (running: RunningJob, field: string) => Held;
  readonly setCordon: (node: number, isCordoned: boolean) => void;
  /** Measures fragmentation against another mix from now on. */
  readonly setMix: (mix: readonly WorkloadShape[]) => void;
  /** Absent until there is a mix, and for scorers that do not look at it. */
  readonly fragmentation: () => Fragmentation | undefined;
}

/** Creates the working state of a packer. `O(nodes log nodes + GPUs)`. */
export function createPacking(
  nodes: Parameters<typeof createFleet>[0],
  scorerName: Scorer,
  mix: readonly WorkloadShape[],
  nowMs: number | undefined,
  kindStreams: KindStreams,
  prefersEarlyExpiry: boolean,
  keepsDomainsEmpty: TopologyLevel | undefined,
): Packing {
  const fleet = createFleet(nodes);
  const { state, catalogue } = fleet;
  const hasExpiry = fleet.expiresAtMs.some((expiresAtMs) => expiresAtMs < Infinity);
  let fragmentation: Fragmentation | undefined;
  let scorer: NodeScorer;
  let index: ScoreIndex | undefined;

  const setMix = (shapes: readonly WorkloadShape[]): void => {
    // Other scorers do not look at the mix, so what they have indexed stays.
    const usesMix = scorerName === 'fgd' || scorerName === 'priced';
    if (!usesMix && index !== undefined) return;
    fragmentation = usesMix ? createFragmentation(state, catalogue, shapes) : undefined;
    scorer = createScorer(scorerName, fleet, shapes, fragmentation, kindStreams);
    if (prefersEarlyExpiry) scorer = earlyExpiryFirst(scorer, fleet);
    if (keepsDomainsEmpty !== undefined) scorer = emptyDomainsLast(scorer, fleet, keepsDomainsEmpty);
    index = createScoreIndex(fleet, scorer);
  };
  const apply = (held: Held, sign: -1 | 1): void => {
    move(state, held.node, held.holding, sign);
    index!.changed(held.node);
  };
  const treeOf = (job: Job): ScoreTree => {
    const runtimeMs = hasExpiry ? job.runtimeMs : undefined;
    const neededUntilMs = runtimeMs === undefined ? -Infinity : nowMs! + runtimeMs;
    return index!.treeOf(`${demandKey(job, catalogue)}|${runtimeMs ?? ''}`, () =>
      demandOf(job, catalogue, neededUntilMs),
    );
  };
  const takeAt = (job: Job, tree: ScoreTree, node: number): { readonly placement: Placement; readonly held: Held } => {
    const held = { node, holding: choose(fleet, scorer, tree, node) };
    apply(held, -1);
    return { placement: placementOf(fleet, job, held), held };
  };
  const take: Packing['take'] = (job) => {
    const tree = treeOf(job);
    const node = bestNode(tree);
    if (node < 0 || tree.keys[1]! < 0) return { reason: unplacedReason(fleet, tree, job) };
    return takeAt(job, tree, node);
  };
  const takeAmong: Packing['takeAmong'] = (job, nodes) => {
    const tree = treeOf(job);
    const node = bestAmong(tree, nodes);
    return node < 0 ? undefined : takeAt(job, tree, node);
  };
  setMix(mix);
  return {
    fleet,
    hasExpiry,
    take,
    takeAmong,
    demandOf: (job) => treeOf(job).demand,
    giveBack: (held) => {
      apply(held, 1);
    },
    hold: (held) => {
      apply(held, -1);
    },
    occupy: ({ job, placement }, field) => {
      const held = holdingOf(fleet, job, placement, field);
      apply(held, -1);
      return held;
    },
    setCordon: (node, isCordoned) => {
      fleet.isCordoned[node] = isCordoned ? 1 : 0;
      index!.changed(node);
    },
    setMix,
    fragmentation: () => (fragmentation === undefined || fragmentation.totalWeight === 0 ? undefined : fragmentation),
  };
}

/** The devices a job takes on the node chosen for it. */
function choose(fleet: Fleet, scorer: NodeScorer, { demand }: ScoreTree, node: number): Holding {
  const { cpuMilli, memoryMib, gpuMilli, gpuMemoryMib, gpuCount, isMig, isShare } = demand;
  const held = { cpuMilli, memoryMib, gpuMilli, gpuMemoryMib };
  if (isMig) return { ...held, gpus: [], instance: findInstance(fleet.state, node, demand) };
  if (isShare) return { ...held, gpus: [scorer.shareGpu(node, demand)], instance: -1 };
  return { ...held, gpus: gpuCount === 0 ? [] : severalGpus(fleet, node, demand), instance: -1 };
}

/** What a job holds, as plain data. */
export function placementOf({ nodes, state, catalogue }: Fleet, job: Job, { node, holding }: Held): Placement {
  const start = state.gpuStart[node]!;
  const gpus = holding.gpus.map((row) => ({ index: row - start, milli: holding.gpuMilli }));
  const placement = { jobId: job.id, nodeId: nodes[node]!.id, gpus };
  if (holding.instance < 0) return placement;
  let gpu = start;
  while (state.instanceStart[gpu + 1]! <= holding.instance) gpu++;
  const { profile } = catalogue.instanceTypes[state.instanceType[holding.instance]!]!;
  return { ...placement, mig: { gpuIndex: gpu - start, profile, start: state.instanceSlice[holding.instance]! } };
}
