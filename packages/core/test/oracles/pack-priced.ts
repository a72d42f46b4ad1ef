import type { GpuNode, Job, Placement, WorkloadShape } from '../../src/index.ts';
import { migChoice } from './mig-choice.ts';
import { admits, hasRoom, isUncut, ledgerNode, usableGpus, type LedgerNode } from './pack-ledger.ts';

/** A shape of the mix with its share of the jobs. MIG shapes are left out before. */
export interface OracleShape {
  readonly job: Omit<Job, 'id'>;
  readonly frequency: number;
}

/** What the rule knows. */
export interface ScanOptions {
  readonly shapes: readonly OracleShape[];
  /** The whole mix, for MIG jobs. */
  readonly mix: readonly WorkloadShape[];
  /** Streams of 30 positions of shapes, one after the other. */
  readonly streamsOf: (nodeId: string) => ArrayLike<number>;
  readonly nowMs: number;
  /** Jobs that leave for one that comes. */
  readonly departureRatio: number;
}

/**
 * The decision of `priced` by the letter: every node and every GPU is tried, waste is simulated anew each time, prices are computed
 * from the whole fleet before each decision. Only the random streams are given.
 */
export function scanPriced(
  nodes: readonly LedgerNode[],
  empty: readonly GpuNode[],
  job: Job,
  options: ScanOptions,
): Placement | undefined {
  const { nowMs } = options;
  const open = nodes.filter((node) => admits(node, job, nowMs));
  const base = (node: LedgerNode) => ({ jobId: job.id, nodeId: node.id });
  if (job.migProfile !== undefined) {
    const choices = open.map((node) => ({ node, ...migChoice(node, job, options.mix, empty.map(ledgerNode)) }));
    const order = (x: (typeof choices)[number], y: (typeof choices)[number]) =>
      x.rank[0]! - y.rank[0]! || x.rank[1]! - y.rank[1]! || (x.node.id < y.node.id ? -1 : 1);
    const [first] = choices.sort(order);
    return first === undefined ? undefined : { ...base(first.node), gpus: [], mig: first.mig };
  }
  // Jobs whose memory has the same four leading binary digits are scored alike; whether they fit is seen exactly.
  const digits = job.memoryMib.toString(2);
  const scored = { ...job, memoryMib: parseInt(digits.slice(0, 4).padEnd(digits.length, '0'), 2) };
  const tries = costsOf(open, empty, scored, options, nodes);
  tries.sort((x, y) => x.cost - y.cost || x.idle - y.idle || (x.node.id < y.node.id ? -1 : 1));
  const best = tries[0];
  const milli = job.gpuMilli ?? 1_000;
  return best === undefined ? undefined : { ...base(best.node), gpus: best.set.map((index) => ({ index, milli })) };
}

/** What the job costs on each node that admits it, milli-GPU, on which GPUs, and the share of the GPUs idle there. */
export function costsOf(
  nodes: readonly LedgerNode[],
  empty: readonly GpuNode[],
  job: Job,
  { shapes, streamsOf, nowMs, departureRatio }: ScanOptions,
  all: readonly LedgerNode[] = nodes,
): { readonly node: LedgerNode; readonly set: readonly number[]; readonly cost: number; readonly idle: number }[] {
  const open = nodes.filter((node) => admits(node, job, nowMs));
  const cpuStep = Math.max(1, Math.floor(Math.max(0, ...empty.map(({ cpuMilli }) => cpuMilli)) / 43));
  const prices = pricesOf(all, empty, shapes, departureRatio);
  const numbers = typeNumbers(empty);
  const milli = job.gpuMilli ?? 1_000;
  return open.map((node) => {
    const usable = job.gpuCount === 0 ? [] : usableGpus(node, job);
    const isSpread = job.gpuCount > 1 && milli < 1_000;
    const fullest = [...usable].sort((x, y) => node.gpus[x]!.milli - node.gpus[y]!.milli || x - y);
    const several = (isSpread ? fullest : usable).slice(0, job.gpuCount).sort((x, y) => x - y);
    const sets = milli < 1_000 && !isSpread ? usable.map((index) => [index]) : [several];
    const streams = streamsOf(node.id);
    const before = waste(node, numbers, shapes, streams, cpuStep);
    const [best] = sets
      .map((set) => ({ set, after: take(node, job, set) }))
      .map(({ set, after }) => ({ set, after, growth: waste(after, numbers, shapes, streams, cpuStep) - before }))
      .sort((x, y) => x.growth - y.growth || (x.set[0] ?? 0) - (y.set[0] ?? 0));
    const { set, after, growth } = best!;
    const lost = prices.reduce((sum, { hostsFree, price }) => sum + price * (hostsFree(node) - hostsFree(after)), 0);
    const size = node.gpus.filter(({ instances }) => instances.length === 0).length * 1_000;
    return { node, set, cost: Math.round(growth + lost), idle: size === 0 ? 0 : idleOf(node) / size };
  });
}

