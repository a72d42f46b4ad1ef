import type { GpuNode, Job, MigGeometry, PackInput } from '../../src/index.ts';
import { occupiedLedger } from './assignment-mip.ts';
import { createLinearModel, type LinearModel, type Term } from './linear-model.ts';
import { admits, isUncut, type LedgerNode } from './pack-ledger.ts';

type Input = Required<Omit<PackInput, 'workload'>>;

/** Nodes whose amounts may be split between them at will. */
interface Pool {
  readonly members: readonly { readonly whole: GpuNode; readonly left: LedgerNode }[];
  /** Jobs that some member holds as it is now. */
  readonly jobs: readonly number[];
  /** How much of the pool is switched on, a variable from 0 to 1; `undefined`: all of it. */
  readonly isOn?: number;
}

/**
 * The least cost of jobs left out when all nodes are on, in the relaxation by patterns: nodes of one kind that hold the same jobs now are pooled. All patterns
 * are written out, and every job stands for itself.
 */
export function leastLeftOut(input: Input, costOf: (job: Job) => number): number {
  if (input.jobs.length === 0) return 0;
  const model = createLinearModel();
  const pools = poolsBy(input, (node, jobs) => `${kindOf(node)}|${jobs.join()}`);
  const placed = addPools(
    model,
    input.jobs,
    pools.filter(({ jobs }) => jobs.length > 0),
  );
  input.jobs.forEach((job, j) => {
    model.row([...placed[j]!, [1, model.variable(costOf(job))]], '>=', 1);
  });
  return model.solve('Minimize')!;
}

/**
 * The least weight added to hold all jobs: nodes that run jobs are pooled by kind, others may be switched on in part, and a job may
 * be left out in part at a cost.
 */
export function leastWeightInPart(input: Input, weightOf: (node: GpuNode) => number, leaveOutCost: number): number {
  if (input.jobs.length === 0) return 0;
  const model = createLinearModel();
  const runs = new Set(input.running.map(({ placement }) => placement.nodeId));
  const pools = poolsBy(input, (node) => (runs.has(node.id) ? `on|${kindOf(node)}` : node.id)).map((pool): Pool => {
    const { whole } = pool.members[0]!;
    return runs.has(whole.id) ? pool : { ...pool, isOn: model.variable(weightOf(whole), { max: 1 }) };
  });
  addPools(model, input.jobs, pools).forEach((terms) => {
    model.row([...terms, [1, model.variable(leaveOutCost)]], '>=', 1);
  });
  return model.solve('Minimize')!;
}

function poolsBy(input: Input, keyOf: (node: GpuNode, jobs: readonly number[]) => string): readonly Pool[] {
  const pools = new Map<string, Pool>();
  occupiedLedger(input).forEach((left, index) => {
    if (left.isCordoned) return;
    const jobs = input.jobs.flatMap((job, j) => (admits(left, job, input.nowMs) ? [j] : []));
    const whole = input.nodes[index]!;
    const key = keyOf(whole, jobs);
    const pool = pools.get(key) ?? { members: [], jobs: [] };
    pools.set(key, { members: [...pool.members, { whole, left }], jobs: [...new Set([...pool.jobs, ...jobs])] });
  });
  return [...pools.values()];
}

/** Equal for nodes that have the same when empty, GPU by GPU. */
function kindOf({ cpuMilli, memoryMib, gpus }: GpuNode): string {
  const list = gpus.map((gpu) => [
    typeOf(gpu.model, gpu.memoryMib),
    (gpu.migInstances ?? []).map((instance) => [instance.profile, instance.memoryMib ?? '']),
    gpu.migGeometry ?? '',
  ]);
  return JSON.stringify([cpuMilli, memoryMib, list]);
}

