import { createPacker, createRandom, type GpuNode, type Job, type PackOptions, type Topology } from '@spillway/core';
import { formatTable } from './table.ts';

/** How the benchmark runs. */
export interface TopologyOptions {
  /** One run each. @defaultValue 1 to 5 */
  readonly seeds?: readonly number[];
  /** Offered load: GPUs asked for at once on average, over all GPUs. @defaultValue 0.6 and 0.8 */
  readonly loads?: readonly number[];
  /** Arrivals that are counted, after the warm-up. @defaultValue 4_000 */
  readonly arrivals?: number;
  /** @defaultValue 8 */
  readonly domainCount?: number;
}

/** One rule at one load, sums over the seeds. */
export interface TopologyRow {
  readonly load: number;
  readonly rule: string;
  readonly gangs: number;
  readonly gangsPlaced: number;
  /** Of those placed, the gangs inside one NVLink domain. */
  readonly gangsInOneDomain: number;
  readonly largeGangs: number;
  /** Gangs of 13 to 18 nodes inside one domain. */
  readonly largeInOneDomain: number;
  readonly singles: number;
  readonly singlesPlaced: number;
  /** Domains without a job, mean over the arrivals counted. */
  readonly emptyDomains: number;
  /** GPUs in use, %, mean over the arrivals counted. */
  readonly allocatedPercent: number;
}

interface Rule {
  readonly name: string;
  readonly topology?: Topology;
  readonly options: PackOptions;
}

/** GB200 NVL72: 18 compute trays of 4 GPUs in one NVLink domain. */
const NODES_OF_DOMAIN = 18;
const GPUS_OF_NODE = 4;
/** Part of the jobs that take one GPU. */
const SINGLE_RATIO = 0.95;
const LARGE_NODES = 13;
/** Mean times a job stays before counting begins. */
const WARM_UP = 8;
const NVLINK = { required: 'nvlinkDomain' } as const;
const KEEPS = { keepsDomainsEmpty: 'nvlinkDomain' } as const;
const RULES: readonly Rule[] = [
  { name: 'fgd, no topology', options: {} },
  { name: 'fgd, compact', topology: { prefersCompact: true }, options: {} },
  { name: 'fgd, compact, keeps empty', topology: { prefersCompact: true }, options: KEEPS },
  { name: 'fgd, required', topology: NVLINK, options: {} },
  { name: 'fgd, required, keeps empty', topology: NVLINK, options: KEEPS },
  { name: 'best-fit, required', topology: NVLINK, options: { scorer: 'best-fit' } },
  { name: 'best-fit, required, keeps empty', topology: NVLINK, options: { scorer: 'best-fit', ...KEEPS } },
];

/**
 * Jobs come at random and stay a random (exponential) time; what finds no place is turned away. Of 100, 95 take one GPU and 5 are
 * gangs of 2 to 18 whole nodes, each size as likely. Every rule sees the same jobs.
 */
export function packTopologyBenchmark(options: TopologyOptions = {}): readonly TopologyRow[] {
  const { seeds = [1, 2, 3, 4, 5], loads = [0.6, 0.8], arrivals = 4_000, domainCount = 8 } = options;
  return loads.flatMap((load) =>
    RULES.map((rule): TopologyRow => {
      const runs = seeds.map((seed) => run(rule, load, seed, arrivals, domainCount));
      const sum = (value: (one: Run) => number): number => runs.reduce((total, one) => total + value(one), 0);
      return {
        load,
        rule: rule.name,
        gangs: sum((one) => one.gangs),
        gangsPlaced: sum((one) => one.gangsPlaced),
        gangsInOneDomain: sum((one) => one.gangsInOneDomain),
        largeGangs: sum((one) => one.largeGangs),
        largeInOneDomain: sum((one) => one.largeInOneDomain),
        singles: sum((one) => one.singles),
        singlesPlaced: sum((one) => one.singlesPlaced),
        emptyDomains: sum((one) => one.emptyDomains) / (arrivals * seeds.length),
        allocatedPercent: (100 * sum((one) => one.allocated)) / (arrivals * seeds.length),
      };
    }),
  );
}

/** The rows as a table of plain text. */
export function formatPackTopology(rows: readonly TopologyRow[]): string {
  const percent = (part: number, whole: number) => ((100 * part) / whole).toFixed(1);
  const head = [
    'load',
    'rule',
    'gangs placed %',
    'in one domain %',
    'of 13-18 nodes %',
    'single jobs %',
    'empty domains',
    'GPUs in use %',
  ];
  const body = rows.map((row) => [
    `${(100 * row.load).toFixed(0)} %`,
    row.rule,
    percent(row.gangsPlaced, row.gangs),
    percent(row.gangsInOneDomain, row.gangs),
    percent(row.largeInOneDomain, row.largeGangs),
    percent(row.singlesPlaced, row.singles),
    row.emptyDomains.toFixed(2),
    row.allocatedPercent.toFixed(1),
  ]);
  return `8 NVL72 domains (18 nodes of 4 GPUs): gangs of 2 to 18 nodes among single-GPU jobs\n\n${formatTable(head, body, [0, 1])}`;
}