function take(node: LedgerNode, job: Omit<Job, 'id'>, set: readonly number[]): LedgerNode {
  return {
    ...node,
    cpu: node.cpu - job.cpuMilli,
    memory: node.memory - job.memoryMib,
    gpus: node.gpus.map((gpu, index) => {
      if (!set.includes(index)) return gpu;
      const memory = gpu.memory === undefined ? undefined : gpu.memory - (job.gpuMemoryMib ?? 0);
      return { ...gpu, milli: gpu.milli - (job.gpuMilli ?? 1_000), memory };
    }),
  };
}

function idleOf(node: LedgerNode): number {
  return node.gpus.reduce((sum, { milli, instances }) => sum + (instances.length === 0 ? milli : 0), 0);
}

/** By node, the numbers of its GPUs' types: GPUs alike when empty have one, in the order they come in nodes by ascending id. */
function typeNumbers(empty: readonly GpuNode[]): ReadonlyMap<string, readonly number[]> {
  const seen: string[] = [];
  const sorted = [...empty].sort((x, y) => (x.id < y.id ? -1 : 1));
  return new Map(
    sorted.map(({ id, gpus }) => [
      id,
      gpus.map((gpu) => {
        const key = `${isUncut(gpu) ? '' : JSON.stringify(gpu.migGeometry ?? '')}/${gpu.model}/${gpu.memoryMib}`;
        if (!seen.includes(key)) seen.push(key);
        return seen.indexOf(key);
      }),
    ]),
  );
}

/**
 * Mean idle milli-GPU after 32 streams; main memory does not count, CPU in steps. Of GPUs equally free the later type comes
 * first, then the one with more memory left.
 */
function waste(
  node: LedgerNode,
  numbers: ReadonlyMap<string, readonly number[]>,
  shapes: readonly OracleShape[],
  streams: ArrayLike<number>,
  cpuStep: number,
): number {
  if (shapes.length === 0) return idleOf(node);
  const typeOf = numbers.get(node.id)!;
  const sorted = node.gpus
    .map((gpu, index) => ({ gpu, type: typeOf[index]! }))
    .sort((x, y) => y.gpu.milli - x.gpu.milli || y.type - x.type || (y.gpu.memory ?? -1) - (x.gpu.memory ?? -1))
    .map(({ gpu }) => gpu);
  let sum = 0;
  for (let from = 0; from < 32 * 30; from += 30) {
    let now: LedgerNode = { ...node, gpus: sorted, cpu: Math.floor(node.cpu / cpuStep) * cpuStep, memory: Infinity };
    for (let k = from; k < from + 30; k++) {
      const { job } = shapes[streams[k]!]!;
      if (now.cpu < job.cpuMilli) continue;
      const usable = job.gpuCount === 0 ? [] : usableGpus(now, job);
      if (usable.length < job.gpuCount) continue;
      const tightest = [...usable].sort((x, y) => now.gpus[x]!.milli - now.gpus[y]!.milli || x - y);
      now = take(now, job, tightest.slice(0, job.gpuCount));
    }
    sum += idleOf(now);
  }
  return sum / 32;
}

/** How many of the shape could start on the node now. */
function hostsOn(node: LedgerNode, shape: Omit<Job, 'id'>): number {
  if (node.isCordoned) return 0;
  let count = 0;
  for (let now = node; hasRoom(now, shape); count++) {
    now = take(now, shape, usableGpus(now, shape).slice(0, shape.gpuCount));
  }
  return count;
}