/** Adds a part of a job for each pool and way, what the pools have, and patterns of shares. Returns the parts by job. */
function addPools(model: LinearModel, jobs: readonly Job[], pools: readonly Pool[]): readonly Term[][] {
  const parts = jobs.map((): Term[] => []);
  for (const pool of pools) {
    const { amounts, mostLeft } = amountsOf(pool);
    const used = new Map([...amounts.keys()].map((name): [string, Term[]] => [name, []]));
    const sizes = [...new Set(pool.jobs.flatMap((j) => (isShared(jobs[j]!) ? [jobs[j]!.gpuMilli!] : [])))];
    sizes.sort((x, y) => y - x);
    const patterns = maximalPatterns(sizes, 1_000);
    const slots = new Map<string, Term[]>();
    const slot = (type: string, size: number) => {
      const key = `${type}|${size}`;
      if (!slots.has(key)) slots.set(key, []);
      return slots.get(key)!;
    };
    for (const j of pool.jobs) {
      const job = jobs[j]!;
      const addPart = (name?: string, amount = 0): number => {
        const part = model.variable(0);
        parts[j]!.push([1, part]);
        used.get('cpu')!.push([job.cpuMilli, part]);
        used.get('memory')!.push([job.memoryMib, part]);
        if (name !== undefined) used.get(name)!.push([amount, part]);
        return part;
      };
      const gpus = (job.gpuCount * (job.gpuMilli ?? 1_000)) / 1_000;
      if (job.gpuCount === 0) addPart();
      else if (job.migProfile !== undefined) {
        if (amounts.has(`mig/${job.migProfile}`)) addPart(`mig/${job.migProfile}`, 1);
        for (const [type, geometry] of cutTypesFor(pool, job)) {
          if (!amounts.has(`${type}/${job.migProfile}`)) continue;
          const size = geometry.profiles.find(({ name }) => name === job.migProfile)!;
          const part = addPart(`${type}/${job.migProfile}`, 1);
          used.get(`${type}/memory slices`)!.push([size.memorySlices, part]);
          used.get(`${type}/compute slices`)!.push([size.computeSlices, part]);
        }
      } else
        for (const type of typesFor(pool, job)) {
          if (!isShared(job)) {
            if (amounts.has(`gpu/${type}`)) addPart(`gpu/${type}`, gpus);
            continue;
          }
          if (amounts.has(`gpu/${type}`)) slot(type, job.gpuMilli!).push([job.gpuCount, addPart()]);
          if ((mostLeft.get(type) ?? 0) >= job.gpuMilli!) addPart(`part/${type}`, gpus);
        }
    }
    for (const type of new Set([...slots.keys()].map((key) => key.split('|')[0]!))) {
      const filled = patterns.map((counts) => ({ counts, gpus: model.variable(0) }));
      used.get(`gpu/${type}`)!.push(...filled.map(({ gpus }): Term => [1, gpus]));
      sizes.forEach((size, at) => {
        const provided = filled.map(({ counts, gpus }): Term => [-counts[at]!, gpus]);
        model.row([...slot(type, size), ...provided], '<=', 0);
      });
    }
    for (const [name, terms] of used) {
      const amount = amounts.get(name)!;
      if (pool.isOn === undefined) model.row(terms, '<=', amount);
      else model.row([...terms, [-amount, pool.isOn]], '<=', 0);
    }
  }
  return parts;
}

/** What a pool has: GPUs nobody uses by type, GPUs' worth left on those in part use, free MIG instances by profile. */
function amountsOf({ members }: Pool) {
  const amounts = new Map<string, number>([
    ['cpu', 0],
    ['memory', 0],
  ]);
  const mostLeft = new Map<string, number>();
  const add = (name: string, amount: number) => amounts.set(name, (amounts.get(name) ?? 0) + amount);
  for (const { whole, left } of members) {
    add('cpu', left.cpu);
    add('memory', left.memory);
    left.gpus.forEach(({ milli, instances, cut }, index) => {
      const { model, memoryMib } = whole.gpus[index]!;
      const type = typeOf(model, memoryMib);
      if (cut !== undefined) {
        const { name, left: free } = cutAmounts(typeOf(model, memoryMib), cut, instances);
        for (const [what, amount] of free) if (amount > 0) add(`${name}/${what}`, amount);
        return;
      }
      for (const { profile, isFree } of instances) if (isFree) add(`mig/${profile}`, 1);
      if (instances.length > 0 || milli === 0) return;
      add(milli === 1_000 ? `gpu/${type}` : `part/${type}`, milli / 1_000);
      if (milli < 1_000) mostLeft.set(type, Math.max(mostLeft.get(type) ?? 0, milli));
    });
  }
  return { amounts, mostLeft };
}

