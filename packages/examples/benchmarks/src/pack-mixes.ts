import { performance } from 'node:perf_hooks';
import { loadOpenB, openbArrivals, openbShuffledNodes, type OpenB } from '@spillway/traces';
import { TASK_MIXES, type TaskMix } from './pack-mix-list.ts';
import { mixesOf, packerWith, type CreatePolicy } from './pack-policies.ts';
import { JOB_CLASSES, replay, type JobClass, type Replay } from './pack-replay.ts';
import { formatTable } from './table.ts';

/** GPUs asked for, as a share of all GPUs, as in the FGD paper. */
const RATIO = 1.3;
const POLICIES: Readonly<Record<'priced' | 'fgd', CreatePolicy>> = {
  priced: packerWith('priced', 'whole'),
  fgd: packerWith('fgd'),
};

/** How the benchmark runs. */
export interface PackMixesOptions {
  /** One replay each. @defaultValue 42 to 44 */
  readonly seeds?: readonly number[];
  /** @defaultValue all of them */
  readonly mixes?: readonly TaskMix[];
  /** @defaultValue all of it */
  readonly trace?: OpenB;
}

/** One mix, means over the seeds. */
export interface PackMixesRow {
  readonly mix: string;
  readonly pricedPercent: number;
  readonly fgdPercent: number;
  /** GPUs asked for up to the first job turned away, % of all GPUs. */
  readonly pricedFirstFailurePercent: number;
  readonly fgdFirstFailurePercent: number;
  /** Failed jobs under `priced` minus those under `fgd`; below 0: fewer. */
  readonly failedDifference: Readonly<Record<JobClass, number>>;
  /** Jobs turned away although some node could hold them, both policies together. Anything but 0 does not compare. */
  readonly refused: number;
}

/** Replays mixes drawn from the tasks of OpenB by the protocol of the FGD paper, nodes in random order. */
export function packMixesBenchmark(options: PackMixesOptions = {}): readonly PackMixesRow[] {
  const { seeds = [42, 43, 44], mixes = TASK_MIXES, trace = loadOpenB() } = options;
  const { nodes, tasks } = trace;
  return mixes.map(({ name, make }) => {
    const list = make(tasks, nodes);
    const known = mixesOf(list);
    const runs = (create: CreatePolicy) =>
      seeds.map((seed) => {
        const fleet = openbShuffledNodes(nodes, { seed });
        const arrivals = openbArrivals(list, nodes, { ratio: RATIO, seed });
        return replay(fleet, arrivals, create(fleet, known), () => performance.now());
      });
    return rowOf(name, runs(POLICIES.priced), runs(POLICIES.fgd));
  });
}

/** The rows as a table of plain text. */
export function formatPackMixes(rows: readonly PackMixesRow[]): string {
  const head = [
    'mix',
    'priced %',
    'fgd %',
    'gain',
    '1st failure at % (fgd)',
    `failed, priced - fgd (${JOB_CLASSES.join('/')})`,
    'refused',
  ];
  const body = rows.map((row) => [
    row.mix,
    row.pricedPercent.toFixed(2),
    row.fgdPercent.toFixed(2),
    (row.pricedPercent - row.fgdPercent).toFixed(2),
    `${row.pricedFirstFailurePercent.toFixed(1)} (${row.fgdFirstFailurePercent.toFixed(1)})`,
    JOB_CLASSES.map((jobClass) => row.failedDifference[jobClass].toFixed(1)).join(' / '),
    String(row.refused),
  ]);
  const gain = rows.reduce((sum, row) => sum + row.pricedPercent - row.fgdPercent, 0) / rows.length;
  return [
    'Mixes drawn from the tasks of OpenB, 130 % of the GPUs asked for, nodes in random order, mean over the seeds.',
    '',
    formatTable(head, body),
    '',
    `Mean gain: ${gain.toFixed(2)} points.`,
  ].join('\n');
}

function rowOf(mix: string, priced: readonly Replay[], fgd: readonly Replay[]): PackMixesRow {
  const mean = (runs: readonly Replay[], value: (run: Replay) => number) =>
    runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
  const allocated = (runs: readonly Replay[]) => 100 * mean(runs, ({ allocatedRatio }) => allocatedRatio);
  const firstFailure = (runs: readonly Replay[]) =>
    100 * mean(runs, ({ firstFailureRatio }) => firstFailureRatio ?? RATIO);
  const failed = (runs: readonly Replay[], jobClass: JobClass) => mean(runs, (run) => run.failed[jobClass]);
  const difference = JOB_CLASSES.map((jobClass) => [jobClass, failed(priced, jobClass) - failed(fgd, jobClass)]);
  return {
    mix,
    pricedPercent: allocated(priced),
    fgdPercent: allocated(fgd),
    pricedFirstFailurePercent: firstFailure(priced),
    fgdFirstFailurePercent: firstFailure(fgd),
    failedDifference: Object.fromEntries(difference) as Record<JobClass, number>,
    refused: [...priced, ...fgd].reduce((sum, run) => sum + run.refused, 0),
  };
}
