import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import {
  checkNumber,
  createPacker,
  createRandom,
  GPU_MILLI,
  InvalidInputError,
  type GpuNode,
  type Job,
  type Scorer,
  type WorkloadShape,
} from '@spillway/core';
import { loadOpenB, openbWorkload } from '@spillway/traces';
import { createScanFgd } from './pack-scan-fgd.ts';
import { formatTable } from './table.ts';

/** Spillway's scorers, and a peer that scores every node for every job. */
export const SPEED_RULES = ['priced', 'fgd', 'best-fit', 'first-fit', 'FGD by scan'] as const;
export type SpeedRule = (typeof SPEED_RULES)[number];

/** How the benchmark runs. */
export interface PackSpeedOptions {
  /** @defaultValue 10_000 */
  readonly nodes?: number;
  /** @defaultValue 100_000 */
  readonly jobs?: number;
  /** Part of the jobs that come before the slowest decision is looked for. @defaultValue 0.1 */
  readonly warmUpRatio?: number;
}

/** One rule. */
export interface PackSpeedRow {
  readonly rule: SpeedRule;
  readonly decisionsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Slowest decision after the warm-up. */
  readonly worstMs: number;
  /** Memory of the whole process at the end, nodes and jobs included. */
  readonly residentMib: number;
  readonly allocatedPercent: number;
  readonly placed: number;
}

const SEED = 7;

/**
 * Places jobs drawn from OpenB on nodes drawn from OpenB, one by one, none leaves. Times decisions, not the creation.
 *
 * @throws InvalidInputError when the rule is unknown or a size is not a whole number >= 1.
 */
export function packSpeed(rule: SpeedRule, options: PackSpeedOptions = {}): PackSpeedRow {
  checkRule(rule);
  const { nodes: nodeCount = 10_000, jobs: jobCount = 100_000, warmUpRatio = 0.1 } = options;
  checkSizes(nodeCount, jobCount);
  const trace = loadOpenB();
  const random = createRandom(SEED);
  const nodes = Array.from({ length: nodeCount }, (_, k) => ({
    ...trace.nodes[random.integer(trace.nodes.length)]!,
    id: `node-${String(k).padStart(6, '0')}`,
  }));
  const workload = openbWorkload(trace.tasks, { coverageRatio: rule === 'priced' ? 1 : 0.95 });
  const isPlaced = rule === 'FGD by scan' ? scan(nodes, workload) : index(rule, nodes, workload);
  const took = new Float64Array(jobCount);
  let placed = 0;
  let allocated = 0;
  for (let k = 0; k < jobCount; k++) {
    const task = trace.tasks[random.integer(trace.tasks.length)]!;
    const job = { ...task, id: `job-${k}` };
    const startMs = performance.now();
    const hasPlace = isPlaced(job);
    took[k] = performance.now() - startMs;
    if (!hasPlace) continue;
    placed++;
    allocated += job.gpuCount * (job.gpuMilli ?? GPU_MILLI);
  }
  const residentMib = process.memoryUsage.rss() / 2 ** 20;
  const totalMs = took.reduce((sum, ms) => sum + ms, 0);
  const worstMs = took.subarray(Math.floor(warmUpRatio * jobCount)).reduce((most, ms) => Math.max(most, ms), 0);
  const sorted = took.slice().sort();
  const quantile = (q: number) => 1000 * sorted[Math.min(jobCount - 1, Math.floor(q * jobCount))]!;
  return {
    rule,
    decisionsPerSecond: (1000 * jobCount) / totalMs,
    p50Us: quantile(0.5),
    p99Us: quantile(0.99),
    worstMs,
    residentMib,
    allocatedPercent: (100 * allocated) / nodes.reduce((sum, { gpus }) => sum + gpus.length * GPU_MILLI, 0),
    placed,
  };
}

/** The same in a process of its own for each rule, so that memory and compiled code of one do not help or hurt another. */
export function packSpeedBenchmark(options: PackSpeedOptions): readonly PackSpeedRow[] {
  const { nodes = 10_000, jobs = 100_000 } = options;
  checkSizes(nodes, jobs);
  return SPEED_RULES.map((rule) => {
    const args = ['pack-speed', '--only', rule, '--nodes', String(nodes), '--jobs', String(jobs)];
    const text = execFileSync(process.execPath, [...process.execArgv, process.argv[1]!, ...args], { encoding: 'utf8' });
    return JSON.parse(text) as PackSpeedRow;
  });
}

/** The rows as a table of plain text. */
export function formatPackSpeed(rows: readonly PackSpeedRow[]): string {
  const scanned = rows.find(({ rule }) => rule === 'FGD by scan');
  const head = [
    'rule',
    'decisions/s',
    'over scan',
    'p50 us',
    'p99 us',
    'worst ms',
    'process MiB',
    'GPUs allocated %',
    'placed',
  ];
  const body = rows.map((row) => [
    row.rule,
    row.decisionsPerSecond.toFixed(0),
    scanned === undefined ? '' : `${(row.decisionsPerSecond / scanned.decisionsPerSecond).toFixed(1)}x`,
    row.p50Us.toFixed(1),
    row.p99Us.toFixed(1),
    row.worstMs.toFixed(1),
    row.residentMib.toFixed(0),
    row.allocatedPercent.toFixed(2),
    String(row.placed),
  ]);
  return formatTable(head, body);
}

function index(scorer: Scorer, nodes: readonly GpuNode[], workload: readonly WorkloadShape[]): (job: Job) => boolean {
  const packer = createPacker({ nodes, workload }, { scorer });
  return (job) => 'placement' in packer.place(job);
}

function scan(nodes: readonly GpuNode[], workload: readonly WorkloadShape[]): (job: Job) => boolean {
  const place = createScanFgd(nodes, workload);
  return (job) => place(job) !== undefined;
}

function checkRule(rule: SpeedRule): void {
  if (SPEED_RULES.includes(rule)) return;
  throw new InvalidInputError('--only', `must be one of ${SPEED_RULES.join(', ')}`, rule, {
    hint: 'Leave it out for all of them.',
  });
}

function checkSizes(nodes: number, jobs: number): void {
  checkNumber('--nodes', nodes, { min: 1, isWhole: true, hint: 'For example --nodes 10000.' });
  checkNumber('--jobs', jobs, { min: 1, isWhole: true, hint: 'For example --jobs 100000.' });
}