type LedgerGpu = LedgerNode['gpus'][number];

/** What is left on a card: slices, of memory only those that some place covers, and starts of each profile up to its number. */
function cutAmounts(type: string, { geometry, pieces }: NonNullable<LedgerGpu['cut']>, places: LedgerGpu['instances']) {
  const sizeOf = (profile: string) => geometry.profiles.find(({ name }) => name === profile)!;
  const free = places.filter(({ isFree }) => isFree);
  const covered = free.flatMap(({ profile, start }) =>
    Array.from({ length: sizeOf(profile).memorySlices }, (_, slice) => start + slice),
  );
  const compute = pieces.reduce((left, { profile }) => left - sizeOf(profile).computeSlices, geometry.computeSlices);
  const countOf = (list: readonly { readonly profile: string }[], name: string) =>
    list.filter(({ profile }) => profile === name).length;
  const counts = geometry.profiles.map(({ name, starts, maxInstances = starts.length }): [string, number] => [
    name,
    Math.min(countOf(free, name), maxInstances - countOf(pieces, name)),
  ]);
  const left = new Map([['memory slices', new Set(covered).size], ['compute slices', compute], ...counts]);
  return { name: `cut/${type}/${JSON.stringify(geometry)}`, left };
}

/** Types of GPUs of a pool that are cut as jobs come and could serve the job. */
function cutTypesFor({ members }: Pool, { gpuModels }: Job): ReadonlyMap<string, MigGeometry> {
  const gpus = members.flatMap(({ whole }) => whole.gpus);
  return new Map(
    gpus.flatMap(({ model, memoryMib, migGeometry }) =>
      typeof migGeometry !== 'object' || gpuModels?.includes(model) === false
        ? []
        : [[`cut/${typeOf(model, memoryMib)}/${JSON.stringify(migGeometry)}`, migGeometry] as const],
    ),
  );
}

/** Types of the GPUs of a pool that, empty, could serve the job. */
function typesFor({ members }: Pool, { gpuModels, gpuMemoryMib = 0 }: Job): readonly string[] {
  const gpus = members.flatMap(({ whole }) => whole.gpus.filter(isUncut));
  const fitting = gpus.filter(
    ({ model, memoryMib = 0 }) => (gpuModels?.includes(model) ?? true) && memoryMib >= gpuMemoryMib,
  );
  return [...new Set(fitting.map(({ model, memoryMib }) => typeOf(model, memoryMib)))];
}

function isShared({ gpuCount, gpuMilli = 1_000, migProfile }: Job): boolean {
  return gpuCount > 0 && gpuMilli < 1_000 && migProfile === undefined;
}

/** Every way to fill a GPU with shares, of the last size as many as fit. */
function maximalPatterns(sizes: readonly number[], milli: number): readonly (readonly number[])[] {
  const [size, ...rest] = sizes;
  if (size === undefined) return [];
  const most = Math.floor(milli / size);
  if (rest.length === 0) return [[most]];
  return Array.from({ length: most + 1 }, (_, count) =>
    maximalPatterns(rest, milli - count * size).map((counts) => [count, ...counts]),
  ).flat();
}

function typeOf(model: string, memoryMib: number | undefined): string {
  return `${model}/${memoryMib ?? ''}`;
}
