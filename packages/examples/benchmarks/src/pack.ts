import { performance } from 'node:perf_hooks';
import { GPU_MILLI, packBound } from '@spillway/core';
import { loadOpenB, openbArrivals, openbShuffledNodes } from '@spillway/traces';
import { mixesOf, packerWith, type CreatePolicy } from './pack-policies.ts';
import { JOB_CLASSES, replay, type JobClass, type Replay } from './pack-replay.ts';
import { createScanFgd } from './pack-scan-fgd.ts';
import { formatTable } from './table.ts';

/** GPUs asked for, as a share of all GPUs, as in the FGD paper. */
const RATIO = 1.3;

/** How the benchmark runs. */
export interface PackBenchmarkOptions {
  /** One replay each. @defaultValue 42 to 51, as in the FGD paper */
  readonly seeds?: readonly number[];
  /** `shuffle`: nodes in random order a seed, under ids that sort so. `trace`: as the file has them. @defaultValue 'shuffle' */
  readonly nodeOrder?: 'shuffle' | 'trace';
}

/** One policy, means over the seeds. */
export interface PackBenchmarkRow {
  readonly policy: string;
  readonly allocatedPercent: number;
  /** What no scheduler can beat on these arrivals, even one that knows them all; the same for every policy. */
  readonly boundPercent: number;
  /** Standard deviation over the seeds, percentage points. */
  readonly deviationPercent: number;
  readonly idleGpus: number;
  /** GPUs asked for up to the first job turned away, % of all GPUs. */
  readonly firstFailurePercent: number;
  readonly failed: Readonly<Record<JobClass, number>>;
  /** Jobs turned away although some node could hold them, all seeds together. Anything but 0 does not compare. */
  readonly refused: number;
  /** Decisions per second over those of first-fit in the same run. Depends on the machine. */
  readonly speedRatio: number;
}

/**
 * Replays the OpenB trace by the protocol of the FGD paper (Weng et al., USENIX ATC 2023): tasks in random order, then drawn
 * anew, until 130 % of the GPUs have been asked for; no departures, no retries. FGD knows the
 * mix as its authors cut it, `priced` all of it.
 *
 * @returns rows for Spillway's packer with each scorer, and for FGD by plain scan as published, as a peer.
 */
export function packBenchmark(options: PackBenchmarkOptions = {}): readonly PackBenchmarkRow[] {
  const { seeds = Array.from({ length: 10 }, (_, index) => 42 + index), nodeOrder = 'shuffle' } = options;
  const { nodes, tasks } = loadOpenB();
  const mixes = mixesOf(tasks);
  const totalMilli = nodes.reduce((all, { gpus }) => all + gpus.length * GPU_MILLI, 0);
  const boundPercents: number[] = [];
  const replays = new Map<string, Replay[]>(POLICIES.map(({ name }) => [name, []]));
  for (const seed of seeds) {
    const fleet = nodeOrder === 'trace' ? nodes : openbShuffledNodes(nodes, { seed });
    const arrivals = openbArrivals(tasks, nodes, { ratio: RATIO, seed });
    boundPercents.push((100 * packBound({ nodes, jobs: arrivals }).gpuMilli) / totalMilli);
    for (const { name, create } of POLICIES) {
      replays.get(name)!.push(replay(fleet, arrivals, create(fleet, mixes), () => performance.now()));
    }
  }
  const speedOf = (name: string) => {
    const runs = replays.get(name)!;
    return sum(runs.map(({ jobs }) => jobs)) / sum(runs.map(({ decisionMs }) => decisionMs));
  };
  const boundPercent = sum(boundPercents) / seeds.length;
  return POLICIES.map(({ name }) => ({
    ...rowOf(name, replays.get(name)!, speedOf(name) / speedOf('spillway first-fit')),
    boundPercent,
  }));
}

/** The rows as a table of plain text. */
export function formatPackBenchmark(rows: readonly PackBenchmarkRow[]): string {
  const head = [
    'policy',
    'allocated %',
    'sd',
    'idle GPUs',
    '1st failure at %',
    `failed (${JOB_CLASSES.join('/')})`,
    'refused',
    'speed',
  ];
  const body = rows.map((row) => [
    row.policy,
    row.allocatedPercent.toFixed(2),
    row.deviationPercent.toFixed(2),
    row.idleGpus.toFixed(0),
    row.firstFailurePercent.toFixed(1),
    JOB_CLASSES.map((jobClass) => row.failed[jobClass].toFixed(0)).join('/'),
    String(row.refused),
    `${row.speedRatio.toFixed(2)}x`,
  ]);
  return [
    'OpenB, 130 % of the GPUs asked for, mean over the seeds. Speed: decisions per second over those of first-fit.',
    `No scheduler could allocate more than ${rows[0]?.boundPercent.toFixed(2) ?? ''} %, even one that knows all arrivals.`,
    'Published for FGD: 95.39 % (USENIX ATC 2023, results of the simulator, seeds 42-51).',
    '',
    formatTable(head, body),
  ].join('\n');
}

interface NamedPolicy {
  readonly name: string;
  readonly create: CreatePolicy;
}

const POLICIES: readonly NamedPolicy[] = [
  { name: 'spillway priced', create: packerWith('priced', 'whole') },
  { name: 'spillway priced, mix learned', create: packerWith('priced', 'learned') },
  { name: 'spillway (fgd from an index)', create: packerWith('fgd') },
  { name: 'spillway first-fit', create: packerWith('first-fit') },
  { name: 'spillway best-fit', create: packerWith('best-fit') },
  { name: 'FGD by scan, as published', create: (nodes, { typical }) => createScanFgd(nodes, typical) },
];

function rowOf(policy: string, runs: readonly Replay[], speedRatio: number): Omit<PackBenchmarkRow, 'boundPercent'> {
  const mean = (value: (run: Replay) => number) => sum(runs.map(value)) / runs.length;
  const allocatedPercent = 100 * mean(({ allocatedRatio }) => allocatedRatio);
  const failed = Object.fromEntries(JOB_CLASSES.map((jobClass) => [jobClass, mean((run) => run.failed[jobClass])]));
  return {
    policy,
    allocatedPercent,
    deviationPercent: Math.sqrt(mean(({ allocatedRatio }) => (100 * allocatedRatio - allocatedPercent) ** 2)),
    idleGpus: mean(({ idleGpus }) => idleGpus),
    firstFailurePercent: 100 * mean(({ firstFailureRatio }) => firstFailureRatio ?? RATIO),
    failed: failed as Record<JobClass, number>,
    refused: sum(runs.map(({ refused }) => refused)),
    speedRatio,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