/** Hard shapes and what one host of each costs now. */
function pricesOf(
  nodes: readonly LedgerNode[],
  empty: readonly GpuNode[],
  shapes: readonly OracleShape[],
  departureRatio: number,
): readonly { readonly hostsFree: (node: LedgerNode) => number; readonly price: number }[] {
  const plain = empty.flatMap(({ gpus }) => gpus.filter(isUncut));
  // Which distinct GPUs could serve the shape.
  const types = [...new Map(plain.map((gpu) => [`${gpu.model}/${gpu.memoryMib}`, gpu])).values()];
  const servedBy = (job: Omit<Job, 'id'>) =>
    types.map((gpu) => {
      const node = ledgerNode({ id: '', gpus: [gpu], cpuMilli: 0, memoryMib: 0 });
      return usableGpus(node, { ...job, gpuMilli: 1 }).length === 1;
    });
  const sizeOf = (job: Omit<Job, 'id'>) => job.gpuCount * (job.gpuMilli ?? 1_000);
  const isWhole = (job: Omit<Job, 'id'>) => job.gpuCount > 0 && (job.gpuMilli ?? 1_000) === 1_000;
  const isChoosy = (job: Omit<Job, 'id'>) =>
    job.gpuCount > 0 && servedBy(job).includes(true) && servedBy(job).includes(false);
  const volume = (of: (job: Omit<Job, 'id'>) => boolean) =>
    shapes.reduce((sum, { job, frequency }) => sum + (of(job) ? frequency * sizeOf(job) : 0), 0);
  const isMinority = volume(isWhole) < 0.5 * volume(() => true);

  // A job stands for its kind of host; with `served`, a tenth of a GPU on those GPUs does.
  interface Host {
    readonly job: Omit<Job, 'id'>;
    readonly served?: readonly boolean[];
  }
  const hard = new Map<string, Host>();
  const add = (job: Omit<Job, 'id'>) => {
    const { gpuCount, gpuMilli = 1_000, cpuMilli, memoryMib, gpuMemoryMib = 0 } = job;
    hard.set(JSON.stringify([gpuCount, gpuMilli, cpuMilli, memoryMib, gpuMemoryMib, servedBy(job)]), { job });
  };
  const needsOnly = (job: Omit<Job, 'id'>, served: readonly boolean[]) =>
    job.gpuCount > 0 && servedBy(job).every((flag, t) => !flag || served[t]);
  for (const { job } of shapes) {
    if (job.gpuCount > 1) {
      add({ ...job, memoryMib: 0 });
      add(job);
    }
    if (job.gpuCount === 1 && isMinority && sizeOf(job) > 500) {
      add({ gpuCount: 1, gpuMilli: sizeOf(job), cpuMilli: job.cpuMilli, memoryMib: 0 });
    }
    if (isChoosy(job)) {
      const served = servedBy(job);
      const takers = shapes.filter((shape) => needsOnly(shape.job, served));
      const cpu = takers.reduce((sum, { job: { cpuMilli }, frequency }) => sum + frequency * cpuMilli, 0);
      const tenths = takers.reduce((sum, { job: taker, frequency }) => sum + (frequency * sizeOf(taker)) / 100, 0);
      const tenth = { gpuCount: 1, gpuMilli: 100, cpuMilli: Math.round(cpu / tenths), memoryMib: 0 };
      hard.set(JSON.stringify(served), { job: tenth, served });
    }
  }

  const emptyById = new Map(empty.map((node) => [node.id, node]));
  const open = nodes.filter(({ isCordoned }) => !isCordoned);
  const mean = (of: (job: Omit<Job, 'id'>) => number) =>
    shapes.reduce((sum, { job, frequency }) => sum + frequency * of(job), 0);
  const total = (of: (node: LedgerNode) => number) => open.reduce((sum, node) => sum + of(node), 0);
  const ratio = (left: number, each: number) => (each === 0 ? Infinity : left / each);
  const toCome = Math.min(
    ratio(total(idleOf), mean(sizeOf)),
    ratio(
      total(({ cpu }) => cpu),
      mean(({ cpuMilli }) => cpuMilli),
    ),
  );
  const fresh = empty.map(ledgerNode);
  const sum = (of: (node: LedgerNode) => number) => fresh.reduce((all, node) => all + of(node), 0);
  const whenFull = Math.min(
    ratio(sum(idleOf), mean(sizeOf)),
    ratio(
      sum(({ cpu }) => cpu),
      mean(({ cpuMilli }) => cpuMilli),
    ),
  );
  return [...hard.values()].map(({ job: shape, served: room }) => {
    const times = (amount: number, unit: number) => (unit === 0 ? Infinity : Math.floor(amount / unit));
    const served = room ?? servedBy(shape);
    const taken = shapes.map(({ job, frequency }) => {
      if (!needsOnly(job, served)) return { frequency, units: 0 };
      if (room !== undefined) return { frequency, units: sizeOf(job) / 100 };
      const unit = shape.gpuMilli ?? 1_000;
      let gpus = job.gpuCount * times(job.gpuMilli ?? 1_000, unit);
      if (unit === 1_000) gpus = isWhole(job) ? times(job.gpuCount, shape.gpuCount) : 0;
      return {
        frequency,
        units: Math.min(gpus, times(job.cpuMilli, shape.cpuMilli), times(job.memoryMib, shape.memoryMib)),
      };
    });
    const demand = toCome * taken.reduce((sum, { frequency, units }) => sum + frequency * units, 0);
    const square = taken.reduce((sum, { frequency, units }) => sum + frequency * units * units, 0);
    const tenthsOn = (node: LedgerNode) => {
      if (node.isCordoned) return 0;
      const servedOn = emptyById.get(node.id)!.gpus.map((own) => {
        const type = types.findIndex((gpu) => gpu.model === own.model && gpu.memoryMib === own.memoryMib);
        return isUncut(own) && served[type]!;
      });
      const tenths = node.gpus.reduce((sum, { milli }, g) => sum + (servedOn[g]! ? Math.floor(milli / 100) : 0), 0);
      return Math.min(tenths, times(node.cpu, shape.cpuMilli));
    };
    const hostsFree = (node: LedgerNode) => (room === undefined ? hostsOn(node, shape) : tenthsOn(node));
    const supply = nodes.reduce((sum, node) => sum + hostsFree(node), 0);
    const swing = Math.sqrt(square * (toCome + (departureRatio === 0 ? 0 : departureRatio * whenFull)));
    const short = demand * 1.1 + 2 * swing - supply;
    const part = 1 / (1 + Math.exp(-short / Math.max(1, 0.5 * swing)));
    const weight = (shape.gpuCount === 1 && room === undefined && !isChoosy(shape) ? 2 : 0.5) * sizeOf(shape);
    return { hostsFree, price: (weight * Math.round(8 * part)) / 8 };
  });
}
