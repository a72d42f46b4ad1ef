import { GPU_MILLI } from '../units.ts';
import type { Demand } from './demand.ts';
import type { Fleet } from './fleet.ts';
import { createHostCount } from './host-count.ts';
import type { MixShape } from './task-streams.ts';

/** Price of the last host, as a share of the milli-GPU the shape asks for. Chosen on OpenB and mixes drawn from it. */
const PRICE_RATIO = 0.5;
/** The same for jobs of more than half a GPU where most of the work shares GPUs. */
const SINGLE_PRICE_RATIO = 2;
/** Room on the GPUs that some jobs insist on is counted in such parts of a GPU, milli-GPU. */
const ROOM_MILLI = 100;
/** Hosts are kept for the demand to expect, this part of it more, and so many standard deviations of a Poisson count. */
const MARGIN_RATIO = 0.1;
const MARGIN_DEVIATIONS = 2;
/** Width of the step from plenty to none, in standard deviations of the demand. */
const SOFTNESS = 0.5;
/** A price takes this many values above 0, a power of two: it stands still most of the time, and sums of prices are exact. */
const PRICE_LEVELS = 8;
/** Shapes that not every GPU can serve and that have prices, and sets of GPUs whose room has one; the scarcest on the empty fleet. */
const MAX_CHOOSY_SHAPES = 48;

/** The logistic at which a price reaches the next level; its own inverse, so that no exponential is taken for a decision. */
const LEVEL_STARTS = Float64Array.from({ length: PRICE_LEVELS }, (_, level) =>
  Math.log((level + 0.5) / (PRICE_LEVELS - level - 0.5)),
);

/** How work comes and goes. */
export interface Turnover {
  /** Jobs that leave for one that comes, lately, from 0 (all work stays) to 1. */
  departureRatio: number;
}

/** Prices on hosts of jobs that are hard to host; see {@link createScarcity}. */
export interface Scarcity {
  /** What the node is worth less now than when it last changed, milli-GPU: a placement is tried on the state, then asked. */
  readonly loss: (node: number) => number;
  /** True when the node hosts a shape that has a price; else nothing placed there can lose any. */
  readonly isHost: (node: number) => boolean;
  /** The node's amounts or its cordon have changed. Calls `mark` for other nodes whose loss may have changed with the prices. */
  readonly changed: (node: number, mark: (node: number) => void) => void;
}

/** A shape that finds few hosts. */
interface HardShape {
  readonly demand: Demand;
  /** Hosts of it that the next job of the mix takes, on average, when only those are counted that need such a host. */
  readonly rate: number;
  /** Mean square of the same number: so much the variance of what jobs take grows with each that comes. */
  readonly square: number;
  /** Price of the last host, milli-GPU. */
  readonly weight: number;
}

/**
 * Prices hosts of hard shapes: several whole GPUs on one node, room on GPUs that some jobs insist on (of a model or with
 * enough memory), in tenths of a GPU, and single GPUs, or more than half of one, when shares are most of the demand. A host is one
 * job of the shape that could start now. With `S` hosts left and a demand for them until the fleet is full of mean `D` and variance
 * `V`, one host costs
 *
 * `weight × logistic((D × (1 + margin) + deviations × sqrt(V + T) - S) / max(1, softness × sqrt(V + T)))`
 *
 * in whole levels: nothing while hosts are plenty, the full weight when they are about to run out. Larger shapes that need the
 * same hosts count in `D` (Hall's condition on nested shapes). `D` falls as the fleet fills, so hosts kept for work that
 * no longer comes are given free. Jobs come as a Poisson process, so `V` is their number times the mean square of the hosts that one takes.
 * `T` is the same for the jobs of a full fleet, times the share of jobs that leave for one that comes: where work comes and goes, what
 * runs at a time swings by `sqrt(T)`, and hosts are kept for the swing. Apart from that share the prices follow from what is free
 * now, not from what happened before.
 */
