import type { Job, Placement, TopologyLevel } from '../fleet/index.ts';
import { expectMix } from './card-states.ts';
import { coarseMemory, demandKey, demandOf, shapeKeys, type Demand } from './demand.ts';
import { earlyExpiryFirst } from './early-expiry.ts';
import { move, type Holding } from './fleet-state.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { createFragmentation, type Fragmentation } from './fragmentation.ts';
import { severalGpus } from './gpu-choice.ts';
import { emptyDomainsLast } from './keep-empty.ts';
import type { KindStreams } from './node-kinds.ts';
import type { NodeScorer } from './node-scorer.ts';
import { holdingOf, type Held } from './running.ts';
import { createScoreIndex, type ScoreIndex } from './score-index.ts';
import type { Limits, ShapeScores } from './shape-scores.ts';
import type { Turnover } from './scarcity.ts';
import { createScorer } from './scorers.ts';
import { tooDear } from './protect-large.ts';
import { findInstance } from './instance-choice.ts';
import type { RunningJob, Scorer, ScoreNode, UnplacedReason, WorkloadShape } from './types.ts';
import { unplacedReason } from './unplaced-reason.ts';

/** Demands remembered, more than a gang has. */
const MAX_DEMANDS = 4_096;

const NO_GPUS: readonly number[] = [];

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
  /** Something other than the amounts of the node has changed that scores depend on. */
  readonly lookAgain: (node: number) => void;
  readonly setCordon: (node: number, isCordoned: boolean) => void;
  /** Measures fragmentation against another mix from now on. */
  readonly setMix: (mix: readonly WorkloadShape[]) => void;
  /** Absent until there is a mix, and for scorers that do not look at it. */
  readonly fragmentation: () => Fragmentation | undefined;
}

/** What stays the same while nodes come and go. */
export interface PackingSetup {
  readonly scorer: Scorer | ScoreNode;
  readonly nowMs: number | undefined;
  readonly kindStreams: KindStreams;
  /** Changed from outside; takes effect with the next change of a node. */
  readonly turnover: Turnover;
  readonly prefersEarlyExpiry: boolean;
  readonly keepsDomainsEmpty: TopologyLevel | undefined;
  /** True: jobs whose best place costs others too much are turned away. */
  readonly protectsLarge: boolean;
}

