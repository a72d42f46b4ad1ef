import { createRandom } from '../random.ts';
import { GPU_MILLI } from '../units.ts';
import type { Catalogue } from './catalogue.ts';
import { demandOf, gpuMilliOf, mixKey, type Demand } from './demand.ts';
import type { WorkloadShape } from './types.ts';

/** Streams a node is tried on: the mean over them is the expectation. A power of two, so that the mean is exact. */
export const STREAM_COUNT = 32;
/** Jobs offered in one stream. Chosen on OpenB: shorter streams leave nodes half filled, longer ones gain nothing. */
export const STREAM_LENGTH = 30;
/** Any number does; other ones move the share of GPUs allocated on OpenB by about 0.05 points. */
const STREAM_SEED = 12_345;
/** Fraction of the golden ratio: steps of it spread evenly over a unit interval. */
const GOLDEN_STEP = 0.618_033_988_749_894_9;

/** A shape of the mix on a fleet. */
export interface MixShape {
  readonly demand: Demand;
  /** Share of the jobs that have the shape; the shares of all shapes sum to 1. */
  readonly frequency: number;
}

/**
 * The shapes of a mix in an order of their own, so that the order in which they were given cannot change an answer. MIG jobs
 * are left out: they take nothing that other jobs could. A job of shares of several GPUs counts as several jobs of one share.
 * No rule of a node keeps a shape away.
 */
export function mixShapes(mix: readonly WorkloadShape[], catalogue: Catalogue): readonly MixShape[] {
  const isAdmitted = new Uint8Array(catalogue.ruleNodes.length).fill(1);
  const sorted = mix
    .filter(({ job }) => job.migProfile === undefined)
    .map(inSingleShares)
    .map(({ job, weight }) => ({ key: mixKey(job), demand: demandOf(job, catalogue), weight }))
    .sort((x, y) =>
      x.key < y.key ? -1 : x.key > y.key ? 1 : x.demand.memoryMib - y.demand.memoryMib || x.weight - y.weight,
    );
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  return sorted.map(({ demand, weight }) => ({ demand: { ...demand, isAdmitted }, frequency: weight / total }));
}

function inSingleShares({ job, weight }: WorkloadShape): WorkloadShape {
  const { gpuCount, cpuMilli, memoryMib } = job;
  if (gpuCount < 2 || gpuMilliOf(job) === GPU_MILLI) return { job, weight };
  const part = (amount: number) => Math.ceil(amount / gpuCount);
  return {
    job: { ...job, gpuCount: 1, cpuMilli: part(cpuMilli), memoryMib: part(memoryMib) },
    weight: weight * gpuCount,
  };
}

/**
 * Draws the jobs of all streams, as positions of shapes: `STREAM_COUNT` rows of `STREAM_LENGTH`. The n-th jobs of the streams are
 * spread evenly over the shapes, so that even a rare shape is met about as often as it comes.
 *
 * @param number - the same frequencies and number give the same streams; with numbers of their own, the chance errors of the kinds
 *   of nodes cancel out instead of adding up.
 */
export function drawStreams(frequencies: ArrayLike<number>, number = 0): Uint32Array {
  const random = createRandom(STREAM_SEED + number);
  const upTo = new Float64Array(frequencies.length);
  let total = 0;
  for (let k = 0; k < upTo.length; k++) upTo[k] = total += frequencies[k]!;
  const streams = new Uint32Array(STREAM_COUNT * STREAM_LENGTH);
  for (let stream = 0; stream < STREAM_COUNT; stream++) {
    for (let turn = 0; turn < STREAM_LENGTH; turn++) {
      const spread = ((stream + random.next()) / STREAM_COUNT + turn * GOLDEN_STEP) % 1;
      streams[stream * STREAM_LENGTH + turn] = firstAbove(upTo, spread * total);
    }
  }
  return streams;
}

/** Position of the first number above the value, the last position when there is none. `O(log n)` */
export function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