export function createScarcity(fleet: Fleet, shapes: readonly MixShape[], turnover: Turnover): Scarcity {
  const { state, isCordoned } = fleet;
  const { nodeCount, cpuFree, nodeGpuFree } = state;
  const hard = hardShapes(fleet, shapes);
  const mean = (of: (demand: Demand) => number) =>
    shapes.reduce((sum, { demand, frequency }) => sum + frequency * of(demand), 0);
  const gpuPerJob = mean(({ gpuCount, gpuMilli }) => gpuCount * gpuMilli);
  const cpuPerJob = mean(({ cpuMilli }) => cpuMilli);

  const hostCount = createHostCount(
    state,
    hard.map(({ demand }) => demand),
  );
  // By node, then by shape.
  const hosts = new Int32Array(nodeCount * hard.length);
  const counts = new Int32Array(hard.length);
  const supply = new Float64Array(hard.length);
  const level = new Int32Array(hard.length);
  const price = new Float64Array(hard.length);
  const gpuOf = new Float64Array(nodeCount);
  const cpuOf = new Float64Array(nodeCount);
  let gpuLeft = 0;
  let cpuLeft = 0;

  const count = (node: number): void => {
    const isOpen = isCordoned[node] === 0;
    if (isOpen) hostCount.count(node, counts);
    else counts.fill(0);
    const at = node * hard.length;
    for (let q = 0; q < hard.length; q++) {
      supply[q]! += counts[q]! - hosts[at + q]!;
      hosts[at + q] = counts[q]!;
    }
    gpuLeft -= gpuOf[node]!;
    cpuLeft -= cpuOf[node]!;
    gpuLeft += gpuOf[node] = isOpen ? nodeGpuFree[node]! : 0;
    cpuLeft += cpuOf[node] = isOpen ? cpuFree[node]! : 0;
  };
  const jobsIn = (gpuMilli: number, cpuMilli: number): number => {
    const byGpu = gpuPerJob === 0 ? Infinity : gpuMilli / gpuPerJob;
    const byCpu = cpuPerJob === 0 ? Infinity : cpuMilli / cpuPerJob;
    return Math.min(byGpu, byCpu);
  };
  const { kindState, catalogue } = fleet;
  const total = (amounts: Float64Array) => catalogue.kindOf.reduce((sum, kind) => sum + amounts[kind]!, 0);
  const jobsWhenFull = jobsIn(total(kindState.nodeGpuFree), total(kindState.cpuFree));
  /** Shapes whose price has changed. */
  const moved: number[] = [];
  /** Shapes that have a price. */
  const active: number[] = [];
  const reprice = (): void => {
    moved.length = 0;
    active.length = 0;
    const toCome = jobsIn(gpuLeft, cpuLeft);
    const inTurn = turnover.departureRatio === 0 ? 0 : turnover.departureRatio * jobsWhenFull;
    for (let q = 0; q < hard.length; q++) {
      const { rate, square, weight } = hard[q]!;
      const demand = rate * toCome;
      const deviation = Math.sqrt(square * (toCome + inTurn));
      const short = demand * (1 + MARGIN_RATIO) + MARGIN_DEVIATIONS * deviation - supply[q]!;
      const steps = short / Math.max(1, SOFTNESS * deviation);
      let now = 0;
      while (now < PRICE_LEVELS && steps >= LEVEL_STARTS[now]!) now++;
      if (now > 0) active.push(q);
      if (now === level[q]) continue;
      level[q] = now;
      price[q] = (weight * now) / PRICE_LEVELS;
      moved.push(q);
    }
  };
  for (let node = 0; node < nodeCount; node++) count(node);
  reprice();

  const isHost = (node: number): boolean => {
    const at = node * hard.length;
    for (const q of active) if (hosts[at + q]! > 0) return true;
    return false;
  };
  const loss = (node: number): number => {
    const at = node * hard.length;
    hostCount.count(node, counts);
    let sum = 0;
    for (const q of active) sum += price[q]! * (hosts[at + q]! - counts[q]!);
    return sum;
  };
  const changed: Scarcity['changed'] = (node, mark) => {
    count(node);
    reprice();
    if (moved.length === 0) return;
    for (const q of moved) {
      for (let other = 0; other < nodeCount; other++) if (hosts[other * hard.length + q]! > 0) mark(other);
    }
  };
  return { loss, isHost, changed };
}