/** Creates the working state of a packer. `O(nodes log nodes + GPUs)`. */
export function createPacking(
  nodes: Parameters<typeof createFleet>[0],
  mix: readonly WorkloadShape[],
  setup: PackingSetup,
): Packing {
  const {
    scorer: scorerName,
    nowMs,
    kindStreams,
    turnover,
    prefersEarlyExpiry,
    keepsDomainsEmpty,
    protectsLarge,
  } = setup;
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
    if (usesMix) expectMix(catalogue.cards, profilesOf(shapes));
    fragmentation = usesMix ? createFragmentation(state, catalogue, shapes) : undefined;
    scorer = createScorer(scorerName, fleet, shapes, { fragmentation, kindStreams, turnover });
    if (prefersEarlyExpiry) scorer = earlyExpiryFirst(scorer, fleet);
    if (keepsDomainsEmpty !== undefined) scorer = emptyDomainsLast(scorer, fleet, keepsDomainsEmpty);
    index = createScoreIndex(fleet, scorer);
  };
  const apply = (held: Held, sign: -1 | 1): void => {
    move(state, held.node, held.holding, sign);
    index!.changed(held.node);
  };
  const keyOf = shapeKeys(catalogue);
  const demands = new Map<string, Demand>();
  const limitsOf = ({ memoryMib, runtimeMs }: Job): Limits => ({
    memoryMib,
    neededUntilMs: hasExpiry && runtimeMs !== undefined ? nowMs! + runtimeMs : -Infinity,
  });
  const scoresOf = (job: Job, { neededUntilMs }: Limits): ShapeScores => {
    // The scores of timed jobs follow the expiry of the nodes, not the run time.
    const isTimed = prefersEarlyExpiry && neededUntilMs > -Infinity;
    const key = keyOf(job);
    return index!.scoresOf(isTimed ? `${key}|timed` : key, () =>
      demandOf({ ...job, memoryMib: coarseMemory(job.memoryMib) }, catalogue, isTimed ? neededUntilMs : -Infinity),
    );
  };
  const takeAt = (job: Job, { demand }: ShapeScores, node: number) => {
    const held = { node, holding: choose(fleet, scorer, demand, node, job.memoryMib) };
    apply(held, -1);
    return { placement: placementOf(fleet, job, held), held };
  };
  const take: Packing['take'] = (job) => {
    const limits = limitsOf(job);
    const scores = scoresOf(job, limits);
    const { node, key } = index!.best(scores, limits);
    if (key < 0) return { reason: unplacedReason(fleet, { ...scores.demand, ...limits }, node, job) };
    const dear = protectsLarge && job.gang === undefined ? tooDear(scorer, node, scores.demand) : undefined;
    if (dear !== undefined) {
      return { reason: { kind: 'refused-by-admission', nodeId: fleet.nodes[node]!.id, ...dear } };
    }
    return takeAt(job, scores, node);
  };
  const takeAmong: Packing['takeAmong'] = (job, nodes) => {
    const limits = limitsOf(job);
    const scores = scoresOf(job, limits);
    const node = index!.bestAmong(scores, nodes, limits);
    return node < 0 ? undefined : takeAt(job, scores, node);
  };
  const wholeDemandOf: Packing['demandOf'] = (job) => {
    const { neededUntilMs } = limitsOf(job);
    const key = `${demandKey(job, catalogue)}|${neededUntilMs}`;
    let demand = demands.get(key);
    if (demand === undefined) {
      if (demands.size === MAX_DEMANDS) demands.clear();
      demands.set(key, (demand = demandOf(job, catalogue, neededUntilMs)));
    }
    return demand;
  };
  setMix(mix);
  return {
    fleet,
    hasExpiry,
    take,
    takeAmong,
    demandOf: wholeDemandOf,
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
    lookAgain: (node) => {
      index!.changed(node);
    },
    setCordon: (node, isCordoned) => {
      fleet.isCordoned[node] = isCordoned ? 1 : 0;
      index!.changed(node);
    },
    setMix,
    fragmentation: () => (fragmentation === undefined || fragmentation.totalWeight === 0 ? undefined : fragmentation),
  };
}

/** How often the mix asks for MIG profiles. */
function profilesOf(shapes: readonly WorkloadShape[]): readonly (readonly [profile: string, weight: number])[] {
  return shapes.flatMap(({ job: { migProfile }, weight }) =>
    migProfile === undefined ? [] : [[migProfile, weight] as const],
  );
}

/** The devices a job of the shape takes on the node chosen for it. */
function choose(fleet: Fleet, scorer: NodeScorer, shape: Demand, node: number, memoryMib: number): Holding {
  const { cpuMilli, gpuMilli, gpuMemoryMib } = shape;
  const instance = shape.isMig ? findInstance(fleet.state, node, shape) : -1;
  let gpus = NO_GPUS;
  if (shape.isShare) gpus = [scorer.shareGpu(node, shape)];
  else if (shape.gpuMilli > 0) gpus = severalGpus(fleet, node, shape);
  return { cpuMilli, memoryMib, gpus, gpuMilli, gpuMemoryMib, instance };
}

/** What a job holds, as plain data. */
export function placementOf({ nodes, state, catalogue }: Fleet, job: Job, { node, holding }: Held): Placement {
  const start = state.gpuStart[node]!;
  const gpus = holding.gpus.map((row) => ({ index: row - start, milli: holding.gpuMilli }));
  const placement = { jobId: job.id, nodeId: nodes[node]!.id, gpus };
  if (holding.instance < 0) return placement;
  const gpu = state.instanceGpu[holding.instance]!;
  const { profile } = catalogue.instanceTypes[state.instanceType[holding.instance]!]!;
  return { ...placement, mig: { gpuIndex: gpu - start, profile, start: state.instanceSlice[holding.instance]! } };
}
