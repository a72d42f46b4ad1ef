import type { GpuNode } from '../fleet/index.ts';
import { createRandom } from '../random.ts';
import { move } from './fleet-state.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { priced } from './priced.ts';
import { createScoreIndex } from './score-index.ts';
import { lowestFreeGpus } from './gpu-choice.ts';
import { drawStreams, firstAbove, type MixShape } from './task-streams.ts';
import type { WorkloadShape } from './types.ts';

/** Rounds of the simulated fill, each with the streams learned in the one before. */
const ROUNDS = 2;
/** GPUs asked for in a fill, as a share of all GPUs: about where a fleet becomes full. */
const FILL_RATIO = 0.95;
/** Part of a stream that is drawn from what the kind receives; the rest is the whole mix. */
const RECEIVED_RATIO = 0.7;
/** Jobs at which half of that part is believed. */
const HALF_BELIEF_JOBS = 30;
/** Nodes of the simulated fleet, about. On OpenB a fifth of the fleet learns in a quarter of the time and costs 0.07 points. */
const SAMPLE_NODES = 1_280;
/** Jobs offered in a fill at most, for each GPU, so that learning ends when hardly any job asks for one. */
const MAX_JOBS_PER_GPU = 64;
/** The same in all. */
const MAX_JOBS = 20_000;
/** Jobs a learned mix must be made of before it is worth a simulated fill. */
const MIN_LEARNED_JOBS = 1_000;
const FILL_SEED = 777;

/** Says which streams to try each kind of node on. Remembers the last answer: a fleet changes more often than its make-up. */
export type KindStreams = (
  fleet: Fleet,
  mix: readonly WorkloadShape[],
  shapes: readonly MixShape[],
) => readonly Uint32Array[];

/**
 * Creates {@link KindStreams} with an empty memory. The memory saves time and changes no answer.
 *
 * @param jobCount - jobs the mix was learned from: of few, all kinds are tried on the whole mix.
 */
export function createKindStreams(jobCount: () => number): KindStreams {
  let lastMix: readonly WorkloadShape[] | undefined;
  let lastKey = '';
  let streams: readonly Uint32Array[] = [];
  return (fleet, mix, shapes) => {
    if (jobCount() < MIN_LEARNED_JOBS) {
      const whole = drawStreams(shapes.map(({ frequency }) => frequency));
      return fleet.catalogue.kindNodes.map(() => whole);
    }
    const sample = sampleOf(fleet);
    const key = JSON.stringify(sample);
    if (mix !== lastMix || key !== lastKey) streams = streamsByKind(sample, shapes);
    lastMix = mix;
    lastKey = key;
    return streams;
  };
}

/** A smaller fleet of the same make-up: nodes of each kind in proportion, at least one, the kinds in turn. */
function sampleOf({ catalogue: { kindNodes, kindOf } }: Fleet): readonly GpuNode[] {
  const counts = new Int32Array(kindNodes.length);
  for (const kind of kindOf) counts[kind]!++;
  const part = Math.min(1, SAMPLE_NODES / kindOf.length);
  return kindNodes.flatMap(({ gpus, cpuMilli, memoryMib }, kind) => {
    const count = Math.max(1, Math.round(counts[kind]! * part));
    // The first node of every kind sorts before all second ones, in the order of the kinds: both fleets number them alike.
    const idOf = (k: number) => `${(k / count).toFixed(6)}/${String(kind).padStart(9, '0')}`;
    return Array.from({ length: count }, (_, k) => ({ id: idOf(k), gpus, cpuMilli, memoryMib }));
  });
}

/**
 * The streams to try each kind of node on. A node does not see the whole mix: jobs that need much CPU end on nodes that have
 * much of it. So an empty fleet is filled with random jobs of the mix by the rule itself, and each kind's streams are drawn
 * for the larger part from what it received. Depends on the nodes and the mix alone. `O(jobs of a full fleet × log nodes)`
 */
function streamsByKind(nodes: readonly GpuNode[], shapes: readonly MixShape[]): readonly Uint32Array[] {
  const whole = drawStreams(shapes.map(({ frequency }) => frequency));
  let streams: readonly Uint32Array[] = createFleet(nodes).catalogue.kindNodes.map(() => whole);
  if (streams.length < 2 || !shapes.some(({ demand }) => demand.gpuMilli > 0)) return streams;
  const random = createRandom(FILL_SEED);
  for (let round = 0; round < ROUNDS; round++) {
    streams = receivedByKind(nodes, shapes, streams, random).map((frequencies, kind) => drawStreams(frequencies, kind));
  }
  return streams;
}

/** Fills the empty fleet. Returns by kind of node how often each shape is to be expected there. */
function receivedByKind(
  nodes: readonly GpuNode[],
  shapes: readonly MixShape[],
  streams: readonly Uint32Array[],
  random: ReturnType<typeof createRandom>,
): readonly Float64Array[] {
  const trial = createFleet(nodes);
  const { kindOf } = trial.catalogue;
  const scorer = priced(trial, shapes, (node) => streams[kindOf[node]!]!, { departureRatio: 0 });
  const index = createScoreIndex(trial, scorer);
  const upTo = new Float64Array(shapes.length);
  let total = 0;
  shapes.forEach(({ frequency }, k) => (upTo[k] = total += frequency));
  const received = streams.map(() => new Float64Array(shapes.length));
  const jobs = new Float64Array(streams.length);
  const target = FILL_RATIO * trial.state.nodeGpuFree.reduce((sum, milli) => sum + milli, 0);
  const most = Math.min(MAX_JOBS, MAX_JOBS_PER_GPU * trial.state.gpuType.length);
  let asked = 0;
  for (let k = 0; k < most && asked < target; k++) {
    const shape = firstAbove(upTo, random.next() * total);
    const { demand } = shapes[shape]!;
    asked += demand.gpuCount * demand.gpuMilli;
    const scores = index.scoresOf(String(shape), () => demand);
    const { node, key } = index.best(scores, demand);
    if (key < 0) continue;
    const gpus = demand.isShare ? [scorer.shareGpu(node, scores.demand)] : lowestFreeGpus(trial, node, demand);
    move(trial.state, node, { ...demand, gpus, instance: -1 }, -1);
    index.changed(node);
    received[kindOf[node]!]![shape]!++;
    jobs[kindOf[node]!]!++;
  }
  return received.map((counts, kind) => {
    const count = jobs[kind]!;
    const belief = (RECEIVED_RATIO * count) / (count + HALF_BELIEF_JOBS);
    return counts.map((n, k) => (1 - belief) * shapes[k]!.frequency + (count === 0 ? 0 : (belief * n) / count));
  });
}