/** The shapes that have prices, and the room on each set of GPUs that some jobs insist on, in parts of a GPU. */
function hardShapes(fleet: Fleet, shapes: readonly MixShape[]): readonly HardShape[] {
  const { catalogue } = fleet;
  const isOpenType = catalogue.gpuTypes.map(({ isCut }) => !isCut);
  const all = Uint8Array.from(isOpenType, (isOpen) => (isOpen ? 1 : 0));
  const isWhole = ({ gpuMilli }: Demand) => gpuMilli === GPU_MILLI;
  const isChoosy = ({ gpuCount, isGpuEligible }: Demand) =>
    gpuCount > 0 && isGpuEligible.some((flag) => flag === 1) && isGpuEligible.some((flag, t) => flag < all[t]!);
  const milliOf = ({ gpuCount, gpuMilli }: Demand) => gpuCount * gpuMilli;
  const share = (of: (demand: Demand) => boolean) =>
    shapes.reduce((sum, { demand, frequency }) => sum + (of(demand) ? frequency * milliOf(demand) : 0), 0);
  const isMinority = share(isWhole) < 0.5 * share(() => true);

  const mean = (of: (demand: Demand) => number) =>
    shapes.reduce((sum, { demand, frequency }) => sum + frequency * of(demand), 0);

  const candidates = new Map<string, Demand>();
  const add = (demand: Demand): void => {
    const { gpuCount, gpuMilli, cpuMilli, memoryMib, gpuMemoryMib, isGpuEligible } = demand;
    const key = [gpuCount, gpuMilli, cpuMilli, memoryMib, gpuMemoryMib, isGpuEligible.join('')].join('/');
    candidates.set(key, demand);
  };
  const chosen = new Map<string, Demand>();
  for (const { demand } of shapes) {
    if (isChoosy(demand)) chosen.set(demand.isGpuEligible.join(''), demand);
    if (demand.gpuCount > 1) {
      add({ ...demand, memoryMib: 0 });
      add(demand);
    } else if (isMinority && 2 * demand.gpuMilli > GPU_MILLI) {
      add({ ...demand, memoryMib: 0, gpuMemoryMib: 0, isGpuEligible: all });
    }
  }
  const rated = (demand: Demand, units: (demand: Demand) => number) => {
    const rate = mean(units);
    const square = mean((taker) => units(taker) * units(taker));
    const isSingle = demand.gpuCount === 1 && !isChoosy(demand);
    const weight = (isSingle ? SINGLE_PRICE_RATIO : PRICE_RATIO) * milliOf(demand);
    return { demand, rate, square, weight, supply: hostsWhenEmpty(fleet, demand) };
  };
  const hosted = [...candidates.values()].map((demand) => rated(demand, (taker) => unitsIn(taker, demand)));
  const rooms = [...chosen.values()].map((choosy) => {
    const partsOf = (demand: Demand) => (needsThese(demand, choosy) ? milliOf(demand) / ROOM_MILLI : 0);
    // A part goes with the CPU that the jobs which insist on these GPUs use for one, on average.
    const cpu = mean((demand) => (partsOf(demand) > 0 ? demand.cpuMilli : 0));
    const cpuMilli = Math.round(cpu / mean(partsOf));
    return rated({ ...choosy, gpuCount: 1, gpuMilli: ROOM_MILLI, cpuMilli, memoryMib: 0, gpuMemoryMib: 0 }, partsOf);
  });
  type Rated = (typeof hosted)[number];
  // The sort is stable and the candidates come in the order of the shapes, which is fixed.
  const scarcest = (some: readonly Rated[]) =>
    [...some].sort((x, y) => x.supply * y.rate - y.supply * x.rate).slice(0, MAX_CHOOSY_SHAPES);
  const able = hosted.filter(({ supply }) => supply > 0);
  const [choosy, others] = [true, false].map((flag) => able.filter(({ demand }) => isChoosy(demand) === flag));
  return [...others!, ...scarcest(rooms.filter(({ supply }) => supply > 0)), ...scarcest(choosy!)];
}

/** Hosts of the demand on the empty fleet. */
function hostsWhenEmpty({ kindState, catalogue }: Fleet, demand: Demand): number {
  const { count } = createHostCount(kindState, [demand]);
  const counts = new Int32Array(1);
  const byKind = catalogue.kindNodes.map((_, kind) => {
    count(kind, counts);
    return counts[0]!;
  });
  return catalogue.kindOf.reduce((sum, kind) => sum + byKind[kind]!, 0);
}

/** True when the demand is for GPUs and can be served by none but those that can serve the other. */
function needsThese(demand: Demand, { isGpuEligible }: Demand): boolean {
  return demand.gpuCount > 0 && !demand.isGpuEligible.some((flag, type) => flag > isGpuEligible[type]!);
}

/** Hosts of `scarce` that one job of `demand` takes; 0 when it may also run where `scarce` cannot. */
function unitsIn(demand: Demand, scarce: Demand): number {
  if (!needsThese(demand, scarce)) return 0;
  const times = (amount: number, unit: number) => (unit === 0 ? Infinity : Math.floor(amount / unit));
  const isWhole = demand.gpuMilli === GPU_MILLI;
  let gpus: number;
  if (scarce.gpuMilli === GPU_MILLI) gpus = isWhole ? times(demand.gpuCount, scarce.gpuCount) : 0;
  else gpus = demand.gpuCount * times(demand.gpuMilli, scarce.gpuMilli);
  return Math.min(gpus, times(demand.cpuMilli, scarce.cpuMilli), times(demand.memoryMib, scarce.memoryMib));
}