interface Run {
  gangs: number;
  gangsPlaced: number;
  gangsInOneDomain: number;
  largeGangs: number;
  largeInOneDomain: number;
  singles: number;
  singlesPlaced: number;
  emptyDomains: number;
  allocated: number;
}

interface Departure {
  readonly at: number;
  readonly jobIds: readonly string[];
  readonly domains: readonly number[];
}

function run({ topology, options }: Rule, load: number, seed: number, arrivals: number, domainCount: number): Run {
  const nodes = nvl72(domainCount, seed);
  const domainOf = new Map(nodes.map(({ id, nvlinkDomain }) => [id, Number(nvlinkDomain!.slice(1))]));
  const packer = createPacker({ nodes, workload: mix() }, options);
  const random = createRandom(seed);
  const gpuTotal = domainCount * NODES_OF_DOMAIN * GPUS_OF_NODE;
  const meanGpus = SINGLE_RATIO + (1 - SINGLE_RATIO) * ((2 + NODES_OF_DOMAIN) / 2) * GPUS_OF_NODE;
  // Little's law: jobs present = arrivals a unit of time × mean stay, and the mean stay is the unit of time.
  const perUnit = (load * gpuTotal) / meanGpus;
  const warmUp = Math.ceil(WARM_UP * perUnit);
  const departures: Departure[] = [];
  const jobsIn = new Int32Array(domainCount);
  const result: Run = {
    gangs: 0,
    gangsPlaced: 0,
    gangsInOneDomain: 0,
    largeGangs: 0,
    largeInOneDomain: 0,
    singles: 0,
    singlesPlaced: 0,
    emptyDomains: 0,
    allocated: 0,
  };
  for (let count = 0, at = 0; count < warmUp + arrivals; count++) {
    at += random.exponential(1 / perUnit);
    const isSingle = random.next() < SINGLE_RATIO;
    const size = isSingle ? 1 : 2 + random.integer(NODES_OF_DOMAIN - 1);
    const leavesAt = at + random.exponential(1);
    while (departures.length > 0 && departures[0]!.at <= at) {
      const { jobIds, domains } = departures.shift()!;
      for (const jobId of jobIds) packer.release(jobId);
      for (const domain of domains) jobsIn[domain]!--;
    }
    if (count >= warmUp) {
      result.emptyDomains += jobsIn.reduce((sum, jobs) => sum + (jobs === 0 ? 1 : 0), 0);
      result.allocated += packer.stats().gpuAllocationRatio;
    }
    const jobs = isSingle ? [single(`s${count}`)] : members(`g${count}`, size, topology);
    const answers = isSingle ? [packer.place(jobs[0]!)] : packer.placeGang(jobs);
    const domains = answers.flatMap((answer) =>
      'placement' in answer ? [domainOf.get(answer.placement.nodeId)!] : [],
    );
    const isPlaced = domains.length === jobs.length;
    if (isPlaced) {
      for (const domain of domains) jobsIn[domain]!++;
      const later = departures.findIndex((departure) => departure.at > leavesAt);
      departures.splice(later < 0 ? departures.length : later, 0, {
        at: leavesAt,
        jobIds: jobs.map(({ id }) => id),
        domains,
      });
    }
    if (count < warmUp) continue;
    const isInOne = isPlaced && new Set(domains).size === 1;
    if (isSingle) {
      result.singles++;
      if (isPlaced) result.singlesPlaced++;
      continue;
    }
    result.gangs++;
    if (isPlaced) result.gangsPlaced++;
    if (isInOne) result.gangsInOneDomain++;
    if (size < LARGE_NODES) continue;
    result.largeGangs++;
    if (isInOne) result.largeInOneDomain++;
  }
  return result;
}

/** Ids in random order: names of machines seldom follow the domains. */
function nvl72(domainCount: number, seed: number): readonly GpuNode[] {
  const count = domainCount * NODES_OF_DOMAIN;
  const ids = createRandom(seed).shuffle(Array.from({ length: count }, (_, index) => `n${index}`));
  return ids.map((id, index): GpuNode => {
    const domain = Math.floor(index / NODES_OF_DOMAIN);
    return {
      id,
      gpus: Array.from({ length: GPUS_OF_NODE }, () => ({ model: 'GB200', memoryMib: 189_471 })),
      cpuMilli: 144_000,
      memoryMib: 983_040,
      nvlinkDomain: `d${domain}`,
    };
  });
}

const single = (id: string): Job => ({ id, gpuCount: 1, cpuMilli: 8_000, memoryMib: 65_536 });

function members(gang: string, count: number, topology: Topology | undefined): readonly Job[] {
  return Array.from({ length: count }, (_, index) => ({
    ...whole(`${gang}-${index}`),
    gang,
    ...(topology === undefined ? {} : { topology }),
  }));
}

const whole = (id: string): Job => ({ id, gpuCount: GPUS_OF_NODE, cpuMilli: 64_000, memoryMib: 524_288 });

/** What comes: single jobs and, on average, ten members a gang. */
function mix() {
  return [
    { job: single('mix'), weight: SINGLE_RATIO },
    { job: whole('mix'), weight: (1 - SINGLE_RATIO) * ((2 + NODES_OF_DOMAIN) / 2) },
  ];
}
